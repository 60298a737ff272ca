"""An alpha of the network's size brought to the photo's own, guided by the photo: the fast guided filter.

He, Sun: Fast Guided Filter, 2015 (arXiv 1505.00996). Around every cell of a coarse grid the alpha is explained as a
linear function of the photo's colours; that function, applied to the large photo's colours, has the photo's own edges.
Everything is computed in planes of one channel: several times faster than in pixels of three.

Cells of a very large photo are wider than its edges, and what follows its colours from there follows its
grain too. Such a photo is refined at a second scale: finer cells, the first scale's alpha.
"""

import cv2
import numpy as np

from recorte.removal.steps.grid import TILE, Grid, Tile

CELLS = 0.625
"""Cells of the grid along the longest side, at least, for each of the alpha's pixels there. Fewer find more hair, more
keep more of what the network drew, whose edges are some two of its pixels wide; windows must be wider than that."""

RADIUS = 2
"""Of the windows, in cells. Larger ones find more hair, but spread what the network got wrong."""

SMOOTHNESS = 1e-4
"""Added to the variance of the colours (in [0, 1]): the larger, the less the alpha follows faint edges."""

VEIL = 0.06
"""What the filter leaves of doubt beside edges: alphas up to this become 0, from 1 less this on 1, and those between
are spread evenly. A fixed number: nothing depends on how sure the network was elsewhere."""

LARGE = 4500
"""Pixels along the longest side from which on a photo is refined at a second scale, too. Up to there the file that
`recorte.removal.graph` makes does the same as this module."""

FINER = 2
"""How many times smaller the cells of the second scale are."""

WIDER = 3
"""Radius of the windows of the second scale, in its cells."""

UNEXPLAINED = 0.05
"""The second scale's own `VEIL` where the colours around explain nothing of the alpha. Where they explain all of it
there is none: what is soft in the photo, out of focus say, stays soft."""

Planes = list[np.ndarray]
"""For red, green, blue, and what is independent of them."""


