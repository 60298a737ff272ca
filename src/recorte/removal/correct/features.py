"""What the small network that follows a touch sees: the photo, the alpha, and how far everything is from the touch."""

import cv2
import numpy as np

from recorte.letterbox import resize
from recorte.removal.correct.geodesic import distances

SIDE = 128
"""Longest side of what is looked through, in cells; a multiple of 16, as the network needs it."""

FINER = 2
"""Pixels of the photo along a cell, as the network sees it: half a cell is an arm of somebody small."""

WAYS = ((0.01, 2.0, 0.3), (0.003, 1.0, 0.0))
"""Costs of a step from cell to cell: of itself, for a change of colour (Lab, 1 = 100) and for one of alpha."""

REACH = 0.1
"""Of the longest side, and of the colours: what is near."""

CHANNELS = 12

NEARNESS = slice(7, 9)
"""The channels that say how near the touch a cell is, for each of `WAYS`: 1 at it, falling to 0."""


def costs_of(photo: np.ndarray, alpha: np.ndarray, step: float, colour: float, rise: float) -> list[np.ndarray]:
    """Give the costs of a step from cell to cell, across and down; see `WAYS` and `distances`."""
    lab = _lab(photo, alpha.shape)
    return [
        step + colour * np.sqrt((np.diff(lab, axis=axis) ** 2).sum(axis=2)) + rise * np.abs(np.diff(alpha, axis=axis))
        for axis in (1, 0)
    ]


def _lab(photo: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    lab: np.ndarray = cv2.cvtColor(resize(photo, *shape).astype(np.float32) / 255, cv2.COLOR_RGB2Lab) / 100
    return lab


def features(photo: np.ndarray, alpha: np.ndarray, own: np.ndarray, other: np.ndarray, keep: bool) -> np.ndarray:
    """Describe a touch.

    Args:
        photo: `uint8`, of any size.
        alpha: `float32 (h, w)` in [0, 1], no side longer than `SIDE`.
        own: `bool (h, w)`, what the touch marks.
        other: `bool (h, w)`, what touches of the other kind mark.
        keep: what was touched must be a person's.

    Returns:
        `float32 (CHANNELS, SIDE, SIDE)`, the photo at the top left.
    """
    lab = _lab(photo, alpha.shape)
    costs = [costs_of(photo, alpha, *way) for way in WAYS]
    near = cv2.distanceTransform((~own).astype(np.uint8), cv2.DIST_L2, 5) / (REACH * SIDE)
    alike = np.linalg.norm(lab - lab[own].mean(axis=0), axis=2) / REACH
    right = alpha if keep else 1 - alpha
    found = np.zeros((CHANNELS, SIDE, SIDE), np.float32)
    planes = [
        *(lab - (0.5, 0, 0)).transpose(2, 0, 1),
        right,
        np.full_like(alpha, 1 if keep else -1),
        np.exp(-near),
        np.exp(-near / 4),
        *(np.exp(-2 * distances(own, *cost)) for cost in costs),
        np.exp(-alike),
        np.exp(-2 * distances(other, *costs[0])) if other.any() else np.zeros_like(alpha),
        np.ones_like(alpha),
    ]
    rows, columns = alpha.shape
    for channel, plane in zip(found, planes, strict=True):
        channel[:rows, :columns] = plane
    return found
