"""`--format`, and `kind` of `batch_process`: what folders, patterns and pipes become, other than PNG."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cli_process import expect_mistake, files, recorte
from recorte import BackgroundRemover
from recorte.errors import RecorteError


@pytest.fixture
def place(tmp_path: Path, red_square: np.ndarray) -> Path:
    for name in ("in/a.jpg", "in/a.png", "in/sub/b.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(red_square).save(tmp_path / name)
    return tmp_path


def kinds(folder: Path) -> dict[str, str]:
    """What is really in each file."""
    return {name: Image.open(folder / name).format for name in files(folder)}


def test_a_folder_and_a_pattern(place: Path, best_model: Path) -> None:
    white = ("-b", "white", "--format", "jpg", "-m", best_model)
    answer = recorte("in", "-o", "cut", *white, cwd=place)
    assert (answer.returncode, answer.stdout) == (0, "3 written\n"), answer.stderr
    assert kinds(place / "cut") == {"a.jpg.jpg": "JPEG", "a.png.jpg": "JPEG", "sub/b.jpg": "JPEG"}
    again = recorte("in", "-o", "cut", *white, cwd=place)
    assert again.stdout.startswith("0 written, 3 skipped")
    answer = recorte("in/**/*.png", "-o", "webp", "--format", "webp", "-m", best_model, cwd=place)
    assert kinds(place / "webp") == {"a.webp": "WEBP", "sub/b.webp": "WEBP"}, answer.stderr
    answer = recorte("in/a.png", "in/sub", "-o", "tif", "--format", "tif", "-m", best_model, cwd=place)
    assert kinds(place / "tif") == {"a.tif": "TIFF", "sub/b.tif": "TIFF"}, answer.stderr


def test_one_photo_without_a_name_for_its_result(place: Path, best_model: Path) -> None:
    model = ("-m", best_model)
    assert recorte("in/a.jpg", "--mask", "--format", "jpeg", *model, cwd=place).stdout == "Wrote in/a-mask.jpeg\n"
    assert recorte("in/a.jpg", "-o", "cut/", "--format", "webp", *model, cwd=place).stdout == "Wrote cut/a.webp\n"
    assert recorte("in/a.jpg", "-o", "x.jpg", "-b", "red", "--format", "jpeg", *model, cwd=place).returncode == 0
    content = (place / "in/a.jpg").read_bytes()
    piped = recorte("-", "--format", "webp", *model, cwd=place, input=content, text=False)
    assert Image.open(io.BytesIO(piped.stdout)).format == "WEBP", piped.stderr


def test_mistakes(place: Path, best_model: Path) -> None:
    before = files(place)
    for words, told in (
        (("in/a.jpg", "-o", "x.png", "--format", "webp"), "x.png: its suffix and the format webp are two formats"),
        (("in", "-o", "cut", "--format", "jpg"), "JPEG cannot be transparent; put an opaque colour behind"),
        (("in", "-o", "cut", "--format", "gif"), "'gif' is not one of 'png', 'webp', 'tif'"),
        (("in", "-o", "cut/*.jpg", "-b", "red"), "need a folder for the cut-outs, not a file: -o cut/ (and --format"),
    ):
        expect_mistake(recorte(*words, "-m", best_model, cwd=place), told)
    assert files(place) == before


def test_in_python(place: Path, best_model: Path) -> None:
    remover = BackgroundRemover(best_model, threads=1)
    report = remover.batch_process(place / "in", place / "cut", background="#00ff00", kind="jpeg", jobs=2)
    assert len(report.written) == 3
    assert kinds(place / "cut") == {"a.jpg.jpeg": "JPEG", "a.png.jpeg": "JPEG", "sub/b.jpeg": "JPEG"}
    assert Image.open(place / "cut/sub/b.jpeg").getpixel((70, 50)) == pytest.approx((0, 255, 0), abs=4)
    each = remover.batch_process(place / "in/sub", place / "each", people="each", crop=True)
    assert files(place / "each") == ["b-1.png"]
    assert each.written == [place / "each/b-1.png"]
    for wrong, told in (({"kind": "jpeg"}, "cannot be transparent"), ({"kind": "gif"}, "kind is 'gif'")):
        with pytest.raises(RecorteError, match=told):
            remover.batch_process(place / "in", place / "other", **wrong)
    assert not (place / "other").exists()
