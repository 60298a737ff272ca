"""Writing results: as PNG, WebP, TIFF or JPEG, with the photo's colour profile and EXIF."""

import contextlib
import io
import math
import os
import struct
import zlib
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from recorte.errors import PhotoError, RecorteError
from recorte.files import write_whole
from recorte.photo import Photo
from recorte.removal.files.tiff import encode_tiff
from recorte.removal.options import Options

TRANSPARENT = {".png": "PNG", ".webp": "WEBP", ".tif": "TIFF", ".tiff": "TIFF"}
"""Formats that can be transparent, by lower-case suffix; they lose nothing."""

FORMATS = TRANSPARENT | {".jpg": "JPEG", ".jpeg": "JPEG"}
"""What a result can be written as, by lower-case suffix."""

NO_TRANSPARENCY = (
    "JPEG cannot be transparent; put an opaque colour behind the people, with --background white (in Python: "
    f'background="white"), or take {", ".join(TRANSPARENT)}'
)

OPTIONS = {
    # The first level already packs all but a few per cent, in a tenth of the time of the default.
    "WEBP": {"lossless": True, "quality": 0, "method": 0},
    # Colours at full resolution: people's edges lie over new colours.
    "JPEG": {"quality": 92, "subsampling": 0},
}

LOSSY = {"WEBP": {"method": 2}, "JPEG": OPTIONS["JPEG"]}
"""What a quality can be asked of, and with which options else."""

LONGEST = {"JPEG": 65_500, "WEBP": 16_383}
"""The longest side in pixels that programs write and read; the others have room for every photo that is taken."""

X_RESOLUTION = 282  # the EXIF tag

JPEG_EXIF = 65_533
"""Bytes of EXIF that a JPEG can hold; other files may bring more."""

PNG_PACKING = (
    cv2.IMWRITE_PNG_COMPRESSION, 1,
    cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_RLE,
    cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_PAETH,
    cv2.IMWRITE_PNG_ZLIBBUFFER_SIZE, 1 << 16,
)  # fmt: skip
"""Measured on the cut-outs of 27 photos, in bytes a pixel and milliseconds a megapixel on one core: this 0.74 and 25,
OpenCV's defaults 0.85 and 20, its level 6 0.72 and 196, Pillow's level 1 0.78 and 34, its default 0.71 and 97.
The larger buffer takes a tenth of the time less, at 24 megapixels."""


def encode(
    picture: np.ndarray,
    photo: Photo,
    suffix: str = ".png",
    not_kept: list[str] | None = None,
    quality: int | None = None,
) -> bytes:
    """Encode a result as a file's bytes.

    Args:
        picture: `uint8 (H, W, 4)`, straight RGBA; `(H, W, 3)`, RGB; or `(H, W)`, grey.
        photo: where it comes from; its EXIF is kept, unless it is too long for JPEG, and its colour profile, but for
            grey, which it does not fit.
        suffix: one of `FORMATS`.
        not_kept: takes what of the photo there is no place for in the file, each in a word or a few.
        quality: 1 to 100, of formats that may lose something; None = as a rule.

    Raises:
        PhotoError: the format cannot hold a picture of this size; the message does not name the photo.
        RecorteError: it cannot hold transparency.
    """
    kind = FORMATS[suffix.lower()]
    height, width = picture.shape[:2]
    if max(height, width) > LONGEST.get(kind, math.inf):
        raise PhotoError(
            f"{kind} cannot hold a picture of {width} x {height} pixels, only {LONGEST[kind]:,} on a side; use PNG"
        )
    not_kept = [] if not_kept is None else not_kept
    if picture.ndim == 2:
        photo = replace(photo, icc_profile=None)
    if kind == "JPEG" and len(photo.exif or b"") > JPEG_EXIF:
        photo = replace(photo, exif=None)
        not_kept.append("EXIF")
    if kind == "WEBP" and photo.dpi and not _says_dpi(photo.exif):
        not_kept.append("pixels an inch")
    if kind == "JPEG" and picture.shape[2:] == (4,):
        raise RecorteError(NO_TRANSPARENCY)
    try:
        if kind == "PNG":
            return _encode_png(picture, photo, not_kept)
        return encode_tiff(picture, photo) if kind == "TIFF" else _encode_other(picture, photo, kind, quality)
    except (OSError, ValueError) as error:
        other = "TIFF" if kind == "PNG" else "PNG"
        raise PhotoError(
            f"a picture of {width} x {height} pixels cannot be written as {kind} ({error}); use {other}"
        ) from None


