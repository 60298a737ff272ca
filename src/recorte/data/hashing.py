"""Chance that never changes: a number for each name, the same on every machine and at every run."""

import hashlib


def unit_hash(text: str) -> float:
    """Map a text to a number in [0, 1), spread evenly.

    Taking the photos whose number is below a share splits a data set so that each photo stays where it is when
    others are added.
    """
    digest = hashlib.blake2b(text.encode("utf-8", "surrogateescape"), digest_size=6).digest()
    return int.from_bytes(digest) / 2**48
