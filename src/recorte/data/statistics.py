"""What is in a data set: numbers of photos and people, sizes, places, light."""

from dataclasses import dataclass, field

import numpy as np

from recorte.data.coco import CocoPersons
from recorte.data.coco_outlines import parse_outline
from recorte.data.sample import PersonSource
from recorte.errors import PhotoError
from recorte.letterbox import resize

GRID = 64
"""Cells along each side of the map of places."""
LOOKED_AT = 300
"""Photos that are opened, evenly chosen; opening all of COCO would take minutes."""


@dataclass
class People:
    """What the annotations say of people; crowds and those below `min_area` are counted apart.

    Attributes:
        annotations: of people, all of them.
        crowds: regions of many people whom nobody outlined.
        small: people below `min_area`.
        areas: `float64 (people,)`, pixels, of the others.
        shares: `float64 (people,)`, of their photo.
        per_photo: `int64 (photos,)`.
        places: `float64 (GRID, GRID)`, share of the people whose box covers the cell, each photo stretched to a square.
    """

    annotations: int
    crowds: int
    small: int
    areas: np.ndarray
    shares: np.ndarray
    per_photo: np.ndarray
    places: np.ndarray


@dataclass
class Looks:
    """What some photos look like.

    Attributes:
        brightness: `float64 (photos,)`, mean of 0 to 255.
        contrast: `float64 (photos,)`, standard deviation of the same.
        covered: `float64 (photos,)`, share of the photo that people cover.
        sizes: `int64 (photos, 2)`, height and width.
        places: `float64 (GRID, GRID)`, mean alpha, each photo stretched to a square.
        broken: why photos could not be opened.
    """

    brightness: np.ndarray
    contrast: np.ndarray
    covered: np.ndarray
    sizes: np.ndarray
    places: np.ndarray
    broken: list[str] = field(default_factory=list)


def distinct(source: PersonSource) -> list[int]:
    """Give the indices of a source's photos, each photo once, however often it comes up in training."""
    if isinstance(source, CocoPersons):
        return np.unique(source.photos, return_index=True)[1].tolist()
    return list(range(len(source)))


def count_people(source: CocoPersons) -> People:
    """Count what the annotations of a COCO source say, without opening a photo."""
    index, ignored = source.index, source.ignored
    photos = np.unique(source.photos)
    photo_of = np.repeat(np.arange(len(index.sizes)), np.diff(index.first))
    listed = np.isin(photo_of, photos)
    chosen = np.flatnonzero(listed & ~ignored)
    sizes = index.sizes[photo_of[chosen]].tolist()
    boxes = np.array(
        [_box(index.outlines.part(number), *size) for number, size in zip(chosen.tolist(), sizes, strict=True)]
    ).reshape(-1, 4)
    pixels = index.sizes.prod(axis=1, dtype=np.float64)[photo_of[chosen]]
    # Where an area is not given, that of the box.
    boxed = pixels * (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    areas = np.where(np.isnan(index.areas[chosen]), boxed, index.areas[chosen])
    return People(
        annotations=int(listed.sum()),
        crowds=int((index.crowds & listed).sum()),
        small=int((ignored & ~index.crowds & listed).sum()),
        areas=areas,
        shares=areas / pixels,
        per_photo=np.bincount(np.searchsorted(photos, photo_of[chosen]), minlength=len(photos)),
        places=_covered(boxes),
    )


def _box(outline: bytes, height: int, width: int) -> tuple[float, float, float, float]:
    """Give left, top, right and bottom of an outline as shares of the photo; NaN where it is faulty."""
    try:
        found = parse_outline(outline, height, width)
    except ValueError:
        return (np.nan,) * 4
    if isinstance(found, np.ndarray):
        ends = np.cumsum(found)
        if len(ends) < 2:
            return (np.nan,) * 4
        starts, stops = ends[:-1:2], ends[1::2] - 1  # of the runs of people, down the columns
        spans = stops // height > starts // height
        top = 0 if spans.any() else (starts % height).min()
        bottom = height if spans.any() else (stops % height).max() + 1
        return starts[0] // height / width, top / height, (stops[-1] // height + 1) / width, bottom / height
    xs = [x for polygon in found for x in polygon[::2]]
    ys = [y for polygon in found for y in polygon[1::2]]
    return min(xs) / width, min(ys) / height, max(xs) / width, max(ys) / height


def _covered(boxes: np.ndarray) -> np.ndarray:
    """Give the share of boxes `(n, 4)` that cover each cell of the grid."""
    boxes = boxes[np.isfinite(boxes).all(axis=1)].clip(0, 1)
    if not len(boxes):
        return np.zeros((GRID, GRID))
    left, top = np.floor(boxes[:, :2].T * GRID).astype(int).clip(0, GRID - 1)
    right, bottom = np.ceil(boxes[:, 2:].T * GRID).astype(int).clip(1, GRID)
    steps = np.zeros((GRID + 1, GRID + 1))
    for rows, columns, sign in ((top, left, 1), (top, right, -1), (bottom, left, -1), (bottom, right, 1)):
        np.add.at(steps, (rows, columns), sign)
    return steps.cumsum(axis=0).cumsum(axis=1)[:GRID, :GRID] / len(boxes)


def evenly(indices: list[int], most: int) -> list[int]:
    """Choose at most so many of some indices, evenly."""
    return [indices[place] for place in np.linspace(0, len(indices) - 1, min(most, len(indices))).round().astype(int)]


def look_at(source: PersonSource, most: int = LOOKED_AT) -> Looks:
    """Open some photos of a source, evenly chosen, and measure what they look like."""
    looks = Looks(*(np.empty(0) for _ in range(3)), sizes=np.empty((0, 2), np.int64), places=np.zeros((GRID, GRID)))
    rows, sizes = [], []
    for index in evenly(distinct(source), most):
        try:
            sample = source[index]
        except PhotoError as error:
            looks.broken.append(str(error))
            continue
        light = resize(sample.photo, *(max(1, side // 4) for side in sample.alpha.shape)) @ (0.299, 0.587, 0.114)
        rows.append((light.mean(), light.std(), sample.alpha.mean() / 255))
        sizes.append(sample.alpha.shape)
        looks.places += resize(sample.alpha, GRID, GRID) / 255
    if rows:
        looks.brightness, looks.contrast, looks.covered = np.array(rows).T.round(9)  # without what rounding left over
        looks.sizes = np.array(sizes)
        looks.places /= len(rows)
    return looks
