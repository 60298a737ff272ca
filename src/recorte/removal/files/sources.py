"""What a photo may be given as, and what a result is given as."""

import os
from typing import BinaryIO, cast

import numpy as np
from PIL import Image

from recorte.errors import PhotoError, RecorteError
from recorte.photo import Photo, PhotoSource, photo_of_array, read_photo
from recorte.removal.files import output

Source = PhotoSource | bytearray | memoryview | BinaryIO | np.ndarray
Result = Image.Image | np.ndarray | bytes


def bytes_of(source: Source) -> PhotoSource | np.ndarray:
    """Read what a file that is open gives, or what is like bytes; leave every other source as it is.

    Raises:
        PhotoError: the open file cannot be read, or not as bytes.
    """
    if isinstance(source, bytearray | memoryview):
        return bytes(source)
    if isinstance(source, str | os.PathLike | bytes | np.ndarray | Image.Image):
        return source
    if not hasattr(source, "read"):
        return cast(PhotoSource, source)  # reading it tells what it is instead
    try:
        content = source.read()
    except (OSError, ValueError) as error:  # closed, or text of another encoding
        raise PhotoError(f"{getattr(source, 'name', 'the open file')}: cannot be read ({error})") from None
    if not isinstance(content, bytes):
        name = getattr(source, "name", "the open file")
        raise PhotoError(f"{name}: opened for text; a photo's file must be opened for bytes: open(path, 'rb')")
    return content


def read(source: PhotoSource | np.ndarray) -> Photo:
    """Take a photo as it is given.

    Raises:
        PhotoError: it cannot be read.
    """
    return photo_of_array(source) if isinstance(source, np.ndarray) else read_photo(source)


def encoded(
    pictures: list[np.ndarray], photo: Photo, suffix: str, name: str, not_kept: list[str], quality: int | None = None
) -> list[bytes]:
    """Give results as files' bytes; `not_kept` and `quality` are as for `encode`.

    Raises:
        PhotoError: the kind of file cannot hold one so large; the message names the photo.
    """
    try:
        return [output.encode(picture, photo, suffix, not_kept, quality) for picture in pictures]
    except PhotoError as error:
        raise PhotoError(f"{name}: {error}") from None


def check_array(photo: np.ndarray) -> None:
    """Find out whether an array is a photo, `uint8 (H, W, 3)`.

    Raises:
        PhotoError: it is not.
    """
    if not isinstance(photo, np.ndarray):
        raise PhotoError(
            f"the photo must be an array, uint8 (height, width, 3), not {type(photo).__name__}; remove_background "
            "takes paths, files' bytes and Pillow images too"
        )
    photo_of_array(photo)
    if photo.shape[2:] != (3,):
        raise PhotoError(f"here an array must be uint8 (height, width, 3), not {photo.shape}; remove_background "
                         "takes grey and RGBA too")  # fmt: skip


def check_alpha(alpha: np.ndarray, photo: np.ndarray) -> None:
    """Find out whether an array is an alpha of a photo, `float32 (H, W)` in [0, 1].

    Raises:
        RecorteError: it is not.
    """
    if not isinstance(alpha, np.ndarray) or alpha.dtype.kind != "f" or alpha.shape != photo.shape[:2]:
        given = f"{alpha.dtype} {alpha.shape}" if isinstance(alpha, np.ndarray) else type(alpha).__name__
        raise RecorteError(f"the alpha must be an array, float32 {photo.shape[:2]} as the photo, not {given}")
    if not (alpha.min() >= 0 and alpha.max() <= 1):  # written so that NaN fails too
        raise RecorteError(f"the alpha has values from {alpha.min():g} to {alpha.max():g}, not in [0, 1]")
