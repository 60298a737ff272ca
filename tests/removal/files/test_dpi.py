"""Pixels an inch, which printers go by, are kept."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from recorte import BackgroundRemover


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif"])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "BMP"])
def test_from_each_kind_to_each(
    best_model: Path, red_square: np.ndarray, tmp_path: Path, kind: str, suffix: str
) -> None:
    content = io.BytesIO()
    Image.fromarray(red_square).save(content, kind, dpi=(300, 300))
    target = tmp_path / f"cut{suffix}"
    BackgroundRemover(best_model, threads=1).remove_background(content.getvalue(), target, background="white")
    with Image.open(target) as image:
        image.load()  # the checksum, too
        assert [round(value) for value in image.info["dpi"]] == [300, 300]


def test_turned_with_the_photo(best_model: Path, red_square: np.ndarray) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    content = io.BytesIO()
    Image.fromarray(red_square).save(content, "JPEG", dpi=(100, 200), exif=exif)
    picture = BackgroundRemover(best_model, threads=1).remove_background(content.getvalue())
    with Image.open(io.BytesIO(picture)) as image:
        assert [round(value) for value in image.info["dpi"]] == [200, 100]


def test_none_is_none(best_model: Path, red_square: np.ndarray) -> None:
    content = io.BytesIO()
    Image.fromarray(red_square).save(content, "PNG")
    with Image.open(io.BytesIO(BackgroundRemover(best_model).remove_background(content.getvalue()))) as image:
        assert "dpi" not in image.info
