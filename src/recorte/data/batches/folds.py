"""Cross validation: a source's photos in folds, of which one validates and the others train."""

from collections.abc import Sequence
from pathlib import Path

from recorte.data.reading.hashing import unit_hash
from recorte.data.sample import PersonSource, Sample, Split
from recorte.errors import DataError


class FoldOfPersons:
    """The photos of a source that a fold trains on, or those that it validates on; a `PersonSource`.

    A photo's fold is a hash of its group, so that photos of one group stay together and each photo stays where it is
    when others are added.

    Args:
        source: opened for training.
        split: "val" takes the fold, "train" all others.
        folds: how many there are, at least 2.
        fold: which of them validates, from 0.

    Raises:
        DataError: no photo falls into it.
    """

    def __init__(self, source: PersonSource, split: Split, folds: int, fold: int) -> None:
        self._source = source
        # Salted: sources hash names to split off photos too, and would leave whole folds empty.
        found = [int(unit_hash(f"fold of {source.group(index)}") * folds) for index in range(len(source))]
        self._indices = [index for index, number in enumerate(found) if (number == fold) == (split == "val")]
        if not self._indices:
            groups = len({source.group(index) for index in range(len(source))})
            first = f", such as {source.name(0)}" if len(source) else ""
            raise DataError(
                f"data.fold={fold}: of {len(source):,} photos in {groups:,} groups{first}, none is left for {split}; "
                f"give fewer data.folds than {folds}, or more photos that do not belong together"
            )

    @property
    def negatives(self) -> Sequence[int]:
        """Indices of the photos that are known to show nobody, among those taken."""
        negatives = set(self._source.negatives)
        return [place for place, index in enumerate(self._indices) if index in negatives]

    def __len__(self) -> int:
        return len(self._indices)

    def __getitem__(self, index: int) -> Sample:
        """Read a sample of the source, whose PhotoError it passes on."""
        return self._source[self._indices[index]]

    def name(self, index: int) -> str:
        """The sample's name in the source."""
        return self._source.name(self._indices[index])

    def path(self, index: int) -> Path | None:
        """The sample's file in the source."""
        return self._source.path(self._indices[index])

    def mark(self, index: int) -> str:
        """The sample's mark in the source."""
        return self._source.mark(self._indices[index])

    def group(self, index: int) -> str:
        """The sample's group in the source."""
        return self._source.group(self._indices[index])
