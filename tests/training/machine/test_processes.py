"""Two processes on this CPU, as Lightning's DDP runs them, against one process that has all the photos."""

import os
import socket
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import pytest
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from recorte.data.batches.datamodule import PersonDataModule
from recorte.data.sample import Sample
from recorte.data.synthetic import SyntheticPersons
from recorte.errors import DataError, PhotoError
from recorte.model.attention_unet import AttentionUNet
from recorte.model.losses import BinaryCrossEntropy, CompositeLoss, Dice, Edge
from recorte.model.module import PersonSegmenter
from recorte.model.perceptual import Perceptual
from recorte.training.callbacks.broken_photos import BrokenPhotos

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

PHOTOS = 7  # unequal shares: 4 and 3
ENCODER = "test_resnet.r160_in1k"


class TwoBroken(SyntheticPersons):
    """Two photos that cannot be read; each is the share of another process."""

    def __getitem__(self, index: int) -> Sample:
        if index in (2, 5):
            raise PhotoError(f"{index}: truncated")
        return super().__getitem__(index)


class KeepGradients(pl.Callback):
    """Keeps the gradients of every step, as the optimizer sees them; and batch norm's statistics, if asked to."""

    def __init__(self, statistics_fixed: bool) -> None:
        self.statistics_fixed = statistics_fixed
        self.steps: list[dict[str, Tensor]] = []

    def on_train_batch_start(self, trainer: pl.Trainer, pl_module: PersonSegmenter, *_: Any) -> None:
        for module in pl_module.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.train(not self.statistics_fixed)

    def on_before_optimizer_step(self, trainer: pl.Trainer, pl_module: PersonSegmenter, *_: Any) -> None:
        parameters = pl_module.network.named_parameters()
        self.steps.append({name: parameter.grad.clone() for name, parameter in parameters})


def segmenter() -> PersonSegmenter:
    torch.manual_seed(0)
    network = AttentionUNet(ENCODER, "none", decoder_channels=(16, 16, 8, 8))
    terms = {"bce": BinaryCrossEntropy(), "dice": Dice(), "perceptual": Perceptual(ENCODER, "none"), "edge": Edge()}
    loss = CompositeLoss(terms, {"bce": 1.0, "dice": 1.0, "perceptual": 0.5, "edge": 0.3})
    return PersonSegmenter(network, loss, partial(torch.optim.SGD, lr=0.01), sources=["drawn", "other"])


def photos(batch_size: int, source: Callable[..., Any] = SyntheticPersons) -> PersonDataModule:
    """Photos of many formats, so that the letterbox pads each differently."""
    sources = {
        "drawn": partial(source, length=PHOTOS, size=64),
        "other": partial(source, length=PHOTOS, size=64, seed=1),
    }
    return PersonDataModule(sources, batch_size=batch_size, image_size=64, num_workers=0)


def trainer(devices: int, **options: Any) -> pl.Trainer:
    return pl.Trainer(
        accelerator="cpu", devices=devices, strategy="ddp" if devices > 1 else "auto", use_distributed_sampler=False,
        logger=False, enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False, **options,
    )  # fmt: skip


def gradients(devices: int, data: Any, statistics_fixed: bool, accumulate: int = 1) -> list[dict[str, Tensor]]:
    keep = KeepGradients(statistics_fixed)
    options = {"max_epochs": 1, "limit_val_batches": 0, "accumulate_grad_batches": accumulate, "callbacks": [keep]}
    trainer(devices, **options).fit(segmenter(), data)
    return keep.steps


def results(devices: int) -> dict[str, Any]:
    """Everything that is compared; `devices` processes share batches of four photos."""
    share = 4 // devices
    twins = [photos(2).dataset("train")[index] for index in range(2)] * (2 // devices)
    found = {
        "different photos": gradients(devices, photos(share), statistics_fixed=True),
        "gathered": gradients(devices, photos(share // 2), statistics_fixed=True, accumulate=2),
        "the same photos": gradients(devices, DataLoader(twins, len(twins)), statistics_fixed=False),
    }
    module, validation = segmenter(), trainer(devices)
    validation.validate(module, photos(share), verbose=False)
    found["figures"] = {name: value.item() for name, value in validation.callback_metrics.items()}
    found["confusion"] = module.confusion_matrix
    found["broken"] = {most: complaint(devices, photos(share, TwoBroken), most) for most in (2, 4)}
    return found


def complaint(devices: int, data: PersonDataModule, most: int) -> str:
    """What is said about broken photos when `most` of the 14 are allowed."""
    try:
        trainer(devices, callbacks=[BrokenPhotos(most / (2 * PHOTOS))]).validate(segmenter(), data, verbose=False)
    except (DataError, SystemExit) as error:
        return f"{type(error).__name__} {error}"
    return ""


def one_of_two(rank: int, port: int, folder: Path) -> None:
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "LOCAL_RANK": str(rank), "WORLD_SIZE": "2"}
    torch.set_num_threads(1)
    torch.save(results(devices=2), folder / f"{rank}.pt")


@pytest.fixture(scope="module")
def one() -> dict[str, Any]:
    return results(devices=1)


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    folder = tmp_path_factory.mktemp("two")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    torch.multiprocessing.spawn(one_of_two, (port, folder), nprocs=2)
    return [torch.load(folder / f"{rank}.pt", weights_only=True) for rank in range(2)]


@pytest.mark.parametrize(("case", "steps"), [("different photos", 3), ("gathered", 4), ("the same photos", 1)])
def test_two_processes_have_the_gradients_of_one_with_all_the_photos(
    one: dict[str, Any], two: list[dict[str, Any]], case: str, steps: int
) -> None:
    for found in two:
        assert len(found[case]) == len(one[case]) == steps
        for step, wanted in zip(found[case], one[case], strict=True):
            assert step.keys() == wanted.keys()
            for name, gradient in step.items():
                assert torch.allclose(gradient, wanted[name], rtol=1e-4, atol=1e-6), name


def test_the_figures_of_two_processes_are_those_of_one(one: dict[str, Any], two: list[dict[str, Any]]) -> None:
    assert {"val/loss", "val/loss_edge", "val/photo_iou", "val/other/boundary_iou"} <= one["figures"].keys()
    for found in two:
        assert found["figures"] == pytest.approx(one["figures"], rel=1e-6, nan_ok=True)
        assert found["confusion"] == one["confusion"]


def test_broken_photos_are_counted_over_all_processes(one: dict[str, Any], two: list[dict[str, Any]]) -> None:
    assert one["broken"][2].startswith("DataError 3 of the 14 photos of val are broken")  # it stops at the third
    assert two[0]["broken"][2].startswith("DataError 4 of the 14 photos of val are broken")  # of which each has two
    assert two[1]["broken"][2] == "SystemExit 2"  # the first one says it for all
    assert [found["broken"][4] for found in (one, *two)] == ["", "", ""]
