"""Closed outlines `(N, 2)` of x and y, y downwards: the vocabulary of every drawing."""

import itertools
import math
from collections.abc import Sequence

import cv2
import numpy as np

Point = tuple[float, float] | np.ndarray
_TURN = np.linspace(0, 2 * np.pi, 36, endpoint=False)
_CIRCLE = np.stack([np.cos(_TURN), np.sin(_TURN)], 1)


def ellipse(x: float, y: float, width: float, height: float | None = None, tilt: float = 0.0) -> np.ndarray:
    """Give an ellipse of half-axes `width` and `height` (a circle if only one is given), turned by `tilt` degrees."""
    points = _CIRCLE * (width, width if height is None else height)
    if tilt:
        cosine, sine = np.cos(np.radians(tilt)), np.sin(np.radians(tilt))
        points = points @ np.array([[cosine, sine], [-sine, cosine]])
    moved: np.ndarray = points + np.array([x, y])
    return moved


def ellipse_at(centre: Point, width: float, height: float | None = None, tilt: float = 0.0) -> np.ndarray:
    """Give an ellipse around a point."""
    x, y = centre
    return ellipse(x, y, width, height, tilt)


def box(left: float, top: float, right: float, bottom: float, radius: float = 0.0) -> np.ndarray:
    """Give a rectangle, its corners rounded by `radius`."""
    if not radius:
        return np.array([(left, top), (right, top), (right, bottom), (left, bottom)], float)
    inner = np.array([(left, top), (right, top), (right, bottom), (left, bottom)])
    inner += np.array([(1, 1), (-1, 1), (-1, -1), (1, -1)]) * radius
    return hull(*(_CIRCLE * radius + corner for corner in inner))


def hull(*outlines: Point) -> np.ndarray:
    """Give the convex hull of some outlines or points."""
    points = np.concatenate([np.atleast_2d(np.asarray(outline, np.float32)) for outline in outlines])
    corners: np.ndarray = cv2.convexHull(points.astype(np.float32))[:, 0]
    return corners


def limb(points: Sequence[Point], radii: Sequence[float]) -> list[np.ndarray]:
    """Give one outline a bone: rounded at its ends, as wide as `radii` say at its joints."""
    joints = [_CIRCLE * radius + point for point, radius in zip(points, radii, strict=True)]
    return [hull(first, second) for first, second in itertools.pairwise(joints)]


def smooth(points: Sequence[Point] | np.ndarray, rounds: int = 3) -> np.ndarray:
    """Round a closed polygon's corners by cutting them `rounds` times (Chaikin 1974)."""
    outline = np.asarray(points, float)
    for _ in range(rounds):
        step = 0.25 * (np.concatenate([outline[1:], outline[:1]]) - outline)
        cut = np.empty((2 * len(outline), 2))
        cut[::2], cut[1::2] = outline + step, outline + 3 * step
        outline = cut
    return outline


def mirrored(points: Sequence[Point]) -> np.ndarray:
    """Close a right half, given from top to bottom, with its mirror image."""
    right = np.asarray(points, float)
    return np.concatenate([right, (right * (-1, 1))[::-1]])


def arc(
    x: float, y: float, width: float, height: float, start: float, stop: float, thickness: float = 0.0
) -> np.ndarray:
    """Give a piece of an ellipse from `start` to `stop` degrees (0 right, 90 down): a segment, or a band if thick."""
    turn = np.radians(np.linspace(start, stop, 18))
    rim = np.stack([np.cos(turn), np.sin(turn)], 1)
    outer = rim * (width, height) + (x, y)
    if not thickness:
        return outer
    inner = rim * (width - thickness, height - thickness) + (x, y)
    return np.concatenate([outer, inner[::-1]])


def strand(points: np.ndarray, width: float) -> np.ndarray:
    """Give a tapering stroke along `points` `(N, 2)`: `width` at its root, a point at its tip."""
    x, y = (points[-1] - points[0]).tolist()
    across = np.array([-y, x]) * (width / 2 / (math.hypot(x, y) + 1e-9))
    side = across * (1 - np.arange(len(points))[:, None] / (len(points) - 1))
    return np.concatenate([points + side, (points - side)[::-1]])
