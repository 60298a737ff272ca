"""Photos that cannot be read do not stop a run, unless there are many."""

import logging
from collections.abc import Mapping
from typing import Any

import lightning.pytorch as pl

from recorte.errors import DataError

log = logging.getLogger(__name__)


class BrokenPhotos(pl.Callback):
    """Lists each broken photo in the log, once, and stops the run when there are too many.

    Args:
        most: share of a split's photos that may be broken, in [0, 1].
    """

    def __init__(self, most: float = 0.01) -> None:
        self.most = most
        self.found: dict[str, set[int]] = {"train": set(), "val": set()}

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

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Say how many there were."""
        for split, found in self.found.items():
            if found:
                log.warning("%d photos of %s were broken, and passed over", len(found), split)

    def _look(self, split: str, loader: Any, batch: Mapping[str, Any]) -> None:
        found, photos = self.found[split], len(loader.dataset)
        for index, reason in zip(batch["index"].tolist(), batch["broken"], strict=True):
            if reason and index not in found:
                found.add(index)
                log.warning("Passed over: %s", reason)
        if len(found) > self.most * photos:
            raise DataError(
                f"{len(found)} of the {photos} photos of {split} are broken, more than "
                f"callbacks.broken_photos.most={self.most} allows; the log names each. Mend or remove them, or raise it"
            )