def _encode_other(picture: np.ndarray, photo: Photo, kind: str, quality: int | None) -> bytes:
    content = io.BytesIO()
    metadata: dict[str, object] = {"icc_profile": photo.icc_profile, "exif": photo.exif or b""}
    if photo.dpi and kind != "WEBP":  # which has no place for it but EXIF
        metadata["dpi"] = photo.dpi
    options = OPTIONS[kind] if quality is None else LOSSY[kind] | {"quality": quality}
    Image.fromarray(picture).save(content, kind, **metadata, **options)
    return content.getvalue()


def _encode_png(picture: np.ndarray, photo: Photo, not_kept: list[str]) -> bytes:
    # OpenCV packs a PNG several times faster than Pillow, and encoding is most of the work on a large photo.
    metadata = {cv2.IMAGE_METADATA_ICCP: photo.icc_profile}
    metadata[cv2.IMAGE_METADATA_EXIF] = photo.exif.removeprefix(b"Exif\0\0") if photo.exif else None
    kept = {kind: np.frombuffer(block, np.uint8) for kind, block in metadata.items() if block}
    if picture.ndim == 3:
        swap = cv2.COLOR_RGBA2BGRA if picture.shape[2] == 4 else cv2.COLOR_RGB2BGR
        picture = cv2.cvtColor(picture, swap)
    done, content = cv2.imencodeWithMetadata(".png", picture, list(kept), list(kept.values()), PNG_PACKING)
    if not done and kept.pop(cv2.IMAGE_METADATA_ICCP, None) is not None:
        # libpng refuses some profiles that other programs bear with
        not_kept.append("colour profile")
        done, content = cv2.imencodeWithMetadata(".png", picture, list(kept), list(kept.values()), PNG_PACKING)
    if not done:
        raise ValueError("libpng refuses it")
    return _with_dpi(content.tobytes(), photo.dpi)


def _with_dpi(png: bytes, dpi: tuple[float, float] | None) -> bytes:
    """Put the pixels a metre behind the header of a PNG, in a chunk that OpenCV does not write."""
    if dpi is None:
        return png
    body = b"pHYs" + struct.pack(">IIB", *(round(value / 0.0254) for value in dpi), 1)
    header = 33  # bytes, of the signature and the chunk IHDR
    return png[:header] + struct.pack(">I", 9) + body + struct.pack(">I", zlib.crc32(body)) + png[header:]


def _says_dpi(exif: bytes | None) -> bool:
    block = Image.Exif()
    block.load(exif or b"")
    return X_RESOLUTION in block


def as_image(picture: np.ndarray, photo: Photo, not_kept: list[str]) -> Image.Image:
    """Make a Pillow image of a result (see `encode`): colour profile, EXIF and what is not kept in its `info`."""
    image = Image.fromarray(picture)
    profile = None if picture.ndim == 2 else photo.icc_profile
    kept = {"icc_profile": profile, "exif": photo.exif, "dpi": photo.dpi, "not_kept": not_kept}
    image.info |= {key: value for key, value in kept.items() if value}
    return image


def path_of(target: str | os.PathLike[str]) -> Path:
    """Make a path of a target as a user gives it.

    Raises:
        RecorteError: it is of another type, or no file can have this name.
    """
    if not isinstance(target, str | os.PathLike):
        raise RecorteError(f"target must be a path, not {type(target).__name__}; kind='png' gives a file's bytes")
    if "\0" in os.fspath(target):
        raise RecorteError(f"target {os.fspath(target)!r}: no file's name can hold a zero character; give another one")
    return Path(target)


