"""What may lie behind cut-out people: a colour, a picture, or the photo's own background, blurred."""

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final, Literal

import cv2
import numpy as np
from PIL import Image, ImageColor

from recorte.errors import MovingPhotoError, RecorteError
from recorte.letterbox import resize
from recorte.listing import NO_FILE, no_such_file, shortened
from recorte.photo import Photo, photo_of_array, read_photo
from recorte.removal.steps.grid import Grid
from recorte.removal.steps.profiles import from_srgb, in_srgb

Colour = tuple[int, int, int] | tuple[int, int, int, int]
"""Red, green and blue from 0 to 255, and an alpha where it is not opaque."""
Background = str | os.PathLike[str] | Colour | Image.Image | np.ndarray | None
"""What a user may give."""
ReadBackground = Colour | np.ndarray | Literal["blur"] | None
"""What that is once it is read: nothing, a colour, `uint8 (H, W, 3)`, both in sRGB, or "blur"."""

BLUR: Final = "blur"

BLUR_CELLS = 320
"""Cells of the grid on which the background is blurred, along the longest side, at least."""

BLUR_SIGMA = 6.0
"""In cells."""


def read_background(given: Background) -> ReadBackground:
    """Understand a background: None, "blur", a colour by name, hex code or RGB numbers, or a picture.

    Raises:
        RecorteError: no colour, and no file either.
        PhotoError: a picture that cannot be read.
    """
    if given is None:
        return None
    if isinstance(given, np.ndarray):
        return _opaque(photo_of_array(given, "a background"), "the background")
    if isinstance(given, tuple | list):
        whole = all(isinstance(value, int | np.integer) and 0 <= value <= 255 for value in given)
        if len(given) not in (3, 4) or not whole:
            reason = "a colour needs three whole numbers from 0 to 255 (RGB), or four with an alpha"
            raise RecorteError(f"background {str(given)[:80]}: {reason}")
        return _colour(int(value) for value in given)
    if isinstance(given, Image.Image):
        return _opaque(read_photo(given), "the background")
    if not isinstance(given, str | os.PathLike):
        raise RecorteError(
            f"a background must be a colour, a picture (a path, a Pillow image or an array) or {BLUR!r}, "
            f"not {type(given).__name__}"
        )
    if isinstance(given, str):
        if given == BLUR:
            return BLUR
        with contextlib.suppress(ValueError):  # not a colour, so it may be a file
            return read_colour(given)
    if not Path(given).is_file():
        name = os.fspath(given)
        what = no_such_file(name)
        if what == NO_FILE:
            what = "neither a colour (such as white or #ffcc00) nor a picture's file, nor blur"
        raise RecorteError(f"background {shortened(name)!r}: {what}")
    try:
        return _opaque(read_photo(given), os.fspath(given))
    except MovingPhotoError:
        reason = "a video or an animation; behind people can only be a picture, a colour or blur"
        raise MovingPhotoError(f"{os.fspath(given)}: {reason}") from None


def read_colour(given: str) -> Colour:
    """Understand a colour's name or code: three numbers, or four if it is not opaque, as #ff000080 is.

    Raises:
        ValueError: there is no such colour.
    """
    colour = ImageColor.getrgb(given)
    if max(colour) > 255:  # which Pillow lets pass
        raise ValueError(given)
    return _colour(colour)


def _colour(numbers: Iterable[int]) -> Colour:
    red, green, blue, *alpha = numbers
    return (red, green, blue, alpha[0]) if alpha and alpha[0] < 255 else (red, green, blue)


def is_transparent(background: object) -> bool:
    """Whether what has this behind it is transparent: there is nothing, or a colour that is not opaque."""
    return background is None or (isinstance(background, tuple) and len(background) == 4)


def _opaque(photo: Photo, name: str) -> np.ndarray:
    if photo.alpha is not None:
        raise RecorteError(f"{name}: transparent in places, which a picture behind people must not be; fill it first")
    return in_srgb(photo)


