"""What the formats of results can hold, and what is said of the rest."""

import io

import numpy as np
import pytest
from PIL import Image

from recorte.photo import Photo
from recorte.removal.output import encode

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
