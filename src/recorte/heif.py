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


def open_image(source: str | os.PathLike[str] | bytes, name: str) -> Image.Image:
    """Open an image with Pillow; one of the HEIF family with the library for it, which is loaded by then alone.

    Raises:
        UnknownPhotoError: the library is not installed; the message, which begins with `name`, says how it is.
        UnidentifiedImageError: no image, or of a kind that nothing here can read.
    """
    try:
        return _opened(source)
    except UnidentifiedImageError:
        brand = _brand(source)
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


def _brand(source: str | os.PathLike[str] | bytes) -> bytes | None:
    """The brand of a file of the HEIF family, such as `heic`; None for every other file."""
    if isinstance(source, bytes):
        start = source[:12]
    elif not Path(source).is_file():  # a pipe, say, which opened again would wait forever
        return None
    else:
        with Path(source).open("rb") as file:
            start = file.read(12)
    return start[8:12] if start[4:8] == b"ftyp" and start[8:12] in HEIF_BRANDS | AVIF_BRANDS else None
