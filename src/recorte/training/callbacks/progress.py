"""How far a run is, for whoever watches it."""

import logging
import multiprocessing
import sys
import time
from typing import Any

import lightning.pytorch as pl
from lightning.pytorch.callbacks import ModelCheckpoint
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, TextColumn

from recorte.model.figures import figure_of
from recorte.training.figures.text import duration

log = logging.getLogger(__name__)

REFRESH = 0.1
"""Least seconds between two pictures of the bar."""
LOG_EVERY = 600
"""Seconds between two lines in the log, where there is no bar."""
ROOM = 100
"""Least columns of a terminal in which there is room for the bar beside the words."""
VALIDATION = 0.4
"""What a validation batch takes of a training batch's time, until one has been seen."""


class RunProgress(pl.Callback):
    """Shows the epoch, photos a second, the time left of the whole run and the best figure so far.

    On a terminal that is a bar, above which the log goes on; elsewhere a line in the log every ten minutes. The bar is
    drawn from the training loop and never from a thread of its own, which forking the workers could leave locked.
    """

    def __init__(self) -> None:
        self.bar: Progress | None = None
        self.streams: list[tuple[logging.StreamHandler[Any], Any]] = []
        self.pace = Pace()
        self.drawn = self.logged = time.monotonic()

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Put up the bar."""
        self._start(trainer)

    def on_validation_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Put up the bar, where a model is only measured."""
        if trainer.state.fn == "validate":
            self._start(trainer)

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Count a batch."""
        self.pace.count("train", len(batch["image"]) * trainer.world_size, time.monotonic())
        total = int(trainer.num_training_batches)
        later = _epochs_left(trainer)
        left = self.pace.seconds_left(
            train=total - batch_idx - 1 + later * total, val=(later + 1) * int(sum(trainer.num_val_batches))
        )
        self._show(trainer, f"Epoch {_epoch(trainer)}", batch_idx + 1, total, left)

    def on_validation_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:  # fmt: skip
        """Count a batch of the validation."""
        self.pace.count("val", len(batch["image"]) * trainer.world_size, time.monotonic())
        total = int(sum(trainer.num_val_batches))
        if trainer.state.fn == "validate":
            name, later, train = "Measuring", 0, 0
        else:
            later = _epochs_left(trainer)
            name, train = f"Validation {_epoch(trainer)}", int(trainer.num_training_batches)
        left = self.pace.seconds_left(train=later * train, val=total - batch_idx - 1 + later * total)
        self._show(trainer, name, batch_idx + 1, total, left)

    def teardown(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        """Take the bar away."""
        self._stop()

    def on_exception(self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException) -> None:
        """Take the bar away before anybody writes what went wrong."""
        self._stop()

    def _start(self, trainer: pl.Trainer) -> None:
        self.pace, self.logged = Pace(), time.monotonic()
        console = Console()
        # The jobs of a sweep that run side by side would draw over one another.
        alone = trainer.is_global_zero and multiprocessing.current_process().name == "MainProcess"
        if self.bar or not (alone and sys.stdout.isatty() and console.is_interactive):
            return
        columns: list[ProgressColumn] = [
            TextColumn(f"{{task.{part}}}", markup=False) for part in ("description", "fields[pace]")
        ]
        columns[1:1] = [BarColumn(bar_width=None), MofNCompleteColumn()]
        wide = console.width >= ROOM
        if not wide:
            del columns[1]
        self.bar = Progress(*columns, console=console, auto_refresh=False, transient=True, expand=wide)
        handlers = [handler for handler in logging.getLogger().handlers if isinstance(handler, logging.StreamHandler)]
        self.streams = [(handler, handler.stream) for handler in handlers if handler.stream in (sys.stdout, sys.stderr)]
        self.bar.add_task("", visible=False, pace="")
        self.bar.start()
        for handler, _ in self.streams:
            handler.setStream(sys.stdout)  # by now Rich's, which writes above the bar

    def _stop(self) -> None:
        if self.bar:
            self.bar.stop()
            for handler, stream in self.streams:
                handler.setStream(stream)
            self.bar, self.streams = None, []

    def _show(self, trainer: pl.Trainer, name: str, done: int, total: int, left: float | None) -> None:
        now = time.monotonic()
        if self.bar and (now - self.drawn >= REFRESH or done == total):
            self.drawn = now
            pace = self._pace(trainer, left)
            self.bar.update(
                self.bar.task_ids[0], description=name, completed=done, total=total, pace=pace, visible=True
            )
            self.bar.refresh()
        elif not self.bar and now - self.logged >= LOG_EVERY and trainer.is_global_zero:
            self.logged = now
            log.info("%s, batch %d of %d: %s", name, done, total, self._pace(trainer, left))

    def _pace(self, trainer: pl.Trainer, left: float | None) -> str:
        parts = []
        if self.pace.photos_per_second:
            parts.append(f"{self.pace.photos_per_second:.{0 if self.pace.photos_per_second >= 10 else 1}f} photos/s")
        if left is not None:
            parts.append(f"{duration(left)} left")
        checkpoint = trainer.checkpoint_callback
        if isinstance(checkpoint, ModelCheckpoint) and checkpoint.best_model_score is not None:
            name = str(checkpoint.monitor).removeprefix("val/")
            parts.append(f"best {name} {figure_of(name).text(float(checkpoint.best_model_score))}")
        return ", ".join(parts)


class Pace:
    """How fast batches come: lately, and on average with everything that lies between them."""

    def __init__(self) -> None:
        self.seconds = {"train": 0.0, "val": 0.0}
        self.batches = {"train": 0, "val": 0}
        self.last: tuple[str, float] | None = None
        self.photos_per_second: float | None = None

    def count(self, kind: str, photos: int, now: float) -> None:
        """Count a batch that ended at `now` (s); the first of all only starts the clock, since it warms everything up.

        Args:
            kind: `train` or `val`.
            photos: in the batch, over all processes.
            now: seconds, of any clock.
        """
        if self.last:
            kind_before, before = self.last
            taken = max(now - before, 1e-9)
            self.seconds[kind] += taken
            self.batches[kind] += 1
            if kind == kind_before:
                old = self.photos_per_second
                self.photos_per_second = photos / taken if old is None else 1 / (0.95 / old + 0.05 * taken / photos)
            else:
                self.photos_per_second = None
        self.last = kind, now

    def seconds_left(self, train: int, val: int) -> float | None:
        """Estimate how long so many more batches take; None as long as nothing is known."""
        means = {kind: self.seconds[kind] / count if count else None for kind, count in self.batches.items()}
        if means["val"] is None and means["train"] is not None:
            means["val"] = VALIDATION * means["train"]
        wanted = [(means[kind], count) for kind, count in (("train", train), ("val", val)) if count]
        known = [mean * count for mean, count in wanted if mean is not None]
        return sum(known) if len(known) == len(wanted) else None


def _epochs_left(trainer: pl.Trainer) -> int:
    return 0 if trainer.max_epochs is None else trainer.max_epochs - trainer.current_epoch - 1


def _epoch(trainer: pl.Trainer) -> str:
    return f"{trainer.current_epoch + 1} of {trainer.max_epochs}"
