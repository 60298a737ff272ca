"""What may be asked of the results: backgrounds, masks, crops, the largest person; in one photo and in a folder."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cli_process import expect_mistake, files, recorte
from recorte import BackgroundRemover

RED, BLUE, LIME = (230, 20, 10), (30, 60, 220), (0, 255, 0)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """Blue, with a tall person at the left and a short one at the right."""
    pixels = np.full((60, 80, 3), BLUE, np.uint8)
    pixels[5:55, 8:24] = RED
    pixels[30:55, 60:72] = RED
    (tmp_path / "in").mkdir()
    Image.fromarray(pixels).save(tmp_path / "in" / "a.png")
    return tmp_path / "in" / "a.png"


def pixels_of(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image).astype(int)


def test_before_a_colour_as_jpeg(photo: Path, best_model: Path) -> None:
    answer = recorte(photo, "-o", "x.jpg", "--background", "lime", "-m", best_model, cwd=photo.parent)
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "Wrote x.jpg\n", "")
    result = pixels_of(photo.with_name("x.jpg"))
    assert result.shape == (60, 80, 3)
    assert np.abs(result[45, 40] - LIME).max() < 12
    assert np.abs(result[30, 16] - RED).max() < 12


def test_a_folder_before_a_picture(photo: Path, best_model: Path, tmp_path: Path) -> None:
    Image.new("RGB", (9, 5), LIME).save(tmp_path / "behind.png")
    arguments = ("in", "-o", "cut", "--background", "behind.png", "--people", "largest", "-m", best_model)
    assert recorte(*arguments, cwd=tmp_path).stdout == "1 written\n"
    result = pixels_of(tmp_path / "cut" / "a.png")
    assert tuple(result[45, 66]) == LIME  # where the short person was
    assert tuple(result[30, 16]) == RED


def test_a_mask_lies_beside_under_its_own_name(photo: Path, best_model: Path) -> None:
    answer = recorte(photo, "--mask", "-m", best_model)
    assert answer.stdout == f"Wrote {photo.with_name('a-mask.png')}\n"
    mask = pixels_of(photo.with_name("a-mask.png"))
    assert mask.shape == (60, 80)
    assert (mask[30, 16], mask[45, 66], mask[45, 40]) == (255, 255, 0)


def test_a_crop_to_the_largest_person(photo: Path, best_model: Path) -> None:
    assert recorte(photo, "--crop", "--people", "largest", "-m", best_model).returncode == 0
    height, width = pixels_of(photo.with_name("a-cutout.png")).shape[:2]
    assert 50 <= height <= 56
    assert 16 <= width <= 22


def test_each_person_in_a_file_and_a_second_run_skips_them(photo: Path, best_model: Path, tmp_path: Path) -> None:
    arguments = ("in", "-o", "cut", "--people", "each", "--crop", "-m", best_model)
    assert recorte(*arguments, cwd=tmp_path).stdout == "1 written\n"
    assert files(tmp_path / "cut") == ["a-1.png", "a-2.png"]
    assert pixels_of(tmp_path / "cut" / "a-1.png").shape[0] > pixels_of(tmp_path / "cut" / "a-2.png").shape[0]
    assert recorte(*arguments, cwd=tmp_path).stdout.startswith("0 written, 1 skipped")
    answer = recorte(photo, "--people", "each", "-m", best_model, cwd=tmp_path)
    assert answer.stdout == f"Wrote {photo.with_name('a-cutout-1.png')}, {photo.with_name('a-cutout-2.png')}\n"
    expect_mistake(recorte(photo, "--people", "each", "-m", best_model), "a-cutout-1.png: exists already")
    with photo.open("rb") as content:
        answer = recorte("-", "-o", "x.png", "--people", "each", "-m", best_model, cwd=tmp_path, stdin=content)
    assert answer.stdout == "Wrote x-1.png, x-2.png\n"
    expect_mistake(recorte(photo, "--people", "each", "-o", "-"), "no room in a pipe")


def test_nobody_to_crop_to_is_a_failure_of_that_photo(photo: Path, best_model: Path, tmp_path: Path) -> None:
    Image.new("RGB", (40, 30), BLUE).save(photo.with_name("sea.png"))
    answer = recorte("in", "-o", "cut", "--crop", "-m", best_model, cwd=tmp_path)
    assert (answer.returncode, answer.stdout) == (1, "1 written, 1 failed\n")
    assert "sea.png: nobody was found" in answer.stderr
    assert files(tmp_path / "cut") == ["a.png"]


def test_of_nobody_an_empty_picture_is_made_and_a_note_tells(photo: Path, best_model: Path, tmp_path: Path) -> None:
    seas = [f"sea-{number}.png" for number in range(1, 5)]
    for name in seas:
        Image.new("RGB", (40, 30), BLUE).save(photo.with_name(name))
    one = recorte("in/sea-1.png", "-b", "red", "-o", "sea.png", "-m", best_model, cwd=tmp_path)
    assert (one.returncode, one.stdout) == (0, "Wrote sea.png\n")
    assert one.stderr == "Note: nobody was found in in/sea-1.png\n"
    assert (pixels_of(tmp_path / "sea.png") == (255, 0, 0)).all()
    with photo.with_name("sea-1.png").open("rb") as content:
        piped = recorte("-", "--mask", "-o", "m.png", "-m", best_model, cwd=tmp_path, stdin=content)
    assert piped.stderr == "Note: nobody was found in standard input\n"
    many = recorte("in", "-o", "cut", "--json", "-m", best_model, cwd=tmp_path)
    told = {line["photo"]: line["nobody"] for line in map(json.loads, many.stdout.splitlines())}
    assert told == {"in/a.png": False} | {f"in/{name}": True for name in seas}
    named = "in/sea-1.png, in/sea-2.png, in/sea-3.png and 1 more"
    assert many.stderr == f"Note: nobody was found in {named}\n5 written\n"
    report = BackgroundRemover(best_model, threads=1).batch_process(photo.parent, tmp_path / "again")
    assert [path.name for path in report.empty] == seas


def test_a_result_that_its_format_cannot_hold_is_a_failure_of_that_photo(photo: Path, best_model: Path) -> None:
    Image.new("RGB", (17_000, 2)).save(photo.with_name("long.png"))
    told = "WEBP cannot hold a picture of 17000 x 2 pixels, only 16,383 on a side; use PNG"
    answer = recorte("long.png", "-o", "x.webp", "--json", "-m", best_model, cwd=photo.parent)
    assert (answer.returncode, answer.stderr) == (1, f"Error: long.png: {told}\n")
    line = json.loads(answer.stdout)
    assert (line["photo"], line["status"], line["error"]) == ("long.png", "failed", f"long.png: {told}")
    with photo.with_name("long.png").open("rb") as file:
        answer = recorte("-", "-o", "x.webp", "-m", best_model, cwd=photo.parent, stdin=file)
    assert (answer.returncode, answer.stdout, answer.stderr) == (1, "", f"Error: standard input: {told}\n")
    assert files(photo.parent) == ["a.png", "long.png"]


def test_steps_may_be_left_out_and_the_mirror_image_asked(photo: Path, best_model: Path) -> None:
    options = {
        "--no-refine": {"refine": False}, "--no-colours": {"colours": False}, "--tta": {"tta": True}, "--refine": {},
    }  # fmt: skip
    with Image.open(photo) as image:
        pixels = np.asarray(image)
    results = []
    for option, arguments in options.items():
        assert recorte(photo, option, "-o", "x.png", "--overwrite", "-m", best_model, cwd=photo.parent).returncode == 0
        results.append(pixels_of(photo.with_name("x.png")))
        assert np.array_equal(results[-1], BackgroundRemover(best_model, **arguments).cut_out(pixels))
    assert all((results[-1] != other).any() for other in results[:2])


def test_mistakes_with_what_is_asked(photo: Path, best_model: Path) -> None:
    folder = photo.parent
    (folder / "page.jpg").write_bytes(b"<html>")
    model = ("-m", best_model)
    expect_mistake(
        recorte(photo, "-o", folder / "x.jpg", *model), "x.jpg: JPEG cannot be transparent", "--background white"
    )
    expect_mistake(recorte(photo, "--mask", "--background", "red", *model), "a mask has no background")
    expect_mistake(recorte(photo, "--background", "reddish", *model), "'reddish': neither a colour")
    address = "https://example.org/beach.jpg"
    expect_mistake(recorte(photo, "--background", address, *model), f"{address}': an address, not a file")
    expect_mistake(recorte(photo, "--background", folder / "page.jpg", *model), "page.jpg: not a photo")
    expect_mistake(recorte(photo, "--people", "tallest", *model), "tallest", "all", "largest", "each")
    assert files(folder) == ["a.png", "page.jpg"]
