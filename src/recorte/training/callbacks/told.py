"""How far a training is, for the process that has started it."""

import json
from typing import Any

import lightning.pytorch as pl


class ToldSteps(pl.Callback):
    """Prints each step as a line of JSON: `{"step": 3, "steps": 100}`.

    Where nobody reads them any more, since the process that did was killed, the training ends.
    """

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Tell that it begins."""
        self._tell(trainer)

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Tell of a step."""
        self._tell(trainer)

    def _tell(self, trainer: pl.Trainer) -> None:
        print(json.dumps({"step": trainer.global_step, "steps": int(trainer.estimated_stepping_batches)}), flush=True)
