"""`recorte -`: what is told where, and pipes that are closed or full."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cli_process import ENVIRONMENT, expect_mistake, recorte, wishes
from recorte.cli.photos.run import run
from recorte.removal.files import single


@pytest.fixture
def photo(tmp_path: Path, red_square: np.ndarray) -> Path:
    Image.fromarray(red_square).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


# JSON


def test_standard_input_into_a_file_is_told_in_json(photo: Path, best_model: Path) -> None:
    arguments = ("-", "-o", "out.png", "--json", "--report", "-m", best_model)
    with photo.open("rb") as content:
        answer = recorte(*arguments, cwd=photo.parent, stdin=content)
    assert (answer.returncode, answer.stderr) == (0, "")
    told = json.loads(answer.stdout)
    assert (told["photo"], told["result"], told["status"], told["error"]) == ("-", "out.png", "written", None)
    assert told["seconds"] > 0
    assert told["report"]["score"] > 80
    answer = recorte("-", "-o", "x.png", "--json", "--report", "-m", best_model, cwd=photo.parent, input="<html>")
    told = json.loads(answer.stdout)
    assert (answer.returncode, told["status"], told["result"]) == (1, "failed", None)
    assert told["error"].startswith("standard input: not a photo")
    assert answer.stderr == f"Error: {told['error']}\n"


def test_a_picture_on_standard_output_is_told_in_json_on_the_other(photo: Path, best_model: Path) -> None:
    arguments = (photo.name, "-o", "-", "--json", "--report", "-m", best_model)
    answer = recorte(*arguments, cwd=photo.parent, text=False)
    told = json.loads(answer.stderr)
    assert (answer.returncode, told["photo"], told["result"], told["status"]) == (0, "photo.png", "-", "written")
    assert told["report"]["found"]
    assert Image.open(io.BytesIO(answer.stdout)).mode == "RGBA"
    answer = recorte("-", "--json", "-m", best_model, input="<html>")
    assert (answer.returncode, answer.stdout) == (1, "")
    assert json.loads(answer.stderr)["error"].startswith("standard input: not a photo")


def test_a_report_goes_where_the_picture_does_not(photo: Path, best_model: Path) -> None:
    arguments = ("--report", "-m", best_model)
    with photo.open("rb") as content:
        answer = recorte("-", "-o", "out.png", *arguments, cwd=photo.parent, stdin=content)
    assert answer.stderr == ""
    assert answer.stdout.startswith("Wrote out.png\n  quality 8")
    answer = recorte(photo, "-o", "-", *arguments, text=False)
    assert answer.stderr.startswith(b"  quality 8")


# Trouble


def test_any_trouble_with_the_photo_is_told(
    photo: Path, best_model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise MemoryError("a giant")

    monkeypatch.setattr(single, "remove", fail)
    assert run([photo], wishes(best_model, output="-", as_json=True)) == 1
    out, err = capsys.readouterr()
    assert (out, json.loads(err)["error"]) == ("", f"{photo}: MemoryError: a giant")
    assert run([photo], wishes(best_model, as_json=True)) == 1
    assert json.loads(capsys.readouterr().out)["error"] == f"{photo}: MemoryError: a giant"


@pytest.mark.skipif(os.name == "nt", reason="a shell's redirections")
@pytest.mark.parametrize(
    ("closed", "words"),
    [("- <&-", "standard input is closed"), ("photo.png -o - >&-", "standard output is closed")],
)
def test_pipes_that_are_closed(photo: Path, best_model: Path, closed: str, words: str) -> None:
    command = ["sh", "-c", f'exec "$0" -m recorte -m "$1" {closed}', sys.executable, str(best_model)]
    answer = subprocess.run(command, cwd=photo.parent, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    expect_mistake(answer, words)
    assert len(answer.stderr.splitlines()) == 1


def test_what_is_said_may_have_nowhere_to_go(photo: Path, best_model: Path) -> None:
    command = ["sh", "-c", 'exec "$0" -m recorte photo.png photo.png . -o cut -m "$1" >&- 2>&-']
    subprocess.run([*command, sys.executable, str(best_model)], cwd=photo.parent, env=ENVIRONMENT, check=True)
    assert (photo.parent / "cut" / "photo.png").is_file()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux")
@pytest.mark.parametrize(
    "arguments",
    [["-o", "-"], ["-o", "x.png"], ["-o", "x.png", "--json"], [".", "-o", "cut", "--json"], [".", "-o", "cut"]],
)
def test_a_standard_output_without_room(photo: Path, best_model: Path, arguments: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        answer = recorte("photo.png", *arguments, "-m", best_model, cwd=photo.parent, capture_output=False,
                         stdout=full, stderr=subprocess.PIPE)  # fmt: skip
    assert answer.returncode == 1
    assert answer.stderr == "Error: standard output: the disk is full; make room, or send it to another disk\n"


@pytest.mark.skipif(os.name == "nt", reason="pipes as Unix has them")
@pytest.mark.parametrize("size", [60, 900])
def test_a_reader_of_the_picture_who_has_read_enough(photo: Path, best_model: Path, size: int) -> None:
    """A picture that fits into a buffer, and one that does not."""
    pixels = np.random.default_rng(0).integers(0, 256, (size, size, 3), np.uint8)
    pixels[..., 0] = 255
    Image.fromarray(pixels).save(photo)
    end, pipe = os.pipe()
    os.close(end)
    with os.fdopen(pipe, "wb") as gone:
        answer = recorte(photo, "-o", "-", "-m", best_model, capture_output=False, stdout=gone, stderr=subprocess.PIPE)
    assert (answer.returncode, answer.stderr) == (1, "")
