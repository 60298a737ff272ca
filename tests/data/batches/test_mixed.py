from collections.abc import Sequence

import numpy as np
import pytest

from recorte.data.batches.mixed import MixedPersons
from recorte.data.sample import PersonSource, Sample
from recorte.errors import ConfigError


class Source:
    """Samples of one pixel whose photo is the index."""

    def __init__(self, prefix: str, length: int, negatives: Sequence[int] = ()) -> None:
        self.prefix = prefix
        self.length = length
        self.negatives = negatives

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> Sample:
        pixel = np.zeros((1, 1), np.uint8)
        return Sample(np.full((1, 1, 3), index, np.uint8), pixel, pixel, self.name(index))

    def name(self, index: int) -> str:
        return f"{self.prefix}{index}"


def test_sources_one_after_the_other() -> None:
    mixed = MixedPersons({"a": Source("a", 2, [1]), "none": Source("n", 0), "b": Source("b", 3, (0, 2))})
    assert isinstance(mixed, PersonSource)
    assert len(mixed) == 5
    assert mixed.names == ["a", "none", "b"]
    assert mixed.lengths == [2, 0, 3]
    assert [mixed.name(index) for index in range(5)] == ["a0", "a1", "b0", "b1", "b2"]
    assert [sample.name for sample in mixed] == ["a0", "a1", "b0", "b1", "b2"]
    assert [mixed.source_of(index) for index in range(5)] == [0, 0, 2, 2, 2]
    assert list(mixed.negatives) == [1, 2, 4]
    assert mixed[-1].photo[0, 0, 0] == 2


@pytest.mark.parametrize("index", [5, -6])
def test_index_out_of_range(index: int) -> None:
    mixed = MixedPersons({"a": Source("a", 2), "b": Source("b", 3)})
    for method in (mixed.__getitem__, mixed.name, mixed.source_of):
        with pytest.raises(IndexError):
            method(index)


def test_no_sources() -> None:
    with pytest.raises(ConfigError, match="no sources"):
        MixedPersons({})
