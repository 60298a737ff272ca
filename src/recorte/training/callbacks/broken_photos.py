"""Photos that cannot be read do not stop a run, unless there are many."""

import logging
from collections.abc import Mapping
from typing import Any

import lightning.pytorch as pl

from recorte.errors import DataError
from recorte.kinds import Share
from recorte.training.machine.processes import gather, raise_once

log = logging.getLogger(__name__)


class BrokenPhotos(pl.Callback):
    """Lists each broken photo in the log, once, and stops the run when there are too many.

    Several processes look each at its own photos, and put together after every epoch what they have found.

    Args:
        most: share of a split's photos that may be broken, in [0, 1].
    """

    def __init__(self, most: Share = 0.01) -> None:
        self.most = most
        self.found: dict[str, set[int]] = {"train": set(), "val": set()}

    def state_dict(self) -> dict[str, list[int]]:
        """Give the numbers of those found so far, as plain data."""
        return {split: sorted(found) for split, found in self.found.items()}

    def load_state_dict(self, state_dict: dict[str, list[int]]) -> None:
        """Take up what an earlier part of the run has found and listed."""
        self.found = {split: set(found) for split, found in state_dict.items()}

    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        """Look for broken photos in a training batch."""
        self._look("train", trainer.train_dataloader, batch)

    def on_validation_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:  # fmt: skip
        """Look for broken photos in a validation batch."""
        self._look("val", trainer.val_dataloaders, batch)

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Count those of all processes."""
        self._put_together("train", trainer.train_dataloader)

    def on_validation_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Count those of all processes."""
        self._put_together("val", trainer.val_dataloaders)

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Say how many there were."""
        for split, found in self.found.items():
            if found:
                log.warning("%d photos of %s were broken, and passed over", len(found), split)

    def _look(self, split: str, loader: Any, batch: Mapping[str, Any]) -> None:
        if not any(batch["broken"]):  # or each look at the indices would wait for the device
            return
        found = self.found[split]
        for index, reason in zip(batch["index"].tolist(), batch["broken"], strict=True):
            if reason and index not in found:
                found.add(index)
                log.warning("Passed over: %s", reason)
        if problem := self._too_many(split, len(loader.dataset)):
            raise problem

    def _put_together(self, split: str, loader: Any) -> None:
        self.found[split] = set().union(*gather(self.found[split]))
        if problem := self._too_many(split, len(loader.dataset)):
            raise_once(problem)

    def _too_many(self, split: str, photos: int) -> DataError | None:
        if len(self.found[split]) <= self.most * photos:
            return None
        return DataError(
            f"{len(self.found[split])} of the {photos} photos of {split} are broken, more than "
            f"callbacks.broken_photos.most={self.most} allows; the log names each. Mend or remove them, or raise it"
        )
