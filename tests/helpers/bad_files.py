"""Bad and odd files, made by code, and what each must give; `bad_files_table.py` shows what each gave."""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageCms

SIZE = (80, 60)

PERSON = 20 * 30 / (80 * 60)
"""The share of the picture that its person takes."""

NOT_A_PHOTO, DAMAGED, TOO_LARGE = "not a photo", "truncated or damaged", "limit"
"""Words of the errors that a file may give."""


@dataclass(frozen=True, slots=True)
class BadFile:
    """A file, and what it must give.

    Attributes:
        name: of the file, with the suffix of a photo.
        content: its bytes.
        size: width and height of the cut-out; None: an error.
        error: a word of the message; None: a cut-out.
        share: of the picture that the network of `tiny_models`, which takes red for people, must cut out; None:
            not said.
    """

    name: str
    content: bytes
    size: tuple[int, int] | None = SIZE
    error: str | None = None
    share: float | None = None


def bad_files() -> list[BadFile]:
    """Make the whole corpus, always the same; the person is whatever is red."""
    files = [
        *_truncated(),
        *_no_photos(),
        *_damaged(),
        *_sizes(),
        *_kinds(),
        *_formats(),
        *_moving(),
        *_metadata(),
        *_names(),
    ]
    assert len({file.name for file in files}) == len(files)
    return files


def _picture() -> Image.Image:
    """A red person of 20 x 30 pixels on noise, so that no format packs it to almost nothing."""
    pixels = np.random.default_rng(0).integers(0, 90, (SIZE[1], SIZE[0], 3), np.uint8)
    pixels[10:40, 10:30] = (230, 20, 10)
    return Image.fromarray(pixels)


def _saved(image: Image.Image, kind: str, **options: object) -> bytes:
    content = io.BytesIO()
    image.save(content, kind, **options)
    return content.getvalue()


def _error(name: str, content: bytes, error: str) -> BadFile:
    return BadFile(name, content, size=None, error=error)


def _good(name: str, content: bytes, size: tuple[int, int] = SIZE) -> BadFile:
    return BadFile(name, content, size, share=PERSON)


def _truncated() -> Iterator[BadFile]:
    for suffix, kind in {"jpg": "JPEG", "png": "PNG", "webp": "WEBP", "tif": "TIFF", "bmp": "BMP"}.items():
        whole = _saved(_picture(), kind)
        for share in (0.25, 0.5, 0.75, 0.95):
            yield _error(f"cut at {share:.0%}.{suffix}", whole[: int(len(whole) * share)], DAMAGED)
        for length in (0, 1, 4):
            yield _error(f"the first {length} bytes.{suffix}", whole[:length], NOT_A_PHOTO)
    whole = _saved(_picture(), "JPEG")
    yield _error("without its last two bytes.jpg", whole[:-2], DAMAGED)
    start = whole.index(b"\xff\xda")
    yield _error("no pixels at all.jpg", whole[:start], DAMAGED)
    yield _error("cut in the header.jpg", whole[:60], DAMAGED)
    whole = _saved(_picture(), "PNG")
    yield _good("without its end.png", whole[:-12])
    yield _error("cut after the header.png", whole[:33], NOT_A_PHOTO)


def _no_photos() -> Iterator[BadFile]:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("../../evil.jpg", _saved(_picture(), "JPEG"))
        file.writestr("/etc/evil.png", b"")
    contents = {
        "html.jpg": b"<!doctype html><html><body>404 Not Found</body></html>",
        "text.png": "Fotos del verano, mañana más.".encode(),
        "archive.jpg": archive.getvalue(),
        "document.jpg": b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n%%EOF\n",
        "drawing.png": b'<svg xmlns="http://www.w3.org/2000/svg" width="80" height="60"><rect width="9"/></svg>',
        "postscript.jpg": _saved(_picture(), "EPS"),
        "program.jpg": b"\x7fELF\x02\x01\x01" + bytes(200),
        "script.png": b"#!/bin/sh\nrm -rf /\n",
        "json.webp": b'{"error": "not found"}',
        "zeros.jpg": bytes(5000),
        "noise.jpg": np.random.default_rng(1).bytes(5000),
        "video.jpg": b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom" + bytes(500),
        "rubbish before the photo.jpg": b"HTTP/1.1 200 OK\r\n\r\n" + _saved(_picture(), "JPEG"),
    }
    for name, content in contents.items():
        yield _error(name, content, NOT_A_PHOTO)


