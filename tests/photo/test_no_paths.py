"""What is no path, and names of folders: each message names the right door, in at most 500 characters."""

import base64
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cli_process import expect_mistake, recorte
from recorte import BackgroundRemover
from recorte.errors import PhotoError

TEXT = base64.b64encode(bytes(range(256)) * 100).decode()
DOORS = [
    (TEXT, "base64"),
    ("data:image/png;base64," + TEXT, "base64"),
    ("data:image/png;base64,iVBORw0KGgo=", "base64"),
    ("https://example.org/photo.jpg", "download it first"),
    ("s3://holiday/photo.jpg", "download it first"),
    ("a" * 300 + ".jpg", "no such file"),
]


@pytest.mark.parametrize(("given", "words"), DOORS)
def test_the_command(tmp_path: Path, given: str, words: str) -> None:
    answer = recorte(given, cwd=tmp_path)
    expect_mistake(answer, words)
    assert len(answer.stderr) < 500


@pytest.mark.parametrize(("given", "words"), [*DOORS, (TEXT * 100, "base64")])
def test_python(best_model: Path, given: str, words: str) -> None:
    with pytest.raises(PhotoError, match=words) as caught:
        BackgroundRemover(best_model, threads=1).remove_background(given)
    assert len(str(caught.value)) < 500


def test_a_new_folder_for_one_photo(tmp_path: Path, best_model: Path, red_square: np.ndarray) -> None:
    Image.fromarray(red_square).save(tmp_path / "a.png")
    expect_mistake(recorte("a.png", "-o", "cut", "-m", best_model, cwd=tmp_path), "end its name with a slash: cut/")
    assert recorte("a.png", "-o", "cut/", "-m", best_model, cwd=tmp_path).returncode == 0
    assert (tmp_path / "cut" / "a.png").is_file()
