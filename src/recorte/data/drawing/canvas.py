"""A picture that knows which of its pixels are person: layers go over it, and its alpha follows exactly."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

SUPERSAMPLING = 4
Texture = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Colours `(3, h, w)` at local coordinates x `(1, w)` and y `(h, 1)`."""


class Canvas:
    """A picture and its alpha, painted layer by layer.

    Attributes:
        image: `float32 (3, H, W)`, RGB in [0, 1]. Planes, since numpy multiplies rows far faster than triples.
        alpha: `float32 (H, W)`, the share of each pixel that shows a person.
    """

    def __init__(self, height: int, width: int) -> None:
        self.image = np.ones((3, height, width), np.float32)
        self.alpha = np.zeros((height, width), np.float32)
        self._peopled = False  # until somebody is there, the alpha stays zero and need not be worked out
        # Working memory for every layer: fresh pages from the system would cost more than the arithmetic.
        self._change = np.empty(3 * height * width, np.float32)
        self._fine = np.empty(height * width * SUPERSAMPLING**2, np.uint8)

    def paint(
        self,
        coverage: np.ndarray,
        colour: np.ndarray,
        top: int = 0,
        left: int = 0,
        person: bool = False,
        light: np.ndarray | float = 1.0,
    ) -> None:
        """Lay a layer over the picture: "over" of Porter and Duff (1984), for the colours and the alpha alike.

        Args:
            coverage: `float32 (h, w)` in [0, 1]; lies wholly within the picture.
            colour: `(3, 1, 1)` or `(3, h, w)`, RGB in [0, 1].
            top: first row that the layer covers.
            left: first column that the layer covers.
            person: whether the layer is part of a person; anything else hides the people below it.
            light: `(h, w)` or a number, by which the colour is multiplied.
        """
        rows, columns = slice(top, top + coverage.shape[0]), slice(left, left + coverage.shape[1])
        image, alpha = self.image[:, rows, columns], self.alpha[rows, columns]
        change = self._change[: image.size].reshape(image.shape)
        np.multiply(colour, light, out=change)
        change -= image
        change *= coverage
        image += change
        if not (person or self._peopled):
            return
        self._peopled, change = True, change[0]
        np.subtract(float(person), alpha, out=change)
        change *= coverage
        alpha += change

    def cover(self, points: np.ndarray, lengths: Sequence[int], margin: int = 1) -> tuple[np.ndarray, int, int] | None:
        """Measure which share of each pixel the union of some polygons covers, by supersampling.

        Args:
            points: `(N, 2)` of x and y in pixels, polygon after polygon; (0, 0) is the picture's corner.
            lengths: number of points of each polygon.
            margin: empty pixels to leave around them, for a blur to spread into.

        Returns:
            Coverage `float32 (h, w)`, its top and its left; None if nothing lies within the picture.
        """
        left, top, width, height = cv2.boundingRect(points.astype(np.float32))
        right, bottom = min(left + width + margin, self.alpha.shape[1]), min(top + height + margin, self.alpha.shape[0])
        left, top = max(left - margin, 0), max(top - margin, 0)
        width, height = right - left, bottom - top
        if width <= 0 or height <= 0:
            return None
        fine = self._fine[: height * width * SUPERSAMPLING**2].reshape(height * SUPERSAMPLING, width * SUPERSAMPLING)
        fine.fill(0)
        # OpenCV's integers are the centres of pixels, in sixteenths here.
        corners = np.rint(points * (16 * SUPERSAMPLING) - np.array([left, top]) * (16 * SUPERSAMPLING) - 8)
        corners, start = corners.astype(np.int32), 0
        for length in lengths:  # one by one: several polygons in one call would cancel out where they overlap
            cv2.fillPoly(fine, [corners[start : start + length]], 255, shift=4)
            start += length
        half = cv2.resize(fine, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)  # twice by 2 is faster than by 4
        coverage = cv2.resize(half, (width, height), interpolation=cv2.INTER_AREA)
        return np.multiply(coverage, np.float32(1 / 255), dtype=np.float32), top, left