def _damaged() -> Iterator[BadFile]:
    png, jpeg = _saved(_picture(), "PNG"), _saved(_picture(), "JPEG")
    at = png.index(b"IDAT")
    yield _error("wrong check sum.png", png[: at + 4] + bytes([png[at + 4] ^ 255]) + png[at + 5 :], DAMAGED)
    yield _error("no pixels but an end.png", _png(*SIZE, b""), DAMAGED)
    yield _error("no width.png", _png(0, 60, b""), NOT_A_PHOTO)
    yield _good("photo and archive in one.jpg", jpeg + b"PK\x03\x04" + bytes(100))
    yield _good("two photos in one file.jpg", jpeg + jpeg)
    middle = jpeg.index(b"\xff\xda") + 300
    yield BadFile("a few wrong bytes.jpg", jpeg[:middle] + b"\x12\x34\x56" + jpeg[middle + 3 :])
    yield _error("larger than its pixels.bmp", _larger_bmp(), DAMAGED)
    yield _error("bomb.png", _png(30_000, 30_000, bytes(1000)), TOO_LARGE)
    yield _error("bomb of one line.png", _png(2**31 - 1, 1, bytes(1000)), TOO_LARGE)
    yield _error("bomb of a text.png", _png(8, 8, bytes(8 * 25), _chunk(b"zTXt", b"a\0\0" + _much())), DAMAGED)


def _png(width: int, height: int, rows: bytes, *more: bytes) -> bytes:
    """A PNG of 8-bit RGB with these rows, and chunks before them."""
    header = _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    pixels = _chunk(b"IDAT", zlib.compress(rows)) if rows else b""
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(more) + pixels + _chunk(b"IEND", b"")


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _much() -> bytes:
    """A hundred megabytes of nothing, in a hundred kilobytes."""
    packer = zlib.compressobj(9)
    return b"".join(packer.compress(bytes(10_000_000)) for _ in range(10)) + packer.flush()


def _larger_bmp() -> bytes:
    content = bytearray(_saved(_picture(), "BMP"))
    content[22:26] = struct.pack("<i", 600)
    return bytes(content)


def _sizes() -> Iterator[BadFile]:
    for width, height in ((1, 1), (1, 60), (80, 1), (3, 2), (20_000, 10), (10, 20_000), (4001, 33)):
        for suffix, kind in (("png", "PNG"), ("jpg", "JPEG")):
            yield BadFile(
                f"{width}x{height}.{suffix}", _saved(_picture().resize((width, height)), kind), (width, height)
            )


def _kinds() -> Iterator[BadFile]:
    photo = _picture()
    deep = np.asarray(photo).astype(np.uint16) * 257
    half = photo.copy()
    half.putalpha(Image.linear_gradient("L").resize(SIZE))
    floats = Image.fromarray(np.asarray(photo.convert("L"), np.float32) / 255)
    odd = {
        "16-bit grey.png": _saved(Image.fromarray(deep[..., 0]), "PNG"),
        "16-bit grey.tif": _saved(Image.fromarray(deep[..., 0]), "TIFF"),
        "16-bit with transparency.png": cv2.imencode(".png", np.dstack([deep[..., ::-1], deep[..., :1]]))[1].tobytes(),
        "32-bit whole numbers.tif": _saved(photo.convert("L").convert("I"), "TIFF"),
        "floating point.tif": _saved(floats, "TIFF"),
        "grey.jpg": _saved(photo.convert("L"), "JPEG"),
        "grey with transparency.png": _saved(half.convert("LA"), "PNG"),
        "black and white.png": _saved(photo.convert("1"), "PNG"),
        "black and white.bmp": _saved(photo.convert("1"), "BMP"),
        "lab.tif": _saved(Image.merge("LAB", photo.split()), "TIFF"),
        "palette with transparency.png": _saved(photo.quantize(16), "PNG", transparency=3),
        "palette with a table.png": _saved(photo.quantize(16), "PNG", transparency=bytes(range(0, 256, 16))),
        "half transparent.png": _saved(half, "PNG"),
        "half transparent.webp": _saved(half, "WEBP", lossless=True),
        "worst quality.jpg": _saved(photo, "JPEG", quality=1),
    }
    yield from (BadFile(name, content) for name, content in odd.items())
    # Over white, what is transparent is no person.
    yield BadFile("nothing but transparency.png", _saved(Image.new("RGBA", SIZE, (255, 0, 0, 0)), "PNG"), share=0)
    yield BadFile("colour key.png", _saved(photo, "PNG", transparency=(230, 20, 10)), share=0)


