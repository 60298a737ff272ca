"""A video's frames as they are to be seen: upright, with square pixels, over white, and all of one size."""

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from recorte.letterbox import resize
from recorte.removal.steps.backgrounds import put_behind
from recorte.removal.video.reading.colours import matrix_of

if TYPE_CHECKING:
    import av

WHITE = 255, 255, 255

Inside = tuple[slice, slice]
"""Rows and columns."""


def upright(frame: "av.VideoFrame", ratio: Fraction | None) -> tuple[np.ndarray, np.ndarray | None]:
    """Give a frame as players show it, and what is transparent in it over white, as in a photo.

    Args:
        frame: as it is stored.
        ratio: width of its pixels to their height; None, as a file says nothing, counts as 1.

    Returns:
        `uint8 (H, W, 3)`, RGB, and the frame's own alpha, `uint8 (H, W)`; None if it is opaque. Not always contiguous.
    """
    transparent = frame.format.has_palette or any(part.is_alpha for part in frame.format.components)
    height, width = _square(frame.height, frame.width, ratio or Fraction(1))
    pixels = frame.reformat(width, height, "rgba" if transparent else "rgb24", matrix_of(frame)).to_ndarray()
    own = pixels[..., 3] if transparent and pixels[..., 3].min() < 255 else None
    if transparent:
        pixels = put_behind(pixels, pixels[..., :3], WHITE)
    step, quarters = -1 if _mirrored(frame) else 1, round((frame.rotation or 0) / 90)
    return np.rot90(pixels[::step], quarters), None if own is None else np.rot90(own[::step], quarters)


def fit(picture: np.ndarray, height: int, width: int) -> tuple[np.ndarray, Inside]:
    """Fit a frame into the size of the others: whole, not stretched, in the middle of black.

    Args:
        picture: `uint8 (H, W, 3)`, or its alpha, `uint8 (H, W)`.
        height: of the others.
        width: of the others.

    Returns:
        `uint8 (height, width, 3)`, or `(height, width)`, and where in it the frame is.
    """
    if picture.shape[:2] == (height, width):  # nearly always
        return np.ascontiguousarray(picture), (slice(None), slice(None))
    scale = min(height / picture.shape[0], width / picture.shape[1])
    rows, columns = (max(1, round(side * scale)) for side in picture.shape[:2])
    top, left = (height - rows) // 2, (width - columns) // 2
    inside = slice(top, top + rows), slice(left, left + columns)
    canvas = np.zeros((height, width, *picture.shape[2:]), np.uint8)
    canvas[inside] = resize(picture, rows, columns)
    return canvas, inside


def _square(height: int, width: int, ratio: Fraction) -> tuple[int, int]:
    """Say how large a frame is with square pixels; one side grows, so that nothing of it is lost."""
    # Nobody sees a hundredth, for which all pixels would be blurred; what is beyond 4 is a damaged file.
    if abs(ratio - 1) < 0.01 or not Fraction(1, 4) <= ratio <= 4:
        return height, width
    return (height, round(width * ratio)) if ratio > 1 else (round(height / ratio), width)


def _mirrored(frame: "av.VideoFrame") -> bool:
    """Whether a file mirrors its frames, top to bottom, before they are rotated."""
    side_data: Any = frame.side_data  # of which PyAV's types know the motion vectors alone
    matrix = side_data.get("DISPLAYMATRIX")
    if matrix is None:
        return False
    a, b, _, c, d = np.frombuffer(matrix, np.int32)[:5].tolist()
    return bool(a * d < b * c)
