"""Options of the service: whatever is combined, it gives what the remover gives."""

import io
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from recorte import BackgroundRemover
from recorte.app.limits import Limits, Refusal
from recorte.app.service.options import Options
from recorte.app.service.work import cut_out
from service_process import encoded

COMBINED = [
    {"background": background, "mask": mask, "crop": crop, "people": people}
    for background, mask, crop, people in product(
        (None, (1, 200, 3), "blur"), (False, True), (False, True), ("all", "largest")
    )
    if not (mask and background)  # which excludes itself
]


@pytest.fixture
def remover(best_model: Path) -> BackgroundRemover:
    return BackgroundRemover(best_model, threads=1)


@pytest.fixture
def photo() -> bytes:
    """Two red people, one of them small; of a profile that is not sRGB, into which backgrounds are converted."""
    pixels = np.full((60, 80, 3), (30, 60, 220), np.uint8)
    pixels[10:40, 5:35] = pixels[20:30, 60:70] = (230, 20, 10)
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, green = profile.index(b"rXYZ"), profile.index(b"gXYZ")  # in the table of its parts, which are exchanged here
    profile[red : red + 4], profile[green : green + 4] = b"gXYZ", b"rXYZ"
    return encoded(pixels, icc_profile=bytes(profile))


@pytest.mark.parametrize("wanted", COMBINED, ids=str)
def test_all_that_can_be_combined(remover: BackgroundRemover, photo: bytes, wanted: dict) -> None:
    for report in (False, True):
        result = cut_out(remover, photo, Options(**wanted, report=report), Limits())
        assert result.content == remover.remove_background(photo, **wanted)
        assert result.media_type == "image/png"
        assert (result.report is not None) == report


def test_a_background_is_of_srgb(remover: BackgroundRemover, photo: bytes) -> None:
    result = Image.open(io.BytesIO(cut_out(remover, photo, Options(background=(1, 200, 3)), Limits()).content))
    red, green, blue = result.getpixel((79, 0))
    assert red > 150 > 50 > max(green, blue)  # the profile takes green for red


def test_nobody_to_crop_to(remover: BackgroundRemover) -> None:
    nobody = encoded(np.zeros((40, 50, 3), np.uint8))
    for wanted in ({}, {"mask": True}, {"background": "blur"}, {"people": "largest"}, {"report": True}):
        with pytest.raises(Refusal) as raised:
            cut_out(remover, nobody, Options(crop=True, **wanted), Limits())
        told = "Nobody was found in the photo, so there is nothing to crop to"
        assert (raised.value.status, str(raised.value)) == (422, told)


def test_pictures_for_a_shop(remover: BackgroundRemover, photo: bytes) -> None:
    given = {
        "size": "90x70",
        "margin": "8%",
        "align": "bottom",
        "background": "white",
        "format": "jpg",
        "quality": "70",
    }
    content = cut_out(remover, photo, Options.read(given), Limits()).content
    same = {key: value for key, value in given.items() if key not in ("format", "quality")}
    assert content == remover.remove_background(photo, kind="jpg", quality=70, **same)
    amazon = cut_out(remover, photo, Options.read({"preset": "amazon", "size": "50x40"}), Limits())
    assert amazon.media_type == "image/jpeg"
    assert amazon.content == remover.remove_background(photo, preset="amazon", size="50x40", kind="jpg")
    assert Image.open(io.BytesIO(amazon.content)).size == (50, 40)
    masked = cut_out(remover, photo, Options.read({"preset": "shopify", "size": "50x40", "mask": "true"}), Limits())
    assert Image.open(io.BytesIO(masked.content)).mode == "L"
