"""Several sources as one."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import accumulate
from pathlib import Path

from recorte.data.sample import PersonSource, Sample
from recorte.errors import ConfigError


class MixedPersons:
    """The samples of several sources, one source after the other; a `PersonSource`.

    Args:
        sources: the sources by name, in their order.

    Raises:
        ConfigError: no sources.
    """

    def __init__(self, sources: Mapping[str, PersonSource]) -> None:
        if not sources:
            raise ConfigError("mixed data: no sources are given; name at least one")
        self._sources = dict(sources)
        self._first = list(accumulate(self.lengths, initial=0))

    @property
    def names(self) -> list[str]:
        """The sources' names, in their order."""
        return list(self._sources)

    @property
    def lengths(self) -> list[int]:
        """How many samples each source has."""
        return [len(source) for source in self._sources.values()]

    @property
    def negatives(self) -> Sequence[int]:
        """Indices of the photos that are known to show nobody, of all sources."""
        sources = zip(self._first, self._sources.values(), strict=False)
        return [first + index for first, source in sources for index in source.negatives]

    def __len__(self) -> int:
        return self._first[-1]

    def source_of(self, index: int) -> int:
        """Position in `names` of the source that a sample comes from."""
        return bisect_right(self._first, range(len(self))[index]) - 1

    def __getitem__(self, index: int) -> Sample:
        """Read a sample of the source it belongs to, whose PhotoError it passes on."""
        source, index = self._locate(index)
        return source[index]

    def name(self, index: int) -> str:
        """The sample's name in its own source."""
        source, index = self._locate(index)
        return source.name(index)

    def path(self, index: int) -> Path | None:
        """The photo's file; None where there is none."""
        source, index = self._locate(index)
        return source.path(index)

    def mark(self, index: int) -> str:
        """The sample's mark in its own source."""
        source, index = self._locate(index)
        return source.mark(index)

    def group(self, index: int) -> str:
        """The sample's group in its own source."""
        source, index = self._locate(index)
        return source.group(index)

    def _locate(self, index: int) -> tuple[PersonSource, int]:
        index = range(len(self))[index]
        position = self.source_of(index)
        return self._sources[self.names[position]], index - self._first[position]
