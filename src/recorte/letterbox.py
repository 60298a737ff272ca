"""The one geometry between a photo and the network: scale the longest side, centre, pad; and exactly back."""

from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np

PADDING_COLOUR = (124, 116, 104)
"""RGB, the mean colour of ImageNet: close to zero once the network has normalised it."""


@dataclass(frozen=True, slots=True)
class Letterbox:
    """Where a photo of `height` x `width` lies in a square canvas of `size` pixels.

    The photo is scaled so that its longest side fills the canvas, its sides rounded to whole pixels (at least
    one), and is centred; the same whole numbers serve both directions, so `restore` undoes `apply` exactly:
    the size that comes back is the photo's own, and no pixel of the padding reaches it.
    """

    height: int
    width: int
    size: int

    def __post_init__(self) -> None:
        if min(self.height, self.width, self.size) < 1:
            raise ValueError(f"a letterbox needs sides of at least 1 pixel, not {self}")

    @classmethod
    def of(cls, photo: np.ndarray, size: int) -> Self:
        """Give the letterbox of a photo, `(H, W)` or `(H, W, C)`, in a canvas of `size` pixels."""
        height, width = photo.shape[:2]
        return cls(height, width, size)

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Top, left, height and width of the photo in the canvas, in pixels."""
        scale = self.size / max(self.height, self.width)
        height = min(self.size, max(1, round(self.height * scale)))
        width = min(self.size, max(1, round(self.width * scale)))
        return (self.size - height) // 2, (self.size - width) // 2, height, width

    def apply(self, image: np.ndarray, padding: int | tuple[int, int, int] = 0) -> np.ndarray:
        """Put an image of the photo's size into the canvas.

        Args:
            image: `(H, W)` or `(H, W, C)`, of the photo's height and width, any dtype that OpenCV resizes.
            padding: value of the pixels outside the photo.

        Returns:
            `(size, size)` or `(size, size, C)`, of the image's dtype.
        """
        self._expect(image, self.height, self.width)
        top, left, height, width = self.box
        canvas = np.empty((self.size, self.size, *image.shape[2:]), image.dtype)
        canvas[:] = padding
        canvas[top : top + height, left : left + width] = resize(image, height, width)
        return canvas

    def restore(self, canvas: np.ndarray) -> np.ndarray:
        """Bring a canvas (an alpha, say) back to the photo's own size.

        Args:
            canvas: `(size, size)` or `(size, size, C)`.

        Returns:
            `(H, W)` or `(H, W, C)`, of the photo's height and width.
        """
        return resize(self.cut(canvas), self.height, self.width)

    def cut(self, canvas: np.ndarray) -> np.ndarray:
        """Cut the photo's box out of a canvas, `(size, size)` or `(size, size, C)`: a view, without the padding."""
        self._expect(canvas, self.size, self.size)
        top, left, height, width = self.box
        return canvas[top : top + height, left : left + width]

    @staticmethod
    def _expect(image: np.ndarray, height: int, width: int) -> None:
        if image.shape[:2] != (height, width):
            raise ValueError(f"an image of {height} x {width} pixels is needed, not of shape {image.shape}")


def resize(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """Resize `(H, W)` or `(H, W, C)`: the mean of the covered pixels when shrinking, bilinear when growing.

    A side that shrinks and a side that grows are done one after the other, each in its own way.
    """
    if image.shape[:2] == (height, width):
        return image
    for target in ((min(height, image.shape[0]), min(width, image.shape[1])), (height, width)):
        if image.shape[:2] != target:
            shrinks = target[0] <= image.shape[0] and target[1] <= image.shape[1]
            image = cv2.resize(image, target[::-1], interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    return image


def covering(photo: np.ndarray, height: int, width: int, down: float, across: float) -> np.ndarray:
    """Scale and crop a photo to `height` x `width`; `down` and `across`, in [0, 1], say which part of it is kept."""
    cover = max(height / photo.shape[0], width / photo.shape[1])
    sides = (max(goal, round(side * cover)) for goal, side in zip((height, width), photo.shape[:2], strict=True))
    scaled = resize(photo, *sides)
    top, left = round((scaled.shape[0] - height) * down), round((scaled.shape[1] - width) * across)
    return scaled[top : top + height, left : left + width]
