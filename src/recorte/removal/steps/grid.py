"""A coarse grid over a large photo: what changes slowly is computed on the grid, and used tile by tile."""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

TILE = 256
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

    def sample(self, small: np.ndarray) -> np.ndarray:
        """Interpolate `float32 (h, w)`, the photo at another size, at the middle of each cell."""
        rows, columns = self.shape
        steps = [side * self.factor / whole for side, whole in zip(small.shape, (self.height, self.width), strict=True)]
        if max(steps) > 1:  # what lies between two middles counts too
            small = cv2.GaussianBlur(small, (0, 0), 0.3 * max(steps))
        down, right = steps
        places = np.array([[right, 0, right / 2 - 0.5], [0, down, down / 2 - 0.5]])
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        return cv2.warpAffine(small, places, (columns, rows), flags=flags, borderMode=cv2.BORDER_REPLICATE)

    def tiles(self, wanted: np.ndarray | None = None, side: int = TILE) -> Iterator[Tile]:
        """Give the photo's tiles, in pixels; with `wanted` those that have such a cell in or right beside them.

        Args:
            wanted: `bool`, one value a cell.
            side: of a tile, in pixels, about.
        """
        rows, columns = self.shape
        step = max(1, side // self.factor)
        for top in range(0, rows, step):
            for left in range(0, columns, step):
                around = slice(max(0, top - 1), top + step + 1), slice(max(0, left - 1), left + step + 1)
                if wanted is None or wanted[around].any():
                    yield self._pixels(top, step, self.height), self._pixels(left, step, self.width)

    def enlarge(self, coarse: np.ndarray, pixels: Tile) -> np.ndarray:
        """Interpolate `float32 (rows, columns)` of cells to these pixels of the photo."""
        if self.factor == 1:
            return coarse[pixels]
        rows, columns = (self._cells(part) for part in pixels)
        around = coarse[rows, columns]
        size = (around.shape[1] * self.factor, around.shape[0] * self.factor)
        large = cv2.resize(around, size, interpolation=cv2.INTER_LINEAR)
        return large[
            pixels[0].start - rows.start * self.factor : pixels[0].stop - rows.start * self.factor,
            pixels[1].start - columns.start * self.factor : pixels[1].stop - columns.start * self.factor,
        ]

    def _pixels(self, first: int, cells: int, end: int) -> slice:
        return slice(first * self.factor, min(end, (first + cells) * self.factor))

    def _cells(self, pixels: slice) -> slice:
        """The cells of a row or column of pixels, and one more on each side, between which the outermost pixels lie."""
        return slice(max(0, pixels.start // self.factor - 1), (pixels.stop - 1) // self.factor + 2)
