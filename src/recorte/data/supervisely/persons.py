"""People from a project in Supervisely's format."""

from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import msgspec
import numpy as np

from recorte.data.reading.findings import Finding, finding_of
from recorte.data.reading.hashing import mark_of, part_of
from recorte.data.reading.photo_size import read_photo_of_size
from recorte.data.sample import Sample, Split
from recorte.data.supervisely.listing import annotated_photos, annotation_of
from recorte.data.supervisely.shapes import Shape, draw_shape
from recorte.errors import ConfigError, DataError, PhotoError
from recorte.kinds import Folder, Names, Part
from recorte.letterbox import resize
from recorte.photo import MAX_PIXELS

T = TypeVar("T")


class _Size(msgspec.Struct):
    height: int
    width: int


class _Tag(msgspec.Struct):
    name: str


class _Object(msgspec.Struct, rename="camel"):
    class_title: str


class _Listed(msgspec.Struct):
    """What of an annotation is needed before its photo is read."""

    size: _Size
    objects: list[_Object]
    tags: list[_Tag] = []


class _Shapes(msgspec.Struct):
    """An annotation with its outlines."""

    objects: list[Shape]


class _Class(msgspec.Struct):
    title: str


class _Meta(msgspec.Struct):
    classes: list[_Class]


class SuperviselyPersons:
    """Photos and people of a Supervisely project, such as Supervisely Persons; a `PersonSource`.

    `root/meta.json` names the classes; each folder in `root` with `img/` and `ann/` is one of the project's data sets,
    in which `ann/a.jpg.json` belongs to `img/a.jpg`; hidden files, and others that are no photos, are passed over.
    People are polygons, with holes, or bitmaps. What is marked as one of the `ignored` classes has weight 0, and so has
    all that is not marked in photos with the tag `unmarked`, which show people whom nobody marked.

    The photos are split by a hash of their names.

    Args:
        root: the project's folder.
        split: "train" or "val".
        classes: names of the classes that are people, or the name of the only one.
        ignored: names of those that are neither people nor background, likewise.
        unmarked: name of the tag of photos with people that are not marked.
        val_share: share of the photos for "val", between 0 and 1. Each split gets at least one of two or more.
        found: takes the faults of photos and annotations, each for itself, and what is sound is opened. None: raise
            the first.

    Attributes:
        enough: the longest side of photos, in pixels, that does; see `read_photo`. None: photos as they are.

    Raises:
        DataError: missing or unreadable folders or files, a project without these classes, faulty annotations.
        ConfigError: `val_share` out of range.
    """

    def __init__(
        self,
        root: Folder,
        split: Split,
        classes: Names = ("person", "person_poly", "person_bmp"),
        ignored: Names = ("neutral",),
        unmarked: str = "not-marked-people",
        val_share: Part = 0.1,
        found: list[Finding] | None = None,
    ) -> None:
        if not 0 < val_share < 1:
            raise ConfigError(f"Supervisely: val_share={val_share}; a share between 0 and 1 is needed")
        self._root = Path(root)
        self.enough: int | None = None
        self._classes, self._ignored = (
            {names} if isinstance(names, str) else set(names) for names in (classes, ignored)
        )
        try:
            self._check_classes()
            self._names = sorted(part_of(annotated_photos(self._root, found), split, val_share))
        except OSError as error:
            raise DataError(
                f"{error.filename}: cannot be read ({error.strerror}); give yourself the right to"
            ) from None
        if not self._names and not found:
            raise DataError(f"{self._root}: its only photo is for training; 'val' needs a second one")
        listed = self._read_annotations(found)
        sizes = [(one.size.height, one.size.width) for one in listed]
        self._sizes = np.array([size if _is_possible(*size) else (0, 0) for size in sizes], np.int32)
        self._partly = np.array([any(tag.name == unmarked for tag in one.tags) for one in listed], bool)
        people = [any(thing.class_title in self._classes for thing in one.objects) for one in listed]
        self._negatives = np.flatnonzero(~(np.array(people, bool) | self._partly)).tolist()
        if split == "train" and not any(people) and not found:
            raise DataError(f"{self._root}: nobody is marked in it, so there is nothing to learn from")

    @property
    def negatives(self) -> Sequence[int]:
        """Indices of the photos in which nobody is marked, and which are not said to be marked in part."""
        return self._negatives

    def __len__(self) -> int:
        return len(self._names)

    def name(self, index: int) -> str:
        """The photo's path below the project's folder, such as "ds1/img/a.jpg"."""
        return self._names[index]

    def path(self, index: int) -> Path:
        """The photo's file."""
        return self._root / self._names[index]

    def mark(self, index: int) -> str:
        """The state of the photo's file and of its annotation's, and which classes count."""
        classes = f"{sorted(self._classes)} {sorted(self._ignored)} {self._partly[index]}"
        return f"{mark_of(self.path(index), annotation_of(self.path(index)))} {classes}"

    def group(self, index: int) -> str:
        """The photo's name: each stands alone."""
        return self._names[index]

    def __getitem__(self, index: int) -> Sample:
        """Read a photo and draw who is marked in it.

        Raises:
            PhotoError: the photo is missing, damaged or of another size, or a shape is faulty.
        """
        height, width = self._size(index)
        photo = read_photo_of_size(self.path(index), height, width, "its annotation", enough=self.enough)
        people, ignored = self.masks(index)
        weight = people if self._partly[index] else people | (1 - ignored)
        alpha, weight = (resize(mask, *photo.shape[:2]) for mask in (people * np.uint8(255), weight))
        return Sample(photo, alpha, weight, self._names[index])

    def masks(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Draw who is marked and what is ignored, without opening the photo: `uint8 (H, W)` of 0 and 1.

        Raises:
            PhotoError: the annotation is damaged, its size impossible, or a shape is faulty.
        """
        people, ignored = (np.zeros(self._size(index), np.uint8) for _ in range(2))
        annotation = annotation_of(self.path(index))
        try:
            shapes = _decode(annotation, _Shapes).objects
        except DataError as error:
            raise PhotoError(str(error)) from None
        for shape in shapes:
            mask = people if shape.class_title in self._classes else ignored
            if shape.class_title in self._classes | self._ignored:
                try:
                    draw_shape(mask, shape)
                except ValueError as error:
                    raise PhotoError(
                        f"{annotation}: object {shape.id} is not usable: {error}; mend or remove it"
                    ) from None
        return people, ignored

    def _read_annotations(self, found: list[Finding] | None) -> list[_Listed]:
        """Read all annotations; where faults are taken, forget the photos of those that cannot be read."""
        listed = {}
        for name in self._names:
            try:
                listed[name] = _decode(annotation_of(self._root / name), _Listed)
            except DataError as error:
                if found is None:
                    raise
                found.append(finding_of(error, self._root))
        self._names = list(listed)
        return list(listed.values())

    def _size(self, index: int) -> tuple[int, int]:
        height, width = self._sizes[index].tolist()
        if not height:
            valid = f"height and width above 0, and at most {MAX_PIXELS:,} pixels"
            raise PhotoError(f"{annotation_of(self.path(index))}: its size is no photo's; it needs {valid}")
        return height, width

    def _check_classes(self) -> None:
        path = self._root / "meta.json"
        if not path.is_file():
            layout = "meta.json beside folders with img/ and ann/ in them"
            raise DataError(f"{path}: there is no such file. A project of Supervisely has {layout}")
        names = [one.title for one in _decode(path, _Meta).classes]
        if not self._classes & set(names):
            raise DataError(
                f"{path}: none of its classes ({', '.join(names) or 'there are none'}) is one of "
                f"{', '.join(sorted(self._classes))}; give classes=<the names of those that are people>"
            )


def _is_possible(height: int, width: int) -> bool:
    return height > 0 and width > 0 and height * width <= MAX_PIXELS


def _decode(path: Path, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DataError(
            f"{path}: not an annotation in Supervisely's format ({error}); export the project again"
        ) from None
