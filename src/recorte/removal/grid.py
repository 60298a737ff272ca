"""A coarse grid over a large photo: what changes slowly is computed on the grid, and used tile by tile."""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

TILE = 384
"""Side of a tile in pixels, about: large enough to be quick, small enough to stay in the processor's cache."""

Tile = tuple[slice, slice]
"""Rows and columns."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Cells of `factor` x `factor` pixels over a photo of `height` x `width`; the last ones may reach beyond it.

    The factor is a whole number, so that a tile enlarged by itself has the very values that it has in the whole.
    """

    height: int
    width: int
    factor: int

    @classmethod
    def over(cls, photo: np.ndarray, cells: int) -> "Grid":
        """Lay the coarsest grid over `(H, W, ...)` with at least `cells` along the longest side, or one a pixel."""
        height, width = photo.shape[:2]
        return cls(height, width, max(1, max(height, width) // cells))

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of cells."""
        return -(-self.height // self.factor), -(-self.width // self.factor)

    def shrink(self, image: np.ndarray) -> np.ndarray:
        """Give the mean of each cell of `(H, W)` or `(H, W, C)`, in the image's dtype, without a copy of the image."""
        if self.factor == 1:
            return image
        rows, columns = self.shape
        coarse = np.empty((rows, columns, *image.shape[2:]), image.dtype)
        step = max(1, TILE // self.factor)
        for first in range(0, rows, step):
            strip = image[first * self.factor : (first + step) * self.factor]
            below, beside = -strip.shape[0] % self.factor, columns * self.factor - self.width
            if below or beside:
                strip = cv2.copyMakeBorder(strip, 0, below, 0, beside, cv2.BORDER_REPLICATE)
            size = (columns, strip.shape[0] // self.factor)
            coarse[first : first + step] = cv2.resize(strip, size, interpolation=cv2.INTER_AREA)
        return coarse

    def tiles(self, wanted: np.ndarray) -> Iterator[tuple[Tile, Tile]]:
        """Give the tiles that have a `wanted` cell in or right beside them: their cells and their pixels.

        Args:
            wanted: `bool` or `uint8`, one value a cell.
        """
        rows, columns = self.shape
        step = max(1, TILE // self.factor)
        for top in range(0, rows, step):
            for left in range(0, columns, step):
                if not wanted[max(0, top - 1) : top + step + 1, max(0, left - 1) : left + step + 1].any():
                    continue
                cells = slice(top, min(rows, top + step)), slice(left, min(columns, left + step))
                pixels = (
                    slice(top * self.factor, min(self.height, (top + step) * self.factor)),
                    slice(left * self.factor, min(self.width, (left + step) * self.factor)),
                )
                yield cells, pixels

    def enlarge(self, coarse: np.ndarray, cells: Tile) -> np.ndarray:
        """Interpolate one tile of `float32 (rows, columns)` or `(rows, columns, C)` to the photo's pixels."""
        (top, bottom), (left, right) = ((part.start, part.stop) for part in cells)
        if self.factor == 1:
            return coarse[cells]
        # One cell more on each side, since pixels near the border lie between it and its neighbour.
        above, before = min(1, top), min(1, left)
        around = coarse[top - above : bottom + 1, left - before : right + 1]
        size = (around.shape[1] * self.factor, around.shape[0] * self.factor)
        large = cv2.resize(around, size, interpolation=cv2.INTER_LINEAR)
        height = min(self.height - top * self.factor, (bottom - top) * self.factor)
        width = min(self.width - left * self.factor, (right - left) * self.factor)
        above, before = above * self.factor, before * self.factor
        return large[above : above + height, before : before + width]
