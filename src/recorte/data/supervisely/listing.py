"""Which photos of a Supervisely project have an annotation."""

from pathlib import Path

from recorte.data.reading.findings import Finding
from recorte.errors import DataError
from recorte.listing import EXTENSIONS


def annotated_photos(root: Path, found: list[Finding] | None = None) -> list[str]:
    """List the photos of all data sets of a project that have an annotation, below the project's folder.

    Args:
        root: the project's folder.
        found: takes the photos and annotations that miss each other, each for itself. None: these are raised.

    Raises:
        DataError: no data sets or no photos.
        OSError: a folder cannot be read.
    """
    folders = sorted(folder for folder in root.iterdir() if (folder / "img").is_dir() and (folder / "ann").is_dir())
    if not folders:
        raise DataError(f"{root}: none of its folders has img/ and ann/ in it, as the data sets of a project have")
    names: list[str] = []
    faults: list[tuple[str, str]] = []
    for folder in folders:
        # Not glob, which passes over a folder that cannot be read.
        photos = {path.name for path in (folder / "img").iterdir() if _is_shown(path)}
        annotated = {path.stem for path in (folder / "ann").iterdir() if _is_shown(path) and path.suffix == ".json"}
        photos = {name for name in photos if Path(name).suffix.lower() in EXTENSIONS or name in annotated}
        names += [f"{folder.name}/img/{name}" for name in sorted(photos & annotated)]
        faults += [(f"{folder.name}/img/{name}", "has no annotation") for name in sorted(photos - annotated)]
        faults += [(f"{folder.name}/ann/{name}.json", "has no photo") for name in sorted(annotated - photos)]
    if found is not None:
        found += [Finding(str(root / name), "", what) for name, what in faults]
    elif faults:
        listed = ", ".join(f"{name} {what}" for name, what in faults[:10])
        more = f", and {len(faults) - 10:,} more" if len(faults) > 10 else ""
        raise DataError(f"{root}: {listed}{more}; each photo needs an annotation, img/a.jpg ann/a.jpg.json")
    if not names and not faults:
        raise DataError(f"{root}: no photos are in it")
    return names


def annotation_of(photo: Path) -> Path:
    """Give the file of a photo's annotation."""
    return photo.parent.with_name("ann") / f"{photo.name}.json"


def _is_shown(path: Path) -> bool:
    return not path.name.startswith(".") and path.is_file()
