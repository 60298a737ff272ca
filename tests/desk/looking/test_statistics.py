import json
from pathlib import Path

import numpy as np
import pytest
from omegaconf import OmegaConf
from PIL import Image

from coco_files import HEIGHT, WIDTH, image, person, run_lengths, square_mask, write_coco
from recorte.data.coco import CocoPersons
from recorte.data.folder import ImageMaskFolder
from recorte.desk.analysis import PER_PHOTO, analyze, histogram
from recorte.desk.looking.statistics import GRID, count_people, distinct, look_at
from recorte.errors import DataError

LEFT, TOP, RIGHT, BOTTOM = 4 / WIDTH, 2 / HEIGHT, 12 / WIDTH, 10 / HEIGHT  # of the square


def covered(left: float, top: float, right: float, bottom: float) -> np.ndarray:
    """The cells that a box touches, one by one."""
    grid = np.zeros((GRID, GRID))
    for row in range(GRID):
        for column in range(GRID):
            across = left < (column + 1) / GRID and right > column / GRID
            grid[row, column] = across and top < (row + 1) / GRID and bottom > row / GRID
    return grid


@pytest.mark.parametrize("many", [1, 20_000])  # by further processes, and without
def test_people_are_counted_by_hand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, many: int) -> None:
    monkeypatch.setattr("recorte.desk.looking.statistics.MANY", many)
    images = [image(number) for number in range(5)]
    annotations = [
        person(1, 0, area=100.0), person(2, 0, area=300.0), person(3, 1, area=200.0),
        person(4, 2, iscrowd=1, area=5000.0), person(5, 3, area=4.0), person(6, 3, area=None),
    ]  # fmt: skip
    source = CocoPersons(write_coco(tmp_path, images, annotations), "train", min_area=10, negatives=3)
    people = count_people(source)
    assert (people.annotations, people.crowds, people.small) == (6, 1, 1)
    assert people.areas.tolist() == pytest.approx([100, 300, 200, 64])  # the last one's box has 8 x 8 pixels
    assert people.shares.tolist() == pytest.approx([area / (HEIGHT * WIDTH) for area in people.areas])
    assert people.per_photo.tolist() == [2, 1, 0, 1, 0]  # the photo of nobody once, though it comes up three times
    np.testing.assert_array_equal(people.places, covered(LEFT, TOP, RIGHT, BOTTOM))


@pytest.mark.parametrize("kind", ["polygon", "runs"])
def test_places_of_both_kinds_of_outlines(tmp_path: Path, kind: str) -> None:
    mask = square_mask()
    outline = [[4, 2, 12, 2, 12, 10, 4, 10]] if kind == "polygon" else run_lengths(mask)
    people = count_people(CocoPersons(write_coco(tmp_path, [image(1)], [person(1, 1, outline)]), "train"))
    np.testing.assert_array_equal(people.places, covered(LEFT, TOP, RIGHT, BOTTOM))


def test_people_of_whole_columns_and_faulty_ones(tmp_path: Path) -> None:
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[:, 8:16] = 1
    annotations = [person(1, 1, run_lengths(mask)), person(2, 1, [[1, 2]]), person(3, 1, run_lengths(mask * 0))]
    people = count_people(CocoPersons(write_coco(tmp_path, [image(1)], annotations), "train"))
    np.testing.assert_array_equal(people.places, covered(8 / WIDTH, 0, 16 / WIDTH, 1))
    assert len(people.areas) == 3


def test_looks(tmp_path: Path) -> None:
    for folder in ("photos", "masks"):
        (tmp_path / folder).mkdir()
    for number, (grey, covered_rows) in enumerate([(50, 10), (150, 20)] * 2):
        Image.new("RGB", (40, 40), (grey,) * 3).save(tmp_path / f"photos/{number}.png")
        mask = np.zeros((40, 40), np.uint8)
        mask[:covered_rows] = 255
        Image.fromarray(mask).save(tmp_path / f"masks/{number}.png")
    (tmp_path / "photos/9.png").write_bytes(b"broken")
    Image.new("L", (40, 40)).save(tmp_path / "masks/9.png")
    both = [look_at(ImageMaskFolder(tmp_path, split, val_share=0.5)) for split in ("train", "val")]
    rows = [row for looks in both for row in zip(looks.brightness, looks.contrast, looks.covered, strict=True)]
    assert sorted(tuple(np.round(row, 3)) for row in rows) == [(50, 0, 0.25)] * 2 + [(150, 0, 0.5)] * 2
    (broken,) = [text for looks in both for text in looks.broken]
    assert "9.png" in broken
    assert all((looks.sizes == 40).all() for looks in both)
    few = look_at(ImageMaskFolder(tmp_path, "train", val_share=0.01), most=2)
    assert len(few.brightness) + len(few.broken) == 2


def test_classes_of_numbers_of_people() -> None:
    counts = np.array([0, 0, 1, 2, 3, 4, 5, 6, 10, 11, 99])
    assert dict(zip(PER_PHOTO, histogram(counts).tolist(), strict=True)) == {
        "0": 2, "1": 1, "2": 1, "3": 1, "4": 1, "5": 1, "6 to 10": 2, "11 and more": 2,
    }  # fmt: skip


def test_a_photo_that_comes_up_often_is_looked_at_once(tmp_path: Path) -> None:
    images = [image(number) for number in range(3)]
    source = CocoPersons(write_coco(tmp_path, images, [person(1, 1)]), "train", negatives=3)
    assert len(source) == 7
    assert [source.name(index) for index in distinct(source)] == ["000.png", "001.png", "002.png"]
    assert len(look_at(source).sizes) == 3
    looks = look_at(source, most=2)
    assert looks.covered.tolist() == [0, 0]  # the first and the last


def test_analysis_counts_photos_and_keeps_small_shares(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    images = [image(number, width=1000, height=500) for number in range(3)]
    for split in ("train", "val"):
        write_coco(tmp_path, images, [person(1, 1, area=10.0)], split=split)
    titles: list[str] = []
    monkeypatch.setattr("recorte.desk.analysis.write_page", lambda path, title, *_: titles.append(title))
    source = {"_target_": "recorte.data.coco.CocoPersons", "_partial_": True, "root": str(tmp_path), "negatives": 3}
    config = OmegaConf.create({"photos": 1, "run_dir": str(tmp_path / "out"), "data": {"sources": {"a": source}}})
    analyze(config)
    assert titles == ["a, train: 3 photos", "a, val: 3 photos"]
    facts = json.loads((tmp_path / "out/analysis.json").read_text())["a, train"]
    assert facts["photos"] == 3
    assert facts["share of the photo"]["least"] == 0.00002  # 10 of 500,000 pixels
    assert "share of the photo: mean 0.00002, least 0.00002," in capsys.readouterr().out
    config.run_dir = str(tmp_path / "out/analysis.json/below")
    with pytest.raises(DataError, match="cannot be written"):
        analyze(config)
