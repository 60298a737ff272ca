import io
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from PIL import Image, ImageCms

from recorte import BackgroundRemover
from recorte.app.limits import Limits, Refusal
from recorte.app.page import panels
from recorte.app.page.cutting import STEPS, Made, make, safe_name, smaller
from recorte.errors import PhotoError

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.fixture
def remover(best_model: Path) -> BackgroundRemover:
    return BackgroundRemover(best_model, threads=1)


def encoded(pixels: np.ndarray) -> bytes:
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, "PNG", icc_profile=SRGB)
    return content.getvalue()


@pytest.fixture
def made(remover: BackgroundRemover, red_square: np.ndarray) -> Made:
    return make(remover, encoded(red_square), Limits())


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


def test_a_photo_is_made_into_files_and_pictures(
    made: Made, remover: BackgroundRemover, red_square: np.ndarray
) -> None:
    assert (made.width, made.height) == (80, 60)
    cutout = opened(made.cutout)
    assert np.array_equal(np.asarray(cutout), remover.remove_background(red_square))
    assert np.array_equal(np.asarray(opened(made.mask)), np.asarray(cutout)[..., 3])
    assert cutout.info["icc_profile"] == SRGB
    assert tuple(made.steps) == STEPS
    assert all(address.startswith("data:image/") for address in made.steps.values())
    assert made.report.found


def test_small_pictures_have_no_dark_edge() -> None:
    cutout = np.zeros((2, 2, 4), np.uint8)
    cutout[0] = (200, 100, 50, 255)  # and below it black that nobody sees
    # Bytes at half the alpha know colours to two steps.
    assert np.abs(smaller(cutout, 1)[0, 0].astype(int) - (200, 100, 50, 128)).max() <= 1


@pytest.mark.parametrize(
    ("given", "safe"),
    [("Ángel ñ.jpg", "Ángel ñ.jpg"), ("/etc/x.png", "x.png"), ("a\0b\n.png", "ab.png"), ("..", "photo"), ("", "photo"),
     ("C:\\dir\\con?.jpg", "con.jpg"), ("x" * 300 + ".jpg", "x" * 96 + ".jpg")],
)  # fmt: skip
def test_names_lead_nowhere(given: str, safe: str) -> None:
    assert safe_name(given) == safe


def test_what_is_refused(remover: BackgroundRemover, red_square: np.ndarray) -> None:
    whole = encoded(skimage.data.coffee())
    for content, limits, status in (
        (whole, Limits(bytes=1000), 413), (whole, Limits(pixels=1000), 413),
        (b"<html>", Limits(), 415), (b"", Limits(), 422),
    ):  # fmt: skip
        with pytest.raises(Refusal) as raised:
            make(remover, content, limits)
        assert raised.value.status == status
    with pytest.raises(PhotoError):
        make(remover, whole[: len(whole) // 2], Limits())


def test_what_visitors_name_is_never_html(made: Made) -> None:
    name = "<img src=x onerror=alert(1)>.jpg"
    assert "<img" not in panels.heading(name, "1 x 1", made.report, "en")
    assert "<img" not in panels.failure(name, "damaged", "es")
    assert panels.quality(made.report, "es").count("<li>") == len(made.report.advice)
