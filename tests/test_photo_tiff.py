"""TIFF beyond what other files have: Photoshop's own blocks."""

import io

import numpy as np
import pytest
from PIL import Image, TiffImagePlugin

from recorte.photo import read_photo


def tiff(pixels: np.ndarray, tags: dict[int, bytes | str | int]) -> bytes:
    directory = TiffImagePlugin.ImageFileDirectory_v2()
    for tag, value in tags.items():
        if isinstance(value, bytes):
            directory.tagtype[tag] = 7
        directory[tag] = value
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, "TIFF", tiffinfo=directory)
    return content.getvalue()


@pytest.mark.parametrize(
    "tag",
    [37724, 50255, 50784, 50740, 50828],  # layers, notes, what layers look like from outside, DNG: private, its raw
)
def test_a_block_with_another_picture_is_no_exif(tag: int) -> None:
    content = tiff(np.zeros((2, 3, 3), np.uint8), {tag: b"the photo as it was" * 9, 0x010F: "Camera works"})
    assert b"the photo as it was" in content
    exif = Image.Exif()
    exif.load(read_photo(content).exif)
    assert dict(exif) == {0x010F: "Camera works"}


def test_places_of_other_pictures_in_the_file_are_no_exif() -> None:
    assert read_photo(tiff(np.zeros((2, 3, 3), np.uint8), {330: 8})).exif is None
