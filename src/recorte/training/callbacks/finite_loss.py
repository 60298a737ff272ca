"""A loss that is no number any more, or far too large, stops the run before it can spoil a checkpoint."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import lightning.pytorch as pl
import torch
from msgspec import Meta
from torch import Tensor

from recorte.errors import TrainingError
from recorte.kinds import FINITE

NAMED = 8
"""Photos that the message names; a batch may have many."""

AboveOne = Annotated[float, Meta(gt=1, le=FINITE, description="a number above 1")]


class FiniteLoss(pl.Callback):
    """Stops the run at a loss that is NaN, infinite or exploding, and names the photos of its batch.

    The losses stay on the device and are looked at together: every `trainer.log_every_n_steps` batches, at the end of
    an epoch, and before any checkpoint is written. So no step waits for the device, and every checkpoint is good.

    Args:
        checkpoints: folder of the run's checkpoints, of which the message names the newest.
        most: how many times the mean of the losses so far a loss may be; above, it is exploding.
    """

    def __init__(self, checkpoints: str, most: AboveOne = 100.0) -> None:
        self.checkpoints, self.most = Path(checkpoints), most
        self.mean, self.count = 0.0, 0
        self.waiting: list[tuple[int, Tensor, Tensor]] = []  # step, loss, indices of the photos

    def state_dict(self) -> dict[str, float]:
        """Give the mean of the losses so far, and of how many."""
        return {"mean": self.mean, "count": self.count}

    def load_state_dict(self, state_dict: dict[str, float]) -> None:
        """Take up the mean of an earlier part of the run."""
        self.mean, self.count = state_dict["mean"], int(state_dict["count"])

    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Mapping[str, Any],
        batch_idx: int,
    ) -> None:
        """Put the loss with the others that wait, and look at them when it is time.

        Raises:
            TrainingError: one of them is not finite, or exploding.
        """
        self.waiting.append((trainer.global_step, outputs["loss"], batch["index"]))
        every = trainer.log_every_n_steps  # type: ignore[attr-defined]  # the trainer's helpers set it
        if len(self.waiting) >= every or trainer.is_last_batch:
            self._look(trainer)

    def on_save_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Let no checkpoint be written after a bad loss.

        Raises:
            TrainingError: there was one.
        """
        self._look(trainer)

    def _look(self, trainer: pl.Trainer) -> None:
        waiting, self.waiting = self.waiting, []
        losses = torch.stack([loss for _, loss, _ in waiting]).tolist() if waiting else []
        for (step, _, indices), loss in zip(waiting, losses, strict=True):
            if not math.isfinite(loss):
                raise TrainingError(self._message(trainer, step, indices, f"became {loss}"))
            if self.count and loss > self.most * self.mean:
                much = f"exploded to {loss:.3g}, over {self.most:g} times its mean so far, {self.mean:.3g}"
                raise TrainingError(self._message(trainer, step, indices, much))
            self.count += 1
            self.mean += (loss - self.mean) / self.count

    def _message(self, trainer: pl.Trainer, step: int, indices: Tensor, what: str) -> str:
        loader: Any = trainer.train_dataloader
        source = loader.dataset.source
        names = [source.name(index) for index in indices.tolist()]
        more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
        saved = max(self.checkpoints.glob("*.ckpt"), key=lambda path: path.stat().st_mtime, default=None)
        return (
            f"Step {step}: the loss {what}, on the photos {', '.join(names[:NAMED])}{more}. Look at them and their "
            f"masks; if they are right, lower optimizer.lr or raise scheduler.warmup. "
            + (f"The last good checkpoint is {saved}" if saved else "There is no checkpoint yet")
        )
