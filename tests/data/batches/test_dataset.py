from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from recorte.data.batches.augmentation import Augmentation
from recorte.data.batches.dataset import EpochSampler, PersonDataset
from recorte.data.batches.mixed import MixedPersons
from recorte.data.sample import Sample
from recorte.errors import PhotoError

RED, BLUE = (200, 0, 0), (0, 0, 200)


class Drawn:
    """Red people of a soft outline before noise; chosen indices are blue photos of nobody, or cannot be read."""

    def __init__(self, length: int, negatives: Sequence[int] = (), broken: Sequence[int] = ()) -> None:
        self.length, self.negatives, self.broken = length, negatives, broken

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> Sample:
        if index in self.broken:
            raise PhotoError(f"{self.name(index)}: truncated")
        photo = np.random.default_rng(index).integers(0, 100, (30, 40, 3), dtype=np.uint8)
        alpha = np.zeros((30, 40), np.uint8)
        if index in self.negatives:
            photo[:] = BLUE
        else:
            photo[5:25, 10:30] = RED
            alpha[5:25, 10:30] = 255
            alpha[5:25, 30] = 128
        return Sample(photo, alpha, np.ones((30, 40), np.uint8), self.name(index))

    def name(self, index: int) -> str:
        return f"{index}.jpg"


HEAVY = {"flip": 0.5, "rotation": 20, "scale": (0.5, 1.8), "colour": 0.5, "noise": 0.5, "jpeg": 0.5, "paste": 0.5,
         "join": 0.5, "nobody": 0.5}  # fmt: skip


def dataset(augmentation: Augmentation | None = None, seed: int = 0, **arguments: Any) -> PersonDataset:
    source = MixedPersons({"first": Drawn(4), "second": Drawn(**{"length": 8} | arguments)})
    return PersonDataset(source, 32, augmentation or Augmentation(), seed)


def equal(one: dict[str, Any], other: dict[str, Any]) -> bool:
    tensors = all(torch.equal(one[name], other[name]) for name in ("image", "alpha", "weight"))
    return tensors and all(one[name] == other[name] for name in ("source", "index", "broken"))


def test_an_item() -> None:
    item = dataset()[5]
    assert {name: (value.shape, value.dtype) for name, value in item.items() if isinstance(value, torch.Tensor)} == {
        "image": ((32, 32, 3), torch.uint8),
        "alpha": ((1, 32, 32), torch.uint8),
        "weight": ((1, 32, 32), torch.uint8),
    }
    assert (item["source"], item["index"], item["broken"]) == (1, 5, "")
    assert item["image"][16, 12].tolist() == [200, 0, 0]
    assert (item["alpha"].min(), item["alpha"].max()) == (0, 255)
    # 30 x 40 becomes 24 x 32, with four rows of padding above and below
    assert item["weight"][0].sum() == 24 * 32
    assert not item["weight"][0, :4].any()


def test_items_are_a_function_of_seed_epoch_and_index() -> None:
    first, second = (dataset(Augmentation(**HEAVY), negatives=[1]) for _ in range(2))
    keys = [(epoch, index) for epoch in range(2) for index in range(12)]
    wanted = {key: first[key] for key in keys}
    for key in reversed(keys):
        assert equal(second[key], wanted[key])
    assert equal(second[3], wanted[0, 3])
    assert not equal(wanted[0, 3], wanted[1, 3])
    assert not equal(dataset(Augmentation(**HEAVY), seed=1)[0, 3], wanted[0, 3])


@pytest.mark.filterwarnings("ignore:This DataLoader will create")  # more workers than cores
@pytest.mark.parametrize("workers", [1, 3])
def test_workers_change_nothing(workers: int) -> None:
    data = dataset(Augmentation(**HEAVY), negatives=[1, 2], broken=[5])
    alone, together = (
        list(DataLoader(data, batch_size=4, sampler=EpochSampler([4, 8], None, seed=3), num_workers=number))
        for number in (0, workers)
    )
    assert len(alone) == len(together) == 3
    for one, other in zip(alone, together, strict=True):
        for name in ("image", "alpha", "weight", "source", "index"):
            assert torch.equal(one[name], other[name])
        assert one["broken"] == other["broken"]


def test_a_broken_photo_counts_nothing_and_says_why() -> None:
    item = dataset(broken=[2])[6]
    assert item["broken"] == "2.jpg: truncated"
    assert (item["source"], item["index"]) == (1, 6)
    assert item["image"].shape == (32, 32, 3)
    assert item["alpha"].shape == item["weight"].shape == (1, 32, 32)
    assert not item["weight"].any()


def test_people_are_put_before_photos_of_nobody() -> None:
    pasted = dataset(Augmentation(paste=1), negatives=[7])
    for index in range(11):
        item = pasted[index]
        image, alpha = item["image"], item["alpha"][0]
        inside = alpha == 255
        outside = (alpha == 0) & (item["weight"][0] > 0)
        assert inside.any() and outside.any()
        assert (image[inside] == torch.tensor(RED)).all()
        assert (image[outside] == torch.tensor(BLUE)).all()
    assert not pasted[11]["alpha"].any()  # the photo of nobody itself


