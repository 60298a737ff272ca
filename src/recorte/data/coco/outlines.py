"""COCO's three kinds of outlines (polygons, run lengths, compressed run lengths) as masks.

pycocotools trusts what it is given: run lengths that do not add up, or a polygon far outside or endlessly long, make
it write past its memory and end the process. Everything is checked here before it is called.
"""

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from pycocotools import mask as coco_mask

from recorte.data.coco.outline_json import CORNERS, Outline, RunLengths, read_outline, without_crumbs
from recorte.photo import MAX_PIXELS

MAX_LENGTH = 5_000_000
"""Pixels of a polygon's edge: pycocotools takes five points for each, 16 bytes for a point, and counts in 32 bits."""


def parse_outline(content: bytes | memoryview, height: int, width: int) -> list[list[float]] | np.ndarray:
    """Decode and check an annotation's `segmentation`.

    Args:
        content: JSON.
        height: of the photo, in pixels.
        width: of the photo, in pixels.

    Returns:
        Polygons, or run lengths `int64 (n,)` that add up to `height * width`. Crumbs, which are polygons of fewer than
        three points, as editors leave them, are passed over where there are others beside them.

    Raises:
        ValueError: the outline is of none of the three kinds, empty, damaged or not of this photo, or the photo is one
            of more than `MAX_PIXELS`, which cannot be read.
    """
    outline = _decode(content, height, width)
    if isinstance(outline, RunLengths):
        return _check_runs(outline, height, width)
    outline = without_crumbs(outline)
    for polygon in outline:
        _check_polygon(polygon, height, width)
    return outline


def are_shares(outline: list[list[float]], height: int, width: int) -> bool:
    """Tell whether polygons are all within the first pixel of a photo that has more: their numbers are shares."""
    return max(height, width) > 2 and all(-0.01 <= number <= 1.01 for polygon in outline for number in polygon)


def box_of(content: bytes | memoryview, height: int, width: int) -> tuple[float, float, float, float]:
    """Decode and check an outline as `parse_outline` does; give left, top, right and bottom as shares of the photo.

    Raises:
        ValueError: as `parse_outline`, or nothing is inside.
    """
    outline = _decode(content, height, width)
    if isinstance(outline, RunLengths):
        return _box_of_runs(_check_runs(outline, height, width), height, width)
    boxes = [_check_polygon(polygon, height, width) for polygon in without_crumbs(outline)]
    left, top, right, bottom = boxes[0]
    for box in boxes[1:]:
        left, top, right, bottom = min(left, box[0]), min(top, box[1]), max(right, box[2]), max(bottom, box[3])
    return left / width, top / height, right / width, bottom / height


def _box_of_runs(runs: np.ndarray, height: int, width: int) -> tuple[float, float, float, float]:
    ends = np.cumsum(runs)
    if len(ends) < 2:
        raise ValueError("nothing is inside")
    starts, stops = ends[:-1:2], ends[1::2] - 1  # of the runs of people, down the columns
    spans = stops // height > starts // height
    top = 0 if spans.any() else (starts % height).min()
    bottom = height if spans.any() else (stops % height).max() + 1
    return starts[0] // height / width, top / height, (stops[-1] // height + 1) / width, bottom / height


def fill_outlines(outlines: Sequence[list[list[float]] | np.ndarray], height: int, width: int) -> np.ndarray:
    """Draw the union of outlines that `parse_outline` has checked: `uint8 (height, width)`, 1 = inside."""
    merged = _merged(outlines, height, width)
    if merged is None:
        return np.zeros((height, width), np.uint8)
    # Down the columns, which OpenCV turns several times faster than NumPy.
    mask: np.ndarray = coco_mask.decode(merged)
    return cv2.transpose(mask.T)


def count_inside(outlines: Sequence[list[list[float]] | np.ndarray], height: int, width: int) -> int:
    """Count the pixels that `fill_outlines` would draw, without drawing them."""
    merged = _merged(outlines, height, width)
    return 0 if merged is None else int(coco_mask.area(merged))


def _merged(outlines: Sequence[list[list[float]] | np.ndarray], height: int, width: int) -> dict[str, Any] | None:
    """Unite outlines as pycocotools' run lengths, which takes much less time than uniting masks."""
    polygons = [polygon for outline in outlines if isinstance(outline, list) for polygon in outline]
    runs = [{"size": (height, width), "counts": runs} for runs in outlines if isinstance(runs, np.ndarray)]
    encoded = [part for kind in (polygons, runs) if kind for part in coco_mask.frPyObjects(kind, height, width)]
    return coco_mask.merge(encoded) if encoded else None