def in_colours_of(background: ReadBackground, profile: bytes | None) -> ReadBackground:
    """Convert a background from sRGB to the colour space of a photo, so that before it it looks as it did alone."""
    if isinstance(background, tuple):
        pixel = from_srgb(np.array([[background[:3]]], np.uint8), profile)[0, 0]
        return _colour((*pixel.tolist(), *background[3:]))
    return from_srgb(background, profile) if isinstance(background, np.ndarray) else background


def fitted(background: ReadBackground, photo: Photo) -> ReadBackground:
    """Convert a background to a photo's colour space; a picture that is larger is scaled to the photo's size first."""
    if isinstance(background, np.ndarray) and background.size > photo.pixels.size and photo.icc_profile:
        height, width = photo.pixels.shape[:2]
        background = covering(background, height, width)
    return in_colours_of(background, photo.icc_profile)


def put_behind(cutout: np.ndarray, photo: np.ndarray, background: ReadBackground) -> np.ndarray:
    """Lay a cut-out over a background.

    Args:
        cutout: `uint8 (H, W, 4)`, straight RGBA.
        photo: `uint8 (H, W, 3)`, which the cut-out comes from.
        background: a colour, a picture (scaled to cover the photo, its middle stays), or "blur"; in the photo's own
            colour space.

    Returns:
        `uint8 (H, W, 3)`; before a colour with an alpha `(H, W, 4)`, straight RGBA.
    """
    height, width = photo.shape[:2]
    if isinstance(background, tuple) and len(background) == 4:
        return _over_thin(cutout, background)
    if isinstance(background, tuple):
        result = np.empty_like(photo)
        result[:] = background
    elif isinstance(background, np.ndarray):
        result = covering(background, height, width)
    else:
        result = _blurred(photo, cutout[..., 3])
    grid = Grid(height, width, 1)
    for pixels in grid.tiles():
        part = cutout[pixels]
        share = part[..., 3:].astype(np.float32) / 255
        result[pixels] = np.rint(result[pixels] * (1 - share) + part[..., :3] * share)
    return result


def _over_thin(cutout: np.ndarray, colour: tuple[int, ...]) -> np.ndarray:
    """Lay a cut-out over a colour with an alpha: the "over" of Porter and Duff (1984), straight RGBA."""
    result = np.empty_like(cutout)
    behind, rest = np.array(colour[:3], np.float32), np.float32(colour[3] / 255)
    for pixels in Grid(cutout.shape[0], cutout.shape[1], 1).tiles():
        part = cutout[pixels].astype(np.float32)
        share = part[..., 3:] / 255
        alpha = share + rest * (1 - share)
        colours = (part[..., :3] * share + behind * rest * (1 - share)) / np.maximum(alpha, 1e-6)
        result[pixels] = np.rint(np.concatenate([colours, alpha * 255], axis=-1))
    return result


def covering(picture: np.ndarray, height: int, width: int) -> np.ndarray:
    """Scale a picture and cut off what is too much on two sides, so that it is `uint8 (height, width, 3)`."""
    scale = max(height / picture.shape[0], width / picture.shape[1])
    rows = min(picture.shape[0], max(1, round(height / scale)))
    columns = min(picture.shape[1], max(1, round(width / scale)))
    top, left = (picture.shape[0] - rows) // 2, (picture.shape[1] - columns) // 2
    part = resize(picture[top : top + rows, left : left + columns], height, width)
    return part.copy() if np.shares_memory(part, picture) else part


def _blurred(photo: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Blur a photo's background; the people give it no colour, so that no shadow of them surrounds the cut-out."""
    grid = Grid.over(photo, BLUR_CELLS)
    behind = 1 - grid.shrink(alpha).astype(np.float32) / 255
    # Soft pixels may hold more of the person than their alpha says: they count little.
    weight = cv2.erode(behind, np.ones((3, 3), np.uint8)) ** 2 + np.float32(1e-3)
    total = cv2.GaussianBlur(weight, (0, 0), BLUR_SIGMA)
    colour = cv2.GaussianBlur(grid.shrink(photo) * weight[..., None], (0, 0), BLUR_SIGMA) / total[..., None]
    result = np.empty_like(photo)
    for pixels in grid.tiles():
        planes = [grid.enlarge(plane, pixels) for plane in cv2.split(colour)]
        result[pixels] = np.rint(cv2.merge(planes).clip(0, 255))
    return result
