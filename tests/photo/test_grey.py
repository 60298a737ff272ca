"""Grey photos and masks of the rarer kinds: with a profile of their own, transparent, of floating-point numbers."""

import io
import struct

import numpy as np
import pytest
from PIL import Image

from recorte.photo import read_mask, read_photo


def grey_profile() -> bytes:
    """An ICC profile, version 2, of linear grey: half the light is half the number."""
    tags = {
        b"wtpt": b"XYZ \0\0\0\0" + struct.pack(">3i", 63190, 65536, 54061),
        b"kTRC": b"curv\0\0\0\0" + struct.pack(">I", 0),  # no point of a curve: linear
        b"cprt": b"text\0\0\0\0none",
        b"desc": b"desc\0\0\0\0" + struct.pack(">I", 2) + b"g\0" + bytes(78),
    }
    place, table, blocks = 128 + 4 + 12 * len(tags), b"", b""
    for name, block in tags.items():
        table += name + struct.pack(">II", place + len(blocks), len(block))
        blocks += block + bytes(-len(block) % 4)
    header = struct.pack(">II4s4s4s4s", place + len(blocks), 0, b"\x02\x10\0\0", b"mntr", b"GRAY", b"XYZ ")
    header += bytes(12) + b"acsp" + bytes(28) + struct.pack(">3i", 63190, 65536, 54061)
    return header.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + blocks


LINEAR = grey_profile()

SEEN = {0: 0, 51: 124, 255: 255}
"""Linear grey in sRGB, by its formula: a fifth of the light is 1.055 * 0.2 ** (1 / 2.4) - 0.055 = 0.4845 of 255."""


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    content = io.BytesIO()
    image.save(content, kind, **options)
    return content.getvalue()


def row(content: bytes) -> list[int]:
    photo = read_photo(content)
    assert photo.icc_profile is None
    assert np.ptp(photo.pixels.astype(int), axis=2).max() == 0
    return photo.pixels[0, :, 0].tolist()


def close(found: list[int], wanted: list[int]) -> bool:
    return np.abs(np.subtract(found, wanted)).max() <= 1


GREY = np.array([list(SEEN)], np.uint8)


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_grey_with_a_profile_is_converted_at_every_depth(kind: str) -> None:
    depths = [GREY, GREY.astype(np.uint16) * 257]
    if kind == "TIFF":
        depths += [depths[1].astype(">u2"), depths[1].astype(np.int32), GREY / np.float32(255)]
    for pixels in depths:
        found = row(encoded(Image.fromarray(pixels), kind, icc_profile=LINEAR))
        assert close(found, list(SEEN.values())), pixels.dtype


def test_transparent_grey_with_a_profile_lies_over_white() -> None:
    image = Image.merge("LA", (Image.fromarray(GREY), Image.fromarray(np.array([[0, 255, 51]], np.uint8))))
    assert close(row(encoded(image, icc_profile=LINEAR)), [255, 124, 255])
    dark = Image.merge("LA", (Image.new("L", (2, 1)), Image.fromarray(np.array([[0, 51]], np.uint8))))
    assert close(row(encoded(dark, icc_profile=LINEAR)), [255, 204])  # 255 * (1 - 51 / 255)


@pytest.mark.parametrize("options", [{}, {"icc_profile": LINEAR}])
def test_one_transparent_value_of_grey_is_white(options: dict[str, bytes]) -> None:
    middle = SEEN[51] if options else 51
    assert close(row(encoded(Image.fromarray(GREY), transparency=0, **options)), [255, middle, 255])
    deep = Image.fromarray(GREY.astype(np.uint16) * 257)
    assert close(row(encoded(deep, transparency=0, **options)), [255, middle, 255])
    assert close(row(encoded(Image.fromarray(GREY).convert("1"), transparency=0, **options)), [255, 255, 255])


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("missing", [np.nan, np.inf, -np.inf])
def test_a_pixel_that_is_no_number_is_black_and_the_others_stay(missing: float) -> None:
    content = encoded(Image.fromarray(np.array([[missing, 0.2, 1]], np.float32)), "TIFF")
    assert row(content) == [0, 51, 255]
    assert read_mask(content)[0].tolist() == [0, 51, 255]


def test_a_mask_that_is_opaque_everywhere_is_its_brightness() -> None:
    for mode in ("RGBA", "LA"):
        assert read_mask(encoded(Image.fromarray(GREY).convert("L").convert(mode))).tolist() == GREY.tolist()
    palette = Image.fromarray(GREY).convert("P")
    assert read_mask(encoded(palette, transparency=bytes([255] * 256))).tolist() == GREY.tolist()
    almost = Image.fromarray(GREY).convert("RGBA")
    almost.putpixel((0, 0), (9, 9, 9, 254))
    assert read_mask(encoded(almost)).tolist() == [[254, 255, 255]]
