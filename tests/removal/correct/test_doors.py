"""Touches by the command line and over HTTP. Red is a person."""

import io
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image

from cli_process import ENVIRONMENT, expect_mistake, files, recorte
from recorte import BackgroundRemover
from service_process import encoded, running


@pytest.fixture(scope="module")
def pixels() -> np.ndarray:
    """Blue, with two people, at the left and at the right."""
    pixels = np.full((120, 160, 3), (30, 60, 220), np.uint8)
    pixels[20:110, 20:60] = pixels[30:110, 100:140] = (230, 20, 10)
    return pixels


@pytest.fixture
def photo(pixels: np.ndarray, tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    Image.fromarray(pixels).save(tmp_path / "in" / "a.png")
    return tmp_path / "in" / "a.png"


def alpha_of(path: Path | bytes) -> np.ndarray:
    with Image.open(io.BytesIO(path) if isinstance(path, bytes) else path) as image:
        return np.asarray(image.convert("RGBA"))[..., 3]


def test_touches_are_kept_beside_the_cut_out_and_make_it_again(photo: Path, best_model: Path) -> None:
    answer = recorte(photo, "--drop", "120,60", "-m", best_model, cwd=photo.parent)
    first, record = photo.with_name("a-cutout.png"), photo.with_name("a-cutout.correct.json")
    assert (answer.returncode, answer.stderr) == (0, "")
    assert answer.stdout == f"Wrote {first}, {record}\n"
    alpha = alpha_of(first)
    assert alpha[30:100, 30:50].min() > 230
    assert alpha[:, 80:].max() == 0
    again = recorte(photo, "--correct", record, "-o", "b.png", "-m", best_model, cwd=photo.parent)
    assert again.stdout == "Wrote b.png, b.correct.json\n", again
    assert photo.with_name("b.png").read_bytes() == first.read_bytes()
    assert photo.with_name("b.correct.json").read_bytes() == record.read_bytes()
    # Going on with it: the other one, too, by a box.
    more = recorte(
        photo, "--correct", record, "--drop", "10,10,70,115", "-o", "c.png", "-m", best_model, cwd=photo.parent
    )
    assert more.returncode == 0, more
    assert alpha_of(photo.with_name("c.png")).max() == 0
    touches = json.loads(photo.with_name("c.correct.json").read_text())["touches"]
    assert touches == [{"drop": [120, 60]}, {"drop": [10, 10, 70, 115]}]


def test_mistakes_write_nothing(photo: Path, best_model: Path) -> None:
    common = (photo, "-m", best_model)
    where = {"cwd": photo.parent}
    expect_mistake(recorte(*common, "--drop", "160,5", **where), "drop 160,5: outside the photo", "0 to 159")
    expect_mistake(recorte(*common, "--drop", "5,5", "--keep", "5,5", **where), "keep 5,5 and drop 5,5 contradict")
    expect_mistake(recorte(*common, "--keep", "left", **where), "keep must be X,Y", "'left'")
    many = [word for number in range(1001) for word in ("--keep", f"{number % 160},{number // 160}")]
    expect_mistake(recorte(*common, *many, **where), "1,001 touches are too many; a photo takes up to 1,000")
    expect_mistake(recorte(*common, "--correct", "none.json", **where), "none.json: cannot be read")
    expect_mistake(recorte(*common, "--drop", "5,5", "--report", **where), "--report judges what the network found")
    expect_mistake(recorte(photo.parent, "-o", "cut", "--drop", "5,5", "-m", best_model, **where), "mend one photo")
    assert files(photo.parent) == ["a.png"]


def test_a_photo_replaced_since_is_refused_and_a_record_is_not_replaced(photo: Path, best_model: Path) -> None:
    common = (photo, "-m", best_model, "-o", "x.png")
    assert recorte(*common, "--drop", "120,60", cwd=photo.parent).returncode == 0
    before = photo.with_name("x.correct.json").read_text()
    photo.with_name("x.png").unlink()
    answer = recorte(*common, "--drop", "40,60", cwd=photo.parent)
    expect_mistake(answer, "x.correct.json: exists already, with other touches", "--overwrite")
    with Image.open(photo) as image:
        image.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(photo)
    answer = recorte(*common, "--correct", "x.correct.json", cwd=photo.parent)
    expect_mistake(answer, "another photo than this one: its pixels are others")
    assert files(photo.parent) == ["a.png", "x.correct.json"]
    assert photo.with_name("x.correct.json").read_text() == before


def test_through_pipes_touches_leave_no_file(photo: Path, best_model: Path) -> None:
    command = [sys.executable, "-m", "recorte", "-", "--drop", "120,60", "-m", best_model]
    piped = subprocess.run(
        command, input=photo.read_bytes(), capture_output=True, check=True, env=ENVIRONMENT, cwd=photo.parent
    )
    expected = BackgroundRemover(best_model).remove_background(photo.read_bytes(), drop=[(120, 60)])
    assert piped.stdout == expected
    assert files(photo.parent) == ["a.png"]


@pytest.fixture(scope="module")
def client(best_model: Path) -> Iterator[httpx.Client]:
    with running(best_model, workers=1) as (client, _):
        yield client


def test_the_service_takes_touches(client: httpx.Client, pixels: np.ndarray, best_model: Path) -> None:
    sent = {"files": {"file": ("a.png", encoded(pixels))}}
    answer = client.post("/cutout", data={"drop": "120,60"}, **sent)
    assert answer.status_code == 200, answer.text
    assert answer.content == BackgroundRemover(best_model).remove_background(encoded(pixels), drop=[(120, 60)])
    stroke = json.dumps([{"points": [[115, 50], [120, 80]], "radius": 4}, [10, 10, 70, 115]])
    nobody = client.post("/cutout", data={"drop": stroke, "mask": "true"}, **sent)
    assert nobody.status_code == 200, nobody.text
    assert np.asarray(Image.open(io.BytesIO(nobody.content))).max() == 0
    query = client.post("/cutout?drop=120,60", content=encoded(pixels), headers={"Content-Type": "image/png"})
    assert query.content == answer.content


def test_the_service_refuses_what_cannot_be(client: httpx.Client, pixels: np.ndarray) -> None:
    for options, word in (
        ({"keep": "160,5"}, "keep 160,5: outside the photo"),
        ({"keep": "5,5", "drop": "5,5"}, "contradict each other"),
        ({"keep": "left"}, "keep must be X,Y"),
        ({"drop": ";".join(["5,5"] * 1001)}, "1,001 touches are too many"),
        ({"drop": "5,5", "report": "true"}, "without touches"),
    ):
        answer = client.post("/cutout", data=options, files={"file": ("a.png", encoded(pixels))})
        assert answer.status_code == 422, answer.text
        assert word in answer.json()["error"]
