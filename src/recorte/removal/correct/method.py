"""From a photo, its alpha and touches to the corrected alpha."""

import math
from collections.abc import Callable, Sequence

import cv2
import numpy as np

from recorte.letterbox import resize
from recorte.removal.correct.geodesic import distances
from recorte.removal.correct.touches import Touch, painted
from recorte.removal.steps.islands import drop_loose
from recorte.removal.steps.refinement import refine

Look = Callable[[np.ndarray], np.ndarray]
"""What finds people in a part of a photo: from `uint8 (h, w, 3)` to `float32` in [0, 1] of its shape at any size."""

SIDE = 128
"""Longest side of what is looked through, in cells."""

STEP, COLOUR, ALPHA = 0.01, 2.0, 0.3
"""Costs of a step from cell to cell: of itself, for a change of colour (Lab, 1 = 100) and for one of alpha."""

LEVELS = np.geomspace(0.06, 3.0, 40)
"""Of distance, one of which bounds the thing that was touched."""

PERSON, NOBODY = 1, 2
"""What touches mark."""


def correct(photo: np.ndarray, alpha: np.ndarray, touches: Sequence[Touch], look: Look) -> np.ndarray:
    """Mend an alpha by touches, one after the other.

    Args:
        photo: `uint8 (H, W, 3)`.
        alpha: `float32 (H, W)` in [0, 1]; left as it is.
        touches: of this photo, in the order in which they were made. Where the alpha is right already, one changes
            nothing, but holds for those after it.
        look: asked for a second look around a touch.

    Returns:
        `float32 (H, W)` in [0, 1].
    """
    mended = alpha.astype(np.float32)
    for number, touch in enumerate(touches):
        _mend(photo, mended, touches[: number + 1], touch, look)
    return mended


def _mend(photo: np.ndarray, alpha: np.ndarray, touches: Sequence[Touch], touch: Touch, look: Look) -> None:
    """Do what one touch asks, in place."""
    longest, goal = max(alpha.shape), np.float32(touch.keep)
    scale = min(1.0, SIDE / longest)
    rows, columns = (max(1, round(side * scale)) for side in alpha.shape)
    small = resize(alpha, rows, columns)
    if touch.is_box:
        own, other = _around(touch, (rows, columns), scale)
    else:
        own = painted([touch], (rows, columns), longest, (scale, 0, 0)) > 0
        other = painted(touches, (rows, columns), longest, (scale, 0, 0)) == (NOBODY if touch.keep else PERSON)
        if np.abs(small[own] - goal).max(initial=0) < 0.1:
            return
    changed = own if touch.is_box and not touch.keep else _thing(resize(photo, rows, columns), small, own, other, goal)
    result = np.where(changed, goal, small).astype(np.float32)
    rim = cv2.dilate(changed.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    # What is left of a rim when its person is gone.
    result = np.where(rim, drop_loose(result), result)
    wider = cv2.dilate(rim.astype(np.float32), np.ones((5, 5), np.uint8))
    share = resize(cv2.blur(wider, (3, 3)), *alpha.shape)
    alpha += share * (refine(result, photo) - alpha)
    if touch.is_box and not touch.keep:
        alpha[_window(touch)] = 0


def _window(box: Touch) -> tuple[slice, slice]:
    (left, top), (right, bottom) = box.points
    return slice(int(top), math.ceil(bottom)), slice(int(left), math.ceil(right))


def _around(box: Touch, shape: tuple[int, int], scale: float) -> tuple[np.ndarray, np.ndarray]:
    """What a box marks: its middle as the thing in it, or all of it where it is dropped; and what is outside."""
    inside, own = np.zeros(shape, bool), np.zeros(shape, bool)
    (left, top), (right, bottom) = ((x * scale, y * scale) for x, y in box.points)
    rows, columns = slice(int(top), math.ceil(bottom)), slice(int(left), math.ceil(right))
    inside[rows, columns] = True
    if not box.keep:
        return inside, ~inside
    high, wide = (bottom - top) / 3, (right - left) / 3
    own[int(top + high) : math.ceil(bottom - high), int(left + wide) : math.ceil(right - wide)] = True
    return own, ~inside


def _thing(photo: np.ndarray, alpha: np.ndarray, own: np.ndarray, other: np.ndarray, goal: np.float32) -> np.ndarray:
    """Find the thing that was touched: as far as the way from the touch climbs no edge of it. `bool (h, w)`."""
    lab = cv2.cvtColor(photo.astype(np.float32) / 255, cv2.COLOR_RGB2Lab) / 100
    costs = [
        (
            STEP
            + COLOUR * np.sqrt((np.diff(lab, axis=axis) ** 2).sum(axis=2))
            + ALPHA * np.abs(np.diff(alpha, axis=axis))
        )
        for axis in (1, 0)
    ]
    far = distances(own, *costs)
    wrong = (alpha >= 0.5) != (goal == 1)
    if other.any():
        wrong &= far < distances(other, *costs)
    # Where the thing ends, the next level finds hardly more of it.
    areas = np.searchsorted(np.sort(far[wrong]), LEVELS) + own.sum()
    level = LEVELS[1 + int(np.argmin(np.log(areas[2:] / areas[:-2])))]
    return own | (wrong & (far <= level))
