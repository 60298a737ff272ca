"""The photos that are taught: whether anything can be learned from them, and which of them are kept to judge by."""

import contextlib
from pathlib import Path

from recorte.data.checks.early import refuse_what_cannot_be
from recorte.data.cutouts import CutoutFolder
from recorte.data.folder import ImageMaskFolder
from recorte.data.sample import PersonSource, Sample, Split
from recorte.errors import DataError, PhotoError
from recorte.listing import list_photos

FEWEST = 3
VAL_SHARE = 0.2
"""Of the photos, which are never learned from and judge what was learned."""
NAMED = 5
"""Of broken photos, in a message."""


class Lessons:
    """Photos and masks (`photos/` with `masks/`, as `ImageMaskFolder` has them), or a folder of cut-outs.

    Args:
        folder: as the user gives it.

    Attributes:
        source: the class that reads it.

    Raises:
        DataError: not there, in no such layout, or fewer than three.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        if not folder.is_dir():
            raise DataError(
                f"{folder}: there is no such folder; give one with photos/ and masks/ in it, or of cut-outs"
            )
        parts = ("photos", "masks", "train")
        self.source: type[ImageMaskFolder] | type[CutoutFolder] = (
            ImageMaskFolder if any((folder / part).is_dir() for part in parts) else CutoutFolder
        )
        if self.source is CutoutFolder and not any(True for _ in list_photos(folder)):
            raise DataError(f"{folder}: neither photos/ with masks/ nor cut-outs are in it")
        if (photos := self._count()) < FEWEST:
            raise DataError(f"{folder}: too few photos with masks ({photos}); to teach, give {FEWEST} or more")
        self.train, self.judged = self.open("train"), self.open("val")

    def open(self, split: Split) -> PersonSource:
        """Open the photos that are learned from ("train"), or judged by ("val")."""
        return self.source(self.folder, split, val_share=VAL_SHARE)

    def _count(self) -> int:
        parts = [len(self.open("train"))]
        with contextlib.suppress(DataError):  # a single photo is for training
            parts.append(len(self.open("val")))
        return sum(parts)

    def check(self) -> None:
        """Read every photo and mask.

        Raises:
            DataError: some cannot be read, differ in size from their masks, or nobody is in any of them.
        """
        if self.source is ImageMaskFolder:
            refuse_what_cannot_be({"lessons": self.open_cached}, ("train", "val"))
        faults, shares = [], []
        for source in (self.train, self.judged):
            for index in range(len(source)):
                try:
                    shares.append(float((source[index].alpha >= 128).mean()))
                except PhotoError as error:
                    faults.append(str(error))
        if faults:
            more = f"\n  and {len(faults) - NAMED} more" if len(faults) > NAMED else ""
            raise DataError(f"{self.folder}: not all can be learned from:\n  " + "\n  ".join(faults[:NAMED]) + more)
        if max(shares) == 0:
            raise DataError(f"{self.folder}: nobody is in any of the masks; white (or opaque) is the person")
        if min(shares) == 1:
            raise DataError(f"{self.folder}: all of every mask is person; black is what is not")

    def open_cached(self, split: Split) -> PersonSource:
        """Give a split that is open already."""
        return self.train if split == "train" else self.judged

    def samples(self, most: int) -> list[Sample]:
        """Read the photos that are judged by, at most so many."""
        return [self.judged[index] for index in range(min(most, len(self.judged)))]
