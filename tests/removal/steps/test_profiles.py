"""Backgrounds before photos of another colour space: Display P3, which phones write."""

import base64
import io
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from recorte import BackgroundRemover
from recorte.app.limits import Limits
from recorte.app.page.cutting import make
from recorte.app.page.showing.look import Look
from recorte.app.service.options import Options
from recorte.app.service.work import cut_out
from recorte.photo import Photo
from recorte.removal.steps import backgrounds
from recorte.removal.steps.backgrounds import in_colours_of
from recorte.removal.steps.profiles import from_srgb, in_srgb

RED = (230, 20, 10)

# Display P3's primaries, adapted to D50, and sRGB's curve: https://www.color.org/chardata/rgb/DisplayP3.xalter
PRIMARIES = {b"rXYZ": (0.51512, 0.24120, -0.00105), b"gXYZ": (0.29198, 0.69225, 0.04189),
             b"bXYZ": (0.15710, 0.06657, 0.78407), b"wtpt": (0.96420, 1.0, 0.82491)}  # fmt: skip
CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)


def fixed(*numbers: float) -> bytes:
    return struct.pack(f">{len(numbers)}i", *(round(65536 * number) for number in numbers))


def display_p3() -> bytes:
    """An ICC profile, version 4, as small as it can be."""
    tags = {name: b"XYZ \0\0\0\0" + fixed(*numbers) for name, numbers in PRIMARIES.items()}
    tags |= {name: b"para\0\0\0\0\0\x03\0\0" + fixed(*CURVE) for name in (b"rTRC", b"gTRC", b"bTRC")}
    tags[b"desc"] = (
        b"mluc\0\0\0\0" + struct.pack(">II2s2sII", 1, 12, b"en", b"US", 20, 28) + "Display P3".encode("utf-16-be")
    )
    place, table, blocks = 128 + 4 + 12 * len(tags), b"", b""
    for name, block in tags.items():
        table += name + struct.pack(">II", place + len(blocks), len(block))
        blocks += block + bytes(-len(block) % 4)
    header = struct.pack(">II4s4s4s4s", place + len(blocks), 0, b"\x04\0\0\0", b"mntr", b"RGB ", b"XYZ ")
    header += bytes(12) + b"acsp" + bytes(28) + fixed(0.96420, 1.0, 0.82491)
    return header.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + blocks


P3 = display_p3()


@pytest.fixture
def phone_photo(red_square: np.ndarray) -> bytes:
    content = io.BytesIO()
    Image.fromarray(red_square).save(content, "PNG", icc_profile=P3)
    return content.getvalue()


@pytest.mark.parametrize(
    ("srgb", "p3"),
    # The values that https://drafts.csswg.org/css-color-4/ and colour pickers give for these.
    [((255, 0, 0), (234, 51, 35)), ((0, 255, 0), (117, 251, 76)), ((255, 255, 255), (255, 255, 255)), ((0, 0, 0),) * 2],
)
def test_a_colour_in_display_p3(srgb: tuple[int, int, int], p3: tuple[int, int, int]) -> None:
    found = in_colours_of(srgb, P3)
    assert np.abs(np.subtract(found, p3)).max() <= 1
    assert in_colours_of(srgb, None) == srgb
    back = in_srgb(Photo(np.array([[found]], np.uint8), P3))[0, 0]
    assert np.abs(back.astype(int) - srgb).max() <= 3


def test_what_has_no_other_colours_stays_as_it_is() -> None:
    pixels = np.arange(60, dtype=np.uint8).reshape(4, 5, 3)
    assert in_srgb(Photo(pixels)) is pixels
    assert from_srgb(pixels, None) is pixels
    assert from_srgb(pixels, b"no profile at all") is pixels
    assert in_colours_of("blur", P3) == "blur"
    assert in_colours_of(None, P3) is None


