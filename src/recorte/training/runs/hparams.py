"""A finished run on TensorBoard's HPARAMS page."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.summary.writer.record_writer import RecordWriter
from torch.utils.tensorboard.summary import hparams, scalar

SHOWN = (
    "model.encoder", "loss.weights", "optimizer.lr", "optimizer.weight_decay", "data.batch_size", "data.image_size",
    "trainer.max_epochs", "seed",
)  # fmt: skip
"""What every run shows, beside what its command line set."""
FIGURES = ("photo_iou", "people_iou", "iou", "boundary_iou", "mae")
"""As many as the page shows columns of."""


def write_hparams(config: DictConfig, figures: dict[str, float | None]) -> None:
    """Add a run's settings and the figures of its best weights to its TensorBoard events.

    Lightning has closed the events by then, so it is their file that is added to: another one would be another
    session on the page.

    Args:
        config: of the run, whose events are in its `run_dir`; without events nothing is done.
        figures: of its best weights, by name; shown as `best/<name>`.
    """
    events = sorted(Path(config.run_dir).glob("events.out.tfevents.*"), key=lambda path: path.stat().st_mtime)
    if not events:
        return
    known = {f"best/{name}": figures[name] for name in FIGURES if figures.get(name) is not None}
    summaries = [scalar(name, value) for name, value in known.items()]
    # Without the first, a list of columns that would hold for all runs: TensorBoard finds out itself what differs.
    summaries += hparams(dict(_settings(config)), known)[1:]
    with events[-1].open("ab") as file:
        writer = RecordWriter(file)
        for summary in summaries:
            writer.write(Event(wall_time=time.time(), summary=summary).SerializeToString())
        writer.flush()


def _settings(config: DictConfig) -> Iterator[tuple[str, Any]]:
    said = (text.partition("=") for text in config.get("overrides") or [])
    for key, _, value in said:
        key = key.lstrip("+~")
        if not key.startswith(("run_dir", "resume")):
            yield key, _plain(OmegaConf.select(config, key), value)
    for key in SHOWN:
        yield key, _plain(OmegaConf.select(config, key), "")


def _plain(value: Any, said: str) -> Any:
    """Take numbers and texts of the config, and of groups the name of the choice."""
    if isinstance(value, bool):  # torch would write it as a number
        return str(value).lower()
    if isinstance(value, (int, float, str)):
        return value
    return said or str(value)
