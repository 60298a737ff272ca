import multiprocessing
import subprocess
import sys
from functools import partial
from typing import Any

import lightning.pytorch as pl
import pytest
import torch

from recorte.data.batches.augmentation import Augmentation
from recorte.data.batches.datamodule import EndValidationWorkers, PersonDataModule
from recorte.data.sample import Sample
from recorte.data.synthetic import SyntheticPersons
from recorte.errors import DataError
from recorte.model.attention_unet import AttentionUNet
from recorte.model.losses import BinaryCrossEntropy, CompositeLoss
from recorte.model.module import PersonSegmenter

DRAWN = partial(SyntheticPersons, size=32)


def batches(data: PersonDataModule, epoch: int = 0) -> list[dict[str, Any]]:
    loader = data.train_dataloader()
    loader.sampler.set_epoch(epoch)
    return list(loader)


def numbers(chosen: list[dict[str, Any]], name: str) -> list[int]:
    return torch.cat([batch[name] for batch in chosen]).tolist()


def test_a_batch() -> None:
    data = PersonDataModule({"drawn": partial(DRAWN, length=5)}, batch_size=4, image_size=64, num_workers=0)
    batch = batches(data)[0]
    assert batch["image"].shape == (4, 64, 64, 3)
    assert batch["alpha"].shape == batch["weight"].shape == (4, 1, 64, 64)
    assert batch["broken"] == ["", "", "", ""]


def test_how_far_workers_read_ahead_and_where_batches_wait() -> None:
    data = PersonDataModule({"drawn": DRAWN}, num_workers=2, prefetch_factor=7, pin_memory=True)
    for loader in (data.train_dataloader(), data.val_dataloader()):
        assert (loader.prefetch_factor, loader.pin_memory) == (7, True)
    plain = PersonDataModule({"drawn": DRAWN}, num_workers=2).val_dataloader()
    assert (plain.prefetch_factor, plain.pin_memory) == (2, torch.cuda.is_available())


def test_sources_are_numbered_and_shared_out() -> None:
    sources = {"few": partial(DRAWN, length=4), "many": partial(DRAWN, length=12, seed=1)}
    data = PersonDataModule(sources, {"many": 1, "few": 3}, batch_size=4, image_size=32, num_workers=0)
    drawn = numbers(batches(data), "source")
    assert (drawn.count(0), drawn.count(1)) == (12, 4)
    assert numbers(list(data.val_dataloader()), "source") == [0] * 4 + [1] * 12


def test_validation_is_in_order_and_unchanged() -> None:
    heavy = Augmentation(flip=1, rotation=30, scale=(0.5, 0.6), colour=1)
    sources = {"drawn": partial(DRAWN, length=6)}
    data = PersonDataModule(sources, batch_size=4, image_size=32, num_workers=0, augmentation=heavy)
    plain = PersonDataModule(sources, batch_size=4, image_size=32, num_workers=0)
    changed, unchanged = list(data.val_dataloader()), list(plain.val_dataloader())
    assert numbers(changed, "index") == list(range(6))
    for one, other in zip(changed, unchanged, strict=True):
        assert torch.equal(one["image"], other["image"])
        assert torch.equal(one["alpha"], other["alpha"])
    assert not torch.equal(data.dataset("train")[0]["image"], plain.dataset("train")[0]["image"])


def test_only_the_training_begins_with_small_photos() -> None:
    sources = {"drawn": partial(DRAWN, length=4)}
    data = PersonDataModule(sources, batch_size=4, image_size=64, num_workers=0, early_sizes=[(32, 1)])
    assert [batches(data, epoch)[0]["image"].shape[1] for epoch in range(2)] == [32, 64]
    assert next(iter(data.val_dataloader()))["image"].shape[1] == 64


@pytest.mark.parametrize(("length", "sizes"), [(9, [4, 4]), (8, [4, 4]), (3, [3])])
def test_a_last_batch_of_few_is_left_out_of_training_only(length: int, sizes: list[int]) -> None:
    data = PersonDataModule({"drawn": partial(DRAWN, length=length)}, batch_size=4, image_size=32, num_workers=0)
    assert [len(batch["index"]) for batch in batches(data)] == sizes
    assert sum(len(batch["index"]) for batch in data.val_dataloader()) == length


def test_workers_change_nothing_and_epochs_differ() -> None:
    def module(workers: int) -> PersonDataModule:
        sources = {"a": partial(DRAWN, length=6), "b": partial(DRAWN, length=5, seed=1)}
        augmentation = Augmentation(flip=0.5, rotation=10, scale=(0.7, 1.4), paste=0.5)
        return PersonDataModule(sources, {"a": 1, "b": 1}, 4, 32, workers, augmentation, seed=2)

    alone, together = batches(module(0), epoch=1), batches(module(2), epoch=1)
    for one, other in zip(alone, together, strict=True):
        assert torch.equal(one["index"], other["index"])
        assert torch.equal(one["image"], other["image"])
        assert torch.equal(one["alpha"], other["alpha"])
    assert numbers(batches(module(0), epoch=2), "index") != numbers(alone, "index")


