import contextlib
import io
import struct
import subprocess
import sys
import threading
import warnings
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms
from skimage.data import astronaut

from recorte.data.checks.photos import read_header
from recorte.errors import LargePhotoError, PhotoError
from recorte.listing import list_photos
from recorte.photo import MAX_SIDE, opened, pixels_of_plain_jpeg, read_mask, read_photo, reading

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL", "ignore::PIL.Image.DecompressionBombWarning")

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()

UPRIGHT_TO_STORED = {
    1: lambda pixels: pixels,
    2: lambda pixels: pixels[:, ::-1],
    3: lambda pixels: pixels[::-1, ::-1],
    4: lambda pixels: pixels[::-1],
    5: lambda pixels: pixels.swapaxes(0, 1),
    6: lambda pixels: np.rot90(pixels, 1),  # shown turned clockwise, so stored turned the other way
    7: lambda pixels: np.rot90(pixels, 2).swapaxes(0, 1),
    8: lambda pixels: np.rot90(pixels, -1),
}
"""What a camera stores, from what is seen, by EXIF orientation: written from the EXIF standard, with NumPy alone."""


def encode(image: Image.Image, kind: str, **options: object) -> bytes:
    content = io.BytesIO()
    image.save(content, kind, **options)
    return content.getvalue()


def exif_block(orientation: int = 6) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "Camera works"
    exif.get_ifd(0x8769)[0x9003] = "2020:02:29 12:00:00"
    exif.get_ifd(0x8825)[0x0001] = "N"
    return exif.tobytes()


