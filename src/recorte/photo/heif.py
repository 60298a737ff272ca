"""Opening photos: what Pillow is let read, and the HEIF family, for which it alone may not do (HEIC, AVIF)."""

import io
import os
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from recorte.errors import UnknownPhotoError

KINDS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "AVIF", "JPEG2000", "PPM", "PSD", "TGA")
"""What photos come in, the usual first; no parser of anything else sees a file that somebody sent. TGA is the last,
since its files begin with nothing of their own."""

HEIF_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"mif2"})
AVIF_BRANDS = frozenset({b"avif", b"avis"})
"""By which their files begin, after `ftyp`."""
SEQUENCE_BRANDS = frozenset({b"avis", b"msf1", b"hevc", b"hevx"})
"""Those of them whose pictures follow each other in time."""

FILMS = (b"\x1a\x45\xdf\xa3", b"FLV\x01", b"\x30\x26\xb2\x75", b"\x00\x00\x01\xba")
"""How files of videos begin that no rule of their own tells."""


RAW = "a camera's raw file; develop it to JPEG or TIFF first"
OTHERS = {
    b"II*\0\x10\0\0\0CR": RAW, b"FUJIFILMCCD-RAW": RAW, b"IIRO": RAW, b"IIRS": RAW, b"IIU\0": RAW,
    b"\0\0\0\x18ftypcrx ": RAW,
    b"%PDF": "not a photo but a PDF; save its page as PNG first",
    b"PK\x03\x04": "not a photo but an archive; unpack it first",
    b"<": "not a photo but text of the web (HTML or SVG); save the picture itself, as PNG or JPEG",
}  # fmt: skip
"""How files of other kinds begin that people take for photos, and what to do with them."""
SUB_IFDS = 330
NEW_SUBFILE_TYPE = 254
"""TIFF tags: further pictures below one, and whether that is a smaller copy of them."""


def other_kind(source: str | os.PathLike[str] | bytes) -> str | None:
    """Say what a file is that is no photo, where its beginning tells, and what to do with it."""
    start = _start(source, 16)
    if not start and (isinstance(source, bytes) or Path(source).is_file()):
        return "not a photo but an empty file; copy it again from where it came"
    return next((said for begin, said in OTHERS.items() if start.startswith(begin)), None)


def is_raw(image: Image.Image) -> bool:
    """Whether a TIFF is one of a camera, in which Pillow sees no more than a small copy of the photo."""
    tags = getattr(image, "tag_v2", {})
    return SUB_IFDS in tags and bool(tags.get(NEW_SUBFILE_TYPE, 0) & 1)


def open_image(source: str | os.PathLike[str] | bytes, name: str) -> Image.Image:
    """Open an image with Pillow; one of the HEIF family with the library for it, which is loaded by then alone.

    Raises:
        UnknownPhotoError: the library is not installed; the message, which begins with `name`, says how it is.
        UnidentifiedImageError: no image, or of a kind that nothing here can read.
    """
    try:
        return _opened(source)
    except UnidentifiedImageError:
        brand = brand_of(source)
        if brand is None:
            raise
    if brand in AVIF_BRANDS:
        raise UnknownPhotoError(f"{name}: an AVIF photo, which this Pillow was built without; pip install -U pillow")
    try:
        import pillow_heif
    except ImportError:
        raise UnknownPhotoError(f"{name}: a HEIC photo; to read these: pip install pillow-heif") from None
    pillow_heif.register_heif_opener()
    return _opened(source)


def _opened(source: str | os.PathLike[str] | bytes) -> Image.Image:
    kinds = [*KINDS, *({"HEIF"} & Image.OPEN.keys())]  # which Pillow knows once it is registered
    image = Image.open(io.BytesIO(source) if isinstance(source, bytes) else source, formats=kinds)
    if image.format == "TIFF":
        image.filename = ""  # Pillow would map the file by its name, and mix the pixels up if EXIF turns it on its side
    return image


def is_film(source: str | os.PathLike[str] | bytes) -> bool:
    """Whether a file that is no image begins as videos do: MP4 and MOV, Matroska and WebM, AVI, FLV, WMV, MPEG."""
    start = _start(source, 189)
    if start[4:8] == b"ftyp":
        return start[8:11] not in (b"M4A", b"M4B", b"crx")  # songs, books and a camera's raw files
    broadcast = start[:1] == start[188:189] == b"G"
    return broadcast or start.startswith(FILMS) or (start[:4] == b"RIFF" and start[8:12] == b"AVI ")


def brand_of(source: str | os.PathLike[str] | bytes) -> bytes | None:
    """The brand of a file of the HEIF family, such as `heic`; None for every other file."""
    start = _start(source, 12)
    return start[8:12] if start[4:8] == b"ftyp" and start[8:12] in HEIF_BRANDS | AVIF_BRANDS else None


def _start(source: str | os.PathLike[str] | bytes, size: int) -> bytes:
    if isinstance(source, bytes):
        return source[:size]
    if not Path(source).is_file():  # a pipe, say, which opened again would wait forever
        return b""
    with Path(source).open("rb") as file:
        return file.read(size)
