"""How several processes share the photos."""

from collections.abc import Iterator
from functools import partial
from types import SimpleNamespace

import pytest

from recorte.data.batches.datamodule import PersonDataModule
from recorte.data.batches.dataset import EpochSampler
from recorte.data.synthetic import SyntheticPersons
from recorte.errors import DataError

LENGTHS = [13, 10]


def steps(batch_size: int, processes: int, epoch: int = 0) -> list[list[int]]:
    """The photos that all processes see together, step by step, process by process."""
    seen = []
    for rank in range(processes):
        sampler = EpochSampler(LENGTHS, [2, 1], 0, batch_size, rank, processes)
        sampler.set_epoch(epoch)
        order = [index for _, index in sampler]
        assert len(order) == len(sampler)
        seen.append([order[first : first + batch_size] for first in range(0, len(order), batch_size)])
    return [[index for batch in batches for index in batch] for batches in zip(*seen, strict=True)]


@pytest.mark.parametrize("epoch", [0, 3])
def test_processes_see_together_what_one_with_a_large_batch_sees(epoch: int) -> None:
    alone = steps(12, 1, epoch)
    assert [len(batch) for batch in alone] == [12]
    assert steps(6, 2, epoch) == steps(4, 3, epoch) == steps(1, 12, epoch) == alone
    assert steps(2, 2, epoch) == steps(4, 1, epoch)
    assert len(steps(2, 2, epoch)) == 23 // 4
    assert steps(2, 2, 0) != steps(2, 2, 3)


@pytest.mark.parametrize(("photos", "processes", "each"), [(3, 1, 3), (7, 2, 3), (5, 4, 1), (8, 2, 4)])
def test_too_few_photos_for_a_whole_batch_each_are_shared_out_equally(photos: int, processes: int, each: int) -> None:
    orders = [list(EpochSampler([photos], None, 0, 4, rank, processes)) for rank in range(processes)]
    assert [len(order) for order in orders] == [each] * processes
    assert len({key for order in orders for key in order}) == each * processes


def module(photos: int, rank: int, processes: int) -> PersonDataModule:
    sources = {"drawn": partial(SyntheticPersons, length=photos, size=32)}
    data = PersonDataModule(sources, batch_size=2, image_size=32, num_workers=0)
    data.trainer = SimpleNamespace(global_rank=rank, world_size=processes)
    return data


def test_every_photo_of_the_validation_is_seen_once() -> None:
    shares = [list(photos_of(module(7, rank, 3))) for rank in range(3)]
    assert shares == [[0, 3, 6], [1, 4], [2, 5]]


def photos_of(data: PersonDataModule) -> Iterator[int]:
    for batch in data.val_dataloader():
        yield from batch["index"].tolist()


@pytest.mark.parametrize("split", ["train", "val"])
def test_fewer_photos_than_processes(split: str) -> None:
    loader = getattr(module(1, 0, 2), f"{split}_dataloader")
    with pytest.raises(DataError, match=rf"{split} has 1 photos, too few for 2 processes; .*trainer\.devices"):
        loader()
