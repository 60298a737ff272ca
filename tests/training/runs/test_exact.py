"""A run that was stopped within an epoch, and goes on, with colours and rotation done where the network is."""

import csv
from pathlib import Path
from typing import Any

import pytest
import torch
from hydra import compose, initialize_config_dir

from commands import DRAWN, TINY
from recorte.model.export import read_checkpoint
from recorte.model.module import PersonSegmenter
from recorte.training.fit import fit
from recorte.training.machine.hardware import CONF, register_resolvers

pytestmark = pytest.mark.slow

OF_ITS_TIME = ("seconds", "throughput/")


def train(folder: Path, *arguments: str) -> None:
    register_resolvers()
    settings = ["trainer.max_epochs=2", "augmentation=heavy", "augmentation.on_device=true", "export=false",
                "callbacks.last.every_steps=1", "callbacks.pictures=null", "trainer.log_every_n_steps=3"]  # fmt: skip
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("train", [*TINY, *DRAWN, *settings, f"run_dir={folder}", *arguments])
    fit(config)


def left(folder: Path) -> tuple[dict[str, torch.Tensor], list[dict[str, str]]]:
    with (folder / "metrics.csv").open() as file:
        rows = [{name: row[name] for name in row if not name.startswith(OF_ITS_TIME)} for row in csv.DictReader(file)]
    return read_checkpoint(folder / "checkpoints" / "last.ckpt")["current_model_state"], rows


def test_a_run_goes_on_to_the_last_bit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, stopped, step = tmp_path / "whole", tmp_path / "stopped", PersonSegmenter.training_step

    def stopping(segmenter: PersonSegmenter, batch: dict[str, Any], batch_idx: int) -> torch.Tensor:
        if segmenter.global_step == 6:  # in the middle of the second epoch
            raise SystemExit(130)
        return step(segmenter, batch, batch_idx)

    train(whole)
    with monkeypatch.context() as patched, pytest.raises(SystemExit):
        patched.setattr(PersonSegmenter, "training_step", stopping)
        train(stopped)
    assert read_checkpoint(stopped / "checkpoints" / "last.ckpt")["global_step"] == 6
    train(stopped, f"resume={stopped}")
    (weights, rows), (others, their_rows) = left(whole), left(stopped)
    assert rows == their_rows
    assert weights.keys() == others.keys()
    assert all(torch.equal(weight, others[name]) for name, weight in weights.items())