def suffix_of(kind: str | None, target: Path | None, options: Options) -> str:
    """Tell how a result is encoded: as `kind` says, else as its `target` or a preset does, else as PNG.

    Raises:
        RecorteError: an unknown kind, another than `target`'s, one without transparency for a transparent result, or
            one that loses nothing where a quality is asked for.
    """
    if kind is None and target is not None:
        suffix = target.suffix  # which `check_target` looks at
    else:
        kind = options.kind or "png" if kind is None else kind
        suffix = f".{kind}".lower()
        if suffix not in FORMATS:
            raise RecorteError(f"kind is {kind!r}; it must be one of {', '.join(name[1:] for name in FORMATS)}")
        if target is not None and FORMATS.get(target.suffix.lower()) != FORMATS[suffix]:
            raise RecorteError(f"{target}: its suffix and the format {kind} are two formats; name one of them")
        if options.transparent and suffix not in TRANSPARENT:
            raise RecorteError(NO_TRANSPARENCY)
    found = FORMATS.get(suffix.lower(), "JPEG")
    if options.quality is not None and options.kind is None and found not in LOSSY:  # a preset's is a wish
        raise RecorteError(f"quality is of JPEG and WebP; {found} loses nothing, so it has none: leave it out, or take "
                           "another format, with --format jpg (in Python: kind='jpeg')")  # fmt: skip
    return suffix


def check_target(target: Path, source: object, overwrite: bool, transparent: bool = True) -> None:
    """Find out, before any work, whether a result of `source` may be written to `target`.

    Raises:
        RecorteError: an unknown format, one without transparency for a `transparent` result, the photo's own file, or
            a file that exists already.
    """
    if transparent and target.suffix.lower() not in TRANSPARENT:
        if target.suffix.lower() in FORMATS:
            raise RecorteError(f"{target}: {NO_TRANSPARENCY}")
        kinds = ", ".join(TRANSPARENT)
        raise RecorteError(f"{target}: a cut-out needs a format with transparency: {kinds}{_folder_door(target)}")
    if target.suffix.lower() not in FORMATS:
        kinds = ", ".join(FORMATS)
        raise RecorteError(f"{target}: this kind of file cannot be written; {kinds} can{_folder_door(target)}")
    if isinstance(source, str | os.PathLike) and same_file(target, Path(source)):
        raise RecorteError(f"{target}: this is the photo itself, which is never replaced; give another name")
    if target.is_dir():
        raise RecorteError(f"{target}: this is a folder; give the name of a file")
    if target.exists() and not overwrite:
        raise RecorteError(f"{target}: exists already; choose another name, or allow it with --overwrite "
                           "(in Python: overwrite=True)")  # fmt: skip


def _folder_door(target: Path) -> str:
    return "" if target.suffix else f"; for a folder end its name with a slash: {target}/"


def same_file(one: Path, other: Path) -> bool:
    """Tell whether two paths lead to one file or folder, there or not."""
    with contextlib.suppress(ValueError):  # of a zero character, which no file's name holds
        try:
            return one.samefile(other)
        except OSError:
            return real_path(one) == real_path(other)
    return False


def real_path(path: Path) -> Path:
    """Follow the links of a path, there or not; `Path.resolve` fails on a link to itself."""
    return Path(os.path.realpath(path))


def write(target: Path, content: bytes) -> None:
    """Write a cut-out, whole or not at all; missing folders are made.

    Raises:
        RecorteError: it cannot be written; the message names the file and the reason.
    """
    try:
        write_whole(target, content)
    except FileExistsError:
        raise RecorteError(f"{target}: cannot be written, since {target.parent} is a file, not a folder") from None
    except OSError as error:
        raise RecorteError(f"{target}: cannot be written ({error.strerror or error})") from None
