"""What each kind of data set needs on disk, and how much of it is there; nothing is opened."""

import os
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from recorte.data.coco import CocoPersons
from recorte.data.coco.layout import VAL_SHARE, Names, find_places, remedy
from recorte.data.cutouts import CutoutFolder
from recorte.data.download.coco import PARTS
from recorte.data.folder import ImageMaskFolder
from recorte.data.supervisely import SuperviselyPersons
from recorte.listing import EXTENSIONS


class Item(NamedTuple):
    """A file or folder that a data set needs.

    Attributes:
        path: where it is, or should be.
        what: in a word or two.
        found: how much of it there is; empty if it is missing.
        remedy: what brings it, where it is missing.
        files: how many of its files there are, where those are counted.
    """

    path: Path
    what: str
    found: str
    remedy: str = ""
    files: int = 0


def structure_of(kind: type, options: Mapping[str, Any]) -> list[Item]:
    """List what a source needs.

    Args:
        kind: the source's class.
        options: what it is opened with.

    Returns:
        Nothing for a source that needs no files, or is not ours.
    """
    looks = {
        CocoPersons: _coco, CutoutFolder: _cutouts, ImageMaskFolder: _folder, SuperviselyPersons: _supervisely
    }  # fmt: skip
    look = looks.get(kind)
    return [] if look is None else look(Path(options["root"]), options)


def _coco(root: Path, options: Mapping[str, Any]) -> list[Item]:
    items = []
    places = find_places(root, Names.of(options))
    fetchable = _may_become_coco(root)
    if not fetchable and not any(place.annotations.exists() or place.photos.exists() for place in places.values()):
        return [Item(root, "annotations and photos", "", remedy(root, "train"))]
    for split, place in places.items():
        part = f", {split}" if len(places) > 1 else ""
        own = fetchable and place.photos == root / PARTS[split].folder
        remedies = [_download(root, name) if own else remedy(root, split) for name in ("annotations", split)]
        items.append(_file(place.annotations, f"annotations{part}", remedies[0]))
        items.append(_files(place.photos, f"photos{part}", remedies[1]))
    if "val" not in places and items[0].found:
        items += _parted(items[-1], options.get("val_share", VAL_SHARE))
    return items


def _may_become_coco(root: Path) -> bool:
    """Tell whether a folder is one for a download: empty, not there, or with something of COCO 2017 in it."""
    names = _names_in(root) + _names_in(root / "annotations")
    return not names or any("2017" in name for name in names)


def _names_in(folder: Path) -> list[str]:
    try:
        return [entry.name for entry in folder.iterdir() if not entry.name.startswith(".")]
    except OSError:
        return []


def _parted(photos: Item, share: float) -> list[Item]:
    """Say how many photos of "train" become those of "val", where that has no file of its own."""
    if photos.files < 2:
        return []
    count = min(max(round(photos.files * share), 1), photos.files - 1)
    found = f"about {count:,} of the {photos.files:,}, by val_share={share:g}: val has no annotation file of its own"
    return [Item(photos.path, "photos, val", found)]


def _download(root: Path, part: str) -> str:
    return shlex.join(["python", "scripts/dataset.py", "download", "data=coco", f"data.root={root}", f"parts=[{part}]"])


def _folder(root: Path, options: Mapping[str, Any]) -> list[Item]:
    kinds = {what: options.get(what, what) for what in ("photos", "masks")}
    split, own = (os.path.isdir(root / name / kinds["photos"]) for name in ("train", "val"))  # noqa: PTH112
    bases = (
        {"train": root / "train", "val": root / "val"} if split and own else {"all": root / "train" if split else root}
    )
    remedy = "photos and masks of the same names belong here"
    return [
        _files(base / name, what if part == "all" else f"{what}, {part}", remedy, tells_links=True)
        for part, base in bases.items()
        for what, name in kinds.items()
    ]


def _cutouts(root: Path, options: Mapping[str, Any]) -> list[Item]:
    items = [_files(root, "cut-outs", "pictures with transparent backgrounds belong here", tells_links=True)]
    if options.get("backgrounds") is not None:
        folder = Path(options["backgrounds"])
        items.append(_files(folder, "backgrounds", "photos without people belong here", tells_links=True))
    return items


def _supervisely(root: Path, _: Mapping[str, Any]) -> list[Item]:
    remedy = "export the project from Supervisely and unpack it here"
    try:
        folders = sorted(path for path in root.iterdir() if _is_data_set(path))
    except OSError:
        folders = []
    items = [_file(root / "meta.json", "classes", remedy)]
    for folder in folders or [root / "ds1"]:
        items.append(_files(folder / "img", f"photos, {folder.name}", remedy))
        items.append(_files(folder / "ann", f"annotations, {folder.name}", remedy, {".json"}))
    return items


def _is_data_set(folder: Path) -> bool:
    try:
        return (folder / "img").is_dir()
    except OSError:  # may not be looked into, which is told of its files
        return True


def _file(path: Path, what: str, remedy: str) -> Item:
    try:
        size = path.stat().st_size
    except (FileNotFoundError, NotADirectoryError):
        return Item(path, what, "", remedy)
    except OSError as error:
        return Item(path, what, "", _unreadable(error.strerror or str(error)))
    if not os.access(path, os.R_OK):
        return Item(path, what, "", _unreadable("no permission"))
    return (
        Item(path, what, f"{size / 1e6:,.1f} MB") if size else Item(path, what, "", f"it is empty: remove it; {remedy}")
    )


def _files(
    folder: Path, what: str, remedy: str, suffixes: frozenset[str] | set[str] = EXTENSIONS, tells_links: bool = False
) -> Item:
    """Count the files of a kind below a folder, without hidden ones.

    Linked folders are not looked into: a link may lead round in a circle, or bring a photo in under a second name.
    """
    refused: list[OSError] = []
    count, links = 0, []
    for base, folders, names in os.walk(folder, onerror=refused.append):
        folders[:] = [name for name in folders if not name.startswith(".")]
        links += [name for name in folders if os.path.islink(f"{base}/{name}")]  # noqa: PTH114 (as below)
        count += sum(
            os.path.splitext(name)[1].lower() in suffixes  # noqa: PTH122 (a hundred thousand paths take a second)
            for name in names
            if not name.startswith(".")
        )
    barred = [error for error in refused if not isinstance(error, FileNotFoundError | NotADirectoryError)]
    if barred:
        reason = barred[0].strerror or str(barred[0])
        return Item(folder, what, "", f"{barred[0].filename} {_unreadable(reason)}")
    note = f"; linked folders are passed over: {', '.join(sorted(links))}" if links and tells_links else ""
    return Item(folder, what, f"{count:,} files{note}" if count else "", remedy + note, count)


def _unreadable(reason: str) -> str:
    return f"cannot be read ({reason}); give yourself the right to"
