"""What each kind of data set needs on disk, and how much of it is there; nothing is opened."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from recorte.data.coco import CocoPersons
from recorte.data.coco_download import PARTS
from recorte.data.cutouts import CutoutFolder
from recorte.data.folder import ImageMaskFolder
from recorte.data.supervisely import SuperviselyPersons
from recorte.photo import EXTENSIONS


class Item(NamedTuple):
    """A file or folder that a data set needs.

    Attributes:
        path: where it is, or should be.
        what: in a word or two.
        found: how much of it there is; empty if it is missing.
        remedy: what brings it, where it is missing.
    """

    path: Path
    what: str
    found: str
    remedy: str = ""


def structure_of(kind: type, options: Mapping[str, Any]) -> list[Item]:
    """List what a source needs.

    Args:
        kind: the source's class.
        options: what it is opened with.

    Returns:
        Nothing for a source that needs no files.
    """
    looks = {
        CocoPersons: _coco, CutoutFolder: _cutouts, ImageMaskFolder: _folder, SuperviselyPersons: _supervisely
    }  # fmt: skip
    look = looks.get(kind)
    return [] if look is None else look(Path(options["root"]), options)


def _coco(root: Path, _: Mapping[str, Any]) -> list[Item]:
    items = []
    for split in ("train", "val"):
        names = [f"{kind}_{split}2017.json" for kind in ("person_keypoints", "instances")]
        paths = [root / "annotations" / name for name in names]
        path = next((path for path in paths if path.is_file()), paths[0])
        items.append(Item(path, f"annotations, {split}", _size(path), _download(root, "annotations")))
        photos = root / PARTS[split].folder
        items.append(Item(photos, f"photos, {split}", _count(photos), _download(root, split)))
    return items


def _download(root: Path, part: str) -> str:
    return f"python scripts/dataset.py download data=coco data.root={root} 'parts=[{part}]'"


def _folder(root: Path, options: Mapping[str, Any]) -> list[Item]:
    kinds = {what: options.get(what, what) for what in ("photos", "masks")}
    split = (root / "train" / kinds["photos"]).is_dir()
    own = (root / "val" / kinds["photos"]).is_dir()
    bases = (
        {"train": root / "train", "val": root / "val"} if split and own else {"all": root / "train" if split else root}
    )
    remedy = "photos and masks of the same names belong here"
    return [
        Item(base / name, what if part == "all" else f"{what}, {part}", _count(base / name), remedy)
        for part, base in bases.items()
        for what, name in kinds.items()
    ]


def _cutouts(root: Path, options: Mapping[str, Any]) -> list[Item]:
    items = [Item(root, "cut-outs", _count(root), "pictures with transparent backgrounds belong here")]
    if options.get("backgrounds") is not None:
        folder = Path(options["backgrounds"])
        items.append(Item(folder, "backgrounds", _count(folder), "photos without people belong here"))
    return items


def _supervisely(root: Path, _: Mapping[str, Any]) -> list[Item]:
    remedy = "export the project from Supervisely and unpack it here"
    items = [Item(root / "meta.json", "classes", _size(root / "meta.json"), remedy)]
    folders = sorted(path for path in root.iterdir() if (path / "img").is_dir()) if root.is_dir() else []
    for folder in folders or [root / "ds1"]:
        items.append(Item(folder / "img", f"photos, {folder.name}", _count(folder / "img"), remedy))
        items.append(Item(folder / "ann", f"annotations, {folder.name}", _count(folder / "ann", {".json"}), remedy))
    return items


def _size(path: Path) -> str:
    return f"{path.stat().st_size / 1e6:,.1f} MB" if path.is_file() else ""


def _count(folder: Path, suffixes: frozenset[str] | set[str] = EXTENSIONS) -> str:
    """Count the files of a kind below a folder; nothing where there are none."""
    count = sum(
        os.path.splitext(name)[1].lower() in suffixes  # noqa: PTH122 (a hundred thousand paths take a second)
        for _, _, names in os.walk(folder)
        for name in names
    )
    return f"{count:,} files" if count else ""
