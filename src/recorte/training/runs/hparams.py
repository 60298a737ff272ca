"""A finished run on TensorBoard's HPARAMS page."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf
from torch.utils.tensorboard import FileWriter
from torch.utils.tensorboard.summary import hparams, scalar

from recorte.model.figures import MAIN

SHOWN = (
    "model.encoder", "loss.weights", "optimizer.lr", "optimizer.weight_decay", "data.batch_size", "data.image_size",
    "trainer.max_epochs", "seed",
)  # fmt: skip
"""What every run shows, beside what its command line set."""


def write_hparams(config: DictConfig, figures: dict[str, float | None], step: int) -> None:
    """Add a run's settings and the figures of its best weights to its TensorBoard events.

    Lightning's `log_hyperparams` would add a list of columns too, which would hold for all runs: TensorBoard finds out
    itself what differs. So its parts are written here.

    Args:
        config: of the run, whose events are in its `run_dir`; without events nothing is done.
        figures: of its best weights, by name; shown as `best/<name>`.
        step: of these weights, from 0 as in all curves.
    """
    if not any(Path(config.run_dir).glob("events.out.tfevents.*")):
        return
    known = {f"best/{name}": figures[name] for name in MAIN if figures.get(name) is not None}
    _columns, *start_and_end = hparams(dict(_settings(config)), known)
    writer = FileWriter(config.run_dir)  # one more file of events in the same folder is the same run
    for summary in [*(scalar(name, value) for name, value in known.items()), *start_and_end]:
        writer.add_summary(summary, step)
    writer.close()


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