def refine(alpha: np.ndarray, photo: np.ndarray, eight_bits: bool = False, large: int = LARGE) -> np.ndarray:
    """Bring an alpha to the photo's size, with the photo's edges. Beside photo and result it needs a few megabytes.

    Args:
        alpha: `float32 (h, w)` in [0, 1], of the photo's shape at any smaller or larger size.
        photo: `uint8 (H, W, 3)`.
        eight_bits: give `uint8`, 255 = person, instead.
        large: pixels along the longest side from which on there is a second scale.

    Returns:
        `float32 (H, W)` in [0, 1], or `uint8 (H, W)`. Exactly 0 or full where the network is sure all around.
    """
    grid = Grid.over(photo, max(1, round(CELLS * max(alpha.shape))))
    twice = max(photo.shape) >= large and grid.factor >= FINER
    alpha = grid.sample(alpha)
    person, unsure = _known(alpha, RADIUS, VEIL)
    result = _enlarged(person, grid, np.uint8 if eight_bits or twice else np.float32)
    if unsure.any():
        _follow(photo, grid, _planes(grid, photo, alpha, person, unsure), unsure, result)
    if not twice:
        return result
    return _refined_again(result, photo, Grid(grid.height, grid.width, grid.factor // FINER), eight_bits)


def _refined_again(first: np.ndarray, photo: np.ndarray, grid: Grid, eight_bits: bool) -> np.ndarray:
    """Refine an alpha of the photo's size, `uint8 (H, W)`, once more; it becomes the result if that has eight bits."""
    alpha = grid.shrink(first).astype(np.float32) / 255
    person, unsure = _known(alpha, WIDER, 0.5 / 255)
    result = first if eight_bits else first.astype(np.float32) / 255
    planes = [np.zeros(grid.shape, np.float32) for _ in range(3)] + [person.astype(np.float32)]
    guide, strip = grid.shrink(photo), max(1, 2 * TILE // grid.factor)
    for top in range(0, grid.shape[0], strip):  # one after the other: what is computed between takes more than it gives
        rows = slice(top, top + strip)
        if not unsure[rows].any():
            continue
        above = max(0, top - 2 * WIDER)  # as far as a coefficient sees
        seen = slice(above, top + strip + 2 * WIDER)
        found = _cleared(guide[seen], alpha[seen])
        for plane, values in zip(planes, found, strict=True):
            np.copyto(plane[rows], values[top - above :][:strip], where=unsure[rows])
    _follow(photo, grid, planes, unsure, result)
    return result


def _cleared(guide: np.ndarray, alpha: np.ndarray) -> Planes:
    """Give the second scale's coefficients, for colours from 0 to 255, freed of what the colours do not explain."""
    (*slopes, offset), explained = coefficients(guide, alpha, WIDER, SMOOTHNESS)
    veil = np.float32(UNEXPLAINED) * (1 - explained)
    spread = 1 / (1 - 2 * veil)
    return [*(slope * spread / 255 for slope in slopes), (offset - veil) * spread]


def _known(alpha: np.ndarray, radius: int, veil: float) -> tuple[np.ndarray, np.ndarray]:
    """Say where a person is as far as windows reach, and where it is unsure: `bool`, of the shape of alpha."""
    window = np.ones((2 * radius + 1, 2 * radius + 1), np.uint8)
    person, nobody = cv2.erode(alpha, window) >= 1 - veil, cv2.dilate(alpha, window) <= veil
    return person, ~(person | nobody)


def _follow(photo: np.ndarray, grid: Grid, planes: Planes, unsure: np.ndarray, result: np.ndarray) -> None:
    """Let the planes make alphas of the photo's colours, in the tiles with cells that are unsure."""
    for pixels in grid.tiles(unsure):
        *slopes, fine = (grid.enlarge(plane, pixels) for plane in planes)
        for slope, channel in zip(slopes, cv2.split(photo[pixels]), strict=True):
            fine = fine + slope * channel
        fine = fine.clip(0, 1)
        result[pixels] = cv2.convertScaleAbs(fine, alpha=255) if result.dtype == np.uint8 else fine


def coefficients(guide: np.ndarray, alpha: np.ndarray, radius: int, smoothness: float) -> tuple[Planes, np.ndarray]:
    """Explain an alpha by the colours around each pixel: alpha = red slope * red + ... + offset, colours in [0, 1].

    Args:
        guide: `uint8 (H, W, 3)`.
        alpha: `float32 (H, W)`.
        radius: of the square windows.
        smoothness: see `SMOOTHNESS`.

    Returns:
        Three slopes and the offset, `float32 (H, W)`, each the mean over the windows that a pixel is in; and the share
        of the alpha's variance that they explain, in [0, 1], likewise.
    """

    def mean(plane: np.ndarray) -> np.ndarray:
        return cv2.blur(plane, (2 * radius + 1, 2 * radius + 1), borderType=cv2.BORDER_REFLECT)

    # About 0, where float32 is finest: a variance is a small difference of large numbers.
    r, g, b = (plane.astype(np.float32) / 255 - np.float32(0.5) for plane in cv2.split(guide))
    mr, mg, mb, level = mean(r), mean(g), mean(b), mean(alpha)
    x, y, z = mean(r * alpha) - mr * level, mean(g * alpha) - mg * level, mean(b * alpha) - mb * level
    rr, gg, bb = (mean(c * c) - m * m + np.float32(smoothness) for c, m in ((r, mr), (g, mg), (b, mb)))
    rg, rb, gb = mean(r * g) - mr * mg, mean(r * b) - mr * mb, mean(g * b) - mg * mb
    # The inverse of the symmetric 3 x 3 matrix of (co)variances, written out: far quicker than a solver a pixel.
    i_rr, i_rg, i_rb = gg * bb - gb * gb, rb * gb - rg * bb, rg * gb - rb * gg
    i_gg, i_gb, i_bb = rr * bb - rb * rb, rb * rg - rr * gb, rr * gg - rg * rg
    share = 1 / (rr * i_rr + rg * i_rg + rb * i_rb)
    red = (i_rr * x + i_rg * y + i_rb * z) * share
    green = (i_rg * x + i_gg * y + i_gb * z) * share
    blue = (i_rb * x + i_gb * y + i_bb * z) * share
    half = np.float32(0.5)
    offset = level - red * (mr + half) - green * (mg + half) - blue * (mb + half)
    explained = (red * x + green * y + blue * z) / (mean(alpha * alpha) - level * level + np.float32(smoothness))
    return [mean(plane) for plane in (red, green, blue, offset)], mean(explained.clip(0, 1))


def _planes(grid: Grid, photo: np.ndarray, alpha: np.ndarray, person: np.ndarray, unsure: np.ndarray) -> Planes:
    """Give the coefficients of the final alpha for colours from 0 to 255, where it is unsure; 0 or 1 elsewhere."""
    box = _box(unsure, 2 * RADIUS)  # a coefficient sees as far as two windows
    inside = unsure[box]
    found, _ = coefficients(grid.shrink(photo)[box], np.ascontiguousarray(alpha[box]), RADIUS, SMOOTHNESS)
    spread = 1 / (1 - 2 * VEIL)
    planes = [np.zeros(grid.shape, np.float32) for _ in range(3)] + [person.astype(np.float32)]
    for plane, values in zip(planes, found, strict=True):
        scaled = (values - VEIL) * spread if plane is planes[3] else values * (spread / 255)
        plane[box][inside] = scaled[inside]
    return planes


def _box(wanted: np.ndarray, margin: int) -> Tile:
    rows, columns = (np.flatnonzero(wanted.any(axis=axis)) for axis in (1, 0))
    down, across = (slice(max(0, int(found[0]) - margin), int(found[-1]) + 1 + margin) for found in (rows, columns))
    return down, across


def _enlarged(person: np.ndarray, grid: Grid, dtype: type) -> np.ndarray:
    small = person.astype(dtype) * dtype(255 if dtype is np.uint8 else 1)
    size = (person.shape[1] * grid.factor, person.shape[0] * grid.factor)
    large = cv2.resize(small, size, interpolation=cv2.INTER_NEAREST)[: grid.height, : grid.width]
    return np.ascontiguousarray(large)
