"""The second look: what the network saw in boxes around people is laid over what it saw in the whole photo."""

from collections.abc import Sequence

import cv2
import numpy as np

from recorte.boxes import Box
from recorte.letterbox import Letterbox, resize
from recorte.removal.steps.islands import INSIDE

FRAME = 0.1
"""Of a box's sides: over so much of it the second look fades into the first, but not where the photo ends."""

SHARED = 0.3
"""Of what either look takes for somebody, in one piece, the share that both must see, to believe it."""

LARGER = 2
"""How much larger than the network's canvas the one is that holds both looks."""


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
        share = frame(part.shape, box, letterbox.height, letterbox.width)
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


def frame(shape: tuple[int, ...], box: Box, height: int, width: int) -> np.ndarray:
    """How much the second look counts: 1, falling at the box's borders that are not the photo's. `float32 shape`."""
    sides = (box.top > 0, box.bottom < height), (box.left > 0, box.right < width)
    ramps = []
    for length, (begins, ends) in zip(shape, sides, strict=True):
        ramp = (np.arange(length, dtype=np.float32) + 0.5) / max(1.0, FRAME * length)
        share = np.ones(length, np.float32)
        share = np.minimum(share, ramp) if begins else share
        ramps.append(np.minimum(share, ramp[::-1]) if ends else share)
    rows, columns = ramps
    share_of_both: np.ndarray = np.minimum.outer(rows, columns)
    return share_of_both
