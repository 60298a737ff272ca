"""What the user named: photos, folders, and patterns that the shell left alone."""

import glob
from dataclasses import dataclass, field
from pathlib import Path

from recorte.errors import PhotoError, RecorteError


@dataclass(slots=True)
class Inputs:
    """What is to be cut out.

    Attributes:
        photos: each with its place in a folder of results: its name, or what a pattern left open of its path.
        folders: of which every photo is wanted.
        several: whether results need a folder, even if only one photo was found.
    """

    photos: dict[Path, Path] = field(default_factory=dict)
    folders: list[Path] = field(default_factory=list)
    several: bool = False


def find_inputs(arguments: list[str]) -> Inputs:
    """Find what the arguments name, each once.

    Raises:
        PhotoError: some are not there, or a pattern fits no photo.
    """
    inputs, missing = Inputs(), []
    for argument in dict.fromkeys(arguments):
        path = Path(argument)
        if path.is_dir():
            inputs.folders.append(path)
        elif path.exists():
            inputs.photos.setdefault(path, Path(path.name))
        elif glob.has_magic(argument):
            inputs.photos = _matching(argument) | inputs.photos
            inputs.several = True
        else:
            missing.append(argument)
    if missing:
        raise PhotoError(f"{', '.join(missing)}: no such file or folder")
    inputs.several |= bool(inputs.folders) or len(inputs.photos) > 1
    return inputs


def _matching(pattern: str) -> dict[Path, Path]:
    from recorte.photo import EXTENSIONS

    parts = Path(pattern).parts
    fixed = next(number for number, part in enumerate(parts) if glob.has_magic(part))
    base = Path(*parts[:fixed])
    found = [Path(path) for path in sorted(glob.glob(pattern, recursive=True))]  # noqa: PTH207 (which finds hidden files)
    photos = [path for path in found if path.suffix.lower() in EXTENSIONS and path.is_file()]
    # What an earlier run laid beside its photo is no photo.
    names = {path.with_suffix("") for path in photos}
    photos = [path for path in photos if not _is_result(path, names)]
    if not photos:
        raise PhotoError(f"{pattern}: no photo fits this pattern")
    return {path: path.relative_to(base) for path in photos}


def _is_result(path: Path, names: set[Path]) -> bool:
    stem, dash, ending = path.stem.rpartition("-")
    return bool(dash) and ending in ("cutout", "mask") and path.with_name(stem) in names


def plan(inputs: Inputs, target: Path | None, ending: str, suffix: str) -> dict[Path, Path]:
    """Plan where each photo's result goes: below the folder `target`, or beside the photo.

    Args:
        inputs: the photos and folders.
        target: the folder for results.
        ending: what is added to a name for a result beside its photo: "-cutout" or "-mask".
        suffix: of the files.

    Raises:
        PhotoError: there are no photos.
        RecorteError: folders without a `target`, a `target` that cannot be used, or two photos of one name.
    """
    from recorte.removal.plan import photos_below, plan_folder, plan_tree, result_names

    if target is None:
        if inputs.folders:
            raise RecorteError("a folder needs a folder for the results: recorte holiday/ -o cut/")
        return result_names(inputs.photos, f"{ending}{suffix}")
    if len(inputs.folders) == 1 and not inputs.photos:
        return plan_folder(inputs.folders[0], target, suffix)
    inside = target.resolve()
    places = {photo: place for photo, place in inputs.photos.items() if not photo.resolve().is_relative_to(inside)}
    for folder in inputs.folders:
        found = photos_below(folder, target)
        if not found:
            raise PhotoError(f"{folder}: no photos in it")
        places |= {photo: Path(folder.resolve().name, photo.relative_to(folder)) for photo in found}
    return plan_tree(places, target, suffix)
