"""Reading photographs: upright, 8-bit RGB, whatever the file holds; with the colour profile and EXIF to keep."""

import contextlib
import errno
import math
import os
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image, UnidentifiedImageError

from recorte.errors import LargePhotoError, MovingPhotoError, PhotoError, UnknownPhotoError
from recorte.listing import no_such_file, shortened
from recorte.photo.heif import RAW, is_film, is_raw, open_image, other_kind
from recorte.photo.metadata import (
    DECODER_ERRORS,
    TRANSPOSITIONS,
    channel_bits,
    dpi_of,
    exif_of,
    notes_of,
    orientation_of,
    profile_of,
)
from recorte.photo.modes import eight_bits, parted, positive, to_srgb

MAX_PIXELS = 178_000_000
"""Larger photos are refused before they are decoded: a decompression bomb would fill the memory. Just below
the number that Pillow itself refuses."""

MAX_SIDE = 100_000
"""Longer photos are refused too: what is computed for squares of pixels would fill the memory for a line of them."""

PhotoSource = str | os.PathLike[str] | bytes | Image.Image
"""A path, a file's bytes, or an image that Pillow has opened."""

ARRAYS = "uint8 (height, width, 3), RGB; (height, width, 4), RGBA; or (height, width), grey"
"""What photos as arrays are."""

MOVING = frozenset({"GIF", "WEBP", "PNG", "AVIF"})
"""Formats whose files may hold an animation. Further pictures of a TIFF are pages, of an MPO lenses."""


@dataclass(frozen=True, slots=True)
class Photo:
    """A decoded photograph.

    Attributes:
        pixels: `uint8 (H, W, 3)`, RGB, upright (the EXIF orientation is applied); over white where it is transparent.
        icc_profile: the colour profile that `pixels` are in; None means sRGB.
        exif: the photo's EXIF block without its orientation, which has been applied; None if it has none.
        alpha: `uint8 (H, W)`, how opaque it is itself, 255 = fully; None = everywhere.
        dpi: pixels an inch across and down, where the file says so.
        not_read: what of its file is not here, each in a word or a few.
    """

    pixels: np.ndarray
    icc_profile: bytes | None = None
    exif: bytes | None = None
    alpha: np.ndarray | None = None
    dpi: tuple[float, float] | None = None
    not_read: tuple[str, ...] = ()


def read_photo(source: PhotoSource, upright: bool = True, enough: int | None = None) -> Photo:
    """Read a photograph of one of the kinds in `recorte.photo.heif`, HEIC where pillow-heif is installed.

    Of several pictures in a file the first counts, but an animation is no photo. Grey, 16-bit, palette and CMYK become
    8-bit RGB; transparent pixels are laid over white, and how transparent they were is told beside them. RGB values
    stay as they are, with their profile beside them; a profile of another colour space (CMYK, grey) is converted to
    sRGB.

    Args:
        source: a path, a file's bytes, or an image that Pillow has opened (which is left as it is).
        upright: apply the EXIF orientation. False gives the pixels as they are stored (but for TIFF, which
            Pillow itself turns upright).
        enough: a longest side, in pixels, that does: a JPEG file is decoded at 1/2, 1/4 or 1/8 of its size, as long
            as that is not below it, which takes a fraction of the time.

    Raises:
        PhotoError: missing, unreadable, truncated, no image, an animation, more than `MAX_PIXELS`, or longer than
            `MAX_SIDE`; the message names the file.
    """
    with opened(source) as image:
        if not isinstance(source, Image.Image) and image.format in MOVING and getattr(image, "is_animated", False):
            raise MovingPhotoError(f"{name_of(source)}: an animation, not a photo; {_video_door(source)}")
        if enough is not None and not isinstance(source, Image.Image):
            _draft(image, enough)
        return _decode(image, upright)


