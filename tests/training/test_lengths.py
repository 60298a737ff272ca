"""Runs of other lengths, and with other parts in the loop than ours: each leaves its results."""

import csv
import json
import math
from pathlib import Path
from typing import Any

import pytest
from hydra import compose, initialize_config_dir
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from commands import DRAWN, TINY
from recorte import BackgroundRemover
from recorte.model.export import read_checkpoint
from recorte.training.fit import fit
from recorte.training.machine.hardware import CONF, register_resolvers

pytestmark = pytest.mark.slow


def results(folder: Path, *arguments: str) -> tuple[dict[str, Any], list[dict[str, str]]]:
    """Train on sixteen drawings, four steps an epoch; gives metrics.json and the rows of metrics.csv."""
    register_resolvers()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("train", [*TINY, *DRAWN, f"run_dir={folder}", *arguments])
    fit(config)
    with (folder / "metrics.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert BackgroundRemover(folder).network.path == folder / "best_model" / "model.onnx"
    return json.loads((folder / "metrics.json").read_text()), rows


def test_figures_of_every_second_epoch_alone_and_a_schedule_that_waits_for_them(tmp_path: Path) -> None:
    result, rows = results(
        tmp_path, "trainer.max_epochs=3", "+trainer.check_val_every_n_epoch=2", "~scheduler.warmup", "~scheduler.floor",
        "scheduler._target_=torch.optim.lr_scheduler.ReduceLROnPlateau", "callbacks.checkpoint.monitor=val/loss",
        "+trainer.gradient_clip_algorithm=value", "+scheduler.threshold=1e9", "+scheduler.patience=0",
    )  # fmt: skip
    assert [bool(row["val/photo_iou"]) for row in rows] == [False, True, False]
    rates = [float(row["lr"]) for row in rows]
    assert rates == pytest.approx([rates[0], rates[0], rates[0] / 10])  # no figure is better by so much
    assert (result["monitor"], result["best_epoch"], result["epochs"]) == ("val/loss", 2, 3)
    assert "loss" in result["metrics"]


def test_without_a_validation_the_last_weights_are_exported(tmp_path: Path) -> None:
    result, rows = results(tmp_path, "+trainer.limit_val_batches=0", "callbacks.checkpoint=null", "callbacks.last=null")
    assert (result["metrics"], result["confusion_matrix"]) == ({}, None)
    assert [name for name in rows[0] if name.startswith("val/")] == []
    (kept,) = (tmp_path / "checkpoints").glob("*.ckpt")  # Lightning's own, where none is asked for
    assert read_checkpoint(kept)["global_step"] == 4


def test_steps_that_end_within_an_epoch(tmp_path: Path) -> None:
    result, rows = results(
        tmp_path, "+trainer.max_steps=5", "trainer.max_epochs=9", "optimizer.lr=1e-3",
        "~scheduler.warmup", "~scheduler.floor", "+scheduler.t_initial=5",
        "scheduler._target_=timm.scheduler.CosineLRScheduler",
    )  # fmt: skip
    assert [row["step"] for row in rows] == ["4", "5"]
    assert result["metrics"]["photo_iou"] is not None
    after_one = 1e-3 * (1 + math.cos(math.pi / 5)) / 2
    assert [float(row["lr"]) for row in rows] == pytest.approx([after_one, after_one])  # the second epoch did not end


def test_a_validation_twice_an_epoch(tmp_path: Path) -> None:
    result, rows = results(tmp_path, "+trainer.val_check_interval=0.5")
    assert [row["step"] for row in rows] == ["4"]
    assert result["best_epoch"] == 1
    events = EventAccumulator(str(tmp_path)).Reload()
    assert [one.step for one in events.Scalars("val/photo_iou")] == [1, 3]
