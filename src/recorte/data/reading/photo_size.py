"""Photos that must fit an outline or a mask of a given size, whichever way up that was drawn."""

import math
from pathlib import Path

import numpy as np

from recorte.errors import PhotoError
from recorte.photo import opened, pixels_of_plain_jpeg, read_photo


def read_photo_of_size(
    path: Path, height: int, width: int, origin: str, scaled: bool = False, enough: int | None = None
) -> np.ndarray:
    """Read a photo upright; or as it is stored, if only that has the size asked for.

    Some data sets were annotated on the stored pixels, before the EXIF orientation.

    Args:
        path: the photo.
        height: of the annotation or mask, in pixels.
        width: of the annotation or mask, in pixels.
        origin: what says so, for the message: "its mask b.png".
        scaled: any photo of the same aspect ratio fits.
        enough: a longest side that does; see `read_photo`.

    Returns:
        `uint8 (H, W, 3)`; with `enough`, what fits may be returned at 1/2, 1/4 or 1/8 of its size.

    Raises:
        PhotoError: the photo cannot be read, or neither way up fits; the message names both sizes.
    """
    with opened(path) as image:
        # What is decoded at a part of its size does not tell it.
        possible = scaled or enough is None or sorted(image.size) == sorted((height, width))
        pixels = pixels_of_plain_jpeg(image, enough) if possible else None
    if pixels is not None and fits(pixels.shape, height, width, scaled, enough):
        return pixels
    for upright in (True, False) if possible else ():
        photo = read_photo(path, upright, enough).pixels
        if fits(photo.shape, height, width, scaled, enough):
            return photo
    real = read_photo(path).pixels
    size, valid = f"{real.shape[1]} x {real.shape[0]}", "the same aspect ratio" if scaled else "the same size"
    message = f"the photo is {size} pixels, but {origin} is for {width} x {height} (width x height)"
    raise PhotoError(f"{path}: {message}; they need {valid}, so one of the two belongs to another photo")


def fits(shape: tuple[int, ...], height: int, width: int, scaled: bool, enough: int | None) -> bool:
    """Tell whether a photo of `shape`, (H, W, ...), fits; the other arguments are those of `read_photo_of_size`."""
    parts = (1,) if enough is None else (1, 2, 4, 8)
    if shape[:2] in [(math.ceil(height / part), math.ceil(width / part)) for part in parts]:
        return True
    if not scaled:
        return False
    # Whole pixels round the smaller of the two by more, so the one pixel of tolerance is measured there; where all of
    # it is a few pixels, one would be a shape of its own.
    (small_height, small_width), (large_height, large_width) = sorted([shape[:2], (height, width)], key=np.prod)
    tolerance = 1 if max(small_height, small_width) > 4 else 0.2
    return (
        abs(small_height - large_height * small_width / large_width) <= tolerance
        or abs(small_width - large_width * small_height / large_height) <= tolerance
    )
