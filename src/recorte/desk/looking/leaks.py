"""Photos that are both trained on and validated on, which makes the figures better than the model is."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from recorte.data.reading.findings import Finding


class Listed(NamedTuple):
    """A photo of a source.

    Attributes:
        source: the source's name.
        split: "train" or "val".
        name: of the photo in its source.
        path: its file.
    """

    source: str
    split: str
    name: str
    path: Path


def find_leaks(photos: Iterable[Listed]) -> Iterator[Finding]:
    """Find photos that are in both splits, or twice in one, by content; then those of one source by their names.

    Equal names are odd only: they may be one photo saved anew, or two that were counted from 1 in each split.
    Only files of equal size are read.
    """
    different = dict.fromkeys(photos)  # a photo may come up several times
    leaked: set[Listed] = set()
    yield from _by_content(different, leaked)
    named: dict[tuple[str, str], Listed] = {}
    for photo in different:
        first = named.setdefault((photo.source, photo.name), photo)
        if first.split != photo.split and photo not in leaked:
            what = f"of the same name as {first.path}, but not the same file; is it the same photo, saved anew?"
            yield Finding(str(photo.path), "", what, grave=False)


def _by_content(photos: Iterable[Listed], leaked: set[Listed]) -> Iterator[Finding]:
    by_size: dict[int, list[Listed]] = defaultdict(list)
    for photo in photos:
        if photo.path.is_file() and (size := photo.path.stat().st_size):
            by_size[size].append(photo)
    for alike in by_size.values():
        seen: dict[bytes, Listed] = {}
        for photo in alike if len(alike) > 1 else ():
            digest = hashlib.blake2b(photo.path.read_bytes(), digest_size=16).digest()
            first = seen.setdefault(digest, photo)
            if first.split != photo.split:
                leaked.add(photo)
                what = f"the same photo as {first.path}: {photo.split} and {first.split} must not share any"
                yield Finding(str(photo.path), "", what)
            elif first.path != photo.path:
                near = first.path.parent == photo.path.parent
                what = f"the same photo as {first.path.name if near else first.path}"
                yield Finding(str(photo.path), "", what, grave=False)