@dataclass(frozen=True, slots=True)
class Pen:
    """Draws on a canvas in its own coordinates: y grows downwards, `scale` pixels make one unit.

    Attributes:
        canvas: what is drawn on.
        x: where the pen's origin lies, in pixels from the left.
        y: and from the top.
        scale: pixels a unit.
        angle: clockwise rotation in degrees.
        flip: mirror left and right.
        person: whether what it draws is person.
        shadow: offset of the shaded side of every shape from its lit side, in pixels.
    """

    canvas: Canvas
    x: float
    y: float
    scale: float
    angle: float = 0.0
    flip: bool = False
    person: bool = False
    shadow: tuple[float, float] = (0.0, 0.0)

    def at(self, x: float, y: float, scale: float = 1.0, angle: float = 0.0, flip: bool = False) -> "Pen":
        """Give a pen whose origin is this pen's point (x, y), turned by `angle` degrees and `scale` times as large."""
        (left, top), turn = self.pixels(np.array([[x, y]]))[0], -angle if self.flip else angle
        return replace(self, x=left, y=top, scale=self.scale * scale, angle=self.angle + turn, flip=self.flip != flip)

    def pixels(self, points: np.ndarray) -> np.ndarray:
        """Turn local points `(N, 2)` into pixels."""
        cosine, sine = self.scale * math.cos(math.radians(self.angle)), self.scale * math.sin(math.radians(self.angle))
        mirror = -1 if self.flip else 1
        placed: np.ndarray = points @ np.array([[mirror * cosine, mirror * sine], [-sine, cosine]]) + (self.x, self.y)
        return placed

    def fill(
        self,
        colour: np.ndarray | Texture,
        *outlines: np.ndarray,
        shade: float = 0.0,
        opacity: float = 1.0,
        inside: tuple[np.ndarray, ...] = (),
        blur: float = 0.0,
    ) -> None:
        """Fill the union of closed outlines.

        Args:
            colour: RGB in [0, 1], or a texture in the pen's coordinates (moved and scaled with them, not turned).
            outlines: polygons `(N, 2)` in the pen's coordinates.
            shade: how much darker the side away from the light is, in [0, 1].
            opacity: in [0, 1].
            inside: outlines; nothing is drawn outside their union.
            blur: how soft the edge is, in pixels.
        """
        covered = self._cover(outlines, margin=1 + math.ceil(3 * blur))
        if covered is None:
            return
        coverage, top, left = covered
        if inside:
            coverage *= self._window(inside, coverage.shape, top, left)
        if blur:
            coverage = cv2.GaussianBlur(coverage, (0, 0), blur)
        if callable(colour):
            rows = (np.arange(coverage.shape[0], dtype=np.float32)[:, None] + (top + 0.5 - self.y)) / self.scale
            columns = (np.arange(coverage.shape[1], dtype=np.float32)[None] + (left + 0.5 - self.x)) / self.scale
            ink = colour(columns, rows)
        else:
            ink = colour.reshape(3, 1, 1)
        light = 1 - shade * self._shaded(coverage) if shade and self.shadow != (0.0, 0.0) else 1.0
        if opacity < 1:
            coverage *= opacity
        self.canvas.paint(coverage, ink, top, left, self.person, light)

    def _cover(self, outlines: tuple[np.ndarray, ...], margin: int = 1) -> tuple[np.ndarray, int, int] | None:
        points = self.pixels(outlines[0] if len(outlines) == 1 else np.concatenate(outlines))
        return self.canvas.cover(points, [len(outline) for outline in outlines], margin)

    def _window(self, outlines: tuple[np.ndarray, ...], shape: tuple[int, ...], top: int, left: int) -> np.ndarray:
        """Coverage of `outlines` in a part of the picture."""
        window = np.zeros_like(self.canvas.alpha)
        covered = self._cover(outlines)
        if covered is not None:
            part, row, column = covered
            window[row : row + part.shape[0], column : column + part.shape[1]] = part
        return window[top : top + shape[0], left : left + shape[1]]

    def _shaded(self, coverage: np.ndarray) -> np.ndarray:
        """The crescent of a shape that its copy, moved towards the light, leaves uncovered."""
        move = np.array([[1, 0, -self.shadow[0]], [0, 1, -self.shadow[1]]], np.float32)
        lit = cv2.warpAffine(coverage, move, coverage.shape[::-1], borderMode=cv2.BORDER_REPLICATE)
        return np.subtract(1, lit, out=lit)
