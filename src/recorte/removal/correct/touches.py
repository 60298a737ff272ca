"""Touches: the points, strokes and boxes by which somebody says what to keep and what to drop."""

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import cv2
import numpy as np

from recorte.errors import RecorteError

MOST = 1000
"""Touches for one photo."""

MOST_POINTS = 10_000
"""Of one stroke."""

SPOT = 0.004
"""Of the photo's longest side: the radius of what a touch at a point marks."""

THICKEST = 32_767
"""Of the lines that OpenCV draws."""

FORMS = 'a point (x, y), a box (x0, y0, x1, y1), or a stroke {"points": [(x, y), ...], "radius": r}'

Points = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Stroke:
    """What a brush marks, in the photo's pixels.

    Attributes:
        points: `(x, y)`, joined by straight lines.
        radius: of the brush.
    """

    points: Sequence[Sequence[float]] | np.ndarray
    radius: float


Shape = tuple[float, ...] | Sequence[float] | Stroke | Mapping[str, Any]
"""What is kept or dropped, as a user gives it; one of `FORMS`."""


@dataclass(frozen=True, slots=True)
class Touch:
    """One touch. Pixel (0, 0) is the photo's first, and its middle lies there.

    Attributes:
        keep: what is touched is a person's; False: background.
        points: `(x, y)` of a point or of a stroke; of a box two corners, top left and bottom right.
        radius: of a stroke; None: a point or a box.
    """

    keep: bool
    points: Points
    radius: float | None = None

    @classmethod
    def of(cls, keep: bool, shape: Shape) -> "Touch":
        """Take a touch as a user gives it.

        Raises:
            RecorteError: it is none of the forms.
        """
        word = "keep" if keep else "drop"
        if isinstance(shape, Mapping):
            shape = _stroke(word, shape)
        if isinstance(shape, Stroke):
            points, radius = _points(word, shape.points), _numbers(word, [shape.radius])[0]
            if not 1 <= len(points) <= MOST_POINTS or radius <= 0:
                given = f"{len(points):,} points and {radius:g}"
                raise RecorteError(
                    f"{word}: a stroke has 1 to {MOST_POINTS:,} points and a radius above 0, not {given}"
                )
            return cls(keep, points, radius)
        if isinstance(shape, str | bytes) or not isinstance(shape, Sequence | np.ndarray) or len(shape) not in (2, 4):
            raise RecorteError(f"{word} holds {str(shape)[:60]!r}; it must be {FORMS}")
        numbers = _numbers(word, shape)
        if len(numbers) == 2:
            return cls(keep, ((numbers[0], numbers[1]),))
        left, top, right, bottom = numbers
        if not (left < right and top < bottom):
            listed = ",".join(f"{number:g}" for number in numbers)
            raise RecorteError(f"{word} {listed}: a box is left, top, right, bottom, in this order")
        return cls(keep, ((left, top), (right, bottom)))

    @property
    def is_box(self) -> bool:
        """Whether it is a box, which is drawn around a thing and not on it."""
        return self.radius is None and len(self.points) == 2

    def plain(self) -> dict[str, Any]:
        """Give it as `correct.json` holds it."""
        shape: Any = [list(map(_short, point)) for point in self.points]
        if self.radius is None:
            shape = [number for point in shape for number in point]
        else:
            shape = {"points": shape, "radius": _short(self.radius)}
        return {"keep" if self.keep else "drop": shape}

    def __str__(self) -> str:
        numbers = ",".join(f"{number:g}" for point in self.points[:2] for number in point)
        return f"{'keep' if self.keep else 'drop'} {numbers}" + ("..." if len(self.points) > 2 else "")

    def reach(self, longest: float) -> float:
        """The radius of what it marks around its points, in a photo of this longest side; 0 for a box."""
        return 0.0 if self.is_box else max(0.5, SPOT * longest if self.radius is None else self.radius)

    def bounds(self, longest: float) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of what it marks."""
        xs, ys = zip(*self.points, strict=True)
        reach = self.reach(longest)
        return min(xs) - reach, min(ys) - reach, max(xs) + reach, max(ys) + reach


def touches_of(keep: Iterable[Shape] = (), drop: Iterable[Shape] = ()) -> list[Touch]:
    """Take touches as a user gives them: what to keep first, then what to drop.

    Raises:
        RecorteError: something is none of the forms, or two contradict each other: without an order neither counts.
    """
    touches = [Touch.of(kind, shape) for kind, shapes in ((True, keep), (False, drop)) for shape in shapes]
    if len(touches) <= MOST:  # else `check_touches` will tell
        _check_contradictions(touches)
    return touches


def parse_touches(keep: Iterable[str] = (), drop: Iterable[str] = ()) -> list[Touch]:
    """Read touches as a command line or a form gives them: `X,Y` and `X0,Y0,X1,Y1`, several with `;` between them.

    A text that begins with `[` or `{` is JSON: one touch, or a list of them; so strokes can be given.

    Raises:
        RecorteError: as `touches_of`.
    """
    kept, dropped = ([one for text in texts for one in _parsed(word, text)] for word, texts in
                     (("keep", keep), ("drop", drop)))  # fmt: skip
    return touches_of(kept, dropped)


def _parsed(word: str, text: str) -> list[Shape]:
    try:
        if text.lstrip().startswith(("[", "{")):
            content = json.loads(text)
            several = isinstance(content, list) and not all(isinstance(item, int | float) for item in content)
            return list(content) if several else [content]
        return [tuple(map(float, part.split(","))) for part in text.split(";") if part.strip()]
    except (ValueError, RecursionError):
        raise RecorteError(
            f"{word} must be X,Y, or X0,Y0,X1,Y1 for a box, in pixels of the photo, not {text[:40]!r}"
        ) from None


def check_touches(touches: Sequence[Touch], height: int, width: int) -> None:
    """Find out whether touches can be of one photo.

    Raises:
        RecorteError: too many, outside the photo, or with a brush larger than it.
    """
    if len(touches) > MOST:
        raise RecorteError(f"{len(touches):,} touches are too many; a photo takes up to {MOST:,}")
    for touch in touches:
        if touch.radius is not None and touch.radius > max(height, width):
            raise RecorteError(f"{touch}: its radius of {touch.radius:g} is more than the photo's longest side")
        inside = [0 <= x <= width - 0.5 and 0 <= y <= height - 0.5 for x, y in touch.points]
        if touch.is_box:  # its far corner may be the photo's own
            left, top, right, bottom = (number for point in touch.points for number in point)
            inside = [0 <= left < right <= width and 0 <= top < bottom <= height]
        if not (any if touch.radius else all)(inside):
            raise RecorteError(
                f"{touch}: outside the photo, whose x goes from 0 to {width - 1} and y from 0 to {height - 1}"
            )


def _check_contradictions(touches: Sequence[Touch]) -> None:
    for one, other in _meeting(touches):
        if _contradict(one, other):
            raise RecorteError(f"{one} and {other} contradict each other: both mark the same place; leave one out")


def _meeting(touches: Sequence[Touch]) -> Iterator[tuple[Touch, Touch]]:
    """What is kept and what is dropped in pairs, where the rectangles around them meet."""
    kept, dropped = ([touch for touch in touches if touch.keep is kind] for kind in (True, False))
    if not kept or not dropped:
        return
    ones, others = (np.array([touch.bounds(0) for touch in kind]) for kind in (kept, dropped))
    apart = (ones[:, None, :2] > others[None, :, 2:]) | (others[None, :, :2] > ones[:, None, 2:])
    for number, other in np.argwhere(~apart.any(axis=2)).tolist():
        yield kept[number], dropped[other]


def _contradict(one: Touch, other: Touch) -> bool:
    """Whether two touches mark one place; a box is drawn around things, so that a mark in it only says more."""
    if one.is_box or other.is_box:
        return one.points == other.points
    gap = min(_distance(one.points, other.points), _distance(other.points, one.points))
    return gap <= max(one.reach(0), other.reach(0))


def _distance(points: Points, line: Points) -> float:
    """The least distance of some points from a line."""
    places = np.array(points)
    least = math.inf
    for start, end in pairwise(line) if len(line) > 1 else [(line[0], line[0])]:
        a, along = np.array(start), np.subtract(end, start)
        share = ((places - a) @ along / max(1e-9, along @ along)).clip(0, 1)
        least = min(least, float(np.hypot(*(places - a - share[:, None] * along).T).min()))
    return least


def painted(
    touch: Touch, shape: tuple[int, ...], longest: float, scale: float = 1.0, left: float = 0, top: float = 0
) -> np.ndarray:
    """Paint a point or a stroke.

    Args:
        touch: no box.
        shape: rows and columns of the canvas.
        longest: the photo's longest side.
        scale: of the canvas, to the photo.
        left: the canvas' first column in the photo.
        top: its first row.

    Returns:
        `bool shape`.
    """
    canvas = np.zeros(shape, np.uint8)
    radius = touch.reach(longest) * scale
    places = (np.add(touch.points, 0.5) - (left, top)) * scale - 0.5
    fixed = np.rint(places * 16).clip(-(2**30), 2**30).astype(np.int32).tolist()  # sixteenths, as OpenCV's shift says
    for start, end in pairwise(fixed):
        cv2.line(canvas, start, end, 1, min(max(1, round(2 * radius)), THICKEST), cv2.LINE_8, 4)
    for place in fixed:
        cv2.circle(canvas, place, round(radius * 16), 1, -1, cv2.LINE_8, 4)
    return canvas > 0


def _stroke(word: str, shape: Mapping[str, Any]) -> Stroke:
    if set(shape) != {"points", "radius"} or not isinstance(shape["points"], Sequence | np.ndarray):
        raise RecorteError(f"{word} holds {str(dict(shape))[:60]!r}; it must be {FORMS}")
    return Stroke(shape["points"], shape["radius"])


def _points(word: str, points: Sequence[Sequence[float]] | np.ndarray) -> Points:
    if any(not isinstance(point, Sequence | np.ndarray) or len(point) != 2 for point in points):
        raise RecorteError(f"{word}: the points of a stroke must be (x, y) each")
    pairs = [_numbers(word, point) for point in points]
    return tuple((x, y) for x, y in pairs)


def _numbers(word: str, values: Iterable[Any]) -> tuple[float, ...]:
    numbers = []
    for value in values:
        if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not math.isfinite(value):
            raise RecorteError(f"{word} holds {str(value)[:40]!r} where a number of pixels must be")
        numbers.append(float(value))
    return tuple(numbers)


def _short(number: float) -> float | int:
    """A number as it is written: whole ones without a point."""
    return int(number) if number == int(number) else number
