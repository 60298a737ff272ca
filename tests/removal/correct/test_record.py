"""`correct.json`: what it holds, and that it belongs to one photo."""

import json
from pathlib import Path

import numpy as np
import pytest

from recorte.errors import RecorteError
from recorte.removal.correct.record import Record, beside, parsed, read_record
from recorte.removal.correct.touches import touches_of

TOUCHES = touches_of([(10, 20), (1, 2, 30, 40)], [{"points": [(5, 5), (6.5, 7)], "radius": 2}])


def test_what_is_written_is_read_again(red_square: np.ndarray, tmp_path: Path) -> None:
    record = Record.of(red_square, TOUCHES)
    path = beside(tmp_path / "person.png")
    path.write_text(record.text())
    assert path.name == "person.correct.json"
    assert read_record(path) == record
    content = json.loads(record.text())
    assert content["photo"]["width"] == 80
    assert content["photo"]["height"] == 60
    assert content["touches"] == [
        {"keep": [10, 20]},
        {"keep": [1, 2, 30, 40]},
        {"drop": {"points": [[5, 5], [6.5, 7]], "radius": 2}},
    ]
    assert parsed(Record.of(red_square, []).text()).touches == ()


def test_another_photo_is_refused(red_square: np.ndarray) -> None:
    record = Record.of(red_square, TOUCHES)
    record.check(red_square.copy())
    other = red_square.copy()
    other[0, 0] += 1
    with pytest.raises(RecorteError, match="another photo than this one: its pixels are others; touch it anew"):
        record.check(other)
    with pytest.raises(RecorteError, match="it has 80 x 59 pixels, not 80 x 60"):
        record.check(red_square[1:])


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "not JSON of its form"),
        ("[]", "not JSON of its form"),
        ("[" * 100_000, "not JSON of its form"),
        ('{"format": 1, "touches": []}', "'photo' is missing"),
        ('{"format": 2, "photo": {"width": 8, "height": 6, "sha256": ""}, "touches": []}', "update Recorte"),
        ('{"format": 1, "photo": {"width": "8", "height": 6, "sha256": ""}, "touches": []}', "whole numbers"),
        ('{"format": 1, "photo": {"width": 8, "height": 6, "sha256": ""}, "touches": [[1, 2]]}', "each touch must be"),
        ('{"format": 1, "photo": {"width": 8, "height": 6, "sha256": ""}, "touches": [{"keep": 5}]}', "a point (x, y)"),
    ],
)
def test_a_damaged_record_is_told_by_its_name(text: str, word: str, tmp_path: Path) -> None:
    path = tmp_path / "a.correct.json"
    path.write_text(text)
    with pytest.raises(RecorteError) as told:
        read_record(path)
    assert str(told.value).startswith(f"{path}: ")
    assert word in str(told.value)


def test_a_missing_record_and_one_that_is_no_text_are_told(tmp_path: Path) -> None:
    with pytest.raises(RecorteError, match="cannot be read"):
        read_record(tmp_path / "none.json")
    (tmp_path / "photo.json").write_bytes(b"\xff\xd8\xff")
    with pytest.raises(RecorteError, match="it is no text"):
        read_record(tmp_path / "photo.json")
