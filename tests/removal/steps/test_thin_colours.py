"""Colours behind people that are not opaque."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cli_process import expect_mistake, recorte
from recorte import BackgroundRemover
from recorte.errors import RecorteError
from recorte.removal.steps.backgrounds import put_behind, read_background


@pytest.mark.parametrize("given", ["#ff000080", (255, 0, 0, 128), [255, 0, 0, 128]])
def test_half_of_a_colour(best_model: Path, red_square: np.ndarray, given: object) -> None:
    picture = BackgroundRemover(best_model, threads=1).remove_background(red_square, background=given)
    assert picture.shape == (60, 80, 4)
    assert (picture[50, 70] == (255, 0, 0, 128)).all()
    assert (picture[25, 20] == (230, 20, 10, 255)).all()


@pytest.mark.parametrize(("given", "read"), [("#f00f", (255, 0, 0)), ("#f008", (255, 0, 0, 136)), ("red", (255, 0, 0))])
def test_what_is_opaque_has_three_numbers(given: str, read: tuple[int, ...]) -> None:
    assert read_background(given) == read


def test_mixed_by_hand() -> None:
    cutout = np.array([[[200, 100, 0, 102]]], np.uint8)
    # Of 0.4 and, of the rest, half: an alpha of 0.4 + 0.6 * 0.2 = 0.52, in which the person has 0.4 / 0.52.
    mixed = put_behind(cutout, cutout[..., :3], (0, 0, 250, 51))
    assert mixed.tolist() == [[[154, 77, 58, 133]]]


def test_jpeg_cannot_hold_it(tmp_path: Path, best_model: Path, red_square: np.ndarray) -> None:
    Image.fromarray(red_square).save(tmp_path / "a.png")
    done = recorte("a.png", "-b", "#ff000080", "-o", "a.jpg", "-m", best_model, cwd=tmp_path)
    expect_mistake(done, "a.jpg", "JPEG cannot be transparent", "opaque")
    done = recorte("a.png", "-b", "#ff000080", "-o", "b.webp", "-m", best_model, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    with Image.open(tmp_path / "b.webp") as image:
        assert image.convert("RGBA").getpixel((70, 50)) == (255, 0, 0, 128)


def test_a_picture_must_be_opaque(tmp_path: Path) -> None:
    Image.new("RGBA", (4, 4), (9, 9, 9, 100)).save(tmp_path / "logo.png")
    for given in (tmp_path / "logo.png", Image.open(tmp_path / "logo.png")):
        with pytest.raises(RecorteError, match="transparent in places"):
            read_background(given)
