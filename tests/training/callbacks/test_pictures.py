import functools
import threading
from pathlib import Path

import lightning.pytorch as pl
import numpy as np
import pytest
import torch
from lightning.pytorch.loggers import TensorBoardLogger
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from recorte.data.batches.datamodule import PersonDataModule
from recorte.data.synthetic import SyntheticPersons
from recorte.errors import DiskFullError
from recorte.model.attention_unet import AttentionUNet
from recorte.model.batch import as_floats
from recorte.model.losses import BinaryCrossEntropy, CompositeLoss
from recorte.model.module import PersonSegmenter
from recorte.training.callbacks import pictures
from recorte.training.callbacks.averaging import AveragedWeights
from recorte.training.callbacks.pictures import (
    Pictures,
    draw_attention,
    draw_predictions,
    look,
    see,
    write_sample_predictions,
)
from recorte.training.callbacks.throughput import Throughput
from recorte.training.figures.sheets import CELL, Cell, draw_sheet

SIZE = 64


def tiny(attention: bool = True) -> AttentionUNet:
    torch.manual_seed(0)
    return AttentionUNet("test_efficientnet", "none", attention=attention, decoder_channels=(8, 8, 8, 8)).eval()


def drawn(photos: int = 6) -> PersonDataModule:
    source = functools.partial(SyntheticPersons, length=photos, size=SIZE)
    return PersonDataModule({"synthetic": source}, batch_size=2, image_size=SIZE, num_workers=0)


