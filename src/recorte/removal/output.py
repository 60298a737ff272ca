"""Writing cut-outs: formats with transparency, with the photo's colour profile and EXIF."""

import io
import os
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from recorte.errors import RecorteError
from recorte.files import write_whole
from recorte.photo import Photo

FORMATS = {".png": "PNG", ".webp": "WEBP", ".tif": "TIFF", ".tiff": "TIFF"}
"""What a cut-out can be written as, by lower-case suffix: formats that can be transparent."""


def encode(cutout: np.ndarray, photo: Photo, suffix: str = ".png") -> bytes:
    """Encode a cut-out as a file's bytes; no format loses anything.

    Args:
        cutout: `uint8 (H, W, 4)`, straight RGBA.
        photo: where it comes from; its colour profile and EXIF are kept.
        suffix: one of `FORMATS`.

    Raises:
        RecorteError: the format cannot hold a picture of this size.
    """
    kind = FORMATS[suffix.lower()]
    if kind == "PNG":
        return _encode_png(cutout, photo)
    # TIFF stays uncompressed: Pillow cannot write EXIF into a compressed one.
    # WebP: the first level already packs all but a few per cent, in a tenth of the time of the default.
    options = {"lossless": True, "quality": 0, "method": 0} if kind == "WEBP" else {}
    content = io.BytesIO()
    try:
        Image.fromarray(cutout).save(content, kind, icc_profile=photo.icc_profile, exif=photo.exif or b"", **options)
    except (OSError, ValueError) as error:
        height, width = cutout.shape[:2]
        raise RecorteError(f"{kind} cannot hold a picture of {width} x {height} pixels ({error}); use PNG") from None
    return content.getvalue()


def _encode_png(cutout: np.ndarray, photo: Photo) -> bytes:
    # OpenCV packs a PNG several times faster than Pillow, and encoding is most of the work on a large photo.
    metadata = {cv2.IMAGE_METADATA_ICCP: photo.icc_profile}
    metadata[cv2.IMAGE_METADATA_EXIF] = photo.exif.removeprefix(b"Exif\0\0") if photo.exif else None
    kept = {kind: np.frombuffer(block, np.uint8) for kind, block in metadata.items() if block}
    bgra = cv2.cvtColor(cutout, cv2.COLOR_RGBA2BGRA)
    done, content = cv2.imencodeWithMetadata(".png", bgra, list(kept), list(kept.values()))
    if not done:  # libpng refuses some profiles that other programs bear with
        kept.pop(cv2.IMAGE_METADATA_ICCP, None)
        _, content = cv2.imencodeWithMetadata(".png", bgra, list(kept), list(kept.values()))
    return content.tobytes()


def as_image(cutout: np.ndarray, photo: Photo) -> Image.Image:
    """Make a Pillow image of a cut-out, the colour profile and EXIF in its `info`."""
    image = Image.fromarray(cutout)
    image.info |= {key: block for key, block in (("icc_profile", photo.icc_profile), ("exif", photo.exif)) if block}
    return image


def check_target(target: Path, source: object, overwrite: bool) -> None:
    """Find out, before any work, whether a cut-out of `source` may be written to `target`.

    Raises:
        RecorteError: a format without transparency, the photo's own file, or a file that exists already.
    """
    if target.suffix.lower() not in FORMATS:
        raise RecorteError(f"{target}: a cut-out needs a format with transparency: {', '.join(FORMATS)}")
    if isinstance(source, str | os.PathLike) and same_file(target, Path(source)):
        raise RecorteError(f"{target}: this is the photo itself, which is never replaced; give another name")
    if target.is_dir():
        raise RecorteError(f"{target}: this is a folder; give the name of a file")
    if target.exists() and not overwrite:
        raise RecorteError(f"{target}: exists already; choose another name, or allow it with --overwrite "
                           "(in Python: overwrite=True)")  # fmt: skip


def same_file(one: Path, other: Path) -> bool:
    """Tell whether two paths lead to one file or folder, there or not."""
    try:
        return one.samefile(other)
    except OSError:
        return one.resolve() == other.resolve()


def write(target: Path, content: bytes) -> None:
    """Write a cut-out, whole or not at all; missing folders are made.

    Raises:
        RecorteError: it cannot be written; the message names the file and the reason.
    """
    try:
        write_whole(target, content)
    except OSError as error:
        raise RecorteError(f"{target}: cannot be written ({error.strerror or error})") from None
