"""A second look: boxes around people of whom the first look at the whole photo saw few pixels, each seen by itself.

Somebody of a fifth of the photo's height has 60 pixels of the network's 320; in a box of one's own, two hundred.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from recorte.letterbox import Letterbox, resize
from recorte.removal.steps.islands import INSIDE

LEAST = 0.0015
"""Share of the photo that a region must cover, to be looked at again."""

WIDER, EDGE = 0.2, 0.02
"""How far a box reaches beyond its region, to each side: shares of the region's size and of the photo's."""

MOST = 0.9
"""Of the photo's longest side: a larger box would show hardly more than the first look did."""

FRAME = 0.1
"""Of a box's sides: over so much of it the second look fades into the first, but not where the photo ends."""

SHARED = 0.3
"""Of what either look takes for somebody, in one piece, the share that both must see, to believe it."""

LARGER = 2
"""How much larger than the network's canvas the one is that holds both looks."""


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
    _, _, found, _ = cv2.connectedComponentsWithStats((alpha > INSIDE).astype(np.uint8))
    down, across = height / alpha.shape[0], width / alpha.shape[1]
    around: list[Box] = []
    for left, top, columns, rows, area in found[1:].tolist():
        if area < LEAST * alpha.size:
            continue
        beside, above = WIDER * columns * across + EDGE * width, WIDER * rows * down + EDGE * height
        box = Box(
            max(0, round(top * down - above)),
            min(height, round((top + rows) * down + above)),
            max(0, round(left * across - beside)),
            min(width, round((left + columns) * across + beside)),
        )
        around = _joined(around, box)
    close = [box for box in around if max(box.bottom - box.top, box.right - box.left) <= MOST * max(height, width)]
    return sorted(close, key=lambda box: -box.area)[:most]


def _joined(apart: Sequence[Box], box: Box) -> list[Box]:
    """Add a box to others that do not overlap: what it meets becomes one with it."""
    while meeting := [other for other in apart if other.meets(box)]:
        apart = [other for other in apart if other not in meeting]
        for other in meeting:
            box = box.with_(other)
    return [*apart, box]


def laid_over(first: np.ndarray, letterbox: Letterbox, closer: Sequence[tuple[Box, np.ndarray]]) -> np.ndarray:
    """Lay further looks over the first one.

    Args:
        first: `float32 (S, S)` in [0, 1], the first look.
        letterbox: of the photo in it.
        closer: boxes, each with what the network saw in it: `float32 (h, w)` in the box's shape at any size.

    Returns:
        `float32 (S', S')`, S' the smaller of `LARGER` times S and the photo's longest side, but at least S.
    """
    longest = max(letterbox.height, letterbox.width)
    side = max(letterbox.size, min(LARGER * letterbox.size, longest))
    larger = Letterbox(letterbox.height, letterbox.width, side)
    canvas = resize(first, side, side).copy()
    top, left, rows, columns = larger.box
    inside = canvas[top : top + rows, left : left + columns]
    inside[:] = resize(letterbox.cut(first), rows, columns)
    down, across = rows / letterbox.height, columns / letterbox.width
    for box, seen in closer:
        window = (
            slice(round(box.top * down), max(round(box.top * down) + 1, round(box.bottom * down))),
            slice(round(box.left * across), max(round(box.left * across) + 1, round(box.right * across))),
        )
        part = inside[window]
        share = _frame(part.shape, box, letterbox)
        part[:] = (1 - share) * part + share * agreed(part, resize(seen, *part.shape))
    return canvas


def agreed(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Make one alpha of two looks at the same part: the second, which sees more; the mean where only one sees somebody.

    What one look alone takes for somebody is doubtful, whichever it is: as a mean it is sure nowhere.

    Args:
        first: `float32 (h, w)` in [0, 1].
        second: the same.
    """
    _, labels = cv2.connectedComponents((np.maximum(first, second) > INSIDE).astype(np.uint8))
    areas = np.bincount(labels.ravel())
    shared = np.bincount(labels.ravel(), weights=(np.minimum(first, second) > INSIDE).ravel())
    believed = shared >= SHARED * areas
    believed[0] = True  # where neither sees anybody
    return np.where(believed[labels], second, (first + second) / 2)


def _frame(shape: tuple[int, ...], box: Box, photo: Letterbox) -> np.ndarray:
    """How much the second look counts: 1, falling at the box's borders that are not the photo's. `float32 shape`."""
    sides = (box.top > 0, box.bottom < photo.height), (box.left > 0, box.right < photo.width)
    ramps = []
    for length, (begins, ends) in zip(shape, sides, strict=True):
        ramp = (np.arange(length, dtype=np.float32) + 0.5) / max(1.0, FRAME * length)
        share = np.ones(length, np.float32)
        share = np.minimum(share, ramp) if begins else share
        ramps.append(np.minimum(share, ramp[::-1]) if ends else share)
    return np.minimum.outer(*ramps)
