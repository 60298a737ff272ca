"""Chance that never changes: a number for each name, the same on every machine and at every run."""

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

from recorte.data.sample import Split


def unit_hash(text: str) -> float:
    """Map a text to a number in [0, 1), spread evenly.

    Taking the photos whose number is below a share splits a data set so that each photo stays where it is when
    others are added.
    """
    digest = hashlib.blake2b(text.encode("utf-8", "surrogateescape"), digest_size=6).digest()
    return int.from_bytes(digest) / 2**48


def part_of(names: Iterable[str], split: Split, val_share: float) -> set[str]:
    """Take a split's part of names: those whose number is below the share are "val", with at least one in each.

    Of a single name nothing is left for "val".
    """
    ranked = sorted(names, key=unit_hash)
    count = sum(unit_hash(name) < val_share for name in ranked)
    count = min(max(count, 1), len(ranked) - 1)
    return set(ranked[:count] if split == "val" else ranked[count:])


def mark_of(*paths: Path) -> str:
    """Name files with their sizes and times of change; a file that is missing has neither.

    Of the two times, programs may set the first, as those do that unpack or copy files; the second is the system's.
    """
    marks = []
    for path in paths:
        facts = path.stat() if os.path.isfile(path) else None  # noqa: PTH113 (a Path fails on a name that is too long)
        known = f" {facts.st_size} {facts.st_mtime_ns} {facts.st_ctime_ns}" if facts else ""
        marks.append(f"{path.absolute()}{known}")
    return " ".join(marks)
