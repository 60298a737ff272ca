"""What the words of `recorte` mean: pipes, patterns, several folders."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cli_process import expect_mistake, files, recorte


@pytest.fixture
def folder(tmp_path: Path, red_square: np.ndarray) -> Path:
    """Five photos in two folders, one of them a broken one."""
    for name in ("one/a.jpg", "one/deep/b.png", "two/a.jpg", "c.jpg"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(red_square).save(path)
    (tmp_path / "two" / "broken.jpg").write_bytes(b"<html>")
    (tmp_path / "two" / "notes.txt").touch()
    return tmp_path


# Pipes


@pytest.mark.parametrize("arguments", [["-"], ["-", "-o", "-"], ["c.jpg", "-o", "-"]])
def test_a_cutout_on_standard_output(folder: Path, best_model: Path, arguments: list[str]) -> None:
    before = files(folder)
    content = (folder / "c.jpg").read_bytes()
    answer = recorte(*arguments, "-m", best_model, cwd=folder, input=content, text=False)
    assert (answer.returncode, answer.stderr) == (0, b"")
    with Image.open(io.BytesIO(answer.stdout)) as image:
        assert (image.format, image.mode, image.size) == ("PNG", "RGBA", (80, 60))
        assert 0.1 < (np.asarray(image)[..., 3] > 127).mean() < 0.15
    assert files(folder) == before


def test_a_photo_from_standard_input_into_a_file(folder: Path, best_model: Path) -> None:
    content = (folder / "c.jpg").read_bytes()
    for output, written in {"new.webp": "new.webp", "new/": "new/photo.png"}.items():
        answer = recorte("-", "-o", output, "-m", best_model, cwd=folder, input=content, text=False)
        assert (answer.returncode, answer.stdout) == (0, f"Wrote {written}\n".encode())
        assert Image.open(folder / written).size == (80, 60)


def test_pipes_that_bring_no_photo(folder: Path, best_model: Path) -> None:
    for content, words in {"": "not a photo", "<html>": "not a photo"}.items():
        answer = recorte("-", "-m", best_model, cwd=folder, input=content)
        assert (answer.returncode, answer.stdout) == (1, "")
        assert answer.stderr.startswith("Error: standard input: ")
        assert words in answer.stderr
    answer = recorte("two/broken.jpg", "-o", "-", "-m", best_model, cwd=folder)
    assert (answer.returncode, answer.stdout) == (1, "")
    assert answer.stderr.startswith("Error: two/broken.jpg: not a photo")


def test_pipes_that_cannot_be(folder: Path) -> None:
    expect_mistake(recorte("-", "c.jpg", cwd=folder), "- stands for one photo")
    expect_mistake(recorte("one", "-o", "-", cwd=folder), "- stands for one photo")


# Patterns


def test_patterns_for_shells_that_know_none(folder: Path, best_model: Path) -> None:
    answer = recorte("one/*", "**/b.*", "-o", "cut", "-m", best_model, cwd=folder)
    assert (answer.returncode, answer.stdout) == (0, "2 written\n")
    assert files(folder / "cut") == ["a.png", "one/deep/b.png"]
    answer = recorte(folder / "?.jpg", "-m", best_model, cwd=folder)
    assert (answer.returncode, answer.stdout) == (0, "1 written\n")
    assert (folder / "c-cutout.png").is_file()


def test_a_name_with_the_signs_of_a_pattern_is_itself(folder: Path, best_model: Path) -> None:
    (folder / "c.jpg").rename(folder / "[a-z]*.jpg")
    assert recorte("[a-z]*.jpg", "-m", best_model, cwd=folder).stdout == "Wrote [a-z]*-cutout.png\n"


def test_patterns_that_fit_nothing(folder: Path) -> None:
    expect_mistake(recorte("*.gif", "x?", "c.jpg", cwd=folder), "*.gif, x?: no such file or folder")
    expect_mistake(recorte("two/*.txt", cwd=folder), "two/*.txt: no photos fit this pattern")


# Several folders


def test_several_folders_and_photos_keep_their_trees_apart(folder: Path, best_model: Path) -> None:
    arguments = ("one", "two", "c.jpg", "-o", "cut", "-m", best_model, "--json", "--jobs", "2")
    answer = recorte(*arguments, cwd=folder)
    assert answer.returncode == 1
    assert files(folder / "cut") == ["c.png", "one/a.png", "one/deep/b.png", "two/a.png"]
    told = [json.loads(line) for line in answer.stdout.splitlines()]
    assert [line["photo"] for line in told] == [
        "one/a.jpg", "one/deep/b.png", "two/a.jpg", "two/broken.jpg", "c.jpg",
    ]  # fmt: skip
    assert [line["status"] for line in told] == ["written", "written", "written", "failed", "written"]
    assert told[1]["result"] == "cut/one/deep/b.png"
    assert all(line["seconds"] > 0 for line in told)
    assert told[3]["error"].startswith("two/broken.jpg: not a photo")
    assert answer.stderr.splitlines() == [
        f"Error: {told[3]['error']}",
        "4 written, 1 failed, 1 left out, of kinds that are not read (1 .txt)",
    ]

    again = [json.loads(line) for line in recorte(*arguments, cwd=folder).stdout.splitlines()]
    assert [line["status"] for line in again] == ["skipped", "skipped", "skipped", "failed", "skipped"]


def test_the_results_of_several_folders_may_lie_in_one_of_them(folder: Path, best_model: Path) -> None:
    for _ in range(2):
        assert recorte("one", "two", "-o", "one/cut", "-m", best_model, cwd=folder).returncode == 1
    assert files(folder / "one" / "cut") == ["one/a.png", "one/deep/b.png", "two/a.png"]


def test_several_folders_that_would_meet(folder: Path, best_model: Path) -> None:
    (folder / "two" / "one").mkdir()
    (folder / "empty").mkdir()
    model = ("-m", best_model)
    expect_mistake(recorte("one", "two/one", "-o", "cut", *model, cwd=folder), "one, two/one: these have one name")
    expect_mistake(recorte("one", "two", "-o", ".", *model, cwd=folder), "one: its cut-outs would go into itself")
    expect_mistake(recorte("one", "empty", "-o", "cut", *model, cwd=folder), "empty: no photos in it")
    expect_mistake(recorte("one", "two", "-o", "two", *model, cwd=folder), "two: its cut-outs would go into itself")
    assert not (folder / "cut").exists()


def test_a_folder_that_is_named_in_several_ways_is_one(folder: Path, best_model: Path) -> None:
    (folder / "one" / "a.png").write_bytes((folder / "c.jpg").read_bytes())
    (folder / "linked").symlink_to("one")
    for again in (folder / "one", Path("two/../one"), Path("linked")):
        answer = recorte("one/a.jpg", again / "a.png", "one/../one/a.jpg", "-m", best_model, cwd=folder)
        assert (answer.returncode, answer.stdout, answer.stderr) == (0, "2 written\n", "")
        results = [folder / "one" / f"{name}-cutout.png" for name in ("a.jpg", "a.png")]
        for result in results:
            result.unlink()
        answer = recorte("one/a.jpg", again / "a.jpg", "-m", best_model, cwd=folder)
        assert answer.stdout == "Wrote one/a-cutout.png\n"
        (folder / "one" / "a-cutout.png").unlink()


def test_one_photo_told_in_json(folder: Path, best_model: Path) -> None:
    told = json.loads(recorte("c.jpg", "--json", "-m", best_model, cwd=folder).stdout)
    assert (told["photo"], told["result"], told["status"]) == ("c.jpg", "c-cutout.png", "written")
    answer = recorte("two/broken.jpg", "--json", "-m", best_model, cwd=folder)
    assert (answer.returncode, json.loads(answer.stdout)["status"]) == (1, "failed")
    assert json.loads(answer.stdout)["error"] in answer.stderr
