"""What the words of the command line mean: photos, folders, patterns, pipes; and where the results go."""

import glob
import sys
from pathlib import Path

from recorte.errors import PhotoError, RecorteError

PIPE = Path("-")
"""In place of a photo: standard input. As the output: standard output."""


def expand(words: list[Path]) -> list[Path]:
    """Put the photos that a pattern fits in its place; for shells that do not, and for patterns given in quotes.

    Raises:
        PhotoError: no such file or folder, or nothing fits a pattern. Every one of them is named.
    """
    found: list[Path] = []
    missing: list[str] = []
    for word in words:
        fitting = [word] if word == PIPE or word.exists() else _fitting(str(word))
        found += fitting
        if not fitting:
            missing.append(str(word))
    if missing:
        raise PhotoError(f"{', '.join(missing)}: no such file or folder")
    return list(dict.fromkeys(found))


def _fitting(pattern: str) -> list[Path]:
    """The photos that a pattern fits, sorted; of other files and of folders a shell would know no better."""
    if not glob.has_magic(pattern):
        return []
    paths = [Path(path) for path in sorted(glob.glob(pattern, recursive=True))]  # noqa: PTH207, absolute ones too
    if not paths:
        return []
    from recorte.photo import EXTENSIONS

    photos = [path for path in paths if path.suffix.lower() in EXTENSIONS and path.is_file()]
    if not photos:
        raise PhotoError(f"{pattern}: no photos fit this pattern ({', '.join(sorted(EXTENSIONS))})")
    return photos


def check_pipe(sources: list[Path], output: str | None) -> bool:
    """Tell whether standard input or output is used.

    Raises:
        RecorteError: in a way that cannot be.
    """
    to_pipe = output == "-" or (output is None and sources == [PIPE])
    if PIPE not in sources and not to_pipe:
        return False
    if len(sources) > 1 or sources[0].is_dir():
        raise RecorteError("- stands for one photo: cat photo.jpg | recorte - > cutout.png")
    if PIPE in sources and sys.stdin is None:
        raise RecorteError("standard input is closed; give it a photo: recorte - < photo.jpg > cutout.png")
    if to_pipe and sys.stdout is None:
        raise RecorteError("standard output is closed; send the cut-out somewhere: recorte - > cutout.png")
    if to_pipe and sys.stdout.isatty():
        raise RecorteError("the cut-out is no text for a terminal; send it somewhere: recorte - > cutout.png")
    return True


def target_of(photo: Path, output: str | None, ending: str) -> Path:
    """Say where the result of a single photo goes; `ending` is that of a file beside the photo."""
    if output is None:
        return photo.with_name(f"{photo.stem}{ending}")
    if output.endswith(("/", "\\")) or Path(output).is_dir():
        return Path(output, f"{photo.stem}.png")
    return Path(output)


def folder_of(sources: list[Path], output: str | None) -> Path | None:
    """Say which folder the results of several photos go into; None = each beside its photo.

    Raises:
        RecorteError: none is named although there are folders of photos, or a file is.
    """
    if output is None:
        if any(source.is_dir() for source in sources):
            raise RecorteError("a folder of photos needs a folder for the results: recorte holiday/ -o cut/")
        return None
    folder = Path(output)
    if folder.suffix.lower() in (".png", ".webp", ".tif", ".tiff", ".jpg", ".jpeg") and not folder.is_dir():
        raise RecorteError(f"{output}: several photos need a folder for their cut-outs, not a file: -o cut/")
    return folder