def test_a_background_looks_before_a_phones_photo_as_it_does_alone(
    phone_photo: bytes, best_model: Path, tmp_path: Path
) -> None:
    remover = BackgroundRemover(best_model, threads=1)
    Image.new("RGB", (20, 20), (234, 51, 35)).save(tmp_path / "of the same phone.png", icc_profile=P3)
    Image.new("RGB", (20, 20), (255, 0, 0)).save(tmp_path / "of the web.png")
    backgrounds = ("red", (255, 0, 0), tmp_path / "of the same phone.png", tmp_path / "of the web.png")
    pictures = [remover.remove_background(phone_photo, background=given) for given in backgrounds]
    made, given = make(remover, phone_photo, Limits()), (255, 0, 0)
    pictures.append(Look(given).file(remover, made))
    pictures.append(cut_out(remover, phone_photo, Options(background=given), Limits()).content)
    for content in pictures:
        with Image.open(io.BytesIO(content)) as picture:
            assert picture.info["icc_profile"] == P3
            assert np.abs(np.subtract(picture.getpixel((75, 55)), (234, 51, 35))).max() <= 1
            assert picture.getpixel((20, 25)) == RED
            seen = ImageCms.profileToProfile(picture, io.BytesIO(P3), ImageCms.createProfile("sRGB"))
        assert np.abs(np.subtract(seen.getpixel((75, 55)), (255, 0, 0))).max() <= 2


@pytest.mark.parametrize(("scale", "converted"), [(1, (6, 8, 3)), (100, (60, 80, 3))])
def test_a_picture_is_converted_at_the_smaller_of_two_sizes(
    phone_photo: bytes, best_model: Path, scale: int, converted: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    behind, sizes = np.zeros((6 * scale, 8 * scale, 3), np.uint8), []
    behind[:, : 4 * scale, 0] = behind[:, 4 * scale :, 1] = 255  # red at the left, green at the right

    def noted(pixels: np.ndarray, profile: bytes | None) -> np.ndarray:
        sizes.append(pixels.shape)
        return from_srgb(pixels, profile)

    monkeypatch.setattr(backgrounds, "from_srgb", noted)
    content = BackgroundRemover(best_model, threads=1).remove_background(phone_photo, background=behind)
    assert sizes == [converted]
    with Image.open(io.BytesIO(content)) as picture:
        assert np.abs(np.subtract(picture.getpixel((3, 55)), (234, 51, 35))).max() <= 1
        assert np.abs(np.subtract(picture.getpixel((75, 55)), (117, 251, 76))).max() <= 1


def test_the_page_shows_a_phones_photo_in_the_colours_of_a_browser(best_model: Path) -> None:
    pixels = np.full((60, 80, 3), (117, 251, 76), np.uint8)  # the green of the web, in Display P3
    pixels[10:40, 10:30] = (234, 51, 35)  # and its red
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, "PNG", icc_profile=P3)
    remover = BackgroundRemover(best_model, threads=1)
    made = make(remover, content.getvalue(), Limits())
    _, over_blue = Look((0, 0, 255)).shown(remover, made)
    for picture in (made.photo_shown, made.cutout_shown, over_blue):
        assert np.abs(picture[25, 20, :3].astype(int) - (255, 0, 0)).max() <= 3
    assert np.abs(made.photo_shown[50, 60].astype(int) - (0, 255, 0)).max() <= 3
    assert made.cutout_shown[..., 3].tolist() == np.asarray(Image.open(io.BytesIO(made.cutout)))[..., 3].tolist()
    assert tuple(over_blue[50, 60]) == (0, 0, 255)
    # On the network's 64 x 64 pixels the photo is 64 x 48, in the middle.
    places = dict.fromkeys(("original", "foreground", "cutout"), (20, 25)) | {"letterboxed": (16, 28)}
    for step, place in places.items():
        with Image.open(io.BytesIO(base64.b64decode(made.steps[step].partition(",")[2]))) as image:
            red, green, blue = image.convert("RGB").getpixel(place)
        assert red > 240 and green < 15 and blue < 15, step  # of the red of Display P3 35 are blue, and 51 green
