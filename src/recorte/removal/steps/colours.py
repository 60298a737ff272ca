"""The colours of people at their soft edges, freed of the old background: blur fusion.

Forte: Approximate Fast Foreground Colour Estimation, 2021 (ICIP). A pixel's colour is a mixture, in the share of its
alpha, of the person's colour and the background's. Both are first taken as the means of their surroundings, and then
corrected so that their mixture is the colour seen. Once with wide surroundings, once with narrow ones. The means are
weighted by the squares of alpha and of its rest, not by these themselves as in the paper: purer pixels say more.
"""

import cv2
import numpy as np

from recorte.removal.steps.grid import Grid, Tile

CELLS = 128
"""Cells of the grid on which the wide means are computed, along the longest side, at least."""

WIDE = 13
"""Window of the first pass, in cells."""

NARROW = 9
"""Window of the second pass, in pixels."""

TILE = 128
"""Side of the tiles, in pixels, about: soft edges are thin, so that small ones leave much of a photo alone."""

LITTLE = np.float32(1e-4)
"""Added to every weight, so that where none of the person (or background) is near, the photo's own colour stands."""


def free_colours(photo: np.ndarray, alpha: np.ndarray, passes: int = 2) -> np.ndarray:
    """Give the people's own colours. Beside photo and result it needs a few megabytes.

    Args:
        photo: `uint8 (H, W, 3)`.
        alpha: `uint8 (H, W)`, 255 = person.
        passes: 2, or 1 for the wide surroundings alone.

    Returns:
        `uint8 (H, W, 3)`: the photo's colours where alpha is 255, black where it is 0, estimated between.
    """
    result = cv2.bitwise_and(photo, photo, mask=alpha)
    grid = Grid.over(photo, CELLS)
    means = None
    for pixels in grid.tiles(side=TILE):
        between = cv2.inRange(alpha[pixels], 1, 254)
        left, top, width, height = cv2.boundingRect(between)
        if not width:
            continue
        if means is None:
            means = _wide_means(grid.shrink(photo), grid.shrink(alpha))
        between = between[top : top + height, left : left + width]
        top, left = top + pixels[0].start, left + pixels[1].start
        edge = slice(top, top + height), slice(left, left + width)
        cv2.copyTo(_estimate(photo, alpha, means, grid, edge, passes), between, result[edge])
    return result


def _wide_means(photo: np.ndarray, alpha: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Give for each colour the person's and the background's mean around each cell, `float32 (rows, columns)`."""
    share = alpha.astype(np.float32) / 255
    channels = [channel.astype(np.float32) for channel in cv2.split(photo)]
    persons, backgrounds = _weighted_means(channels, share, WIDE), _weighted_means(channels, 1 - share, WIDE)
    return list(zip(persons, backgrounds, strict=True))


def _weighted_means(channels: list[np.ndarray], weight: np.ndarray, window: int) -> list[np.ndarray]:
    weight = weight * weight + LITTLE
    share = 1 / cv2.blur(weight, (window, window))
    return [cv2.blur(channel * weight, (window, window)) * share for channel in channels]


def _estimate(
    photo: np.ndarray,
    alpha: np.ndarray,
    means: list[tuple[np.ndarray, np.ndarray]],
    grid: Grid,
    pixels: Tile,
    passes: int,
) -> np.ndarray:
    """Estimate the person's colours in a part of the photo, `uint8`; the second pass' windows reach beyond it."""
    reach = NARROW // 2
    down, across = (
        slice(max(0, part.start - reach), min(side, part.stop + reach))
        for part, side in zip(pixels, alpha.shape, strict=True)
    )
    around = down, across
    rows, columns = (slice(p.start - a.start, p.stop - a.start) for p, a in zip(pixels, around, strict=True))
    share = alpha[around].astype(np.float32) / 255
    rest = 1 - share
    # person + share * (seen - share * person - rest * background), with what both passes need computed once
    seen = [share * channel for channel in cv2.split(photo[around])]
    own, mixed = 1 - share * share, share * rest
    persons, backgrounds = ([grid.enlarge(mean, around) for mean in kind] for kind in zip(*means, strict=True))
    for number in range(passes):
        if number:
            persons, backgrounds = _weighted_means(persons, share, NARROW), _weighted_means(backgrounds, rest, NARROW)
        persons = [
            (own * person + part - mixed * background).clip(0, 255)
            for person, part, background in zip(persons, seen, backgrounds, strict=True)
        ]
    planes: list[np.ndarray] = [np.rint(person[rows, columns]).astype(np.uint8) for person in persons]
    return cv2.merge(planes)
