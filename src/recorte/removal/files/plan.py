"""Many photos at once: which cut-out goes where."""

import os
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from recorte.errors import PhotoError, RecorteError
from recorte.listing import list_photos, made_before, no_photos
from recorte.removal.files.output import real_path, same_file


def plan_folder(
    folder: Path, target: Path, sealed: dict[Path, str] | None = None, suffix: str = ".png"
) -> dict[Path, Path]:
    """Find every photo below `folder` and where below `target` its cut-out goes; make `target`.

    Args:
        folder: where the photos are.
        target: where the cut-outs go.
        sealed: takes the folders below it that cannot be looked into, and why. None: one is raised.
        suffix: of the cut-outs.

    Raises:
        PhotoError: `folder` is no folder, cannot be looked into, or holds no photos.
        RecorteError: `target` is `folder` itself, or not a folder that can be written to.
    """
    if not folder.is_dir():
        raise PhotoError(f"{folder}: no such folder")
    plan = _plan_alone(folder, target, sealed, suffix)
    make_folder(target)
    return plan


def _plan_alone(folder: Path, target: Path, sealed: dict[Path, str] | None, suffix: str) -> dict[Path, Path]:
    if same_file(folder, target):
        raise RecorteError(f"{target}: the cut-outs must not go into the folder of the photos itself; name another")
    plan = plan_tree(folder, target, sealed, suffix)
    if not plan and not sealed:
        raise no_photos(folder)
    return plan


def plan_tree(
    folder: Path, target: Path, sealed: dict[Path, str] | None, suffix: str, passed_over: Path | None = None
) -> dict[Path, Path]:
    """Plan as `plan_folder` does, of whatever photos there are now, without making or refusing anything.

    Args:
        folder: where the photos are.
        target: where the cut-outs go.
        sealed: takes the folders that cannot be looked into, and why.
        suffix: of the cut-outs.
        passed_over: a folder whose files are no photos but results; None = `target`.

    Raises:
        PhotoError: `folder` itself cannot be looked into.
    """
    results = (passed_over or target).resolve()
    photos = list_photos(folder, sealed)
    made = made_before(photos)
    photos = [photo for photo in photos if photo not in made]
    if results.is_relative_to(folder.resolve()):
        photos = [photo for photo in photos if not real_path(photo).is_relative_to(results)]
    names = result_names((photo.relative_to(folder) for photo in photos), suffix)
    return {folder / name: target / result for name, result in names.items()}


def plan_many(
    sources: Sequence[Path], target: Path, roots: Mapping[Path, Path], sealed: dict[Path, str], suffix: str = ".png"
) -> dict[Path, Path]:
    """Plan several folders and photos at once, without making a folder.

    Args:
        sources: photos, and folders, of which each one's tree goes into `target` below the folder's own name; that
            of a single source directly.
        target: where the cut-outs go.
        roots: for photos that do not go directly into `target` the folder above them whose tree is kept. What lies
            in `target` is no photo then but a result, if `target` lies below that folder.
        sealed: takes the folders that cannot be looked into, and why.
        suffix: of the cut-outs.

    Raises:
        PhotoError: a folder holds no photos or cannot be looked into, or nothing but results is left.
        RecorteError: two sources would meet in `target`.
    """
    folders = [source for source in sources if source.is_dir()]
    if len(sources) == len(folders) == 1:
        return _plan_alone(sources[0], target, sealed, suffix)
    plan = plan_trees(folders, target, sealed, named=True, suffix=suffix)
    for folder in folders:
        if not any(path.is_relative_to(folder) for path in (*plan, *sealed)):
            raise no_photos(folder)
    photos = [source for source in sources if source not in folders]
    photos = [photo for photo in photos if not _is_result(photo, target, roots.get(photo))]
    plan |= plan_photos(photos, target, roots, suffix)
    if not plan and not sealed:
        raise PhotoError(f"{target}: all photos that were found are results in this folder; name others, or another -o")
    _refuse_clashes(plan, plan.values())
    return plan


def _is_result(photo: Path, target: Path, root: Path | None) -> bool:
    if root is None or same_file(root, target):
        return False
    results = target.resolve()
    return results.is_relative_to(root.resolve()) and real_path(photo).is_relative_to(results)


def plan_trees(
    folders: Sequence[Path], target: Path, sealed: dict[Path, str], named: bool, suffix: str
) -> dict[Path, Path]:
    """Plan the photos that there are now in some folders; `named`: each tree below its folder's name in `target`.

    `sealed` takes the folders that cannot be looked into, and why; `suffix` is that of the cut-outs.

    Raises:
        PhotoError: one of `folders` itself cannot be looked into.
        RecorteError: two folders would meet in `target`, or one in itself.
    """
    places = {folder: target / folder.resolve().name if named else target for folder in folders}
    _refuse_clashes(folders, places.values())
    plan: dict[Path, Path] = {}
    for folder, place in places.items():
        if same_file(folder, place) or same_file(folder, target):
            raise RecorteError(f"{folder}: its cut-outs would go into itself; name another folder than {target}")
        plan |= plan_tree(folder, place, sealed, suffix, passed_over=target)
    return plan


def plan_photos(
    photos: Sequence[Path],
    folder: Path | None,
    roots: Mapping[Path, Path] | None = None,
    ending: str = ".png",
) -> dict[Path, Path]:
    """Plan where the cut-outs of single photos go: into `folder`, or beside each photo.

    `roots` are as for `plan_many`; `ending` is how the cut-outs' names end, beside their photos `-cutout.png`, say.

    Raises:
        RecorteError: two photos of one name would meet in `folder`.
    """
    if folder is None:
        # One folder may be named in several ways: d/a.jpg and d/../d/a.png must not meet in one result either.
        places = {photo: photo.parent.resolve() / photo.name for photo in photos}
        names = result_names(places.values(), ending)
        return {photo: photo.with_name(names[place].name) for photo, place in places.items()}
    roots = roots or {}
    names = {photo: folder / photo.relative_to(roots.get(photo, photo.parent)) for photo in photos}
    _refuse_clashes(photos, names.values())
    results = result_names(names.values(), ending)
    return {photo: results[name] for photo, name in names.items()}


def make_folder(folder: Path) -> None:
    """Make a folder for cut-outs, and its parents, unless it is there.

    Raises:
        RecorteError: it cannot be made or written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        file = next(path for path in (folder, *folder.parents) if os.path.lexists(path))
        raise RecorteError(f"{folder}: cannot be made, since {file} is no folder; name another") from None
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


def _refuse_clashes(sources: Collection[Path], places: Collection[Path]) -> None:
    clashing = [str(source) for source, count in zip(sources, _counts(places), strict=True) if count > 1]
    if clashing:
        raise RecorteError(f"{', '.join(clashing)}: these have one name, so give each another folder for its cut-out")


def _counts(paths: Collection[Path]) -> list[int]:
    """For each path, how many there are that differ by no more than upper and lower case."""
    counts = Counter(str(path).casefold() for path in paths)
    return [counts[str(path).casefold()] for path in paths]
