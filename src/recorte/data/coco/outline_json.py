"""An annotation's `segmentation` in COCO's three kinds, and as other tools write them."""

import math
from typing import Annotated, Any

import msgspec

CORNERS = 6
"""Numbers of a polygon at least: x and y of three points."""


class RunLengths(msgspec.Struct):
    """A mask as lengths of runs of 0 and 1 in turn, down the columns; as text they are compressed."""

    size: tuple[int, int]
    counts: list[Annotated[int, msgspec.Meta(ge=0, le=2**32 - 1)]] | str


Outline = list[list[float]] | RunLengths
"""Polygons `[x, y, x, y, ...]` in pixels, or run lengths."""

_decoder = msgspec.json.Decoder(Outline)


def read_outline(content: bytes | memoryview) -> tuple[Outline, bool]:
    """Decode an annotation's `segmentation`; tell whether it is written otherwise than COCO has it.

    A flat list of numbers is one polygon, `[[[x, y], [x, y], ...]]` is polygons as points, and numbers or all of it may
    be text.

    Raises:
        ValueError: it is none of these.
    """
    try:
        return _decoder.decode(content), False
    except (msgspec.DecodeError, UnicodeDecodeError):
        pass  # not as COCO has it: the slower way below reads it, or says what is wrong
    said: Any = None
    try:
        said = msgspec.json.decode(content)
        said = msgspec.json.decode(said) if isinstance(said, str) else said
        outline: Outline = msgspec.convert(_as_polygons(said), Outline, strict=False)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        runs = '{"size": [height, width], "counts": [lengths >= 0]}'
        needed = f"polygons [[x, y, x, y, ...]] or run lengths {runs} are needed"
        raise ValueError(f"{_culprit(said, content)}; {needed}") from None
    if isinstance(outline, list) and not all(math.isfinite(number) for polygon in outline for number in polygon):
        raise ValueError("not all of its numbers are finite")
    return outline, True


def _culprit(said: Any, content: bytes | memoryview) -> str:
    """Say what an outline is instead, or which number of its polygons is none."""
    for place, part in enumerate(said if isinstance(said, list) else [], 1):
        for number, value in enumerate(part if isinstance(part, list) else [], 1):
            if isinstance(value, bool) or not isinstance(value, int | float | list):
                return f"number {number} of its polygon {place} is {_shown(msgspec.json.encode(value))}"
    return f"it is {_shown(content)}"


def _shown(content: bytes | memoryview) -> str:
    text = bytes(memoryview(content)[:40]).decode(errors="replace")
    return f"{text}..." if len(memoryview(content)) > 40 else text


def _as_polygons(said: Any) -> Any:
    """Give a flat list as one polygon, and lists of points as polygons; all else as it is."""
    if not isinstance(said, list) or not said:
        return said
    if not any(isinstance(part, list | dict) for part in said):
        return [said]
    if all(isinstance(part, list) and part and all(_is_point(point) for point in part) for part in said):
        return [[number for point in part for number in point] for part in said]
    return said


def _is_point(said: Any) -> bool:
    return isinstance(said, list) and len(said) == 2 and not any(isinstance(number, list | dict) for number in said)


def without_crumbs(outline: list[list[float]]) -> list[list[float]]:
    """Leave out polygons of fewer than three points, which cover nothing; give all where there are no others."""
    return [polygon for polygon in outline if len(polygon) >= CORNERS] or outline


def count_crumbs(outline: Outline) -> int:
    """Count what `without_crumbs` leaves out of an outline."""
    return 0 if isinstance(outline, RunLengths) else len(outline) - len(without_crumbs(outline))
