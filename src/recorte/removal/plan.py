"""Which photo's result goes where."""

import os
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from recorte.errors import PhotoError, RecorteError
from recorte.photo import EXTENSIONS, list_photos
from recorte.removal.output import same_file


def plan_folder(folder: Path, target: Path, suffix: str = ".png") -> dict[Path, Path]:
    """Find every photo below `folder` and where below `target` its result goes.

    Raises:
        PhotoError: `folder` is no folder, or holds no photos.
        RecorteError: `target` is `folder` itself, or not a folder that can be written to.
    """
    photos = photos_below(folder, target)
    if not photos:
        raise PhotoError(f"{folder}: no photos in it ({', '.join(sorted(EXTENSIONS))})")
    return plan_tree({photo: photo.relative_to(folder) for photo in photos}, target, suffix)


def photos_below(folder: Path, target: Path) -> list[Path]:
    """Find every photo below `folder`, but for those below `target`, where results go.

    Raises:
        PhotoError: `folder` is no folder.
        RecorteError: `target` is `folder` itself.
    """
    if not folder.is_dir():
        raise PhotoError(f"{folder}: no such folder")
    if same_file(folder, target):
        raise RecorteError(f"{target}: the cut-outs must not go into the folder of the photos itself; name another")
    photos = list_photos(folder)
    if target.resolve().is_relative_to(folder.resolve()):
        photos = [photo for photo in photos if not photo.resolve().is_relative_to(target.resolve())]
    return photos


def plan_tree(places: dict[Path, Path], target: Path, suffix: str = ".png") -> dict[Path, Path]:
    """Plan where below `target` the results go: each photo at its place, a relative path, by the rules of names.

    Raises:
        RecorteError: `target` cannot be written to, or two photos have one place.
    """
    clashing = [str(photo) for photo, count in zip(places, _counts(places.values()), strict=True) if count > 1]
    if clashing:
        raise RecorteError(f"{', '.join(clashing)}: these have one name, so give each another folder for its cut-out")
    make_folder(target)
    results = result_names(places.values(), suffix)
    return {photo: target / results[place] for photo, place in places.items()}


def plan_photos(photos: Sequence[Path], folder: Path | None, suffix: str = ".png") -> dict[Path, Path]:
    """Plan where the results of single photos go: into `folder`, or beside each photo as `photo-cutout.png`.

    Raises:
        RecorteError: `folder` cannot be written to, or two photos of one name would meet in it.
    """
    if folder is None:
        return result_names(photos, f"-cutout{suffix}")
    return plan_tree({photo: Path(photo.name) for photo in photos}, folder, suffix)


def make_folder(folder: Path) -> None:
    """Make a folder for cut-outs, and its parents, unless it is there.

    Raises:
        RecorteError: it cannot be made or written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RecorteError(f"{folder}: this folder cannot be made ({error.strerror})") from None
    if not os.access(folder, os.W_OK):
        raise RecorteError(f"{folder}: no permission to write into this folder")


def result_names(photos: Iterable[Path], ending: str = ".png") -> dict[Path, Path]:
    """Name the cut-out of each photo: `ending` in place of the photo's suffix, or after it where names would clash.

    Upper and lower case count as equal, since on many disks they are. The names depend on the photos alone, never
    on what was written already, so that a second run finds the results of the first.
    """
    full = {photo: photo.with_name(photo.name + ending) for photo in photos}
    names = {photo: photo.with_name(photo.stem + ending) for photo in full}
    while True:
        # Repeated, since a full name may be the short one of a third photo: a.jpg, a.png and a.jpg.webp.
        counts = zip(names, _counts(names.values()), strict=True)
        clashing = [photo for photo, count in counts if count > 1 and names[photo] != full[photo]]
        if not clashing:
            return names
        names.update((photo, full[photo]) for photo in clashing)


def _counts(paths: Collection[Path]) -> list[int]:
    """For each path, how many there are that differ by no more than upper and lower case."""
    counts = Counter(str(path).casefold() for path in paths)
    return [counts[str(path).casefold()] for path in paths]