def test_without_photos_of_nobody_nothing_is_pasted() -> None:
    pasted, plain = dataset(Augmentation(paste=1)), dataset()
    assert all(equal(pasted[index], plain[index]) for index in range(12))


def test_a_background_that_cannot_be_read_breaks_the_sample_only() -> None:
    item = dataset(Augmentation(paste=1), negatives=[7], broken=[7])[0]
    assert item["broken"] == "7.jpg: truncated"
    assert not item["weight"].any()


def test_people_of_other_photos_join() -> None:
    joined, plain = dataset(Augmentation(join=1), negatives=range(8)), dataset(negatives=range(8))
    more = [int(joined[index]["alpha"].sum() > plain[index]["alpha"].sum()) for index in range(4, 12)]
    assert 0 < sum(more) < 8  # those joined by photos 0 to 3, the only ones with people


def test_small_photos_come_first() -> None:
    source = MixedPersons({"drawn": Drawn(4)})
    data = PersonDataset(source, 96, Augmentation(), 0, early_sizes=[(32, 2), (64, 3)])
    assert [data[epoch, 1]["image"].shape[0] for epoch in range(5)] == [32, 32, 64, 96, 96]
    broken = PersonDataset(MixedPersons({"drawn": Drawn(4, broken=[1])}), 96, Augmentation(), 0, early_sizes=[(32, 2)])
    assert [broken[epoch, 1]["weight"].shape for epoch in (1, 2)] == [(1, 32, 32), (1, 96, 96)]


# The order of an epoch


def indices(sampler: EpochSampler, epoch: int) -> list[int]:
    sampler.set_epoch(epoch)
    keys = list(sampler)
    assert {key[0] for key in keys} == {epoch}
    assert len(keys) == len(sampler)
    return [key[1] for key in keys]


def test_without_shares_an_epoch_is_every_photo_once() -> None:
    sampler = EpochSampler([5, 1, 14], None, seed=0)
    epochs = [indices(sampler, epoch) for epoch in range(4)]
    assert all(sorted(order) == list(range(20)) for order in epochs)
    assert len({tuple(order) for order in epochs}) == 4
    assert indices(EpochSampler([5, 1, 14], None, seed=0), 2) == epochs[2]
    assert indices(EpochSampler([5, 1, 14], None, seed=1), 2) != epochs[2]


def test_a_source_without_photos_gives_none() -> None:
    assert sorted(indices(EpochSampler([3, 0, 2], None, seed=0), 0)) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("lengths", "shares", "counts"),
    [
        ([60, 40], [3, 1], [75, 25]),
        ([10, 90], [0.5, 0.5], [50, 50]),
        ([7, 3, 10], [1, 1, 1], [7, 6, 7]),
        ([1, 99], [0.1, 0.9], [10, 90]),
    ],
)
def test_shares(lengths: list[int], shares: list[float], counts: list[int]) -> None:
    sampler = EpochSampler(lengths, shares, seed=0)
    ends = np.cumsum(lengths)
    seen = Counter()
    for epoch in range(7):
        order = indices(sampler, epoch)
        sources = Counter(int(np.searchsorted(ends, index, side="right")) for index in order)
        assert [sources[number] for number in range(len(lengths))] == counts
        seen.update(order)
        for end, length in zip(ends, lengths, strict=True):
            times = [seen[index] for index in range(end - length, end)]
            assert max(times) - min(times) <= 1


def test_an_epoch_does_not_depend_on_the_ones_before() -> None:
    one, other = (EpochSampler([6, 9], [2, 1], seed=4) for _ in range(2))
    orders = [indices(one, epoch) for epoch in range(6)]
    assert indices(other, 5) == orders[5]
    assert indices(other, 1) == orders[1]


def test_sources_are_mixed_within_an_epoch() -> None:
    order = indices(EpochSampler([50, 50], [1, 1], seed=0), 0)
    assert 10 < sum(index < 50 for index in order[:50]) < 40


@pytest.mark.parametrize("rank", [0, 1])
def test_an_epoch_goes_on_where_it_was_interrupted(rank: int) -> None:
    whole, rest = (EpochSampler([11, 30], [1, 2], seed=5, batch_size=4, rank=rank, processes=2) for _ in range(2))
    whole.set_epoch(3)
    rest.set_epoch(3)
    rest.start = 8
    rest.set_epoch(3)  # as Lightning says at the start of the epoch
    assert list(rest) == list(whole)[8:]
    assert len(rest) == len(whole) == 20  # Lightning counts the batches of the whole epoch
    for sampler in (whole, rest):
        sampler.set_epoch(4)
    assert list(rest) == list(whole)
