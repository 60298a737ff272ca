"""How fast a run is, and whether it waits for its data."""

import time
from typing import Any, NamedTuple

import lightning.pytorch as pl
import torch

Mark = float | torch.cuda.Event
"""A moment: seconds, or an event that the card passes."""


class Step(NamedTuple):
    """A batch that was asked for, came, and was worked through."""

    asked: Mark
    came: Mark
    done: Mark
    photos: int


class Throughput(pl.Callback):
    """Measures photos a second, and the share of the time in which the device had no batch to work on.

    Logged as `throughput/photos_per_second` and `throughput/waiting`: while training, over the steps since the last
    time; and over the epoch (the mean over processes), for the run's record. Waiting is from the end of a batch to the
    start of the next: reading and augmenting its photos, and moving them to the device, with what
    `augmentation.on_device` does there. Computing is what the rest of the training takes; validations belong to
    neither. With several processes, waiting for the slowest of them counts as computing.

    On CUDA a moment is when the card itself passes it, so that nothing waits for the card. By the clock of a process
    that runs ahead of its card, the card would seem to wait although it is busy. The figures then lack the last steps,
    which the card has not passed yet; they are in the next.
    """

    def __init__(self) -> None:
        self.asked: Mark = 0.0
        self.came: Mark = 0.0
        self.steps: list[Step] = []
        self.interval = self.epoch = Tally()
        self.logged = 0

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Start the clock, perhaps in the middle of an epoch."""
        self.logged = trainer.global_step
        self.steps, self.interval, self.epoch = [], Tally(), Tally()
        self.asked = _mark(pl_module.device)

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Start an epoch, with the time that its first batch takes to come."""
        self.epoch = Tally()
        self.asked = _mark(pl_module.device)

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Mark the moment at which a batch has come."""
        self.came = _mark(pl_module.device)

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Mark the moment at which it is done, and log now and then."""
        done = _mark(pl_module.device)
        self.steps.append(Step(self.asked, self.came, done, len(batch["image"]) * trainer.world_size))
        self.asked = done
        every = trainer.log_every_n_steps  # type: ignore[attr-defined]  # the trainer's helpers set it
        if trainer.global_step != self.logged and trainer.global_step % every == 0:
            self.logged = trainer.global_step
            self._count()
            for logger in trainer.loggers if self.interval.photos else ():
                # Lightning numbers the steps of its curves from 0.
                logger.log_metrics(self.interval.figures(), step=trainer.global_step - 1)
            self.interval = Tally()

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Leave a validation in the middle of an epoch out."""
        self.asked = _mark(pl_module.device)

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Give the epoch's figures to the run's record."""
        self._count()
        pl_module.log_dict(self.epoch.figures(), logger=False, sync_dist=True)

    def _count(self) -> None:
        """Add up the steps that the device has passed."""
        passed = [step for step in self.steps if isinstance(step.done, float) or step.done.query()]
        self.steps = self.steps[len(passed) :]
        self.interval, self.epoch = self.interval.plus(passed), self.epoch.plus(passed)


class Tally(NamedTuple):
    """Seconds and photos of some steps."""

    waiting: float = 0.0
    computing: float = 0.0
    photos: int = 0

    def plus(self, steps: list[Step]) -> "Tally":
        """Add steps."""
        return Tally(
            self.waiting + sum(_seconds(step.asked, step.came) for step in steps),
            self.computing + sum(_seconds(step.came, step.done) for step in steps),
            self.photos + sum(step.photos for step in steps),
        )

    def figures(self) -> dict[str, float]:
        """Give photos a second and the share of the time spent waiting, in [0, 1]; 0 of nothing."""
        whole = self.waiting + self.computing or 1.0
        return {"throughput/photos_per_second": self.photos / whole, "throughput/waiting": self.waiting / whole}


def _mark(device: torch.device) -> Mark:
    if device.type != "cuda":
        return time.perf_counter()
    event = torch.cuda.Event(enable_timing=True)
    event.record()
    return event


def _seconds(start: Mark, end: Mark) -> float:
    if isinstance(start, float) and isinstance(end, float):
        return end - start
    assert not isinstance(start, float) and not isinstance(end, float)  # both are moments of one device
    return float(start.elapsed_time(end)) / 1000
