"""How a result is laid out: its size, the room around the people, and where in it they stand."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, cast, get_args

import cv2
import numpy as np

from recorte.errors import PhotoError, RecorteError
from recorte.letterbox import resize
from recorte.photo import MAX_PIXELS
from recorte.removal.steps.people import MARGIN, frame

Align = Literal["centre", "bottom"]
Sides = tuple[int | None, int | None]
"""Width and height in pixels; None follows from the other."""

MOST_SIDE = 20_000
"""Pixels on a side of a result whose size was asked for."""
MOST_MARGIN = 0.45
"""Of the shorter side: what is left between two such margins is a tenth."""

SIZES = "1000x1000, or one side alone: 1000x (so wide) or x1000 (so high)"


@dataclass(frozen=True, slots=True)
class Layout:
    """What a result of a given size, or with a given margin, looks like.

    Attributes:
        size: of the result; None = what the photo's own scale gives.
        margin: room on all sides of the people, as a share of the result's shorter side; None = the whole photo is
            fitted in, wherever people are in it.
        align: where the people, or the whole photo, stand: in the middle, or at the bottom. People whom the photo
            itself cuts off below stand on the very border then, without a margin. None = in the middle, but for
            those: a straight cut must not hang in the air.
        most: pixels that a result may have.
    """

    size: Sides | None = None
    margin: float | None = None
    align: Align | None = None
    most: float = MAX_PIXELS

    @classmethod
    def of(cls, size: object, margin: object, crop: bool, align: str | None) -> "Layout | None":
        """Understand what a user gives; None where neither a size nor a margin is asked for.

        Raises:
            RecorteError: one that is not valid.
        """
        sides = None if size is None else read_size(size)
        share = None if margin is None else read_margin(margin)
        if align is not None and align not in get_args(Align):
            raise RecorteError(f"align is {align!r}; it must be one of {', '.join(get_args(Align))}")
        if align and (sides is None or None in sides):
            raise RecorteError("align says where people stand in a result of two given sides; give a size: 1000x1000")
        if sides is None and share is None:
            return None
        return cls(sides, MARGIN if crop and share is None else share, cast(Align | None, align))

    def placed(self, alpha: np.ndarray) -> "Placement | None":
        """Find where a photo comes to lie, by its alpha, `uint8 (H, W)`; None if a margin is asked and nobody is there.

        Raises:
            PhotoError: the result would have too many pixels; the message does not name the photo.
        """
        height, width = alpha.shape
        rows, columns = (slice(0, height), slice(0, width)) if self.margin is None else frame(alpha, 0)
        if not rows.stop:
            return None
        tall, wide = rows.stop - rows.start, columns.stop - columns.start
        canvas, edge = self._canvas(tall, wide)
        if self.size is None:
            fitted = tall, wide
        else:
            scale = min((canvas[0] - 2 * edge) / tall, (canvas[1] - 2 * edge) / wide)
            fitted = max(1, round(tall * scale)), max(1, round(wide * scale))
        top, left = ((side - part) // 2 for side, part in zip(canvas, fitted, strict=True))
        cut = self.margin is not None and rows.stop == height
        both = self.size is not None and None not in self.size
        if self.align == "bottom" or (self.align is None and cut and both):
            top = canvas[0] - fitted[0] - (0 if cut else edge)
        return _placement(alpha.shape, (rows, columns), canvas, (top, left), fitted)

    def _canvas(self, tall: int, wide: int) -> tuple[tuple[int, int], int]:
        """Give the result's height and width for a part of the photo, and the margin, in pixels."""
        share = self.margin or 0.0
        wanted_width, wanted_height = self.size or (None, None)
        if wanted_width and wanted_height:
            canvas, room = (wanted_height, wanted_width), share * min(wanted_height, wanted_width)
        else:
            room = share * min(tall, wide) / (1 - 2 * share)  # in the photo's pixels
            height, width = tall + 2 * room, wide + 2 * room
            scale = wanted_width / width if wanted_width else wanted_height / height if wanted_height else 1.0
            room *= scale
            if self.size is None:  # so that nothing is scaled by a rounding error
                height, width = tall + 2 * round(room), wide + 2 * round(room)
            canvas = wanted_height or max(1, round(height * scale)), wanted_width or max(1, round(width * scale))
        if max(canvas) > MOST_SIDE or canvas[0] * canvas[1] > self.most:
            most = f"{MOST_SIDE:,} on a side and {self.most:,.0f} in all"
            raise PhotoError(f"the result would have {canvas[1]} x {canvas[0]} pixels, more than {most}")
        return canvas, round(room)


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a part of a photo comes to lie.

    Attributes:
        window: its rows and columns in the photo.
        target: its rows and columns in the result.
        height: of the result, in pixels.
        width: of it.
    """

    window: tuple[slice, slice]
    target: tuple[slice, slice]
    height: int
    width: int

    def __call__(self, picture: np.ndarray, border: int = cv2.BORDER_CONSTANT) -> np.ndarray:
        """Place `(H, W)` or `(H, W, C)` of the photo's size; the rest is 0, or as OpenCV's `border`."""
        down, across = self.target
        part = resize(picture[self.window], down.stop - down.start, across.stop - across.start)
        below, right = self.height - down.stop, self.width - across.stop
        return cv2.copyMakeBorder(part, down.start, below, across.start, right, border)


def _placement(
    shape: tuple[int, ...],
    box: tuple[slice, slice],
    canvas: tuple[int, int],
    corner: tuple[int, int],
    fitted: tuple[int, int],
) -> Placement:
    """Show of the photo around the box as much as the canvas has room for."""
    window, target = [], []
    for whole, part, side, first, length in zip(shape, box, canvas, corner, fitted, strict=True):
        scale = length / (part.stop - part.start)
        before = min(part.start, int(first / scale))
        behind = min(whole - part.stop, int((side - first - length) / scale))
        window.append(slice(part.start - before, part.stop + behind))
        target.append(slice(first - round(before * scale), first + length + round(behind * scale)))
    return Placement((window[0], window[1]), (target[0], target[1]), *canvas)


def read_size(given: object) -> Sides:
    """Understand a size: "1000x1000", "1000x", "x1000", or width and height, of which one may be None.

    Raises:
        RecorteError: it is none, or too small or large.
    """
    sides: Sequence[object]
    if isinstance(given, str):
        found = re.fullmatch(r"\s*(\d{0,9})\s*[xX*]\s*(\d{0,9})\s*", given)
        sides = [int(side) if side else None for side in found.groups()] if found else ()
    else:
        sides = given if isinstance(given, tuple | list) else ()
    if len(sides) != 2 or sides[0] is sides[1] is None or not all(_is_side(side) for side in sides):
        raise RecorteError(f"size {_shown(given)}: must be {SIZES}")
    wrong = [side for side in sides if side is not None and not 1 <= _number(side) <= MOST_SIDE]
    if wrong:
        raise RecorteError(f"size {_shown(given)}: a side must have 1 to {MOST_SIDE:,} pixels, not {wrong[0]:,}")
    width, height = (None if side is None else int(_number(side)) for side in sides)
    if width and height and width * height > MAX_PIXELS:
        raise RecorteError(f"size {_shown(given)}: has more than the limit of {MAX_PIXELS:,} pixels")
    return width, height


def read_margin(given: object) -> float:
    """Understand a margin: "8%", or 0.08.

    Raises:
        RecorteError: it is none, or too large.
    """
    share: float | None = None
    if isinstance(given, str):
        found = re.fullmatch(r"\s*(\d{1,9}(?:\.\d{1,9})?|\.\d{1,9})\s*(%?)\s*", given)
        share = float(found[1]) / (100 if found[2] else 1) if found else None
    elif isinstance(given, int | float | np.integer | np.floating) and not isinstance(given, bool):
        share = float(given)
    if share is None or not 0 <= share <= MOST_MARGIN:  # written so that NaN fails too
        raise RecorteError(
            f"margin {_shown(given)}: must be a share of the result's shorter side from 0% to {MOST_MARGIN:.0%}, "
            "such as 8%, or 0.08"
        )
    return share


def _is_side(side: object) -> bool:
    return side is None or (isinstance(side, int | np.integer) and not isinstance(side, bool))


def _number(side: object) -> int:
    return int(side)  # type: ignore[call-overload, no-any-return]


def _shown(given: object) -> str:
    return str(given)[:40] if isinstance(given, str) else repr(given)[:40]
