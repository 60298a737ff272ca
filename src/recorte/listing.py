"""Finding photographs in folders, and naming what is none; nothing heavy is imported for it."""

import os
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from recorte.errors import PhotoError

EXTENSIONS = frozenset({
    ".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".png", ".apng", ".webp", ".tif", ".tiff", ".bmp", ".dib", ".gif",
    ".avif", ".avifs", ".heic", ".heif", ".hif", ".jp2", ".j2k", ".jpc", ".jpf", ".jpx", ".j2c",
    ".ppm", ".pgm", ".pbm", ".pnm", ".psd", ".tga", ".icb", ".vda", ".vst",
})  # fmt: skip
"""What counts as a photo when a folder is read, in lower case: all the names of the kinds that are read."""

SOME = ".jpg, .png, .webp, .tif, .heic, .bmp and others"
"""Those that people have, for messages."""

RESULT = re.compile(r"(.+)-(?:cutout|mask)(?:-[1-9]\d*)?")
"""What the names of results that lie beside their photos are, without the suffix."""

EARLIER = "results of earlier commands"
"""What those that lie beside their photos are counted as, among the kinds of files that are left out."""

FILMS = frozenset({".mp4", ".mov", ".m4v", ".mkv", ".webm", ".avi", ".mts", ".m2ts", ".mpg", ".wmv", ".gif"})
"""What counts as a video in a folder without photos, in lower case."""

NAMED = 3
"""Kinds of other files that a message names."""

NAME = 240
"""Characters of a path that a message has at most."""

NO_FILE = "no such file"
"""What `no_such_file` says where nothing else can be told."""


def made_before(paths: Iterable[Path]) -> set[Path]:
    """Find what an earlier command made of photos that are here too, and left beside them: `a-cutout.png` of `a.jpg`.

    What has such a name, but no photo beside it, is a photo like any other.
    """
    found = {*paths}
    there = {(path.parent, name) for path in found for name in (path.stem, path.name)}
    return {path for path in found if (made := RESULT.fullmatch(path.stem)) and (path.parent, made[1]) in there}


def list_photos(folder: str | os.PathLike[str], sealed: dict[Path, str] | None = None) -> list[Path]:
    """List every photo below a folder, sorted; hidden files and folders and linked folders are passed over.

    Links that lead nowhere are listed, so that they are missed by name.

    Args:
        folder: where the photos are.
        sealed: takes the folders in it that cannot be looked into, each with a sentence that says so. None: raise it.

    Raises:
        PhotoError: a folder cannot be looked into; its photos would be missed in silence.
    """
    refused: list[OSError] = []
    found = []
    for base, folders, names in os.walk(folder, onerror=refused.append):
        folders[:] = [name for name in folders if not name.startswith(".")]
        paths = [Path(base, name) for name in names if not name.startswith(".")]
        try:
            found += [path for path in paths if path.suffix.lower() in EXTENSIONS and _may_be_photo(path)]
        except PermissionError as error:  # one may read the names in it, and no more
            refused.append(PermissionError(error.errno, error.strerror, base))
    for refusal in refused:
        if isinstance(refusal, FileNotFoundError | NotADirectoryError):  # it just went away
            continue
        reason = f"cannot be looked into ({refusal.strerror}); give yourself the right to, or move it elsewhere"
        sentence = f"{refusal.filename}: this folder {reason}"
        if sealed is None or Path(refusal.filename) == Path(folder):
            raise PhotoError(sentence)
        sealed[Path(refusal.filename)] = sentence
    return sorted(found)


def _may_be_photo(path: Path) -> bool:
    return path.is_file() or (path.is_symlink() and not path.exists())


def left_out(folder: str | os.PathLike[str], passed_over: str | os.PathLike[str] | None = None) -> Counter[str]:
    """Count the files below a folder that `list_photos` does not give, by their suffix in lower case.

    What is hidden does not count, nor does what lies in the folder `passed_over`. What an earlier command made
    counts as `EARLIER`.
    """
    results = None if passed_over is None else Path(passed_over).resolve()
    counts: Counter[str] = Counter()
    for base, folders, names in os.walk(folder):
        if results is not None and Path(base).resolve() == results:
            folders.clear()
            continue
        folders[:] = [name for name in folders if not name.startswith(".")]
        names = [name for name in names if not name.startswith(".")]
        counts.update(kind_of(name) for name in names)
        photos = [Path(base, name) for name in names if kind_of(name) in EXTENSIONS]
        counts[EARLIER] += len(made_before(photos))
    counts = +counts
    return Counter({kind: count for kind, count in counts.items() if kind not in EXTENSIONS})


def kind_of(name: str) -> str:
    """Give a file's suffix in lower case, by which what is left out is counted; "without a suffix" if it has none."""
    return Path(name).suffix.lower() or "without a suffix"


def shortened(text: str) -> str:
    """Give a name as a message has it: of a very long one, which may be a photo as text, the beginning and the end."""
    return text if len(text) <= NAME else f"{text[: NAME // 2]}...{text[-20:]} ({len(text):,} characters)"


def no_such_file(given: object) -> str:
    """Say that what was given as a path is none, and what it is instead, where that can be told."""
    text = str(given)
    if re.match(r"(https?|ftp|s3|gs):/", text):
        return "an address, not a file; nothing is fetched from elsewhere, so download it first"
    if text.startswith("file:/"):
        return f"an address; give the path alone: /{text.removeprefix('file:').lstrip('/')}"
    if text.startswith("data:") or (len(text) > NAME and re.fullmatch(r"[A-Za-z0-9+/=_\s-]+", text)):
        return (
            "a photo as base64 text, not a path; decode it first (base64 -d; in Python base64.b64decode, of what "
            "follows the comma) and give its bytes"
        )
    # Not Path.is_symlink, which fails on a name that is too long.
    return "a link that leads nowhere" if os.path.islink(text) else NO_FILE  # noqa: PTH114


def no_photos(folder: str | os.PathLike[str]) -> PhotoError:
    """Make the error that tells of a folder without photos, what is in it instead, and where its videos belong."""
    films = sorted(path for path in Path(folder).rglob("*") if path.suffix.lower() in FILMS)
    others = [f"{count} {kind}" for kind, count in left_out(folder).most_common(NAMED + 1)]
    door = f", but {', '.join(others[:NAMED])}{' and others' if len(others) > NAMED else ''}" if others else ""
    if films:
        door = f", but videos, which recorte video takes one at a time: recorte video {films[0]}"
    return PhotoError(f"{os.fspath(folder)}: no photos in it ({SOME}){door}")
