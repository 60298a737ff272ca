"""Many photos at once: which cut-out goes where, and a report of what became of each."""

import os
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from recorte.errors import ModelError, PhotoError, RecorteError
from recorte.photo import EXTENSIONS, list_photos
from recorte.removal.output import same_file

if TYPE_CHECKING:
    from recorte.removal.remover import BackgroundRemover


class Failure(NamedTuple):
    """A photo that could not be cut out.

    Attributes:
        photo: its path.
        reason: one or two sentences, which name the file.
    """

    photo: Path
    reason: str


@dataclass(slots=True)
class BatchReport:
    """What became of many photos.

    Attributes:
        written: the cut-outs that were made.
        skipped: the cut-outs that existed already and were left alone.
        failed: the photos that could not be cut out.
    """

    written: list[Path] = field(default_factory=list)
    skipped: list[Path] = field(default_factory=list)
    failed: list[Failure] = field(default_factory=list)


def cut_out_all(
    remover: "BackgroundRemover",
    jobs: Mapping[Path, Path],
    *,
    overwrite: bool = False,
    on_photo: Callable[[int, int, Path], None] | None = None,
) -> BatchReport:
    """Cut out the photos of `jobs` (photo to cut-out) one by one; see `BackgroundRemover.batch_process`.

    Raises:
        ModelError: the model is at fault, so no photo would go better.
    """
    report = BatchReport()
    photos = {photo.resolve() for photo in jobs}
    for done, (photo, result) in enumerate(jobs.items(), start=1):
        if result.resolve() in photos:
            report.failed.append(Failure(photo, f"{photo}: its cut-out {result} would replace one of the photos"))
        elif result.exists() and not overwrite:
            report.skipped.append(result)
        else:
            try:
                remover.remove_background(photo, result, overwrite=overwrite)
                report.written.append(result)
            except ModelError:
                raise
            except RecorteError as error:
                report.failed.append(Failure(photo, str(error)))
            except Exception as error:  # one odd photo must not end a night's work
                report.failed.append(Failure(photo, f"{photo}: {type(error).__name__}: {error}"))
        if on_photo:
            on_photo(done, len(jobs), photo)
    return report


def plan_folder(folder: Path, target: Path) -> dict[Path, Path]:
    """Find every photo below `folder` and where below `target` its cut-out goes.

    Raises:
        PhotoError: `folder` is no folder, or holds no photos.
        RecorteError: `target` is `folder` itself, or not a folder that can be written to.
    """
    if not folder.is_dir():
        raise PhotoError(f"{folder}: no such folder")
    if same_file(folder, target):
        raise RecorteError(f"{target}: the cut-outs must not go into the folder of the photos itself; name another")
    photos = list_photos(folder)
    if target.resolve().is_relative_to(folder.resolve()):
        photos = [photo for photo in photos if not photo.resolve().is_relative_to(target.resolve())]
    if not photos:
        raise PhotoError(f"{folder}: no photos in it ({', '.join(sorted(EXTENSIONS))})")
    make_folder(target)
    names = result_names(photo.relative_to(folder) for photo in photos)
    return {folder / name: target / result for name, result in names.items()}


def plan_photos(photos: Sequence[Path], folder: Path | None) -> dict[Path, Path]:
    """Plan where the cut-outs of single photos go: into `folder`, or beside each photo as `photo-cutout.png`.

    Raises:
        RecorteError: `folder` cannot be written to, or two photos of one name would meet in it.
    """
    if folder is None:
        return result_names(photos, "-cutout.png")
    names = {photo: folder / photo.name for photo in photos}
    clashing = [str(photo) for photo, count in zip(photos, _counts(names.values()), strict=True) if count > 1]
    if clashing:
        raise RecorteError(f"{', '.join(clashing)}: these have one name, so give each another folder for its cut-out")
    make_folder(folder)
    results = result_names(names.values())
    return {photo: results[name] for photo, name in names.items()}


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