def pixels_of_plain_jpeg(image: Image.Image, enough: int | None = None) -> np.ndarray | None:
    """Decode an opened JPEG photo in RGB as `read_photo` does, and nothing of what its file says beside the pixels.

    That takes two thirds of the time, which counts where photos are read by the million.

    Returns:
        `uint8 (H, W, 3)`, upright; None of an image of another kind, which is still to be decoded.
    """
    if image.format != "JPEG" or image.mode != "RGB":
        return None
    if enough is not None:
        _draft(image, enough)
    image.load()
    transposition = TRANSPOSITIONS.get(orientation_of(image))
    return np.asarray(image if transposition is None else image.transpose(transposition))


def _draft(image: Image.Image, enough: int) -> None:
    share = enough / max(image.size)
    width, height = (max(1, math.ceil(side * share)) for side in image.size)
    image.draft(None, (width, height))


def read_mask(source: str | os.PathLike[str] | bytes) -> np.ndarray:
    """Read a mask or soft alpha: `uint8 (H, W)`, 255 = person.

    Grey, palette, 1-bit, 16-bit and colour masks are read by their brightness; of a picture that is transparent
    anywhere the transparency is the mask. No EXIF orientation is applied.

    Raises:
        PhotoError: as `read_photo`.
    """
    with opened(source) as image:
        colours, alpha = parted(positive(image))
        if alpha is not None and (mask := np.asarray(alpha)).min() < 255:
            return mask
        return np.asarray(eight_bits(colours).convert("L"))


@contextlib.contextmanager
def opened(source: PhotoSource) -> Iterator[Image.Image]:
    """Open an image within the limit, its pixels not decoded yet.

    Raises:
        PhotoError: whatever goes wrong, in the block too; the message names the file.
    """
    name = name_of(source)
    too_large = f"more than the limit of {MAX_PIXELS:,} pixels; scale it down first"
    try:
        with contextlib.ExitStack() as files:
            image = source if isinstance(source, Image.Image) else files.enter_context(open_image(source, name))
            if image.format == "EPS":  # a program, which Pillow would have Ghostscript run
                raise UnidentifiedImageError
            if is_raw(image):
                raise UnknownPhotoError(f"{name}: {RAW}")
            if image.width * image.height > MAX_PIXELS:
                raise LargePhotoError(f"{name}: {image.width} x {image.height} pixels are {too_large}")
            if max(image.size) > MAX_SIDE:
                too_long = f"more than the limit of {MAX_SIDE:,} pixels on a side"
                raise LargePhotoError(f"{name}: {image.width} x {image.height} pixels are {too_long}; cut it in pieces")
            yield image
    except FileNotFoundError:
        raise PhotoError(f"{name}: {no_such_file(source)}") from None
    except IsADirectoryError:
        raise PhotoError(f"{name}: this is a folder, not a photo") from None
    except PermissionError:
        raise PhotoError(f"{name}: no permission to read it") from None
    except UnidentifiedImageError:
        if not isinstance(source, Image.Image) and is_film(source):
            raise MovingPhotoError(f"{name}: a video, not a photo; {_video_door(source)}") from None
        if not isinstance(source, Image.Image) and (other := other_kind(source)):
            raise UnknownPhotoError(f"{name}: {other}") from None
        kinds = "JPEG, PNG, WebP, BMP, TIFF, AVIF and HEIC"
        raise UnknownPhotoError(f"{name}: not a photo, or of a kind that cannot be read; {kinds} can") from None
    except Image.DecompressionBombError:
        raise LargePhotoError(f"{name}: {too_large}") from None
    except MemoryError:
        raise PhotoError(f"{name}: not enough memory to decode it; scale it down, or close programs") from None
    except DECODER_ERRORS as error:
        if isinstance(error, OSError) and error.errno in (errno.ENAMETOOLONG, errno.ELOOP):
            raise PhotoError(f"{name}: {no_such_file(source)}") from None
        raise PhotoError(f"{name}: truncated or damaged ({error}); copy it again from where it came") from None


