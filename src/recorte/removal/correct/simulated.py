"""The simulated user of interactive segmentation, who knows the truth: to measure with, and to learn from.

Xu et al.: Deep Interactive Object Selection, 2016; Sofiiuk et al.: RITM, 2021 (arXiv 2102.06583).
"""

from dataclasses import dataclass

import cv2
import numpy as np

from recorte.removal.correct.touches import Touch


@dataclass(frozen=True, slots=True)
class Wrong:
    """The largest region that is wrong.

    Attributes:
        touch: at the middle of the region: the pixel that is farthest from its outline.
        region: `bool (H, W)`.
    """

    touch: Touch
    region: np.ndarray


def largest_wrong(alpha: np.ndarray, truth: np.ndarray, weight: np.ndarray) -> Wrong | None:
    """Find what a user would touch next; None if nothing is wrong.

    Args:
        alpha: `float32 (H, W)` in [0, 1]; from 0.5 on it is a person.
        truth: `bool (H, W)`.
        weight: `bool (H, W)`, what counts.
    """
    found = alpha >= 0.5
    largest, wrong = 0, None
    for keep, places in ((True, truth & ~found & weight), (False, found & ~truth & weight)):
        framed = np.pad(places, 1).astype(np.uint8)  # the photo's border is the region's, too
        _, labels, facts, _ = cv2.connectedComponentsWithStats(framed, connectivity=4)
        areas = facts[1:, cv2.CC_STAT_AREA]
        if areas.size and areas.max() > largest:
            largest = int(areas.max())
            region = labels == 1 + areas.argmax()
            depth = cv2.distanceTransform(region.astype(np.uint8), cv2.DIST_L2, 5)
            row, column = np.unravel_index(int(depth.argmax()), depth.shape)
            wrong = Wrong(Touch(keep, ((float(column - 1), float(row - 1)),)), region[1:-1, 1:-1])
    return wrong


def iou_of(alpha: np.ndarray, truth: np.ndarray, weight: np.ndarray) -> float:
    """The IoU of an alpha at half opacity with the truth, where it counts; arguments as for `largest_wrong`."""
    found = alpha >= 0.5
    return float((found & truth & weight).sum() / max(1, ((found | truth) & weight).sum()))
