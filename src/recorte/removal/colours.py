"""The colours of people at their soft edges, freed of the old background: blur fusion.

Forte: Approximate Fast Foreground Colour Estimation, 2021 (ICIP). A pixel's colour is a mixture, in the share of its
alpha, of the person's colour and the background's. Both are first taken as the means of their surroundings (weighted by
alpha and by its rest), and then corrected so that their mixture is the colour seen. Once with wide surroundings, once
with narrow ones.
"""

import cv2
import numpy as np

from recorte.removal.grid import Grid, Tile

CELLS = 320
"""Cells of the grid on which the wide means are computed, along the longest side, at least."""

WIDE = 31
"""Window of the first pass, in cells."""

NARROW = 7
"""Window of the second pass, in pixels."""

LITTLE = 1e-4
"""Added to every weight, so that where none of the person (or background) is near, the photo's own colour stands."""


def free_colours(photo: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Give the people's own colours. Beside photo and result it needs a few megabytes.

    Args:
        photo: `uint8 (H, W, 3)`.
        alpha: `uint8 (H, W)`, 255 = person.

    Returns:
        `uint8 (H, W, 3)`: the photo's colours where alpha is 255, black where it is 0, estimated between.
    """
    result = cv2.bitwise_and(photo, photo, mask=alpha)
    grid = Grid.over(photo, CELLS)
    means = None
    for cells, pixels in grid.tiles(np.ones(grid.shape, bool)):
        between = cv2.inRange(alpha[pixels], 1, 254)
        if not between.any():
            continue
        if means is None:
            means = _wide_means(grid.shrink(photo), grid.shrink(alpha))
        estimate = _estimate(photo, alpha, means, grid, cells, pixels)
        cv2.copyTo(estimate, between, result[pixels])
    return result


def _wide_means(photo: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Give the person's and the background's mean colours around each cell: `float32 (rows, columns, 6)`."""
    colour, weight = photo.astype(np.float32), alpha.astype(np.float32) / 255
    return np.concatenate([_weighted_mean(colour, weight, WIDE), _weighted_mean(colour, 1 - weight, WIDE)], axis=2)


def _weighted_mean(colour: np.ndarray, weight: np.ndarray, window: int) -> np.ndarray:
    weight = weight + np.float32(LITTLE)
    total = cv2.blur(weight, (window, window))
    return cv2.blur(colour * weight[..., None], (window, window)) / total[..., None]


def _estimate(
    photo: np.ndarray, alpha: np.ndarray, means: np.ndarray, grid: Grid, cells: Tile, pixels: Tile
) -> np.ndarray:
    """Estimate the person's colours in one tile, `uint8`; its windows reach beyond it."""
    margin = -(-(NARROW // 2) // grid.factor)
    wider = tuple(
        slice(max(0, part.start - margin), min(end, part.stop + margin))
        for part, end in zip(cells, grid.shape, strict=True)
    )
    first = [part.start * grid.factor for part in wider]
    around = tuple(
        slice(part.start * grid.factor, min(end, part.stop * grid.factor))
        for part, end in zip(wider, alpha.shape, strict=True)
    )
    wide = grid.enlarge(means, wider)
    seen, share = photo[around].astype(np.float32), alpha[around].astype(np.float32) / 255
    person = _corrected(seen, share, wide[..., :3], wide[..., 3:])
    near = _weighted_mean(person, share, NARROW)
    behind = _weighted_mean(np.ascontiguousarray(wide[..., 3:]), 1 - share, NARROW)
    estimate = np.rint(_corrected(seen, share, near, behind)).astype(np.uint8)
    rows, columns = (slice(p.start - start, p.stop - start) for p, start in zip(pixels, first, strict=True))
    return estimate[rows, columns]


def _corrected(seen: np.ndarray, share: np.ndarray, person: np.ndarray, background: np.ndarray) -> np.ndarray:
    share = share[..., None]
    return (person + share * (seen - share * person - (1 - share) * background)).clip(0, 255)
