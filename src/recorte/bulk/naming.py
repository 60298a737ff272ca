"""Which result goes where, for so many photos that their paths are plain text."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

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


def _stem(photo: str) -> str:
    """The name without its suffix, by the rules of `pathlib`."""
    folder, slash, name = photo.rpartition("/")
    stem, dot, suffix = name.rpartition(".")
    return f"{folder}{slash}{stem}" if stem and dot and suffix else photo
