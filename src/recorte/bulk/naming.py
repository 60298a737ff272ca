"""Which result goes where, for so many photos that their paths are plain text."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from itertools import islice, takewhile
from pathlib import Path

from recorte.listing import RESULT
from recorte.removal.files.plan import result_names


def name_results(photos: Sequence[str], ending: str = ".png") -> list[str]:
    """Name the result of each photo as `result_names` does, in much less memory.

    Only photos whose names could clash are handed to it: those whose name without suffix another has, or which is
    another's whole name, so that `a.jpg.webp` and the `a.jpg.png` of an `a.jpg` would meet.
    """
    stems = [_stem(photo) for photo in photos]
    counts = Counter(stem.casefold() for stem in stems)
    whole = {photo.casefold() for photo in photos if photo.casefold() in counts}
    doubtful = [number for number, stem in enumerate(stems) if counts[stem.casefold()] > 1 or stem.casefold() in whole]
    results = [stem + ending for stem in stems]
    paths = [Path(photos[number]) for number in doubtful]
    named = {photo.as_posix(): result.as_posix() for photo, result in result_names(paths, ending).items()}
    for number in doubtful:
        results[number] = named[photos[number]]
    return results


def made_before(names: Sequence[str]) -> set[str]:
    """Find what `recorte.listing.made_before` finds, in much less memory.

    Args:
        names: in order.
    """
    return {name for name in names if (made := RESULT.fullmatch(_stem(name))) and _is_there(made[1], names)}


def is_text(name: str) -> bool:
    """Tell whether a name is text; names of files need not be, and no table can hold those that are not."""
    return as_text(name) == name


def as_text(name: str) -> str:
    """Give a name as text: what in it is none as `\\udce9`, say."""
    return name.encode(errors="backslashreplace").decode()


def _is_there(photo: str, names: Sequence[str]) -> bool:
    """Whether a name is that of a photo, without its suffix or with it."""
    place = bisect_left(names, photo)
    if place < len(names) and names[place] == photo:
        return True
    begun = islice(names, bisect_left(names, f"{photo}."), None)
    return any(_stem(name) == photo for name in takewhile(lambda name: name.startswith(f"{photo}."), begun))


def _stem(photo: str) -> str:
    """The name without its suffix, by the rules of `pathlib`."""
    folder, slash, name = photo.rpartition("/")
    stem, dot, suffix = name.rpartition(".")
    return f"{folder}{slash}{stem}" if stem and dot and suffix else photo
