"""Where the annotation files and photos of a data set in COCO's format lie, as COCO, Roboflow and CVAT lay them out."""

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Self

from recorte.data.reading.hashing import part_of
from recorte.data.sample import Split
from recorte.errors import DataError
from recorte.kinds import AnyPath
from recorte.listing import EXTENSIONS

WORDS: dict[str, tuple[str, ...]] = {"train": ("train", "training"), "val": ("val", "valid", "validation")}
"""What the splits are called."""
WHOLE = ("default", "all")
"""What a set is called that has no splits; the first is CVAT's word."""
KINDS = ("person_keypoints", "instances")
BESIDE = "_annotations.coco.json"
"""Roboflow's file, in the folder of its photos."""
VAL_SHARE = 0.1
"""Of the photos, where it is not given."""
LOOKED_AT = 1000
"""Folders that are looked into for what else their files could be."""
FEW = 4
"""Annotation files that a set has at most; more JSON than that is one for each photo."""


class Names(NamedTuple):
    """Files and folders that are named, below the root or anywhere; those that are not are found.

    Attributes:
        annotations: the annotation file of "train", or of everything.
        photos: the folder of its photos; by default the one that the file lies in.
        val_annotations: the annotation file of "val".
        val_photos: the folder of its photos.
    """

    annotations: AnyPath | None = None
    photos: AnyPath | None = None
    val_annotations: AnyPath | None = None
    val_photos: AnyPath | None = None

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Self:
        """Take them from what a source is opened with."""
        return cls(*(options.get(name) for name in cls._fields))


class Place(NamedTuple):
    """Where a split is.

    Attributes:
        annotations: its file.
        photos: its folder.
        shared: the other split is in the same file, so that its photos are parted.
    """

    annotations: Path
    photos: Path
    shared: bool = False


def locate(root: Path, split: Split, names: Names = Names()) -> Place:  # noqa: B008 (it cannot change)
    """Find the annotation file and the photo folder of a split.

    Raises:
        DataError: one of them is missing; the message says how to name what is there.
    """
    places = find_places(root, names)
    place = places.get(split) or places["train"]._replace(shared=True)
    if split == "train" and "val" not in places:
        place = place._replace(shared=True)
    if place.annotations.is_file() and place.photos.is_dir():
        return place
    raise DataError(_missing(root, split, place))


def find_places(root: Path, names: Names) -> dict[Split, Place]:
    """Find where both splits are, or should be; where there is no "val", the photos of "train" are parted."""
    places: dict[Split, Place] = {}
    train = _named(root, names.annotations) or _found(root, "train")
    # A file that is named alone is that of everything.
    val = _named(root, names.val_annotations) or (None if names.annotations else _found(root, "val"))
    if train is None and val is None:
        train = _whole(root)
    if train is None:
        train, val = _of_2017(root, "train"), val or _of_2017(root, "val")
    if names.photos is not None:
        train = train._replace(photos=root / names.photos)
    places["train"] = train
    if val is not None and not _same(train.annotations, val.annotations):
        folder = names.val_photos or (names.photos if names.val_annotations else None)
        places["val"] = val if folder is None else val._replace(photos=root / folder)
    return places


def parts_of(names: Sequence[str], split: Split, val_share: float) -> list[bool]:
    """Tell which photos of an annotation file are a split's, where it holds both.

    The photos are chosen by their names, as those of a folder are. All that Roboflow has made of one photo, which it
    tells apart by `.rf.` and a word, stays together.
    """
    keys = [re.sub(r"\.rf\.\w+", "", os.path.normpath(name.replace("\\", "/"))) for name in names]
    chosen = part_of(set(keys), split, val_share)
    return [key in chosen for key in keys]


def _named(root: Path, file: AnyPath | None) -> Place | None:
    return None if file is None else Place(root / file, (root / file).parent)


def _found(root: Path, split: Split) -> Place | None:
    """Find a split, or what there is of it, by what it may be called, in capital letters or small ones."""
    for word in WORDS[split]:
        if place := _annotated(root, f"{word}2017") or _annotated(root, word) or _beside(_entry(root, word)):
            return place
    # Photos without their annotations, which are missing then.
    return _of_2017(root, split) if (root / f"{split}2017").is_dir() else None


def _whole(root: Path) -> Place | None:
    return next((place for word in WHOLE if (place := _annotated(root, word))), _beside(root))


def _annotated(root: Path, word: str) -> Place | None:
    """Find a file in `annotations/`, and the folder of its photos: one of its own, or all photos in one."""
    for kind in KINDS:
        file = _entry(_entry(root, "annotations"), f"{kind}_{word}.json")
        if file.is_file():
            images = _entry(root, "images")
            folders = [_entry(root, word), _entry(images, word), images]
            expected = folders[0] if word.endswith("2017") else images
            return Place(file, next((folder for folder in folders if folder.is_dir()), expected))
    return None


def _beside(folder: Path) -> Place | None:
    return Place(folder / BESIDE, folder) if (folder / BESIDE).is_file() else None


def _of_2017(root: Path, split: Split) -> Place:
    return _annotated(root, f"{split}2017") or Place(
        root / f"annotations/{KINDS[0]}_{split}2017.json", root / f"{split}2017"
    )


def _entry(folder: Path, name: str) -> Path:
    """Give a folder's entry of a name, in capital letters or small ones."""
    try:
        found = [one.name for one in folder.iterdir() if one.name.casefold() == name.casefold()]
    except OSError:
        found = []
    return folder / (name if name in found or not found else min(found))


def _same(one: Path, other: Path) -> bool:
    return one.exists() and other.exists() and one.samefile(other)


def _missing(root: Path, split: Split, place: Place) -> str:
    own = [f"annotations/{kind}_{split}2017.json" for kind in KINDS]
    if not root.is_dir():
        what = f"{root}: there is no such folder"
    elif place.annotations.is_file():
        what = f"{place.photos}: there is no such folder"
    elif place.annotations == root / own[0]:
        what = f"{root}: neither {own[0]} nor {own[1]} is there"
    else:
        return f"{place.annotations}: there is no such file; name the one that is there"
    return f"{what}. {remedy(root, split)}"


def remedy(root: Path, split: Split) -> str:
    """Say what is expected below a root where something is missing, and which options name what is there."""
    layout = (
        f"The layout of COCO 2017 is expected: annotations/ and {split}2017/ with the photos; or Roboflow's or CVAT's"
    )
    if other := _something_else(root):
        file, folder = other
        key = "data.sources.coco."
        return f"{layout}. If {file} is what annotates, give {key}annotations={file} {key}photos={folder}"
    return f"{layout}; COCO itself can be downloaded from https://cocodataset.org/#download"


def _something_else(root: Path) -> tuple[str, str] | None:
    """Find what may be an annotation file, and the folder with the most photos, both below a root."""
    files, photos = [], {}
    for number, (base, folders, names) in enumerate(os.walk(root)):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        files += [Path(base, name) for name in names if name.endswith(".json") and not name.startswith(".")]
        photos[base] = sum(os.path.splitext(name)[1].lower() in EXTENSIONS for name in names)  # noqa: PTH122
        if number == LOOKED_AT:
            break
    if not 0 < len(files) <= FEW or not any(photos.values()):
        return None
    file, folder = max(files, key=lambda path: path.stat().st_size), Path(max(photos, key=lambda base: photos[base]))
    return file.relative_to(root).as_posix(), folder.relative_to(root).as_posix()
