"""What the network that follows a touch learns from: a simulated user who touches what is wrong in photos of train."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from pycocotools.coco import COCO

from recorte import BackgroundRemover
from recorte.data.coco import CocoPersons
from recorte.data.folder import ImageMaskFolder
from recorte.letterbox import resize
from recorte.photo import read_photo
from recorte.removal.correct.features import FINER, SIDE, features
from recorte.removal.correct.method import cells, closer_window
from recorte.removal.correct.simulated import iou_of, largest_wrong

LEAST, ENOUGH = 0.25, 0.92
"""IoU of cut-outs that are worth touching."""

TOUCHES = 4
"""Touches of one photo to learn from, at most."""

SMALLEST = 12
"""Cells of a region that is worth a touch."""

SHARES = (0.55, 0.3, 0.15)
"""Of photos: of persons, of Pascal VOC, of portraits."""

CLOSER = 0.7
"""Of things that are looked at again, closer, how many are learned so, too."""

Task = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
"""Photo, alpha, truth and weight."""


@dataclass(slots=True)
class Lessons:
    """What the network learns from, a list entry for each touch.

    Attributes:
        most: when it is enough.
        photo: `uint8 (FINER SIDE, FINER SIDE, 3)`, at the top left.
        seen: `float16`, what `features` gives.
        thing: `bool (SIDE, SIDE)`, the region that was touched.
        weight: `bool (SIDE, SIDE)`, what counts.
    """

    most: int
    photo: list[np.ndarray] = field(default_factory=list)
    seen: list[np.ndarray] = field(default_factory=list)
    thing: list[np.ndarray] = field(default_factory=list)
    weight: list[np.ndarray] = field(default_factory=list)

    @property
    def enough(self) -> bool:
        """Whether no more are wanted."""
        return len(self.seen) >= self.most

    def add(
        self, photo: np.ndarray, alpha: np.ndarray, own: np.ndarray, other: np.ndarray, keep: bool, region: np.ndarray,
        weight: np.ndarray,
    ) -> None:  # fmt: skip
        """Add a touch: the region that it means is the thing; what else is wrong may belong to it or not.

        Args:
            photo: of any size; all else is in cells.
            alpha: as it was before the touch.
            own: what the touch marks.
            other: what earlier touches of the other kind mark.
            keep: what was touched must be a person's.
            region: what was touched.
            weight: `bool`, where the truth is known, and what is wrong besides is not.
        """
        (rows, columns), finer = alpha.shape, np.zeros((FINER * SIDE, FINER * SIDE, 3), np.uint8)
        finer[: FINER * rows, : FINER * columns] = resize(photo, FINER * rows, FINER * columns)
        for kept, plane in ((self.thing, region), (self.weight, weight)):
            canvas = np.zeros((SIDE, SIDE), bool)
            canvas[:rows, :columns] = plane
            kept.append(canvas)
        self.seen.append(features(photo, alpha, own, other, keep).astype(np.float16))
        self.photo.append(finer)


def make_lessons(data: Path, most: int, seed: int) -> Lessons:
    """Let the simulated user touch until there are so many lessons.

    Args:
        data: folder with `persons/`, `portraits/` and `more/voc_people/`.
        most: how many.
        seed: of all that is drawn by lot.
    """
    random, lessons = np.random.default_rng(seed), Lessons(most)
    several = one_among_several(data, random)
    for number, task in enumerate(mistakes(data, random)):
        walk(lessons, task, TOUCHES, random)
        if number % 2:
            walk(lessons, next(several), 1, random)
        if number % 100 == 0:
            print(f"{len(lessons.seen)} of {most} touches", flush=True)
        if lessons.enough:
            break
    return lessons


def mistakes(data: Path, random: np.random.Generator) -> Iterator[Task]:
    """Give photos of which the bundled network finds a good part, but not all, without an end.

    It knows the photos of train by heart, so most are given to it darker, smaller, greyer or noisier than they are.
    """
    sources = [
        CocoPersons(data / "persons", "train"),
        ImageMaskFolder(data / "more/voc_people", "train", val_share=0.001),
        ImageMaskFolder(data / "portraits", "train"),
    ]
    remover = BackgroundRemover(looks=1)
    while True:
        source = sources[random.choice(len(sources), p=SHARES)]
        sample = source[int(random.integers(len(source)))]
        truth, weight = sample.alpha > 127, sample.weight > 0
        if not (truth & weight).any():
            continue
        alpha = remover.predict_alpha(spoilt(sample.photo, random))
        if LEAST <= iou_of(alpha, truth, weight) < ENOUGH:
            yield sample.photo, alpha, truth, weight


def spoilt(photo: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Make a photo harder, three times out of four."""
    if random.random() < 0.25:
        return photo
    height, width = photo.shape[:2]
    pixels = photo.astype(np.float32)
    if random.random() < 0.5:
        scale = random.uniform(0.2, 0.5) * 320 / max(height, width)
        pixels = resize(resize(pixels, max(8, round(height * scale)), max(8, round(width * scale))), height, width)
    if random.random() < 0.6:
        pixels = 255 * (pixels.clip(0, 255) / 255) ** random.choice([0.4, 0.6, 1.8, 2.6, 3.5])
    if random.random() < 0.3:
        grey = pixels.mean(axis=2, keepdims=True)
        pixels = grey + random.uniform(0, 0.4) * (pixels - grey)
    if random.random() < 0.4:
        pixels = pixels * random.uniform(0.6, 1.4, 3)
    if random.random() < 0.3:
        pixels = pixels + random.normal(0, random.uniform(8, 30), pixels.shape)
    return pixels.clip(0, 255).astype(np.uint8)


