"""From a photo, its alpha and touches to the corrected alpha."""

import math
from collections.abc import Sequence

import cv2
import numpy as np

from recorte.letterbox import resize
from recorte.removal.correct.features import FINER, SIDE
from recorte.removal.correct.follow import Follow, by_distance, by_network
from recorte.removal.correct.touches import Touch, painted
from recorte.removal.steps.refinement import refine

CLOSER, MARGIN = 0.6, 0.4
"""A thing that fits into less of the photo's longest side, with so much of its own size around it, is looked at again,
closer."""

AGREED = 0.3
"""Of what either look takes for the thing, the share that both must, for the closer one to count."""

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
    mended = alpha.astype(np.float32)  # a copy
    shape, scale = cells(alpha.shape)
    small, marks = _small(photo, shape), np.zeros(shape, np.uint8)
    for touch in touches:
        if touch.is_box and not touch.keep:
            mended[_window(touch)] = 0
        elif touch.is_box:
            own, other = _around(touch, shape, scale)
            thing = _thing(small, resize(mended, *shape), own, other, touch.keep, by_distance)
            _draw(photo, mended, thing, touch.keep)
        else:
            own = painted(touch, shape, max(alpha.shape), scale)
            if _wrong(mended, touch):
                other = (marks == (NOBODY if touch.keep else PERSON)) & ~own
                _mend(photo, small, mended, touch, own, other, follow)
            marks[own] = PERSON if touch.keep else NOBODY
    for touch in touches:  # of points that are close together each keeps its own pixel
        if touch.radius is None and not touch.is_box:
            column, row = np.rint(touch.points[0]).astype(int)
            mended[row, column] = touch.keep
    return mended


def _mend(
    photo: np.ndarray,
    small: np.ndarray,
    alpha: np.ndarray,
    touch: Touch,
    own: np.ndarray,
    other: np.ndarray,
    follow: Follow,
) -> None:
    """Do what a point or a stroke asks, in place; `own` and `other` as for `Follow`, of the size of the small photo."""
    thing = _thing(small, resize(alpha, *own.shape), own, other, touch.keep, follow)
    window = closer_window(thing, alpha.shape)
    photo_part, alpha_part = photo[window], alpha[window]
    if window != (slice(0, alpha.shape[0]), slice(0, alpha.shape[1])):
        shape, scale = cells(alpha_part.shape)
        own = painted(touch, shape, max(alpha.shape), scale, window[1].start, window[0].start)
        away = resize(other.astype(np.float32), *alpha.shape)[window] if other.any() else np.zeros(shape, np.float32)
        other = (resize(away, *shape) > 0.5) & ~own
        closer = _thing(_small(photo_part, shape), resize(alpha_part, *shape), own, other, touch.keep, follow)
        before = resize(resize(thing.astype(np.float32), *alpha.shape)[window], *shape) > 0.5
        if (closer & before).sum() >= AGREED * (closer | before).sum():
            thing = closer
        else:  # what the closer look makes of it is another thing
            photo_part, alpha_part = photo, alpha
    _draw(photo_part, alpha_part, thing, touch.keep)
    spot, marked = _spot(alpha, touch)
    alpha[spot][marked] = touch.keep


def _thing(
    photo: np.ndarray, alpha: np.ndarray, own: np.ndarray, other: np.ndarray, keep: bool, follow: Follow
) -> np.ndarray:
    """Find all that becomes what the touch asks for, in small; arguments as for `Follow`. `bool (h, w)`."""
    thing = _held((follow(photo, alpha, own, other, keep) & ~other) | own, own)
    right = (alpha >= 0.5) == keep
    near = _gap(thing)
    around = right & (near <= (SEAM if keep else RIM)) & (near < _gap(~right & ~thing)) & ~other
    found: np.ndarray = thing | around
    return found


def cells(shape: tuple[int, ...]) -> tuple[tuple[int, int], float]:
    """The rows and columns in which a part of a photo is looked at, and their scale."""
    scale = min(1.0, SIDE / max(shape))
    return (max(1, round(shape[0] * scale)), max(1, round(shape[1] * scale))), scale


def _small(photo: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Give the photo as `Follow` takes it for so many rows and columns of cells."""
    return resize(photo, FINER * shape[0], FINER * shape[1])


def closer_window(thing: np.ndarray, shape: tuple[int, ...]) -> tuple[slice, slice]:
    """Give the window in which a thing is worth a closer look; all of the photo where it would not be closer."""
    scales = [large / little for large, little in zip(shape, thing.shape, strict=True)]
    lines = [np.flatnonzero(thing.any(axis=axis)) for axis in (1, 0)]
    margin = MARGIN * max(float(np.ptp(line)) + 1 for line in lines) + 2
    window = tuple(
        slice(max(0, int((line[0] - margin) * scale)), min(side, math.ceil((line[-1] + 1 + margin) * scale)))
        for line, scale, side in zip(lines, scales, shape, strict=True)
    )
    rows, columns = window
    if max(rows.stop - rows.start, columns.stop - columns.start) > CLOSER * max(shape):
        return slice(0, shape[0]), slice(0, shape[1])
    return rows, columns


def _gap(area: np.ndarray) -> np.ndarray:
    """How far each cell is from an area, `bool (h, w)`, in cells."""
    return cv2.distanceTransform((~area).astype(np.uint8), cv2.DIST_L2, 5)


def _draw(photo: np.ndarray, alpha: np.ndarray, thing: np.ndarray, keep: bool) -> None:
    """Give the thing, `bool (h, w)`, the alpha that was asked for, along the photo's edges, in place."""
    rows, columns = (np.flatnonzero(thing.any(axis=axis)) for axis in (1, 0))
    margin = 8
    cells = tuple(slice(max(0, int(line[0]) - margin), int(line[-1]) + 1 + margin) for line in (rows, columns))
    scales = [large / little for large, little in zip(alpha.shape, thing.shape, strict=True)]
    part = thing[cells].astype(np.float32)
    window = tuple(
        slice(round(cell.start * scale), min(side, round((cell.start + length) * scale)))
        for cell, length, scale, side in zip(cells, part.shape, scales, alpha.shape, strict=True)
    )
    sized = [min(FINER * length, cut.stop - cut.start) for length, cut in zip(part.shape, window, strict=True)]
    share = refine(resize(cv2.blur(part, (3, 3)), *sized), np.ascontiguousarray(photo[window]))
    alpha[window] += share * (float(keep) - alpha[window])


def _wrong(alpha: np.ndarray, touch: Touch) -> bool:
    """Whether the alpha is anywhere on the touch other than it asks for."""
    spot, marked = _spot(alpha, touch)
    return bool((np.abs(alpha[spot][marked] - touch.keep) > RIGHT).any())


def _spot(alpha: np.ndarray, touch: Touch) -> tuple[tuple[slice, slice], np.ndarray]:
    """Give the part of the alpha that holds a point or a stroke, and what it marks there, `bool`."""
    longest = max(alpha.shape)
    left, top, right, bottom = (max(0, math.floor(edge)) for edge in touch.bounds(longest))
    spot = slice(top, bottom + 2), slice(left, right + 2)
    return spot, painted(touch, alpha[spot].shape, longest, 1.0, left, top)


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