def test_a_split_is_opened_once() -> None:
    opened = []

    def source(split: str) -> SyntheticPersons:
        opened.append(split)
        return DRAWN(split=split, length=2)

    data = PersonDataModule({"drawn": source}, num_workers=0)
    for _ in range(2):
        data.train_dataloader()
        data.val_dataloader()
    assert opened == ["train", "val"]


@pytest.mark.parametrize("workers", [0, 1])
def test_batches_go_on_where_a_checkpoint_was_made(workers: int) -> None:
    def module() -> PersonDataModule:
        source = {"drawn": partial(DRAWN, length=12)}
        return PersonDataModule(source, batch_size=2, image_size=32, num_workers=workers, seed=3)

    wanted = batches(module(), epoch=5)[4:]
    data = module()
    data.load_state_dict({"epoch": 5, "batches": 4})
    # Before Lightning tells the sampler its epoch, the processes that load have begun.
    found = list(data.train_dataloader())
    assert len(found) == len(wanted) == 2
    for one, other in zip(found, wanted, strict=True):
        assert torch.equal(one["image"], other["image"])


class Half:
    """An augmentation of one's own that makes half of what is needed."""

    def __call__(self, sample: Sample, size: int, seed: int) -> Sample:
        return Augmentation()(sample, size // 2, seed)


def test_an_augmentation_of_ones_own_that_gives_another_size() -> None:
    data = PersonDataModule({"drawn": DRAWN}, image_size=64, num_workers=0, augmentation=Half())
    needed = r"Half gives a photo of 32 x 32; 64 x 64, its argument size, is needed"
    with pytest.raises(DataError, match=needed):
        data.train_dataloader()


class Counting(pl.Callback):
    """Which processes there are in each training step, and how many in each of the validation."""

    def __init__(self) -> None:
        self.training: list[set[int | None]] = []
        self.validation: list[int] = []

    def on_train_batch_start(self, *_: object) -> None:
        self.training.append({child.pid for child in multiprocessing.active_children()})

    def on_validation_batch_start(self, *_: object) -> None:
        self.validation.append(len(multiprocessing.active_children()))


@pytest.mark.skipif(multiprocessing.get_start_method() != "fork", reason="where they are not forked they stay")
@pytest.mark.parametrize(("limit", "steps"), [(1.0, 16), (1, 4)])
def test_the_validations_workers_are_there_for_the_validation_alone(limit: float, steps: int) -> None:
    data, count = PersonDataModule({"drawn": partial(DRAWN, length=8)}, batch_size=2, image_size=32), Counting()
    network = AttentionUNet("test_efficientnet", "none", decoder_channels=(8, 8, 8, 8))
    loss = CompositeLoss({"bce": BinaryCrossEntropy()}, {"bce": 1.0})
    trainer = pl.Trainer(
        accelerator="cpu", max_epochs=2, val_check_interval=0.5, limit_val_batches=limit, num_sanity_val_steps=1,
        callbacks=[EndValidationWorkers(), count], logger=False, enable_progress_bar=False,
        enable_checkpointing=False, enable_model_summary=False,
    )  # fmt: skip
    trainer.fit(PersonSegmenter(network, loss, lambda groups: torch.optim.SGD(groups, lr=0.1)), data)
    assert len(count.training) == 8
    assert all(len(each) == 2 and each == count.training[0] for each in count.training)
    assert count.validation == [2] + [4] * steps


FAILING = """
from functools import partial
from recorte.data.batches.augmentation import Augmentation
from recorte.data.batches.datamodule import PersonDataModule
from recorte.data.synthetic import SyntheticPersons

class Failing:
    calls = 0

    def __call__(self, sample, size, seed):
        self.calls += 1
        if self.calls > 2:
            raise RuntimeError("worn out")
        return Augmentation()(sample, size, seed)

data = PersonDataModule({"drawn": partial(SyntheticPersons, size=32)}, image_size=64, augmentation=Failing())
loader = data.train_dataloader()
for batch in loader:
    pass
"""


def test_a_program_ends_though_its_workers_hear_no_signal() -> None:
    answer = subprocess.run([sys.executable, "-c", FAILING], capture_output=True, text=True, timeout=120, check=False)
    assert answer.returncode == 1
    assert "worn out" in answer.stderr