def one_among_several(data: Path, random: np.random.Generator) -> Iterator[Task]:
    """Give photos of several people in which one of them is missing, and then too many."""
    coco = COCO(str(data / "persons/annotations/person_keypoints_train2017.json"))
    for number in random.permutation(sorted(coco.imgs)).tolist():
        fact, people = coco.imgs[number], coco.loadAnns(coco.getAnnIds(imgIds=[number]))
        area = fact["width"] * fact["height"]
        large = [person["id"] for person in people if not person["iscrowd"] and person["area"] > 0.01 * area]
        if len(large) < 2:
            continue
        photo = read_photo(data / "persons/train2017" / fact["file_name"]).pixels
        masks = {person["id"]: coco.annToMask(person) > 0 for person in people if not person["iscrowd"]}
        crowds = [coco.annToMask(person) > 0 for person in people if person["iscrowd"]]
        everybody = np.logical_or.reduce([*masks.values()])
        weight = ~np.logical_or.reduce(crowds) | everybody if crowds else np.ones_like(everybody)
        chosen = large[random.integers(len(large))]
        others = np.logical_or.reduce([mask for person, mask in masks.items() if person != chosen])
        for found, truth in ((everybody, others), (others, everybody)):
            yield photo, cv2.GaussianBlur(found.astype(np.float32), (0, 0), 1.5), truth, weight


def walk(lessons: Lessons, task: Task, most: int, random: np.random.Generator) -> None:
    """Touch one photo up to `most` times; each touch is a lesson, and is then fulfilled, sometimes a little wrongly."""
    photo, large, *known = task
    shape, _ = cells(large.shape)
    alpha = resize(large, *shape)
    truth, weight = (resize(plane.astype(np.float32), *shape) > 0.5 for plane in known)
    marks = {True: np.zeros(shape, bool), False: np.zeros(shape, bool)}
    for _ in range(most):
        wrong = largest_wrong(alpha, truth, weight)
        if lessons.enough or wrong is None or wrong.region.sum() < SMALLEST:
            break
        keep, (column, row) = wrong.touch.keep, map(int, wrong.touch.points[0])
        if random.random() < 0.4:  # people do not touch the very middle
            depth = cv2.distanceTransform(wrong.region.astype(np.uint8), cv2.DIST_L2, 3)
            places = np.argwhere(depth >= 0.5 * depth.max())
            row, column = places[random.integers(len(places))]
        own = np.zeros(shape, bool)
        own[row, column] = True
        else_wrong = ((alpha >= 0.5) != truth) & ~wrong.region
        lessons.add(photo, alpha, own, marks[not keep], keep, wrong.region, weight & ~else_wrong)
        if random.random() < CLOSER and not lessons.enough:
            look_closer(lessons, task, alpha, marks[not keep], keep, (row, column), wrong.region)
        marks[keep][row, column] = True
        done = wrong.region.astype(np.uint8)
        if random.random() < 0.5:
            done = (cv2.erode if random.random() < 0.5 else cv2.dilate)(done, np.ones((3, 3), np.uint8))
        alpha = np.where(done > 0, np.float32(keep), alpha)


def look_closer(
    lessons: Lessons, task: Task, alpha: np.ndarray, other: np.ndarray, keep: bool, place: tuple[int, int],
    region: np.ndarray,
) -> None:  # fmt: skip
    """Add the same touch as it is looked at again, closer, if it is: in the window around the thing."""
    photo, large, truth, weight = task
    window = closer_window(region, large.shape)
    if window == (slice(0, large.shape[0]), slice(0, large.shape[1])):
        return
    shape, _ = cells(photo[window].shape[:2])
    near = resize(resize(alpha, *large.shape)[window], *shape)
    away = resize(resize(other.astype(np.float32), *large.shape)[window], *shape) > 0.5
    truth, weight = (resize(plane[window].astype(np.float32), *shape) > 0.5 for plane in (truth, weight))
    row, column = (
        min(length - 1, max(0, int(((at + 0.5) * whole / small - part.start) * length / (part.stop - part.start))))
        for at, whole, small, part, length in zip(place, large.shape, alpha.shape, window, shape, strict=True)
    )
    wrong = (near >= 0.5) != truth
    if not wrong[row, column] or truth[row, column] != keep:
        return
    _, pieces = cv2.connectedComponents((wrong & (truth == keep)).astype(np.uint8), connectivity=4)
    piece, own = pieces == pieces[row, column], np.zeros(shape, bool)
    own[row, column] = True
    lessons.add(photo[window], near, own, away & ~own, keep, piece, weight & ~(wrong & ~piece))
