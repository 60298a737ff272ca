"""TIFF beyond what other files have: Photoshop's own blocks, and negatives, in which 0 is white."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, TiffImagePlugin

from recorte.photo import read_mask, read_photo

PHOTOMETRIC = 262


def tiff(pixels: np.ndarray, tags: dict[int, bytes | str | int]) -> bytes:
    directory = TiffImagePlugin.ImageFileDirectory_v2()
    for tag, value in tags.items():
        if isinstance(value, bytes):
            directory.tagtype[tag] = 7
        directory[tag] = value
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, "TIFF", tiffinfo=directory)
    return content.getvalue()


def negative(pixels: np.ndarray) -> bytes:
    """A TIFF of these numbers that says of itself that 0 is white, which Pillow does not write at every depth."""
    content = bytearray(tiff(pixels, {}))
    entry = content.index(np.array([PHOTOMETRIC, 3, 1, 0, 1], "<u2").tobytes())  # one SHORT, BlackIsZero
    content[entry + 8] = 0
    return bytes(content)


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


@pytest.mark.parametrize("read", [lambda content: read_photo(content).pixels[..., 0], read_mask])
@pytest.mark.parametrize(
    "numbers",
    [
        np.array([[0, 64, 255]], np.uint8),
        np.array([[0, 64 * 257, 65535]], np.uint16),
        np.array([[0, 64 / 255, 1]], np.float32),
    ],
)
def test_a_negative_is_turned_over_at_every_depth(numbers: np.ndarray, read: object) -> None:
    assert read(negative(numbers)).tolist() == [[255, 191, 0]]
    assert read(tiff(numbers, {})).tolist() == [[0, 64, 255]]


def test_a_negative_that_pillow_has_opened_already() -> None:
    with Image.open(io.BytesIO(negative(np.array([[0, 65535]], np.uint16)))) as image:
        for _ in range(2):
            assert read_photo(image).pixels[..., 0].tolist() == [[255, 0]]


@pytest.mark.parametrize("shape", [(4, 6), (4, 6, 3), (4, 6, 4)])
@pytest.mark.parametrize(("orientation", "turns"), [(1, 0), (3, 2), (6, 3), (8, 1)])  # quarters, to the left
def test_a_turned_tiff_is_read_as_well_from_its_file(
    tmp_path: Path, shape: tuple[int, ...], orientation: int, turns: int
) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    if shape[2:] == (4,):
        pixels[..., 3] = 255
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(pixels).save(tmp_path / "turned.tif", exif=exif)  # not compressed, so that Pillow may map it
    upright = np.rot90(pixels[..., None].repeat(3, 2) if pixels.ndim == 2 else pixels[..., :3], turns)
    np.testing.assert_array_equal(read_photo(tmp_path / "turned.tif").pixels, upright)
