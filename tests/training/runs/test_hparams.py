from pathlib import Path

import pytest
from omegaconf import OmegaConf
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.backend.event_processing.event_multiplexer import EventMultiplexer
from tensorboard.plugins.hparams import metadata
from torch.utils.tensorboard import SummaryWriter

from recorte.training.runs.hparams import write_hparams

CONFIG = {
    "overrides": ["optimizer.lr=0.001", "augmentation=heavy", "+callbacks.x=true", "run_dir=there"],
    "optimizer": {"lr": 0.001, "weight_decay": 1e-6},
    "augmentation": {"flip": 0.5},
    "callbacks": {"x": True},
    "data": {"batch_size": 4, "image_size": 64},
    "model": {"encoder": "resnet34"},
    "loss": {"weights": {"bce": 1}},
    "trainer": {"max_epochs": 3},
    "seed": 0,
}


def test_settings_and_figures_join_the_events_of_the_run(tmp_path: Path) -> None:
    with SummaryWriter(tmp_path) as writer:
        writer.add_scalar("val/photo_iou", 0.4, 3)
    write_hparams(
        OmegaConf.create(CONFIG | {"run_dir": str(tmp_path)}), {"photo_iou": 0.5, "mae": None, "dice": 0.1}, 3
    )
    assert list(EventMultiplexer().AddRunsFromDirectory(str(tmp_path)).Runs()) == ["."]  # one run, one session
    events = EventAccumulator(str(tmp_path)).Reload()
    assert [(event.step, event.value) for event in events.Scalars("val/photo_iou")] == [(3, pytest.approx(0.4))]
    assert [(event.step, event.value) for event in events.Scalars("best/photo_iou")] == [(3, 0.5)]
    assert "best/mae" not in events.Tags()["scalars"]
    contents = events.PluginTagToContent(metadata.PLUGIN_NAME)
    assert set(contents) == {metadata.SESSION_START_INFO_TAG, metadata.SESSION_END_INFO_TAG}
    start = metadata.parse_session_start_info_plugin_data(contents[metadata.SESSION_START_INFO_TAG])
    values = {name: getattr(value, value.WhichOneof("kind")) for name, value in start.hparams.items()}
    assert values["optimizer.lr"] == 0.001
    assert values["augmentation"] == "heavy"
    assert values["callbacks.x"] == "true"
    assert values["data.image_size"] == 64
    assert "run_dir" not in values


def test_without_events(tmp_path: Path) -> None:
    write_hparams(OmegaConf.create(CONFIG | {"run_dir": str(tmp_path)}), {"photo_iou": 0.5}, 3)
    assert list(tmp_path.iterdir()) == []
