"""What is in a data set: numbers of photos and people, sizes, places, light."""

import contextlib
import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from recorte.data.coco import CocoPersons
from recorte.data.coco.index import InFile, Packed, PersonIndex
from recorte.data.coco.outlines import box_of
from recorte.data.sample import PersonSource
from recorte.errors import PhotoError
from recorte.letterbox import resize

MANY = 20_000
"""People from which on further processes are worth their start."""
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
        firsts: list[int] = np.unique(source.photos, return_index=True)[1].tolist()
        return firsts
    return list(range(len(source)))


def count_people(source: CocoPersons) -> People:
    """Count what the annotations of a COCO source say, without opening a photo."""
    index, ignored = source.index, source.ignored
    photos = np.unique(source.photos)
    photo_of = np.repeat(np.arange(len(index.sizes)), np.diff(index.first))
    listed = np.isin(photo_of, photos)
    chosen = np.flatnonzero(listed & ~ignored)
    boxes = _boxes(index, chosen, index.sizes[photo_of[chosen]])
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


def _boxes(index: PersonIndex, chosen: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Give the boxes of some people, whose photos have these sizes, by all cores where they are many: `(n, 4)`."""
    find = partial(_boxes_of, index.outlines)
    if len(chosen) < MANY:
        return find(chosen, sizes)
    parts = 4 * (os.cpu_count() or 1)
    with ProcessPoolExecutor() as pool:
        return np.concatenate([*pool.map(find, np.array_split(chosen, parts), np.array_split(sizes, parts))])


def _boxes_of(outlines: Packed | InFile, chosen: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Give left, top, right and bottom of outlines as shares of the photo, `(n, 4)`; NaN where one is faulty."""
    boxes = np.full((len(chosen), 4), np.nan)
    for place, (number, size) in enumerate(zip(chosen.tolist(), sizes.tolist(), strict=True)):
        with contextlib.suppress(ValueError):
            boxes[place] = box_of(outlines.part(number), *size)
    return boxes


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
    empty = np.empty(0)
    looks = Looks(empty, empty, empty, sizes=np.empty((0, 2), np.int64), places=np.zeros((GRID, GRID)))
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
