"""What the words of the command line mean: photos, folders, patterns, pipes; and where the results go."""

import glob
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING

from recorte.errors import PhotoError, RecorteError

if TYPE_CHECKING:
    from recorte.cli.photos.cutter import Wishes

PIPE = Path("-")
"""In place of a photo: standard input. As the output: standard output."""


@dataclass(frozen=True, slots=True)
class Sources:
    """What is to be cut out.

    Attributes:
        paths: photos and folders of photos, each once.
        roots: for each photo that a pattern found the folder below which its tree is kept: the pattern's fixed part.
        others: how many files of no kind that is read patterns found, by their suffix in lower case.
    """

    paths: list[Path]
    roots: dict[Path, Path]
    others: Counter[str] = field(default_factory=Counter)

    def left_out(self, results: Path | None) -> Counter[str]:
        """Count what patterns and folders, but for that of the `results`, hold and nobody reads, by kind."""
        from recorte.listing import left_out

        folders = [path for path in self.paths if path.is_dir()]
        return sum((left_out(folder, results) for folder in folders), self.others)

    @property
    def single(self) -> Path | None:
        """The one photo that was named; a pattern counts as several, whatever it finds."""
        alone = len(self.paths) == 1 and not self.roots and not self.paths[0].is_dir()
        return self.paths[0] if alone else None


def expand(words: list[Path]) -> Sources:
    """Put the photos that a pattern fits in its place; for shells that do not, and for patterns given in quotes.

    Raises:
        PhotoError: no such file or folder, or nothing fits a pattern. Every one of them is named.
    """
    found: list[Path] = []
    roots: dict[Path, Path] = {}
    missing: list[str] = []
    others: set[Path] = set()
    for word in words:
        if word == PIPE or _exists(word):
            found.append(word)
            continue
        fitting, passed = _fitting(word)
        others |= passed
        found += fitting
        roots = fitting | roots  # of two patterns that find a photo the first counts
        if not fitting:
            missing.append(str(word))
    if missing:
        raise PhotoError(_not_there(missing, result=len(words) == 2 and str(words[1]) == missing[0]))
    places: dict[Path, Path] = {}
    for path in found:
        places.setdefault(_place(path), path)
    made = _made(places, roots)
    if made and len(made) == len(places):
        raise PhotoError(
            f"{_few(words)}: earlier commands made what fits this; name a file by itself to cut it out again"
        )
    counts = _by_kind(others)
    if made:
        from recorte.listing import EARLIER

        counts[EARLIER] = len(made)
    return Sources([path for place, path in places.items() if place not in made], roots, counts)


def _made(places: Mapping[Path, Path], roots: Mapping[Path, Path]) -> set[Path]:
    """Find what earlier commands made of others of these, or left beside what a pattern found.

    Of others of these, too, since a shell puts photos and results in the place of a pattern.
    """
    if not any("-" in place.stem for place in places):
        return set()
    from recorte.listing import made_before

    folders = {place.parent for place, path in places.items() if path in roots}
    beside = made_before(path for folder in folders for path in folder.iterdir())
    return made_before(places) | {place for place, path in places.items() if path in roots and place in beside}


def _few(words: list[Path]) -> str:
    from recorte.listing import shortened

    return shortened(", ".join(map(str, words)))


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a name that is too long for one
        return False


def _not_there(words: list[str], result: bool) -> str:
    """Say that words of the command line are no files, in some hundred characters.

    `result`: the one that is not there follows another that is, as if it were the name of the result.
    """
    from recorte.listing import no_such_file, shortened

    for word in words:
        if (reason := no_such_file(word)) != "no such file":
            return f"{shortened(word)}: {reason}"
    door = f"; if it is the result's name: -o {words[0]}" if result else ""
    return f"{shortened(', '.join(words))}: no such file or folder{door}"


def _by_kind(paths: set[Path]) -> Counter[str]:
    if not paths:
        return Counter()
    from recorte.listing import kind_of

    return Counter(kind_of(path.name) for path in paths)


def _place(path: Path) -> Path:
    """Tell where a file is, in whichever way its folder is spelled; a link to a file is a file of its own name."""
    return path.resolve() if path.is_dir() else path.parent.resolve() / path.name


def _fitting(pattern: Path) -> tuple[dict[Path, Path], set[Path]]:
    """The photos that a pattern fits, sorted, with their roots; and the other files, of which a shell knows no better.

    Raises:
        PhotoError: there are others alone.
    """
    if not glob.has_magic(str(pattern)):
        return {}, set()
    paths = [Path(path) for path in sorted(glob.glob(str(pattern), recursive=True))]  # noqa: PTH207, absolute ones too
    if not paths:
        return {}, set()
    from recorte.listing import EXTENSIONS, SOME

    files = [path for path in paths if path.is_file()]
    photos = [path for path in files if path.suffix.lower() in EXTENSIONS]
    if not photos:
        raise PhotoError(f"{pattern}: no photos fit this pattern ({SOME})")
    fixed = Path(*takewhile(lambda part: not glob.has_magic(part), pattern.parts))
    # Where the pattern goes up again there is no tree to keep, and none that would stay in the folder of the results.
    roots = {photo: photo.parent if ".." in photo.relative_to(fixed).parts else fixed for photo in photos}
    return roots, {*files} - {*photos}


def check_pipe(sources: Sources, output: str | None) -> bool:
    """Tell whether standard input or output is used.

    Raises:
        RecorteError: in a way that cannot be.
    """
    to_pipe = output == "-" or (output is None and sources.paths == [PIPE])
    if PIPE not in sources.paths and not to_pipe:
        return False
    if sources.single is None:
        raise RecorteError("- stands for one photo: cat photo.jpg | recorte - > cutout.png")
    if PIPE in sources.paths and sys.stdin is None:
        raise RecorteError("standard input is closed; give it a photo: recorte - < photo.jpg > cutout.png")
    if to_pipe and sys.stdout is None:
        raise RecorteError("standard output is closed; send the cut-out somewhere: recorte - > cutout.png")
    if to_pipe and sys.stdout.isatty():
        raise RecorteError("the cut-out is no text for a terminal; send it somewhere: recorte - > cutout.png")
    return True


def target_of(photo: Path, wishes: "Wishes") -> Path:
    """Say where the result of a single photo goes."""
    if wishes.output is None:
        return photo.with_name(f"{photo.stem}{wishes.ending}")
    if wishes.output.endswith(("/", "\\")) or Path(wishes.output).is_dir():
        return Path(wishes.output, f"{photo.stem}{wishes.suffix}")
    return Path(wishes.output)


def folder_of(sources: Sources, output: str | None) -> Path | None:
    """Say which folder the results of several photos go into; None = each beside its photo.

    Raises:
        RecorteError: none is named although there are folders of photos, or a file is.
    """
    if output is None:
        if any(source.is_dir() for source in sources.paths):
            raise RecorteError("a folder of photos needs a folder for the results: recorte holiday/ -o cut/")
        return None
    folder = Path(output)
    if folder.suffix.lower() in (".png", ".webp", ".tif", ".tiff", ".jpg", ".jpeg") and not folder.is_dir():
        raise RecorteError(
            f"{output}: several photos (or a pattern) need a folder for the cut-outs, not a file: -o cut/ (and "
            "--format jpg, say, for another kind of files than PNG)"
        )
    return folder