def test_a_look_shows_what_the_network_makes_of_the_photos() -> None:
    network, dataset = tiny(), drawn().dataset("val")
    looks = look(network, dataset, 3, torch.device("cpu"))
    for index, one in zip((0, 2, 5), looks, strict=True):
        item = as_floats(dataset[index])
        counted = item["weight"][0].numpy() > 0
        with torch.inference_mode():
            alpha = torch.sigmoid(network(item["image"][None]).alpha_logits)[0, 0].numpy()
        assert np.abs(one.photo / 255 - item["image"].permute(1, 2, 0).numpy()).max() < 0.01
        assert np.abs(one.alpha[..., 0] / 255 - alpha)[counted].max() < 0.01
        assert np.abs(one.truth[..., 0] / 255 - item["alpha"][0].numpy())[counted].max() < 0.01
        found, true = (alpha >= 0.5)[counted], (item["alpha"][0].numpy() >= 0.5)[counted]
        iou = (found & true).sum() / (found | true).sum() if (found | true).any() else 1
        assert one.title.startswith(f"IoU {iou:.2f}  ")
        assert [gate.shape for gate in one.gates] == [(SIZE // stride,) * 2 for stride in (16, 8, 4, 2)]
    assert not network.decoder[0].gate._forward_hooks
    assert not network.training


def test_the_gates_shown_are_those_that_weighed_the_skips() -> None:
    network, dataset = tiny(), drawn().dataset("val")
    with torch.no_grad():
        for number, block in enumerate(network.decoder):
            block.gate.score[0].weight.zero_()
            block.gate.score[1].bias.fill_(torch.logit(torch.tensor((number + 1) / 5)))
    for one in look(network, dataset, 2, torch.device("cpu")):
        for number, gate in enumerate(one.gates):
            assert gate == pytest.approx((number + 1) / 5, abs=1e-5)


def test_heat_maps_are_dark_where_a_gate_is_shut(tmp_path: Path) -> None:
    network, dataset = tiny(), drawn().dataset("val")
    one = look(network, dataset, 1, torch.device("cpu"))[0]
    half = np.ones((4, 4), np.float32)
    half[:, :2] = 0
    white = np.full_like(one.photo, 255)
    sheet = np.asarray(draw_attention([one._replace(photo=white, gates=[half] * 4)], "Epoch 3")).astype(int)
    heat = sheet[-CELL // 2, CELL + 12 : 2 * CELL + 12]
    assert heat[5].tolist() == [68, 1, 84]  # the ends of viridis
    assert heat[-5].tolist() == [253, 231, 37]


def test_a_sheet_has_its_pictures_where_they_belong() -> None:
    colours = np.array([[(250, 0, 0), (0, 250, 0)], [(0, 0, 250), (90, 90, 90)]], np.uint8)
    rows = [[Cell("a name that is much too long for one picture " * 2, colour * np.ones((8, 8, 1), np.uint8))
             for colour in line] for line in colours]  # fmt: skip
    pixels = np.asarray(draw_sheet("Title", ["left", "right"], rows))
    height, width = pixels.shape[:2]
    for row in range(2):
        for column in range(2):
            middle = height - (2 - row) * (CELL + 24) + CELL // 2 + 18, 6 + column * (CELL + 6) + CELL // 2
            assert pixels[middle].tolist() == colours[row, column].tolist()
    assert (pixels[:, -6:] == 255).all() and (pixels[:, :6] == 255).all()  # no caption runs out of it
    assert width == 2 * CELL + 18


def test_without_gates_there_is_nothing_to_show(tmp_path: Path) -> None:
    network, dataset = tiny(attention=False), drawn().dataset("val")
    assert look(network, dataset, 1, torch.device("cpu"))[0].gates == []
    write_sample_predictions(network, dataset, tmp_path / "plots" / "sample.png", "Best epoch (3)", photos=2)
    with Image.open(tmp_path / "plots" / "sample.png") as sheet:
        assert sheet.size == draw_predictions(look(network, dataset, 2, torch.device("cpu")), "").size


def with_pictures(folder: Path, *callbacks: pl.Callback) -> None:
    """Train two epochs of three steps."""
    loss = CompositeLoss({"bce": BinaryCrossEntropy()}, {"bce": 1.0})
    module = PersonSegmenter(tiny().train(), loss, lambda groups: torch.optim.SGD(groups, lr=0.5))
    trainer = pl.Trainer(
        accelerator="cpu", max_epochs=2, log_every_n_steps=2, logger=TensorBoardLogger(folder, "", ""),
        callbacks=[Pictures(str(folder), photos=2), *callbacks], enable_progress_bar=False,
        enable_checkpointing=False, enable_model_summary=False, num_sanity_val_steps=0,
    )  # fmt: skip
    trainer.fit(module, drawn())


def steps_of_pictures(folder: Path) -> list[int]:
    events = EventAccumulator(str(folder), {"images": 0}).Reload()
    return [event.step for event in events.Images("predictions")]


def test_every_validation_is_drawn_with_the_averaged_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    averaging = AveragedWeights()
    seen: list[float] = []

    def see_and_remember(network: AttentionUNet, *arguments: object) -> list[pictures.Seen]:
        seen.append(next(network.parameters()).sum().item())
        return see(network, *arguments)

    class Averages(pl.Callback):
        """The averages of every epoch, when its validation is over."""

        def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
            wanted.append(next(averaging._average_model.module.network.parameters()).sum().item())
            trained.append(next(pl_module.network.parameters()).sum().item())

    wanted: list[float] = []
    trained: list[float] = []
    monkeypatch.setattr(pictures, "see", see_and_remember)
    with_pictures(tmp_path, averaging, Throughput(), Averages())
    assert seen == wanted
    assert not set(seen) & set(trained)

    events = EventAccumulator(str(tmp_path), {"images": 0, "scalars": 0}).Reload()
    assert set(events.Tags()["images"]) == {"predictions", "attention"}
    for name in ("predictions", "attention"):
        assert [event.step for event in events.Images(name)] == [2, 5]
    assert [event.step for event in events.Scalars("throughput/waiting")] == [1, 3, 5]
    assert all(0 < event.value < 1 for event in events.Scalars("throughput/waiting"))
    assert (tmp_path / "plots" / "sample_predictions.png").exists()


def test_the_training_does_not_wait_for_the_drawing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, waited = threading.Event(), []

    class Next(pl.Callback):
        """Says when the next epoch, or what comes after the last, has begun."""

        def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
            if trainer.current_epoch:
                begun.set()

    def draw_later(looks: list[pictures.Look], when: str) -> Image.Image:
        waited.append(begun.wait(60))
        return draw_predictions(looks, when)

    monkeypatch.setattr(pictures, "draw_predictions", draw_later)
    with_pictures(tmp_path, Next())
    assert waited == [True, True]
    assert steps_of_pictures(tmp_path) == [2, 5]


def test_what_fails_of_drawing_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> Image.Image:
        raise DiskFullError("no room for pictures")

    monkeypatch.setattr(pictures, "draw_predictions", full)
    with pytest.raises(DiskFullError, match="no room for pictures"):
        with_pictures(tmp_path)


@pytest.mark.parametrize("error", [SystemExit(143), RuntimeError("worn out")])
def test_a_run_that_is_stopped_has_its_last_pictures(tmp_path: Path, error: BaseException) -> None:
    class Stops(pl.Callback):
        """Ends the run right after a validation, while its pictures are drawn."""

        def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
            raise error

    with pytest.raises(type(error)):
        with_pictures(tmp_path, Stops())
    assert steps_of_pictures(tmp_path) == [2]
    assert (tmp_path / "plots" / "sample_predictions.png").exists()


def test_an_error_is_not_hidden_by_one_of_drawing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Stops(pl.Callback):
        def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
            raise RuntimeError("worn out")

    def full(*_: object) -> Image.Image:
        raise DiskFullError("no room for pictures")

    monkeypatch.setattr(pictures, "draw_predictions", full)
    with pytest.raises(RuntimeError, match="worn out"):
        with_pictures(tmp_path, Stops())
    assert "no room for pictures" in caplog.text
