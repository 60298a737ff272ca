"""A soft shadow on the ground below people who stand on it."""

import numpy as np

from recorte.removal.steps.grid import Grid, Tile
from recorte.removal.steps.islands import by_size

CELLS = 256
"""Cells of the grid on which the shadow is drawn, along the longest side, at least; it is soft."""

DARK = 0.45
"""How opaque it is at its darkest."""

FEET = 0.06
"""Share of a person's height, from below, whose width is that of the feet."""

FLAT = 0.022
"""Half of the shadow's height, as a share of the person's."""

WIDER = 0.09
"""By so much, as a share of the person's height, it reaches beyond the feet on both sides."""

CUT = 0.01
"""Share of the picture's height: whose feet come so near to the photo's lower border is cut off by it."""

SMALL = 0.04
"""Share of the picture's height that a person must have: what is smaller is a speck."""


def with_shadow(cutout: np.ndarray, floor: int) -> np.ndarray:
    """Lay cut-out people over their shadows.

    Args:
        cutout: `uint8 (H, W, 4)`, straight RGBA; it is changed.
        floor: the row below the last one of the photo. People who reach it are cut off by it, and throw no shadow.

    Returns:
        The same array.
    """
    grid = Grid.over(cutout, CELLS)
    alpha = grid.shrink(np.ascontiguousarray(cutout[..., 3])).astype(np.float32) / 255
    shadow = _shadow(alpha, floor / grid.factor)
    if not shadow.any():
        return cutout
    for pixels in grid.tiles(shadow > 1e-3):
        _lay_over(cutout, grid.enlarge(shadow, pixels), pixels)
    return cutout


def _shadow(alpha: np.ndarray, floor: float) -> np.ndarray:
    """Draw the shadows of all who stand in `float32 (rows, columns)`: how opaque each cell is, of the same shape."""
    rows = alpha.shape[0]
    shadow = np.zeros_like(alpha)
    for region in by_size(alpha):
        seen = (alpha * region) > 0.5
        down = np.flatnonzero(seen.any(axis=1))
        top, bottom = int(down[0]), int(down[-1]) + 1
        tall = bottom - top
        if tall < SMALL * rows or bottom >= floor - CUT * rows:
            continue
        feet = np.flatnonzero(seen[bottom - max(1, round(FEET * tall)) :].any(axis=0))
        middle = (float(feet[0] + feet[-1]) / 2, bottom - FLAT * tall / 2)
        axes = (float(np.ptp(feet)) / 2 + WIDER * tall, FLAT * tall)
        shadow = np.maximum(shadow, _ellipse(alpha.shape, middle, axes))
    return shadow


def _ellipse(shape: tuple[int, ...], middle: tuple[float, float], axes: tuple[float, float]) -> np.ndarray:
    """Draw an ellipse that fades evenly outwards, twice as wide as its axes where it ends."""
    across = (np.arange(shape[1], dtype=np.float32) - np.float32(middle[0])) / np.float32(max(axes[0], 0.5))
    down = (np.arange(shape[0], dtype=np.float32) - np.float32(middle[1])) / np.float32(max(axes[1], 0.5))
    distance = np.add.outer(down**2, across**2)
    faded: np.ndarray = np.float32(DARK) * np.exp(-distance)
    return np.where(faded > 0.004, faded, np.float32(0))


def _lay_over(cutout: np.ndarray, shadow: np.ndarray, pixels: Tile) -> None:
    """Lay a part of a cut-out over black of this opacity: the "over" of Porter and Duff (1984), straight RGBA."""
    part = cutout[pixels].astype(np.float32)
    share = part[..., 3:] / 255
    alpha = share + shadow[..., None] * (1 - share)
    colours = part[..., :3] * share / np.maximum(alpha, 1e-6)
    cutout[pixels] = np.rint(np.concatenate([colours, alpha * 255], axis=-1))
