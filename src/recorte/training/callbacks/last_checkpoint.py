"""The checkpoint that an interrupted run goes on from."""

import logging
import os
import signal
import threading
import time
from pathlib import Path
from types import FrameType
from typing import Any

import lightning.pytorch as pl
import torch
from lightning.pytorch.callbacks import Checkpoint

from recorte.errors import RecorteError
from recorte.kinds import Count, Positive
from recorte.training.machine.signals import EXIT_SIGNALS, end_process

log = logging.getLogger(__name__)

ASK_EVERY = 10
"""Steps after which several processes ask one another whether to save: all cards wait for one another then."""


class LastCheckpoint(Checkpoint):
    """Keeps `last.ckpt`: after every epoch, within epochs, and when the run is told to stop.

    It is written between optimizer steps only, after all other callbacks, and after what they logged is in its file:
    a run that goes on from it is the same, to the last bit on a CPU, as one that was never interrupted. SIGTERM and
    Ctrl-C stop the run after the current step, of several processes within `ASK_EVERY` steps, with status 128 plus the
    signal's number; a second Ctrl-C at once.
    During the validation nothing is saved: a run that is stopped there goes on from the checkpoint before.

    Args:
        dirpath: folder of the checkpoint.
        every_minutes: greatest time between two of them; None: no limit.
        every_steps: optimizer steps between two of them within an epoch; None: no limit.
    """

    def __init__(self, dirpath: str, every_minutes: Positive | None = 10, every_steps: Count | None = None) -> None:
        self.path = Path(dirpath) / "last.ckpt"
        self.every_minutes, self.every_steps = every_minutes, every_steps
        self.saved_at, self.saved_step = time.monotonic(), 0
        self.received: int | None = None
        self.before: dict[int, Any] = {}
        self.training = self.ended = False

    def state_dict(self) -> dict[str, Any]:
        """Give whether the training has ended, by early stopping say, and only its results were missing."""
        return {"ended": self.ended}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take up whether the training had ended."""
        self.ended = state_dict["ended"]

    def on_fit_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Do not train on where the training had ended."""
        trainer.should_stop = self.ended

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """From now on signals wait for the end of a step."""
        self.training, self.saved_at, self.saved_step = True, time.monotonic(), trainer.global_step
        if threading.current_thread() is threading.main_thread():
            self.before = {number: signal.signal(number, self._remember) for number in EXIT_SIGNALS}
            requeue = signal.getsignal(signal.SIGUSR1)  # Lightning's, under SLURM: saves, and queues the job again
            if callable(requeue):
                self.before[signal.SIGUSR1] = requeue
                signal.signal(signal.SIGUSR1, self._remember)

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Save if it is time to, or the run is to stop."""
        few = trainer.overfit_batches  # type: ignore[attr-defined]  # the trainer's helpers set it
        if trainer.is_last_batch or self._validation_follows(trainer, batch_idx) or few:
            return  # the end of the epoch is at hand; and a few photos again and again need no checkpoint
        if (batch_idx + 1) % trainer.accumulate_grad_batches:
            return  # the gradients gathered so far are in no checkpoint
        if self._is_due(trainer):
            self._save(trainer)
            self._stop_if_told(trainer)

    def on_validation_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:  # fmt: skip
        """Stop if told to; of several processes all have to, so they wait for the end of the validation."""
        if self.received is not None and trainer.world_size == 1:
            self._stop(trainer, self.received)

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Save, with the validation of the epoch in it."""
        self.ended = trainer.should_stop
        self._save(trainer)
        self._stop_if_told(trainer)

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """From now on signals end the process at once: there is nothing more to save."""
        self._give_signals_back()
        if self.received is not None:
            signal.raise_signal(self.received)

    def on_exception(self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException) -> None:
        """Save what an error between two steps leaves: the next batch could not be read, say."""
        self._give_signals_back()
        loop = trainer.fit_loop.epoch_loop
        done = loop.batch_progress.current
        between = self.training and trainer.training and done.ready == done.completed < trainer.num_training_batches
        whole = done.ready % trainer.accumulate_grad_batches == 0
        if not (between and whole) or trainer.world_size > 1 or trainer.global_step == self.saved_step:
            return
        try:
            self._save(trainer)
        except (RecorteError, OSError) as error:  # must not hide the first one
            log.warning("%s", error)

    def _is_due(self, trainer: pl.Trainer) -> bool:
        step, minutes, steps = trainer.global_step, self.every_minutes, self.every_steps
        if steps is not None and step - self.saved_step >= steps:  # in all processes alike
            return True
        if trainer.world_size > 1 and step % ASK_EVERY:
            return False
        late = minutes is not None and time.monotonic() - self.saved_at >= 60 * minutes
        # The clocks of several processes differ, and a signal may reach one of them alone.
        return trainer.strategy.reduce_boolean_decision(self.received is not None or late, all=False)

    def _validation_follows(self, trainer: pl.Trainer, batch_idx: int) -> bool:
        interval = trainer.val_check_batch
        return interval is not None and (batch_idx + 1) % interval == 0

    def _save(self, trainer: pl.Trainer) -> None:
        for logger in trainer.loggers:
            logger.save()
        trainer.save_checkpoint(self.path)
        self.saved_at, self.saved_step = time.monotonic(), trainer.global_step
        log.debug("Saved %s at step %d", self.path, trainer.global_step)

    def _remember(self, number: int, frame: FrameType | None) -> None:
        if number == signal.SIGINT and self.received is not None:
            end_process(number, frame)
        self.received = number
        # Not by logging, which may be at work in the very moment.
        os.write(2, f"\n{signal.Signals(number).name}: stopping after this step\n".encode())

    def _stop_if_told(self, trainer: pl.Trainer) -> None:
        received = torch.tensor(float(self.received or 0), device=trainer.strategy.root_device)
        told = int(trainer.strategy.reduce(received, reduce_op="max"))
        if told:
            self._stop(trainer, told)

    def _stop(self, trainer: pl.Trainer, number: int) -> None:
        requeue = self.before.get(signal.SIGUSR1)
        if number == signal.SIGUSR1 and callable(requeue):
            self.received = None
            requeue(number, None)
            return
        if trainer.is_global_zero:
            log.warning(
                "Stopped by %s at step %d; go on with resume=%s",
                signal.Signals(number).name, self.saved_step, self.path.parent.parent.absolute(),
            )  # fmt: skip
        raise SystemExit(128 + number)

    def _give_signals_back(self) -> None:
        for number, handler in self.before.items():
            signal.signal(number, handler)
        self.before = {}