def png(width: int, height: int, depth: int, colour: int, rows: bytes) -> bytes:
    """A PNG from its rows, each with its filter byte: for the kinds that no library here writes."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


# Kinds of pixels


def test_grey_becomes_three_equal_channels() -> None:
    pixels = read_photo(encode(Image.fromarray(np.array([[0, 128, 255]], np.uint8)), "PNG")).pixels
    assert pixels.tolist() == [[[0, 0, 0], [128, 128, 128], [255, 255, 255]]]
    assert pixels.dtype == np.uint8


def test_transparent_grey_lies_over_white() -> None:
    image = Image.new("LA", (3, 1))
    for x, value in enumerate([(100, 255), (100, 0), (0, 51)]):
        image.putpixel((x, 0), value)
    assert read_photo(encode(image, "PNG")).pixels[0, :, 0].tolist() == [100, 255, 204]  # 255 * (1 - 51 / 255)


def test_transparent_colours_lie_over_white() -> None:
    image = Image.fromarray(np.array([[[10, 20, 30, 255], [10, 20, 30, 0], [255, 0, 0, 51]]], np.uint8))
    assert read_photo(encode(image, "PNG")).pixels.tolist() == [[[10, 20, 30], [255, 255, 255], [255, 204, 204]]]


def cmyk_jpeg() -> bytes:
    """White, black, red and cyan stripes, as Pillow writes them: inverted as Adobe does, and with its marker."""
    stripes = [(0, 0, 0, 0), (0, 0, 0, 255), (0, 255, 255, 0), (255, 0, 0, 0)]
    return encode(Image.fromarray(np.repeat(np.array([stripes], np.uint8), 16, 1).repeat(16, 0), "CMYK"), "JPEG")


@pytest.mark.parametrize("marker", [True, False])
def test_cmyk_jpeg_is_inverted_in_the_way_of_adobe_with_and_without_its_marker(marker: bool) -> None:
    content = cmyk_jpeg()
    start = content.index(b"\xff\xee")
    length = struct.unpack(">H", content[start + 2 : start + 4])[0]
    if not marker:
        content = content[:start] + content[start + 2 + length :]
    assert (b"Adobe" in content) == marker
    seen = read_photo(content).pixels[8, 8::16].astype(int)
    assert np.abs(seen - [[255] * 3, [0] * 3, [255, 0, 0], [0, 255, 255]]).max() <= 3


def test_sixteen_bit_grey_is_scaled_not_clipped(tmp_path: Path) -> None:
    values = np.array([[0, 257, 128 * 257, 65535, 300]], np.uint16)
    cv2.imwrite(str(tmp_path / "deep.png"), values)
    cv2.imwrite(str(tmp_path / "deep.tif"), values)
    for name in ("deep.png", "deep.tif"):
        assert read_photo(tmp_path / name).pixels[0, :, 0].tolist() == [0, 1, 128, 255, 1]
        assert read_mask(tmp_path / name)[0].tolist() == [0, 1, 128, 255, 1]


def test_sixteen_bit_colours_are_scaled(tmp_path: Path) -> None:
    rgb = np.array([[[0, 128 * 257, 65535], [257, 2 * 257, 3 * 257]]], np.uint16)
    cv2.imwrite(str(tmp_path / "deep.png"), rgb[..., ::-1])
    assert read_photo(tmp_path / "deep.png").pixels.tolist() == [[[0, 128, 255], [1, 2, 3]]]


def test_floating_point_grey_in_both_scales() -> None:
    unit = encode(Image.fromarray(np.array([[0, 0.5, 1]], np.float32)), "TIFF")
    bytes_like = encode(Image.fromarray(np.array([[0, 127.6, 300]], np.float32)), "TIFF")
    assert read_photo(unit).pixels[0, :, 0].tolist() == [0, 128, 255]
    assert read_photo(bytes_like).pixels[0, :, 0].tolist() == [0, 128, 255]


def test_palette_with_and_without_transparency() -> None:
    image = Image.fromarray(np.array([[0, 1, 2]], np.uint8), "P")
    image.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255])
    assert read_photo(encode(image, "PNG")).pixels.tolist() == [[[255, 0, 0], [0, 255, 0], [0, 0, 255]]]
    seen = read_photo(encode(image, "PNG", transparency=1)).pixels
    assert seen.tolist() == [[[255, 0, 0], [255, 255, 255], [0, 0, 255]]]
    seen = read_photo(encode(image, "PNG", transparency=bytes([255, 0, 51]))).pixels
    assert seen.tolist() == [[[255, 0, 0], [255, 255, 255], [204, 204, 255]]]


def test_one_bit() -> None:
    content = png(10, 1, 1, 0, bytes([0, 0b10110011, 0b01000000]))
    expected = [255, 0, 255, 255, 0, 0, 255, 255, 0, 255]
    assert read_photo(content).pixels[0, :, 0].tolist() == expected
    assert read_mask(content)[0].tolist() == expected


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1)])
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "BMP", "TIFF"])
def test_the_narrowest_photos(size: tuple[int, int], kind: str) -> None:
    pixels = read_photo(encode(Image.new("RGB", size, (200, 200, 200)), kind)).pixels
    assert pixels.shape == (size[1], size[0], 3)
    assert np.abs(pixels.astype(int) - 200).max() <= 2
    assert pixels.flags["C_CONTIGUOUS"]


def test_path_bytes_and_pillow_image_give_the_same(tmp_path: Path) -> None:
    path = tmp_path / "astronaut.jpg"
    Image.fromarray(astronaut()).save(path, quality=90)
    pixels = read_photo(path).pixels
    assert np.array_equal(read_photo(str(path)).pixels, pixels)
    assert np.array_equal(read_photo(path.read_bytes()).pixels, pixels)
    with Image.open(path) as image:
        assert np.array_equal(read_photo(image).pixels, pixels)


def test_the_suffix_does_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    path.write_bytes(encode(Image.new("RGB", (4, 3), "red"), "WEBP", lossless=True))
    assert (read_photo(path).pixels == (255, 0, 0)).all()


# EXIF and colour profiles


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF"])
def test_every_orientation_becomes_upright(orientation: int, kind: str) -> None:
    upright = astronaut()[:60:2, :80:2]
    stored = Image.fromarray(np.ascontiguousarray(UPRIGHT_TO_STORED[orientation](upright)))
    options = {"lossless": True} if kind == "WEBP" else {}
    content = encode(stored, kind, exif=exif_block(orientation), **options)
    assert np.array_equal(read_photo(content).pixels, upright)
    if kind != "TIFF":  # which Pillow itself turns upright
        assert np.array_equal(read_photo(content, upright=False).pixels, np.asarray(stored))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("enough", [None, 100])
def test_pixels_alone_are_those_that_are_read_with_all_else(orientation: int, enough: int | None) -> None:
    content = encode(Image.fromarray(astronaut()[:, :400]), "JPEG", exif=exif_block(orientation), icc_profile=SRGB)
    with opened(content) as image:
        assert np.array_equal(pixels_of_plain_jpeg(image, enough), read_photo(content, enough=enough).pixels)


def test_pixels_alone_are_of_jpeg_in_rgb_and_whole() -> None:
    for kind, mode in (("PNG", "RGB"), ("JPEG", "L"), ("JPEG", "CMYK")):
        with opened(encode(Image.new(mode, (20, 10)), kind)) as image:
            assert pixels_of_plain_jpeg(image) is None
    with opened(encode(Image.new("RGB", (20, 10)), "JPEG", exif=exif_block()[:20])) as image:
        assert pixels_of_plain_jpeg(image).shape == (10, 20, 3)
    half = encode(Image.fromarray(astronaut()), "JPEG")[:20_000]
    with pytest.raises(PhotoError, match="truncated or damaged"), opened(half) as image:
        pixels_of_plain_jpeg(image)


def test_a_pillow_image_is_left_as_it_is_and_reads_the_same_twice() -> None:
    with Image.open(io.BytesIO(encode(Image.new("RGB", (20, 10)), "JPEG", exif=exif_block(6)))) as image:
        assert read_photo(image).pixels.shape == (20, 10, 3)
        assert read_photo(image).pixels.shape == (20, 10, 3)
        assert image.getexif()[0x0112] == 6


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF"])
def test_exif_is_kept_but_for_the_orientation(kind: str) -> None:
    block = read_photo(encode(Image.new("RGB", (20, 10)), kind, exif=exif_block())).exif
    exif = Image.Exif()
    exif.load(block)
    assert dict(exif).keys() == {0x010F, 0x8769, 0x8825}  # none of the tags by which a TIFF lays out its pixels
    assert exif[0x010F] == "Camera works"
    assert exif.get_ifd(0x8769)[0x9003] == "2020:02:29 12:00:00"
    assert exif.get_ifd(0x8825)[0x0001] == "N"


def test_a_photo_without_exif_or_with_the_orientation_alone_has_none_to_keep() -> None:
    assert read_photo(encode(Image.new("RGB", (2, 2)), "JPEG")).exif is None
    exif = Image.Exif()
    exif[0x0112] = 3
    assert read_photo(encode(Image.new("RGB", (2, 2)), "JPEG", exif=exif)).exif is None


def test_damaged_exif_does_not_cost_the_photo() -> None:
    for damaged in (b"Exif\0\0nothing of the kind", exif_block()[:20], exif_block()[:-30]):
        assert read_photo(encode(Image.new("RGB", (20, 10)), "JPEG", exif=damaged)).pixels.size == 600


def test_the_profile_of_an_rgb_photo_is_kept_and_its_values_too() -> None:
    content = encode(Image.new("RGB", (2, 2), (10, 200, 30)), "PNG", icc_profile=SRGB)
    assert read_photo(content).icc_profile == SRGB
    assert (read_photo(content).pixels == (10, 200, 30)).all()


def test_another_colour_space_is_converted_to_srgb() -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    image = Image.new("LAB", (2, 2), (255, 128, 128))  # the lightest there is, without colour
    photo = read_photo(encode(image, "TIFF", icc_profile=lab))
    assert photo.icc_profile is None
    assert photo.pixels.min() >= 254


@pytest.mark.parametrize("mode", ["L", "CMYK", "LA", "I;16"])
def test_a_profile_that_does_not_fit_is_left_out(mode: str) -> None:
    kind = "JPEG" if mode == "CMYK" else "PNG"
    for profile in (SRGB, b"no profile at all"):
        photo = read_photo(encode(Image.new(mode, (16, 16)), kind, icc_profile=profile))
        assert photo.icc_profile is None
        assert photo.pixels.shape == (16, 16, 3)


# What cannot be read


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "BMP"])
@pytest.mark.parametrize("share", [0.001, 0.01, 0.1, 0.5, 0.9])
def test_truncated_files(tmp_path: Path, kind: str, share: float) -> None:
    content = encode(Image.fromarray(astronaut()[:100, :100]), kind)
    path = tmp_path / "cut short.jpg"
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(PhotoError, match="cut short"):
        read_photo(path)
    with pytest.raises(PhotoError, match="cut short"):
        read_mask(path)


@pytest.mark.parametrize("content", [b"", b"<!DOCTYPE html><html><body>404</body></html>", b"\xff\xd8\xff"])
def test_what_is_no_photo(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(content)
    for read in (read_photo, read_mask):
        with pytest.raises(PhotoError, match=r"photo\.jpg.*(not a photo|truncated)"):
            read(path)
        with pytest.raises(PhotoError, match=f"a photo of {len(content)} bytes"):
            read(content)


def test_a_folder_and_nothing_at_all(tmp_path: Path) -> None:
    for read in (read_photo, read_mask):
        with pytest.raises(PhotoError, match=r"nothing\.jpg: no such file"):
            read(tmp_path / "nothing.jpg")
        with pytest.raises(PhotoError, match=f"{tmp_path.name}.*folder"):
            read(tmp_path)


@pytest.mark.parametrize("size", [(30_000, 30_000), (100_000, 1_781), (13_500, 13_500)])
def test_too_many_pixels_are_refused_by_the_header_alone(tmp_path: Path, size: tuple[int, int]) -> None:
    path = tmp_path / "bomb.png"
    path.write_bytes(png(*size, 8, 2, b""))
    for read in (read_photo, read_mask):
        with pytest.raises(PhotoError, match=r"bomb\.png.*limit of 178,000,000 pixels"):
            read(path)


def test_the_limit_itself_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_PIXELS", 12)
    assert read_photo(encode(Image.new("RGB", (4, 3)), "PNG")).pixels.size == 36
    with pytest.raises(PhotoError, match="13 x 1 pixels"):
        read_photo(Image.new("RGB", (13, 1)))


def test_our_limit_is_not_above_pillows_own() -> None:
    assert reading.MAX_PIXELS <= 2 * Image.MAX_IMAGE_PIXELS


def test_damaged_bytes_give_photo_errors_and_no_others() -> None:
    random = np.random.default_rng(0)
    small = Image.fromarray(astronaut()[:200:8, :200:8])
    kinds = ("JPEG", "PNG", "WEBP", "BMP")  # libtiff writes about its troubles to stderr
    originals = [encode(small, kind, exif=exif_block(), icc_profile=SRGB) for kind in kinds]
    for number in range(600):
        content = bytearray(originals[number % len(originals)])
        for place in random.integers(0, len(content), 4):
            content[place] = random.integers(256)
        for read in (read_photo, read_mask):
            with contextlib.suppress(PhotoError):
                read(bytes(content))


def test_reading_in_threads_leaves_the_warning_filters_alone(tmp_path: Path) -> None:
    filters = list(warnings.filters)
    content = encode(Image.new("RGB", (200, 200)), "PNG")
    threads = [threading.Thread(target=lambda: [read_photo(content) for _ in range(20)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert warnings.filters == filters


# Masks and folders


def test_the_transparency_of_a_picture_is_its_mask() -> None:
    image = Image.fromarray(np.array([[[255, 255, 255, 0], [0, 0, 0, 200]]], np.uint8))
    assert read_mask(encode(image, "PNG")).tolist() == [[0, 200]]


def test_a_mask_is_not_turned() -> None:
    content = encode(Image.new("L", (20, 10)), "PNG", exif=exif_block(6))
    assert read_mask(content).shape == (10, 20)


def test_a_line_of_pixels_is_no_photo(tmp_path: Path) -> None:
    Image.new("L", (1, MAX_SIDE)).save(tmp_path / "long.png")
    assert read_photo(tmp_path / "long.png").pixels.shape == (MAX_SIDE, 1, 3)
    Image.new("L", (MAX_SIDE + 1, 1)).save(tmp_path / "longer.png")
    with pytest.raises(LargePhotoError, match=r"longer\.png: 100001 x 1 pixels are more .* 100,000 pixels on a side"):
        read_photo(tmp_path / "longer.png")
    header = read_header(tmp_path / "longer.png", tmp_path)
    assert header.problem == "100001 x 1 pixels are more than 100,000 on a side"


def test_listing_a_folder(tmp_path: Path) -> None:
    for name in ("b.JPG", "a.png", "sub/c.webp", "sub/notes.txt", ".hidden/d.jpg", "sub/.e.jpg", "f.jpg/inside.tiff"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    listed = [path.relative_to(tmp_path).as_posix() for path in list_photos(tmp_path)]
    assert listed == ["a.png", "b.JPG", "f.jpg/inside.tiff", "sub/c.webp"]


# The photos of phones and of the web


@pytest.mark.parametrize("kind", ["HEIF", "AVIF"])
def test_heic_and_avif_are_read_upright_with_profile_and_exif(tmp_path: Path, kind: str) -> None:
    if kind == "HEIF":
        pytest.importorskip("pillow_heif").register_heif_opener()
    stored = Image.fromarray(np.rot90(astronaut()[:128, :192], 1).copy())
    path = tmp_path / "phone.jpg"  # the suffix does not matter
    stored.save(path, kind, quality=95, exif=exif_block(6), icc_profile=SRGB)
    found = read_photo(path)
    assert found.pixels.shape == (128, 192, 3)
    assert np.abs(found.pixels.astype(int) - astronaut()[:128, :192]).mean() < 6
    assert found.icc_profile == SRGB
    exif = Image.Exif()
    exif.load(found.exif)
    assert exif[0x010F] == "Camera works"


def test_heic_without_its_library_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pillow_heif").register_heif_opener()
    path = tmp_path / "phone.heic"
    Image.new("RGB", (64, 64), "red").save(path, "HEIF")
    monkeypatch.setattr(Image, "OPEN", {name: value for name, value in Image.OPEN.items() if name != "HEIF"})
    monkeypatch.setattr(Image, "ID", [name for name in Image.ID if name != "HEIF"])
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    for source in (path, path.read_bytes()):
        with pytest.raises(PhotoError, match="a HEIC photo; to read these: pip install pillow-heif"):
            read_photo(source)


@pytest.mark.skipif(sys.platform != "linux", reason="limits of memory as Linux has them")
def test_no_memory_to_decode_is_not_a_damaged_file(tmp_path: Path) -> None:
    Image.new("RGB", (12_000, 12_000)).save(tmp_path / "giant.png")
    code = """
import resource, sys
from recorte.photo import read_photo
resource.setrlimit(resource.RLIMIT_AS, (800_000_000, 800_000_000))
read_photo(sys.argv[1])
"""
    command = [sys.executable, "-c", code, str(tmp_path / "giant.png")]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "PhotoError" in answer.stderr
    assert "giant.png: not enough memory to decode it" in answer.stderr
