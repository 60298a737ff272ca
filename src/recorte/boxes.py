"""Parts of a photo around its people: what the second look sees, and what training shows the network of it.

Somebody of a fifth of the photo's height has 60 pixels of the network's 320; in a box of one's own, two hundred.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

LEAST = 0.0015
"""Share of the photo that a region must cover, to be looked at again."""

WIDER, EDGE = 0.2, 0.02
"""How far a box reaches beyond its region, to each side: shares of the region's size and of the photo's."""

MOST = 0.9
"""Of the photo's longest side: a larger box would show hardly more than the first look did."""


@dataclass(frozen=True, slots=True)
class Box:
    """A part of a photo, in pixels."""

    top: int
    bottom: int
    left: int
    right: int

    @property
    def window(self) -> tuple[slice, slice]:
        """Its rows and columns."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    @property
    def area(self) -> int:
        """In pixels."""
        return (self.bottom - self.top) * (self.right - self.left)

    def meets(self, other: "Box") -> bool:
        """Whether the two overlap."""
        return (
            self.top < other.bottom and other.top < self.bottom and self.left < other.right and other.left < self.right
        )

    def with_(self, other: "Box") -> "Box":
        """The smallest box around the two."""
        return Box(
            min(self.top, other.top),
            max(self.bottom, other.bottom),
            min(self.left, other.left),
            max(self.right, other.right),
        )


def boxes(alpha: np.ndarray, height: int, width: int, most: int) -> list[Box]:
    """Find what of a photo is worth another look.

    Args:
        alpha: `float32 (h, w)` in [0, 1], what the first look found, in the photo's shape at any size.
        height: of the photo, in pixels.
        width: of the photo, in pixels.
        most: how many there may be; the largest are taken.
    """
    _, _, found, _ = cv2.connectedComponentsWithStats((alpha > 0.5).astype(np.uint8))
    down, across = height / alpha.shape[0], width / alpha.shape[1]
    regions = [
        (top * down, (top + rows) * down, left * across, (left + columns) * across)
        for left, top, columns, rows, area in found[1:].tolist()
        if area >= LEAST * alpha.size
    ]
    return around(regions, height, width, most)


def around(regions: Iterable[tuple[float, float, float, float]], height: int, width: int, most: int) -> list[Box]:
    """Give boxes around regions, `(top, bottom, left, right)` in pixels: wider, and one box where they meet.

    Args:
        regions: of people.
        height: of the photo, in pixels.
        width: of the photo, in pixels.
        most: how many there may be; the largest are taken.
    """
    found: list[Box] = []
    for top, bottom, left, right in regions:
        above, beside = WIDER * (bottom - top) + EDGE * height, WIDER * (right - left) + EDGE * width
        box = Box(
            max(0, round(top - above)),
            min(height, round(bottom + above)),
            max(0, round(left - beside)),
            min(width, round(right + beside)),
        )
        found = _joined(found, box)
    close = [box for box in found if max(box.bottom - box.top, box.right - box.left) <= MOST * max(height, width)]
    return sorted(close, key=lambda box: -box.area)[:most]


def _joined(apart: Sequence[Box], box: Box) -> list[Box]:
    """Add a box to others that do not overlap: what it meets becomes one with it."""
    while meeting := [other for other in apart if other.meets(box)]:
        apart = [other for other in apart if other not in meeting]
        for other in meeting:
            box = box.with_(other)
    return [*apart, box]