def name_of(source: PhotoSource | np.ndarray) -> str:
    """Tell what an error calls a photo: its path, where it has one.

    Raises:
        PhotoError: it is of a type that no photo has.
    """
    if isinstance(source, np.ndarray):
        return f"an array of {source.shape[1]} x {source.shape[0]} pixels"
    if isinstance(source, bytes):
        return f"a photo of {len(source):,} bytes"
    if isinstance(source, Image.Image):
        return str(getattr(source, "filename", "")) or "an image"
    if isinstance(source, str | os.PathLike):
        return shortened(os.fspath(source))
    raise PhotoError(
        "a photo must be a path, a file's bytes, an open file, a Pillow image or a NumPy array, "
        f"not {type(source).__name__}"
    )


def _video_door(source: str | os.PathLike[str] | bytes) -> str:
    """Say what takes a video, or an animation."""
    return f"recorte video {'takes it' if isinstance(source, bytes) else os.fspath(source)}"


def _decode(image: Image.Image, upright: bool) -> Photo:
    bits = channel_bits(image)
    image.load()  # before EXIF is read: a PNG may hold it behind the pixels
    orientation, exif, damaged = exif_of(image, upright)
    profile = profile_of(image.info.get("icc_profile"))
    lost = {
        f"{bits} bits per channel": bits > 8,
        "CMYK": image.mode == "CMYK",
        "EXIF": damaged,
        "colour profile": image.info.get("icc_profile") and profile is None,
    }
    not_read = (*(name for name, is_lost in lost.items() if is_lost), *notes_of(image))
    dpi = dpi_of(image.info.get("dpi"), upright and orientation in (5, 6, 7, 8))
    image = positive(image)
    if upright and orientation in TRANSPOSITIONS:
        image = image.transpose(TRANSPOSITIONS[orientation])
    image, alpha = parted(image)  # first, since what converts colours drops it
    if profile and image.mode not in ("RGB", "P"):
        image, profile = to_srgb(image, profile), None
    image = eight_bits(image).convert("RGB")
    own = None
    if alpha is not None and alpha.getextrema() != (255, 255):
        image, own = Image.composite(image, Image.new("RGB", image.size, "white"), alpha), np.asarray(alpha)
    return Photo(np.ascontiguousarray(image), profile, exif, own, dpi, not_read)


def photo_of_array(array: np.ndarray, what: str = "a photo") -> Photo:
    """Take an array as a photo: `uint8`, `(H, W, 3)` RGB, `(H, W, 4)` RGBA, or `(H, W)` or `(H, W, 1)` grey.

    Errors call it `what`.

    Raises:
        PhotoError: of another type or shape, or too long; the message says what to do.
    """
    colours = 1 if array.ndim == 2 else array.shape[2] if array.ndim == 3 else 0
    if colours not in (1, 3, 4) or array.size == 0:
        door = {4: "; give one photo after the other"}.get(array.ndim, "")
        if array.ndim == 3 and array.shape[0] in (1, 3, 4):
            door = "; colours come last: photo.transpose(1, 2, 0)"
        raise PhotoError(f"{what} as an array must be {ARRAYS}, not {array.dtype} {array.shape}{door}")
    if array.dtype != np.uint8:
        doors = {"f": "if 1 is white: (photo * 255).round().astype('uint8')", "b": "photo.astype('uint8') * 255"}
        door = doors.get(array.dtype.kind, "if 65535 is white: (photo / 257).round().astype('uint8')")
        raise PhotoError(f"{what} as an array must be uint8, from 0 to 255, not {array.dtype} {array.shape}; {door}")
    if max(array.shape) > MAX_SIDE:
        raise PhotoError(f"{name_of(array)} is more than the limit of {MAX_SIDE:,} on a side; cut it in pieces")
    if colours == 3:
        return Photo(array)
    return _decode(Image.fromarray(array.squeeze(2) if array.shape[2:] == (1,) else array), upright=False)
