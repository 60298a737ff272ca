"""From a photo, its alpha and touches to the corrected alpha."""

import math
from collections.abc import Sequence

import cv2
import numpy as np

from recorte.letterbox import resize
from recorte.removal.correct.features import SIDE
from recorte.removal.correct.follow import Follow, by_distance, by_network
from recorte.removal.correct.touches import Touch, painted
from recorte.removal.steps.refinement import refine

FINER = 2
"""How much finer the thing is drawn, along the photo's edges, than it is found."""

SEAM, RIM = 2, 6
"""Cells around the thing that become as it does: where it is kept, so that no seam is left between it and the person
beside it; where it is dropped, so that no soft rim is left of it."""

RIGHT = 0.1
"""An alpha as near as this to what a touch asks for is right already."""

PERSON, NOBODY = 1, 2
"""What touches mark."""


def correct(photo: np.ndarray, alpha: np.ndarray, touches: Sequence[Touch], follow: Follow = by_network) -> np.ndarray:
    """Mend an alpha by touches, one after the other.

    Args:
        photo: `uint8 (H, W, 3)`.
        alpha: `float32 (H, W)` in [0, 1]; left as it is.
        touches: of this photo, in the order in which they were made. Where the alpha is right already, one changes
            nothing, but holds for those after it.
        follow: finds the thing that was touched.

    Returns:
        `float32 (H, W)` in [0, 1].
    """
    mended = alpha.astype(np.float32)
    for number, touch in enumerate(touches):
        if touch.is_box and not touch.keep:
            mended[_window(touch)] = 0
        else:
            _mend(photo, mended, touches[: number + 1], follow)
    return mended


def _mend(photo: np.ndarray, alpha: np.ndarray, touches: Sequence[Touch], follow: Follow) -> None:
    """Do what the last touch asks, in place."""
    touch, longest = touches[-1], max(alpha.shape)
    scale = min(1.0, SIDE / longest)
    shape = max(1, round(alpha.shape[0] * scale)), max(1, round(alpha.shape[1] * scale))
    small = resize(alpha, *shape)
    if touch.is_box:
        follow, (own, other) = by_distance, _around(touch, shape, scale)
    else:
        if not _wrong(alpha, touch):
            return
        marks = painted(touches, shape, longest, (scale, 0, 0))
        own = painted([touch], shape, longest, (scale, 0, 0)) > 0
        other = marks == (NOBODY if touch.keep else PERSON)
    thing = own | _held(follow(resize(photo, *shape), small, own, other, touch.keep) & ~other | own, own)
    right = (small >= 0.5) == touch.keep
    near = _gap(thing)
    around = right & (near <= (SEAM if touch.keep else RIM)) & (near < _gap(~right & ~thing)) & ~other
    _draw(photo, alpha, (thing | around).astype(np.float32), touch)


def _gap(area: np.ndarray) -> np.ndarray:
    """How far each cell is from an area, `bool (h, w)`, in cells."""
    return cv2.distanceTransform((~area).astype(np.uint8), cv2.DIST_L2, 5)


def _draw(photo: np.ndarray, alpha: np.ndarray, thing: np.ndarray, touch: Touch) -> None:
    """Give the thing, `float32 (h, w)`, the alpha that the touch asks for, along the photo's edges, in place."""
    rows, columns = (np.flatnonzero(thing.any(axis=axis)) for axis in (1, 0))
    margin = 8
    cells = tuple(slice(max(0, int(line[0]) - margin), int(line[-1]) + 1 + margin) for line in (rows, columns))
    scales = [large / little for large, little in zip(alpha.shape, thing.shape, strict=True)]
    part = thing[cells]
    window = tuple(
        slice(round(cell.start * scale), min(side, round((cell.start + length) * scale)))
        for cell, length, scale, side in zip(cells, part.shape, scales, alpha.shape, strict=True)
    )
    sized = [min(FINER * length, cut.stop - cut.start) for length, cut in zip(part.shape, window, strict=True)]
    share = refine(resize(cv2.blur(part, (3, 3)), *sized), np.ascontiguousarray(photo[window]))
    alpha[window] += share * (float(touch.keep) - alpha[window])
    if not touch.is_box:
        spot, marked = _spot(alpha, touch)
        alpha[spot][marked] = touch.keep


def _wrong(alpha: np.ndarray, touch: Touch) -> bool:
    """Whether the alpha is anywhere on the touch other than it asks for."""
    spot, marked = _spot(alpha, touch)
    return bool((np.abs(alpha[spot][marked] - touch.keep) > RIGHT).any())


def _spot(alpha: np.ndarray, touch: Touch) -> tuple[tuple[slice, slice], np.ndarray]:
    """Give the part of the alpha that holds a point or a stroke, and what it marks there, `bool`."""
    longest = max(alpha.shape)
    left, top, right, bottom = (max(0, math.floor(edge)) for edge in touch.bounds(longest))
    spot = slice(top, bottom + 2), slice(left, right + 2)
    return spot, painted([touch], alpha[spot].shape, longest, (1.0, left, top)) > 0


def _held(thing: np.ndarray, own: np.ndarray) -> np.ndarray:
    """Leave the pieces of a thing that hang together with the touch."""
    _, pieces = cv2.connectedComponents(thing.astype(np.uint8))
    held = np.zeros(pieces.max() + 1, bool)
    held[pieces[own]] = True
    held[0] = False
    left: np.ndarray = held[pieces]
    return left


def _window(box: Touch) -> tuple[slice, slice]:
    (left, top), (right, bottom) = box.points
    return slice(int(top), math.ceil(bottom)), slice(int(left), math.ceil(right))


def _around(box: Touch, shape: tuple[int, int], scale: float) -> tuple[np.ndarray, np.ndarray]:
    """What a box around a thing marks: its middle as the thing, and what is outside as none of it."""
    inside, own = np.zeros(shape, bool), np.zeros(shape, bool)
    (left, top), (right, bottom) = ((x * scale, y * scale) for x, y in box.points)
    inside[int(top) : math.ceil(bottom), int(left) : math.ceil(right)] = True
    high, wide = (bottom - top) / 3, (right - left) / 3
    own[int(top + high) : math.ceil(bottom - high), int(left + wide) : math.ceil(right - wide)] = True
    return own, ~inside
