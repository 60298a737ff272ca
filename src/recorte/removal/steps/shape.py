"""An alpha made hard, wider or narrower."""

import cv2
import numpy as np

from recorte.errors import RecorteError

MOST = 200
"""Pixels by which an alpha may grow or shrink."""

STEP = 8
"""Pixels a time: a disc of twice the radius takes four times as long, twice the disc takes twice."""


def check_shape(threshold: object, grow: object) -> None:
    """Find out whether an alpha can be made so.

    Raises:
        RecorteError: it cannot.
    """
    number = isinstance(threshold, int | float | np.floating) and not isinstance(threshold, bool)
    if threshold is not None and not (number and 0 <= threshold < 1):  # type: ignore[operator]
        raise RecorteError(f"threshold is {threshold!r}; it must be a number from 0 to less than 1, such as 0.5")
    if not isinstance(grow, int | np.integer) or isinstance(grow, bool) or not -MOST <= grow <= MOST:
        raise RecorteError(f"grow is {grow!r}; it must be a whole number of pixels from -{MOST} to {MOST}")


def shaped(alpha: np.ndarray, threshold: float | None, grow: int) -> np.ndarray:
    """Change an alpha, `uint8 (H, W)`, 255 = person.

    Args:
        alpha: left as it is.
        threshold: what is above this share becomes person, all else nothing; None = soft edges stay.
        grow: pixels by which the people become wider; negative: narrower.
    """
    if threshold is not None:
        _, alpha = cv2.threshold(alpha, int(threshold * 255), 255, cv2.THRESH_BINARY)
    change = cv2.dilate if grow > 0 else cv2.erode
    left = abs(grow)
    while left:
        radius = min(STEP, left)
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
        # What is beyond the photo's border is as what is beside it: a person who is cut off stays so.
        alpha = change(alpha, disc, borderType=cv2.BORDER_REPLICATE)
        left -= radius
    return alpha
