"""An alpha of the network's size brought to the photo's own, guided by the photo: the fast guided filter.

He, Sun: Fast Guided Filter, 2015 (arXiv 1505.00996). Around every cell of a coarse grid the alpha is explained as a
linear function of the photo's colours; that function, applied to the large photo's colours, has the photo's own edges.
"""

import cv2
import numpy as np

from recorte.removal.grid import Grid

CELLS = 320
"""Cells of the grid along the longest side, at least."""

RADIUS = 4
"""Of the windows, in cells."""

SMOOTHNESS = 1e-4
"""Added to the variance of the colours (in [0, 1]): the larger, the less the alpha follows faint edges."""

UNSURE = (0.02, 0.98)
"""Between these values the network is not sure; where a whole window is beyond, the alpha is exactly 0 or 1."""


def refine(alpha: np.ndarray, photo: np.ndarray, eight_bits: bool = False) -> np.ndarray:
    """Bring an alpha to the photo's size, with the photo's edges. Beside photo and result it needs a few megabytes.

    Args:
        alpha: `float32 (h, w)` in [0, 1], of the photo's shape at any smaller or larger size.
        photo: `uint8 (H, W, 3)`.
        eight_bits: give `uint8`, 255 = person, instead.

    Returns:
        `float32 (H, W)` in [0, 1], or `uint8 (H, W)`.
    """
    grid = Grid.over(photo, CELLS)
    alpha = cv2.resize(alpha, grid.shape[::-1], interpolation=cv2.INTER_LINEAR)
    window = np.ones((2 * RADIUS + 1, 2 * RADIUS + 1), np.uint8)
    person, nobody = cv2.erode(alpha, window) >= UNSURE[1], cv2.dilate(alpha, window) <= UNSURE[0]
    unsure = ~(person | nobody)
    slope, offset = coefficients(grid.shrink(photo), alpha, RADIUS, SMOOTHNESS)
    slope[~unsure] = 0
    offset[person], offset[nobody] = 1, 0
    full = 255 if eight_bits else 1
    result = _enlarged_nearest(person, grid, np.uint8 if eight_bits else np.float32, full)
    for cells, pixels in grid.tiles(unsure):
        fine = cv2.multiply(grid.enlarge(slope, cells), photo[pixels], dtype=cv2.CV_32F)
        fine = cv2.transform(fine, np.full((1, 3), full / 255, np.float32)) + full * grid.enlarge(offset, cells)
        result[pixels] = np.rint(fine.clip(0, full)) if eight_bits else fine.clip(0, 1)
    return result


def coefficients(guide: np.ndarray, alpha: np.ndarray, radius: int, smoothness: float) -> tuple[np.ndarray, np.ndarray]:
    """Explain an alpha by the colours around each pixel: alpha = slope . colour + offset.

    Args:
        guide: `uint8 (H, W, 3)`; its colours count from 0 to 1.
        alpha: `float32 (H, W)`.
        radius: of the square windows.
        smoothness: see `SMOOTHNESS`.

    Returns:
        `float32 (H, W, 3)` and `float32 (H, W)`, each the mean over the windows that a pixel is in.
    """

    def mean(image: np.ndarray) -> np.ndarray:
        return cv2.blur(image, (2 * radius + 1, 2 * radius + 1), borderType=cv2.BORDER_REFLECT)

    colour = guide.astype(np.float32) / 255
    centre, level = mean(colour), mean(alpha)
    together = mean(colour * alpha[..., None]) - centre * level[..., None]
    red, green, blue = cv2.split(colour)
    products = mean(cv2.merge([red * red, red * green, red * blue]))
    more = mean(cv2.merge([green * green, green * blue, blue * blue]))
    r, g, b = cv2.split(centre)
    rr, rg, rb = cv2.split(products)
    gg, gb, bb = cv2.split(more)
    rr, gg, bb = rr - r * r + smoothness, gg - g * g + smoothness, bb - b * b + smoothness
    rg, rb, gb = rg - r * g, rb - r * b, gb - g * b
    # The inverse of the symmetric 3 x 3 matrix of (co)variances, written out: far quicker than a solver for each pixel.
    i_rr, i_rg, i_rb = gg * bb - gb * gb, rb * gb - rg * bb, rg * gb - rb * gg
    i_gg, i_gb, i_bb = rr * bb - rb * rb, rb * rg - rr * gb, rr * gg - rg * rg
    determinant = rr * i_rr + rg * i_rg + rb * i_rb
    x, y, z = cv2.split(together / determinant[..., None])
    slope = cv2.merge([
        i_rr * x + i_rg * y + i_rb * z, i_rg * x + i_gg * y + i_gb * z, i_rb * x + i_gb * y + i_bb * z,
    ])  # fmt: skip
    offset = level - (slope * centre).sum(axis=2)
    return mean(slope), mean(offset)


def _enlarged_nearest(person: np.ndarray, grid: Grid, dtype: type, full: int) -> np.ndarray:
    small = person.astype(np.uint8) * full
    size = (person.shape[1] * grid.factor, person.shape[0] * grid.factor)
    large = cv2.resize(small, size, interpolation=cv2.INTER_NEAREST)[: grid.height, : grid.width]
    return np.ascontiguousarray(large, dtype)
