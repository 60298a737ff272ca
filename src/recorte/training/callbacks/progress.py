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
from torch import Tensor

from recorte.model.figures import figure_of
from recorte.training.figures.text import duration

log = logging.getLogger(__name__)

REFRESH = 0.1
"""Least seconds between two pictures of the bar."""
LOG_EVERY = 600
"""Seconds between two lines in the log, where there is no bar."""
ROOM = 130
"""Least columns of a terminal in which there is room for the bar beside the words."""
ROOM_FOR_LOSSES = 105
"""Least columns in which there is room for what is logged for the bar: the losses."""
VALIDATION = 0.4
"""What a validation batch takes of a training batch's time, until one has been seen."""
MEMORY = 0.98
"""Share of the running mean that a further batch leaves: the last fifty batches make most of it."""


class RunProgress(pl.Callback):
    """Shows the epoch, what is logged for it, photos a second, the time left of the whole run and the best figure.

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
        said: dict[str, Any] = trainer.progress_bar_metrics if trainer.state.fn == "fit" else {}
        narrow = self.bar is not None and self.bar.console.width < ROOM_FOR_LOSSES
        parts = [] if narrow else [f"{name} {float(value):.3g}" for name, value in said.items()]
        if self.pace.photos_per_second:
            parts.append(f"{self.pace.photos_per_second:.{0 if self.pace.photos_per_second >= 10 else 1}f} photos/s")
        if left is not None:
            parts.append(f"{duration(left)} left")
        checkpoint = trainer.checkpoint_callback
        if isinstance(checkpoint, ModelCheckpoint) and checkpoint.best_model_score is not None:
            name = str(checkpoint.monitor).removeprefix("val/")
            parts.append(f"best {name} {figure_of(name).text(float(checkpoint.best_model_score))}")
        return ", ".join(parts)


class StepLoss(pl.Callback):
    """Logs the loss of a batch and its running mean, every `trainer.log_every_n_steps` steps.

    They go to the loggers as `train/loss_step` and `train/loss_mean`, and to the progress bar as `loss` and `mean`. Of
    several processes it is the first one's. In between the losses stay on the device, so that no step waits for it.
    """

    def __init__(self) -> None:
        self.mean: Tensor | float = 0.0
        self.batches, self.logged = 0, 0

    def state_dict(self) -> dict[str, float]:
        """Give the mean so far, and of how many batches it is."""
        return {"mean": float(self.mean), "batches": self.batches}

    def load_state_dict(self, state_dict: dict[str, float]) -> None:
        """Take up the mean of an earlier part of the run."""
        self.mean, self.batches = state_dict["mean"], int(state_dict["batches"])

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Do not log the step again that the run goes on from."""
        self.logged = trainer.global_step

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Add the batch to the mean, and log both now and then; before a checkpoint of the same step is written."""
        loss = outputs["loss"] * trainer.accumulate_grad_batches  # by which Lightning has divided it
        self.batches += 1
        # The mean of all as long as they are few, or the first would count for too much.
        share = max(1 - MEMORY, 1 / self.batches)
        self.mean = self.mean + share * (loss - self.mean)
        every = trainer.log_every_n_steps  # type: ignore[attr-defined]  # the trainer's helpers set it
        if trainer.global_step == self.logged or trainer.global_step % every:
            return
        self.logged = trainer.global_step
        now = {"loss": float(loss), "mean": float(self.mean)}
        pl_module.log_dict(now, prog_bar=True, logger=False, on_step=True, on_epoch=False, batch_size=1)
        for logger in trainer.loggers:  # Lightning numbers the steps of its curves from 0
            values = {"train/loss_step": now["loss"], "train/loss_mean": now["mean"]}
            logger.log_metrics(values, step=trainer.global_step - 1)


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
    return max(0, (trainer.max_epochs or 0) - trainer.current_epoch - 1)


def _epoch(trainer: pl.Trainer) -> str:
    of = "" if trainer.max_epochs in (None, -1) else f" of {trainer.max_epochs}"
    return f"{trainer.current_epoch + 1}{of}"