def _formats() -> Iterator[BadFile]:
    photo = _picture()
    deep = np.asarray(photo).astype(np.uint16) * 257
    contents = {
        "16-bit colour.png": cv2.imencode(".png", deep[..., ::-1])[1].tobytes(),
        "cmyk.jpg": _saved(photo.convert("CMYK"), "JPEG"),
        "cmyk.tif": _saved(photo.convert("CMYK"), "TIFF"),
        "palette.png": _saved(photo.quantize(16), "PNG"),
        "progressive.jpg": _saved(photo, "JPEG", progressive=True),
        "no subsampling.jpg": _saved(photo, "JPEG", subsampling=0, quality=100),
        "packed.tif": _saved(photo, "TIFF", compression="tiff_lzw"),
        "with jpeg inside.tif": _saved(photo, "TIFF", compression="jpeg"),
        "really a jpeg.png": _saved(photo, "JPEG"),
        "really a png.jpg": _saved(photo, "PNG"),
        "really a webp.tif": _saved(photo, "WEBP"),
        "really a bmp.jpeg": _saved(photo, "BMP"),
        "really a gif.png": _saved(photo, "GIF"),
        "CAPITALS.JPG": _saved(photo, "JPEG"),
    }
    yield from (_good(name, content) for name, content in contents.items())


def _moving() -> Iterator[BadFile]:
    frames = [_picture(), _picture().transpose(Image.Transpose.FLIP_LEFT_RIGHT), Image.new("RGB", SIZE, "red")]
    for name, kind in {"gif.png": "GIF", "webp.webp": "WEBP", "png.png": "PNG"}.items():
        content = _saved(frames[0], kind, save_all=True, append_images=frames[1:], duration=100)
        yield _error(f"animated {name}", content, "an animation, not a photo")
    yield _good("three pages.tif", _saved(frames[0], "TIFF", save_all=True, append_images=frames[1:]))
    yield _good("two lenses.jpg", _saved(frames[0], "MPO", save_all=True, append_images=frames[1:]))


def _metadata() -> Iterator[BadFile]:
    photo = _picture()
    for orientation in range(10):
        exif = Image.Exif()
        exif[0x0112] = orientation
        size = SIZE[::-1] if 5 <= orientation <= 8 else SIZE
        yield _good(f"orientation {orientation}.jpg", _saved(photo, "JPEG", exif=exif), size)
    rubbish = {
        "exif of noise": b"Exif\0\0" + np.random.default_rng(2).bytes(500),
        "exif cut off": b"Exif\0\0II*\0\x08\0\0\0\xff\xff",
        "exif in circles": b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<HHHIII", 1, 0x8769, 4, 1, 8, 8),
        "exif that points outside": b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<HHHIII", 1, 0x010E, 2, 9999, 2**31, 0),
        "orientation is a text": b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<HHHI4sI", 1, 0x0112, 2, 4, b"six\0", 0),
    }
    for name, exif in rubbish.items():
        yield _good(f"{name}.jpg", _saved(photo, "JPEG", exif=exif))
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    yield _good("profile of noise.jpg", _saved(photo, "JPEG", icc_profile=np.random.default_rng(3).bytes(900)))
    yield _good("profile of noise, cmyk.jpg", _saved(photo.convert("CMYK"), "JPEG", icc_profile=b"icc"))
    yield _good("profile of 2 MB.jpg", _saved(photo, "JPEG", icc_profile=srgb + bytes(2_000_000)))
    yield BadFile("profile of colours, photo grey.png", _saved(photo.convert("L"), "PNG", icc_profile=srgb))
    yield _good("long comment.jpg", _saved(photo, "JPEG", comment=b"x" * 60_000))


def _names() -> Iterator[BadFile]:
    content = _saved(_picture(), "JPEG")
    names = [
        "with  two spaces.jpg", " begins and ends .jpg", "it's \"quoted\".jpg", "two\nlines.jpg", "tab\tand bell\a.jpg",
        "-o.jpg", "--version.jpg", "Ångström ñandú.jpg", "家族写真.jpg", "👩‍👧 family.jpg", "עברית.jpg", "*.jpg",
        "[abc].jpg", "[red]rich.jpg", "$(touch evil).jpg", "`touch evil`.jpg", ";&|<>.jpg", "%s %d %n.jpg",
        "{name}.jpg", "a\\..\\..\\evil.jpg", "c:evil.jpg", "~.jpg", "#1?.jpg", "a..jpg", "two.dots.jpg", "CON.jpg",
        "\x1b[31mred.jpg",
        "x" * 246 + ".jpg",
    ]  # fmt: skip
    for name in names:
        yield _good(name, content)
    yield _error("broken\nand two lines.jpg", content[:200], DAMAGED)
    yield _error("\x1b[31mbroken and red.jpg", content[:200], DAMAGED)


def write_all(files: list[BadFile], folder: Path) -> None:
    """Write files into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in files:
        (folder / file.name).write_bytes(file.content)
