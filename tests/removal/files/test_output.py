"""What the formats of results can hold, and what is said of the rest."""

import io

import numpy as np
import pytest
from PIL import Image

from recorte.errors import PhotoError
from recorte.photo import MAX_SIDE, Photo
from recorte.removal.files.output import encode

SMALL = np.full((4, 6, 3), 200, np.uint8)


def exif_of(size: int) -> bytes:
    """EXIF of so many bytes, an even number, nearly all of them a camera's own notes."""
    exif = Image.Exif()
    exif[0x927C] = bytes(1000)
    exif[0x927C] = bytes(size - len(exif.tobytes()) + 1000)
    assert len(exif.tobytes()) == size
    return exif.tobytes()


@pytest.mark.parametrize(("kind", "size", "kept"), [
    (".jpg", 65_532, True), (".jpg", 65_534, False), (".png", 65_534, True), (".webp", 65_534, True),
    (".tif", 65_534, True),
])  # fmt: skip
def test_exif_longer_than_a_block_of_jpeg_does_not_cost_the_picture(kind: str, size: int, kept: bool) -> None:
    content = encode(SMALL, Photo(SMALL, exif=exif_of(size)), kind)
    with Image.open(io.BytesIO(content)) as image:
        assert np.array_equal(np.asarray(image), SMALL)
        assert (0x927C in image.getexif()) == kept


@pytest.mark.parametrize(("suffix", "side", "told"), [
    (".webp", 16_384, "WEBP cannot hold a picture of {} pixels, only 16,383 on a side; use PNG"),
    (".jpg", 65_501, "JPEG cannot hold a picture of {} pixels, only 65,500 on a side; use PNG"),
])  # fmt: skip
def test_a_side_too_long_for_its_format(suffix: str, side: int, told: str, capfd: pytest.CaptureFixture[str]) -> None:
    for shape in ((1, side), (side, 1)):
        picture = np.zeros(shape, np.uint8)
        with pytest.raises(PhotoError) as error:
            encode(picture, Photo(picture), suffix)
        assert str(error.value) == told.format(f"{shape[1]} x {shape[0]}")
        with Image.open(io.BytesIO(encode(picture, Photo(picture), ".png"))) as image:
            assert image.size == shape[::-1]
    assert capfd.readouterr() == ("", "")  # libraries would tell of it in their own words


@pytest.mark.parametrize(("kind", "side"), [(".webp", 16_383), (".jpg", 65_500), (".png", MAX_SIDE)])
def test_the_longest_side_that_fits(kind: str, side: int) -> None:
    picture = np.zeros((side, 1), np.uint8)
    with Image.open(io.BytesIO(encode(picture, Photo(picture), kind))) as image:
        assert image.size == (1, side)


def test_what_a_library_refuses_for_another_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cv2.imencodeWithMetadata", lambda *_: (False, ()))
    with pytest.raises(PhotoError, match=r"^a picture of 6 x 4 pixels cannot be written as PNG .*; use TIFF$"):
        encode(SMALL, Photo(SMALL))
