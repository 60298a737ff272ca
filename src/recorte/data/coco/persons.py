"""People from a data set in COCO's format."""

import dataclasses
import functools
import hashlib
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from msgspec import Meta

from recorte.data.coco.index import PersonIndex, read_index
from recorte.data.coco.layout import VAL_SHARE, Names, locate, parts_of
from recorte.data.coco.outlines import fill_outlines, parse_outline
from recorte.data.coco.photos import find_photos, size_or_nothing
from recorte.data.reading.hashing import mark_of, unit_hash
from recorte.data.reading.photo_size import read_photo_of_size
from recorte.data.sample import Sample, Split
from recorte.errors import ConfigError, DataError, PhotoError
from recorte.kinds import AnyPath, Folder, NotNegative, Part
from recorte.letterbox import resize

Times = Annotated[float, Meta(ge=0, le=100, description="a number from 0 to 100")]


class CocoPersons:
    """Photos and outlined people of COCO 2017, or of any data set in its format; a `PersonSource`.

    `root/annotations/person_keypoints_{split}2017.json`, or if absent `instances_{split}2017.json`, lists the
    photos in `root/{split}2017/`. Roboflow's layout (`train/_annotations.coco.json` among the photos, `valid/`) and
    CVAT's (`annotations/instances_default.json` or `instances_train.json`, `images/` or `images/train/`) are found too,
    and files and folders of other names can be named. A set without "val" is split by a hash of the photos' names.
    Everybody outlined in a photo is its alpha. Crowds (`iscrowd=1`) and people
    smaller than `min_area` have weight 0 where nobody else is outlined: they are people, but not to learn from.
    A photo whose outlines are damaged can be opened with the others; only reading it is a PhotoError.

    What other tools write otherwise than COCO does is read as far as it is certain: numbers as text, crumbs beside an
    outline, names with backslashes, another case or a folder before them; sizes that are not said are the photos'.

    Frames of one video (`video_id`) are a group, which cross validation keeps together.

    What an instance holds is a few arrays, for large files in a cache on disk that all processes share, so that worker
    processes get it cheaply.

    Args:
        root: the data set's folder.
        split: "train" or "val".
        min_area: people whose annotation says less than so many pixels are ignored.
        negatives: how often a photo without people comes up in "train", on average: 0.5 keeps half of them, 3 gives
            each three times. In "val" each comes up at most once. Which ones depends on their ids alone.
        annotations: the annotation file, below `root` or a path of its own: that of "train" if `val_annotations` is
            given, else that of everything. None: what is found.
        photos: the folder of its photos, below `root` or a path of its own. None: what is found, or the folder that
            the named file lies in.
        val_annotations: the annotation file of "val".
        val_photos: the folder of its photos. None: what is found, or `photos`, or the folder of the named file.
        val_share: share of the photos for "val" where there is one file for both, between 0 and 1. Of two or more
            photos, each split gets at least one.

    Attributes:
        index: all that the annotation file says of people.
        photos: `int64 (n,)`, where in the index the source's photos are.
        ignored: `bool (people,)`, who has weight 0.
        enough: the longest side of photos, in pixels, that does; see `read_photo`. None: photos as they are.

    Raises:
        DataError: folders or files are missing, the annotations are faulty, or there is nobody to learn from.
        ConfigError: `min_area`, `negatives` or `val_share` out of range.
    """

    def __init__(
        self,
        root: Folder,
        split: Split,
        min_area: NotNegative = 0.0,
        negatives: Times = 1.0,
        annotations: AnyPath | None = None,
        photos: AnyPath | None = None,
        val_annotations: AnyPath | None = None,
        val_photos: AnyPath | None = None,
        val_share: Part = VAL_SHARE,
    ) -> None:
        if not min_area >= 0 or not 0 <= negatives <= 100:
            given = f"min_area={min_area} and negatives={negatives}"
            raise ConfigError(f"COCO persons: {given}; min_area is 0 or more pixels, negatives a number from 0 to 100")
        if not 0 < val_share < 1:
            raise ConfigError(f"COCO persons: val_share={val_share}; a share between 0 and 1 is needed")
        names = Names(annotations, photos, val_annotations, val_photos)
        path, self._folder, shared = locate(Path(root), split, names)
        self._arguments = (root, split, min_area, negatives, *names, val_share)
        self.enough: int | None = None
        self.index = _with_sizes(read_index(path), self._folder)
        # An area that is not given is not small.
        self.ignored = self.index.crowds | (self.index.areas < min_area)
        own = parts_of(self._names(), split, val_share) if shared else [True] * len(self.index.sizes)
        self.photos = self._chosen(negatives if split == "train" else min(negatives, 1), np.array(own))
        if not any(own):
            raise DataError(f"{path}: its only photo is for training; 'val' needs a second one")
        if split == "train" and not self._teaches():
            small = f" of {min_area:g} pixels or more" if min_area else ""
            raise DataError(f"{path}: nobody{small} is outlined in it, so there is nothing to learn from")
        if not len(self):
            raise DataError(f"{path}: nobody is outlined in it, and negatives={negatives:g} keeps none of its photos")
        if not any(os.path.exists(self.path(index)) for index in range(len(self))):  # noqa: PTH110
            listed = f"photos that {path.name} lists ({len(self):,}) is in it"
            looked = f"{self._folder / self.name(0)} was looked for, say"
            raise DataError(
                f"{self._folder}: none of the {listed}; {looked}; put them there, or name their folder with photos"
            )

    @property
    def negatives(self) -> Sequence[int]:
        """Indices of the photos without any person, not even in a crowd."""
        return np.flatnonzero(np.diff(self.index.first)[self.photos] == 0).tolist()

    def __len__(self) -> int:
        return len(self.photos)

    def name(self, index: int) -> str:
        """The photo's file name, as the annotations have it."""
        return self.index.names.part(self.photos[index]).decode()

    def path(self, index: int) -> Path:
        """The photo's file; one of nearly that name, where there is none of just that."""
        name = self.name(index)
        plain = self._folder / name
        # Not Path.exists, which fails on a name that is too long.
        return plain if os.path.exists(plain) else self._folder / self._found.get(name, name)  # noqa: PTH110

    @functools.cached_property
    def _found(self) -> dict[str, str]:
        """Of the photos that are not where their names say, those that are found all the same."""
        return find_photos(self._folder, self._names())

    def _names(self) -> list[str]:
        return [self.index.names.part(number).decode() for number in range(len(self.index.sizes))]

    def _teaches(self) -> bool:
        """Tell whether there is anybody in the source's photos who is not ignored."""
        photo_of = np.repeat(np.arange(len(self.index.sizes)), np.diff(self.index.first))
        return bool(np.isin(photo_of[~self.ignored], self.photos).any())

    def group(self, index: int) -> str:
        """The video that the photo is a frame of, where the annotations have a `video_id`; else the photo's name."""
        video = self.index.videos.part(self.photos[index]).decode()
        return f"video {video}" if video else self.name(index)

    def __getitem__(self, index: int) -> Sample:
        """Read a photo and draw its people.

        Raises:
            PhotoError: the photo is missing, damaged or of another size, or an outline is faulty.
        """
        name = self.name(index)
        height, width = self.index.sizes[self.photos[index]].tolist()
        photo = read_photo_of_size(self.path(index), height, width, "its annotation", enough=self.enough)
        people, ignored = self.masks(index)
        alpha, weight = (resize(mask, *photo.shape[:2]) for mask in (people * np.uint8(255), people | (1 - ignored)))
        return Sample(photo, alpha, weight, name)

    def mark(self, index: int) -> str:
        """The state of the photo's file, its outlines, the size that they are for, and who is ignored."""
        people = range(self.index.first[self.photos[index]], self.index.first[self.photos[index] + 1])
        outlines = b"".join(b"%d" % self.ignored[person] + self.index.outlines.part(person) for person in people)
        height, width = self.index.sizes[self.photos[index]].tolist()
        return f"{mark_of(self.path(index))} {height} x {width} {hashlib.blake2b(outlines, digest_size=16).hexdigest()}"

    def masks(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Draw who is outlined and who is ignored: `uint8 (H, W)` of 0 and 1.

        Raises:
            PhotoError: an outline is faulty.
        """
        photo = self.photos[index]
        outlines: tuple[list[list[list[float]] | np.ndarray], ...] = ([], [])
        height, width = self.index.sizes[photo].tolist()
        for position in range(self.index.first[photo], self.index.first[photo + 1]):
            try:
                outline = parse_outline(self.index.outlines.part(position), height, width)
            except ValueError as error:
                place = f"{self.path(index)}: the outline of its annotation {self.index.ids[position]}"
                raise PhotoError(f"{place} is not usable: {error}; mend or remove the annotation") from None
            outlines[int(self.ignored[position])].append(outline)
        return fill_outlines(outlines[0], height, width), fill_outlines(outlines[1], height, width)

    def _chosen(self, negatives: float, own: np.ndarray) -> np.ndarray:
        """Give the positions in the index of the split's `own` photos, those of nobody as often as asked for."""
        times = own.astype(np.int64)
        for position in np.flatnonzero(own & (np.diff(self.index.first) == 0)).tolist():
            chance = unit_hash(str(self.index.image_ids[position]))
            times[position] = int(negatives) + (chance < negatives % 1)
        return np.repeat(np.arange(len(times)), times)

    def __reduce__(self) -> str | tuple[Any, ...]:
        """Send only where it comes from, if the other process can open the same cache."""
        if not self.index.cached:
            return super().__reduce__()
        return type(self), self._arguments, {"enough": self.enough}


def _with_sizes(index: PersonIndex, folder: Path) -> PersonIndex:
    """Take the sizes that the annotations do not say from the photos' headers; those of missing photos stay 0."""
    unknown = np.flatnonzero((index.sizes == 0).any(axis=1))
    if not len(unknown):
        return index
    names = [index.names.part(number).decode() for number in range(len(index.sizes))]
    found = find_photos(folder, names)
    sizes = np.array(index.sizes)
    with ThreadPoolExecutor() as pool:
        paths = [folder / found.get(names[number], names[number]) for number in unknown]
        for number, size in zip(unknown, pool.map(size_or_nothing, paths), strict=True):
            sizes[number] = size
    return dataclasses.replace(index, sizes=sizes, cached=False)
