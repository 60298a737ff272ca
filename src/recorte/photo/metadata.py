"""What a photo's file says beside its pixels: EXIF and orientation, colour profile, pixels an inch."""

import struct
import zlib

from PIL import Image, TiffImagePlugin

ORIENTATION = 0x0112  # the EXIF tag

TRANSPOSITIONS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What makes a photo upright, by its EXIF orientation. Pillow's own `exif_transpose` fails on damaged EXIF."""

TIFF_LAYOUT = (*range(254, 260), 262, 266, 273, *range(277, 280), 284, 317, *range(320, 326), 330, *range(338, 348),
               700, *range(512, 533), 33723, 34377, 34675, 37724, 50255, 50740, 50784, 50828)  # fmt: skip
"""TIFF tags that say how one file stores its pixels, or hold its other blocks, such as Photoshop's layers and the
original of a DNG, in which what is cut away could still be seen; Pillow counts them as EXIF."""

IPTC = 33723  # the TIFF tag
PHOTOSHOPS_IPTC = 0x0404  # its number among Photoshop's blocks, in JPEG

DECODER_ERRORS = (
    OSError, SyntaxError, ValueError, EOFError, RuntimeError, IndexError, KeyError, TypeError, AttributeError,
    OverflowError, ZeroDivisionError, AssertionError, struct.error, zlib.error,
)  # fmt: skip
"""What Pillow's decoders raise on damaged files."""


def channel_bits(image: Image.Image) -> int:
    """Tell how many bits each channel has in a picture's file; asked before it is decoded.

    Of AVIF and JPEG 2000 Pillow does not know it, so that these count as 8.
    """
    if told := getattr(image, "tag_v2", {}).get(TiffImagePlugin.BITSPERSAMPLE):
        return int(max(told))
    stored = [tile.args for tile in getattr(image, "tile", [])]
    deep = any(";16" in str(args) for args in stored) or image.mode.startswith("I")
    if image.format == "PPM":
        deep = deep or any(isinstance(args, tuple) and args[-1] > 255 for args in stored)
    return 32 if image.mode == "F" else 16 if deep else int(image.info.get("bit_depth") or 8)  # which HEIC says


def dpi_of(given: object, turned: bool) -> tuple[float, float] | None:
    """The pixels an inch of an upright photo; None if what the file says is none."""
    try:
        across, down = (float(value) for value in given)  # type: ignore[attr-defined]
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    if not (1 <= across <= 100_000 and 1 <= down <= 100_000):
        return None
    return (down, across) if turned else (across, down)


def profile_of(block: bytes | None) -> bytes | None:
    """A colour profile without what may follow it; None if it is not one, or cut off."""
    if not block or len(block) < 132 or block[36:40] != b"acsp":
        return None
    length = int.from_bytes(block[:4])
    return block[:length] if 132 <= length <= len(block) else None


def orientation_of(image: Image.Image) -> int:
    """The EXIF orientation; 1, upright, where damaged EXIF says none."""
    try:
        return int(image.getexif().get(ORIENTATION, 1))
    except DECODER_ERRORS:
        return 1


def exif_of(image: Image.Image, upright: bool) -> tuple[int, bytes | None, bool]:
    """The orientation, the EXIF block to keep, and whether it is damaged, which is no reason to refuse the photo."""
    orientation = 1
    try:
        orientation = image.getexif().get(ORIENTATION, 1)
        if not image.getexif() and (block := image.info.get("exif")):
            Image.Exif().load(block)  # of a block that failed while the file was opened Pillow says no more
        exif = Image.Exif()  # a copy, since Pillow's own object belongs to the caller's image
        exif.load(image.getexif().tobytes())
        for tag in (*TIFF_LAYOUT, *([ORIENTATION] if upright else [])):
            exif.pop(tag, None)
        return orientation, exif.tobytes() if len(exif) else None, False
    except DECODER_ERRORS:
        return orientation, None, True


def notes_of(image: Image.Image) -> list[str]:
    """Name the notes of other programs in a decoded picture's file, which no result has."""
    iptc = IPTC in getattr(image, "tag_v2", {}) or PHOTOSHOPS_IPTC in image.info.get("photoshop", {})
    return [name for name, there in (("XMP", image.info.get("xmp")), ("IPTC", iptc)) if there]
