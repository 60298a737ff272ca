"""Single people in an alpha, and the part of a photo that they fill."""

import numpy as np

from recorte.removal.steps.islands import by_size

MARGIN = 0.03
"""Around the people when a cut-out is cropped to them: this share of their longer side."""

SEEN = 8
"""Of 255: fainter pixels do not make a crop larger."""


def largest(alpha: np.ndarray) -> np.ndarray:
    """Leave the largest connected region of an alpha, `float32 (H, W)`; an empty one stays empty."""
    found = by_size(alpha)
    return alpha * found[0] if found else alpha


def each(alpha: np.ndarray) -> list[np.ndarray]:
    """Give an alpha, `float32 (H, W)`, for each connected region, the largest first; none if nobody is there."""
    return [alpha * region for region in by_size(alpha)]


def frame(alpha: np.ndarray, share: float = MARGIN) -> tuple[slice, slice]:
    """Find the rows and columns of `uint8 (H, W)` that hold people, and a margin; empty if nobody is there."""
    seen = alpha >= SEEN
    rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    if not rows.size:
        return slice(0), slice(0)
    margin = round(share * max(np.ptp(rows), np.ptp(columns)))
    return slice(max(0, rows[0] - margin), rows[-1] + 1 + margin), slice(
        max(0, columns[0] - margin), columns[-1] + 1 + margin
    )
