"""Regions of an alpha: which of them are people, and whose soft surroundings are whose."""

import cv2
import numpy as np

INSIDE = 0.5
"""An alpha above this is inside a region."""

SOFT = 0.006
"""Of the longest side: farther than that from an outline an alpha is 0 or 1. Hair is that wide, more is doubt."""

FAINT = 0.06
"""An alpha up to this does not connect what lies on its two sides; it is what the refinement clears."""


def regions(alpha: np.ndarray) -> tuple[np.ndarray, int]:
    """Find the connected regions of an alpha, each with the soft surroundings that are nearest to it.

    Args:
        alpha: `float32 (H, W)` in [0, 1].

    Returns:
        `int32 (H, W)`, the number of each pixel's region, from 1 on; and how many there are. All 0 without regions.
    """
    outside = (alpha <= INSIDE).astype(np.uint8)
    if outside.all():
        return np.zeros(alpha.shape, np.int32), 0
    # Numbers the regions of zeros, and every other pixel as the region nearest to it.
    _, labels = cv2.distanceTransformWithLabels(outside, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_CCOMP)
    return labels, int(labels.max())


def drop_unsure(alpha: np.ndarray, sure: float) -> np.ndarray:
    """Clear the regions of which the network is nowhere sure, with their soft surroundings.

    Where a good network invents somebody in a photo of nobody, it hesitates; of real people it is sure somewhere. One
    that was trained for minutes is sure of nobody, so each network says for itself what to ask of it. An alpha
    without any region is cleared whole.

    Args:
        alpha: `float32 (H, W)` in [0, 1]; left as it is.
        sure: what the highest alpha of a region must reach; 0 leaves everything.

    Returns:
        The same shape and type.
    """
    if not sure:
        return alpha
    count, inside = cv2.connectedComponents((alpha > INSIDE).astype(np.uint8))
    if count > 1 and _marked(inside, count, alpha >= sure).all():  # in a fifth of the time
        return alpha
    labels, count = regions(alpha)
    kept = _marked(labels, count + 1, alpha >= sure)
    kept[0] = False
    cleared: np.ndarray = alpha * kept[labels]
    return cleared


def _marked(labels: np.ndarray, count: int, chosen: np.ndarray) -> np.ndarray:
    """Tell of each label, `bool (count,)`, whether a chosen pixel has it; of 0 it is true always."""
    marked = np.zeros(count, bool)
    marked[labels[chosen]] = True
    marked[0] = True
    return marked


def drop_loose(alpha: np.ndarray) -> np.ndarray:
    """Clear what is soft and hangs together with no region: smears at which the network only hesitates.

    Args:
        alpha: `float32 (H, W)` in [0, 1]; left as it is.

    Returns:
        The same shape and type.
    """
    count, pieces = cv2.connectedComponents((alpha > FAINT).astype(np.uint8))
    if count == 2 and alpha.max() > INSIDE:
        return alpha
    kept = _marked(pieces, count, alpha > INSIDE)
    return alpha if kept.all() else alpha * kept[pieces]


def decided(alpha: np.ndarray) -> np.ndarray:
    """Bring an alpha to 0 or 1 away from its outlines, where half transparency is doubt and no hair.

    Towards the inside of an outline the least alpha that is left grows evenly from 0 to 1 over `SOFT` of the longest
    side, towards the outside the greatest falls as evenly from 1 to 0.

    Args:
        alpha: `float32 (H, W)` in [0, 1]; left as it is.

    Returns:
        The same shape and type.
    """
    inside = (alpha > INSIDE).astype(np.uint8)
    if not inside.any():
        return alpha
    width = SOFT * max(alpha.shape)
    most = 1 - ((cv2.distanceTransform(1 - inside, cv2.DIST_L2, 5) - 0.5) / width).clip(0, 1)
    if inside.all():
        return np.ones_like(alpha)
    least = ((cv2.distanceTransform(inside, cv2.DIST_L2, 5) - 0.5) / width).clip(0, 1)
    within: np.ndarray = np.clip(alpha, least, most)
    return within


def by_size(alpha: np.ndarray) -> list[np.ndarray]:
    """Give the regions one by one, the largest first, each `float32 (H, W)`: 1 where a pixel is of that region.

    Args:
        alpha: `float32 (H, W)` in [0, 1].
    """
    labels, count = regions(alpha)
    areas = np.bincount(labels.ravel(), weights=(alpha > INSIDE).ravel(), minlength=count + 1)
    order = np.argsort(-areas[1:], kind="stable") + 1
    return [(labels == number).astype(np.float32) for number in order]
