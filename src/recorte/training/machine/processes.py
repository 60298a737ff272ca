"""One run in several processes, one a device: how they find together, and how they end together."""

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from typing import Any

import lightning.pytorch as pl
from lightning.pytorch.utilities import rank_zero_only
from omegaconf import DictConfig, OmegaConf
from torch import distributed

from recorte.errors import RecorteError

log = logging.getLogger(__name__)

PATIENCE = 5.0
"""Seconds that a process has to say by itself what failed, before the others end it."""


def strategy_for(config: DictConfig) -> str:
    """Choose Lightning's strategy for the devices of a config: DDP, unless there is one device only.

    A frozen encoder, and the colours where no term of the loss looks at them, get no gradients, which DDP must be
    told to expect; to look for what gets none costs time, so it is not the rule.
    """
    trainer = config.trainer
    if trainer.strategy == "auto" and trainer.devices == 1 and trainer.num_nodes == 1:
        return "auto"
    learns_all = OmegaConf.select(config, "loss.weights.perceptual") and not OmegaConf.select(config, "freeze_encoder")
    return "ddp" if learns_all else "ddp_find_unused_parameters_true"


def go_on_alone() -> bool:
    """Part from the other processes, all at the same time; tell whether this is the first one, which goes on."""
    if distributed.is_initialized():
        distributed.destroy_process_group()
    return _is_first()


def _is_first() -> bool:
    return bool(rank_zero_only.rank == 0)  # type: ignore[attr-defined]  # Lightning keeps it on the function


def gather(found: Any) -> list[Any]:
    """Give what every process has found, in the order of their ranks; all must ask."""
    if not distributed.is_initialized():
        return [found]
    everything = [None] * distributed.get_world_size()
    distributed.all_gather_object(everything, found)
    return everything


def raise_once(error: RecorteError) -> None:
    """Raise an error that all processes have found together; only the first one says it.

    Raises:
        RecorteError: in the first process.
        SystemExit: in the others.
    """
    if _is_first():
        raise error
    sys.exit(2)


class EndTogether(pl.Callback):
    """Ends all processes of a run when one of them fails; the others would wait for it for half an hour.

    Acts in the first process, for those that Lightning has started from it; elsewhere (SLURM, torchrun) what has
    started the processes sees to it. Lightning's own watch kills the first process too, so that nobody learns why.
    It must come before callbacks that save when there is an exception: without the others that would not end.
    """

    def __init__(self) -> None:
        self.others: list[subprocess.Popen[bytes]] = []
        self.ending = threading.Event()

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        """Take the watch over from Lightning."""
        launcher: Any = trainer.strategy.launcher
        started = getattr(launcher, "procs", [])
        if started:
            self.others = launcher.procs = list(started)
            # Lightning has no switch for its watch, which looks at this very list.
            started.clear()
            threading.Thread(target=self._watch, daemon=True, name="watch of the other processes").start()

    def on_exception(self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException) -> None:
        """End the others; where one of them failed first, its error is the one to tell.

        Raises:
            SystemExit: another process failed first.
        """
        self.ending.set()
        # A lost connection shows before the process on its other end has ended.
        failed = self._wait_for_failure() if isinstance(exception, RuntimeError) else None
        self._end_others()
        if failed is not None:
            sys.exit(self._tell(failed))

    def _watch(self) -> None:
        while not self.ending.wait(1.0) and distributed.is_initialized():
            failed = self._failed()
            # The main thread mostly learns of the lost connection, and ends in good order.
            if failed is not None and not self.ending.wait(PATIENCE):
                self._end_others()
                os._exit(self._tell(failed))  # it waits in C, where no exception reaches it

    def _failed(self) -> int | None:
        """Tell the rank of a process that has ended with an error."""
        return next((rank for rank, other in enumerate(self.others, start=1) if other.poll()), None)

    def _wait_for_failure(self) -> int | None:
        deadline = time.monotonic() + PATIENCE
        while self.others and self._failed() is None and time.monotonic() < deadline:
            time.sleep(0.1)
        return self._failed()

    def _end_others(self) -> None:
        for other in self.others:
            other.kill()
            other.wait()

    def _tell(self, failed: int) -> int:
        status = self.others[failed - 1].returncode
        how = (
            f"was killed by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}, see above"
        )
        log.error("Process %d of %d %s; the others were ended too", failed + 1, len(self.others) + 1, how)
        return 2 if status == 2 else 1