def _decode(content: bytes | memoryview, height: int, width: int) -> Outline:
    if height * width > MAX_PIXELS:
        raise ValueError(f"the photo's {width} x {height} pixels are more than the limit of {MAX_PIXELS:,}")
    outline, _ = read_outline(content)
    if not outline:
        raise ValueError("empty")
    if isinstance(outline, list) and len(outline) > 2 and all(len(part) == 2 for part in outline):
        raise ValueError(
            f"{len(outline):,} parts of one point each; if they are one polygon, write [[x, y, x, y, ...]]"
        )
    return outline


def _check_polygon(polygon: list[float], height: int, width: int) -> tuple[float, float, float, float]:
    """Check a polygon; give its left, top, right and bottom in pixels."""
    if len(polygon) < CORNERS or len(polygon) % 2:
        raise ValueError(f"a polygon of {len(polygon)} numbers; it needs x and y of at least three points")
    xs, ys = polygon[::2], polygon[1::2]
    left, top, right, bottom = min(xs), min(ys), max(xs), max(ys)
    # Outlines may well pass the photo's edge; a whole photo beyond, the numbers are not pixels of this photo.
    for name, low, high, side in (("x", left, right, width), ("y", top, bottom, height)):
        if not (low >= -side and high <= 2 * side):
            span = f"{low:g} to {high:g}"
            raise ValueError(f"a polygon with {name} from {span}, far outside the photo's {width} x {height} pixels")
    # What the edge can be at most takes no time, and is little for all but a few.
    at_most = len(polygon) / 2 * (max(right - left, bottom - top) + 1)
    if at_most > MAX_LENGTH and (length := _length(polygon)) > MAX_LENGTH:
        raise ValueError(f"a polygon whose edge is {length:,.0f} pixels long, and at most {MAX_LENGTH:,} can be drawn")
    return left, top, right, bottom


def _length(polygon: list[float]) -> float:
    """Measure a closed polygon's edge in pixels as it is drawn: the longer of x and y, and one for each corner."""
    corners = np.array(polygon).reshape(-1, 2)
    return float(np.abs(corners - np.roll(corners, 1, axis=0)).max(axis=1).sum()) + len(corners)


def _check_runs(outline: RunLengths, height: int, width: int) -> np.ndarray:
    if outline.size != (height, width):
        size = f"{outline.size[1]} x {outline.size[0]}"
        raise ValueError(f"run lengths for {size} pixels, where the photo has {width} x {height}")
    said = outline.counts
    counts = _decompress(said) if isinstance(said, str) else np.array(said, np.int64)
    if counts.min(initial=0) < 0 or counts.max(initial=0) > height * width or counts.sum() != height * width:
        raise ValueError(f"run lengths that do not add up to the photo's {width} x {height} pixels")
    return _without_empty_runs(counts)


def _decompress(text: str) -> np.ndarray:
    """Undo COCO's variable-length code: 5 bits a character, lowest first, then differences to the run but one before.

    Bit 5 says that another character follows; bit 4 of a number's last character is its sign.
    """
    codes = np.frombuffer(text.encode(), np.uint8).astype(np.int64) - 48
    ends = np.flatnonzero(codes & 32 == 0)
    lengths = np.diff(ends, prepend=-1)
    complete = ends.size and ends[-1] == codes.size - 1
    if not complete or codes.min() < 0 or codes.max() > 63 or lengths.max() > 7:
        raise ValueError("compressed run lengths that are damaged")
    starts = ends - lengths + 1
    shifts = 5 * (np.arange(codes.size) - np.repeat(starts, lengths))
    counts = np.add.reduceat((codes & 31) << shifts, starts)
    counts -= np.where(codes[ends] & 16, 1 << (5 * lengths), 0)
    counts[1::2] = np.cumsum(counts[1::2])
    counts[2::2] = np.cumsum(counts[2::2])
    return counts


def _without_empty_runs(counts: np.ndarray) -> np.ndarray:
    """Join runs that an empty one divides: pycocotools' merge stops where two outlines have one at the same pixel."""
    filled = np.flatnonzero(counts)
    starts = np.flatnonzero(np.diff(filled % 2, prepend=-1))
    joined = np.add.reduceat(counts[filled], starts)
    return np.insert(joined, 0, 0) if filled[0] % 2 else joined
