"""Averaged weights: steadier than those of any single step, and mostly better."""

import lightning.pytorch as pl
import torch
from lightning.pytorch.callbacks import WeightAveraging
from torch import Tensor

from recorte.kinds import BelowOne


class AveragedWeights(WeightAveraging):
    """Exponential moving average of weights and batch norm statistics, updated after every optimizer step.

    Lightning's `EMAWeightAveraging`, but for a decay that grows from 0.1 as `(1 + step) / (10 + step)`, as in
    TensorFlow's `ExponentialMovingAverage`: with a fixed one the random weights of the start would weigh on the
    average for thousands of steps. Validation sees the averaged weights; checkpoints hold them as `state_dict`, and
    those that are trained as `current_model_state`.

    Args:
        decay: greatest share of the average that is kept in a step, in [0, 1).
    """

    def __init__(self, decay: BelowOne = 0.999) -> None:
        super().__init__(multi_avg_fn=self._update)
        self.greatest_decay = decay
        self.decay = 0.0

    def on_fit_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Put the averages where the weights are: Lightning makes them before it moves the network to its device."""
        assert self._average_model is not None
        self._average_model.module.to(pl_module.device)
        # Only Python looks at this count: on a device, each look would wait for the device.
        self._average_model.n_averaged = self._average_model.n_averaged.cpu()

    def should_update(self, step_idx: int | None = None, epoch_idx: int | None = None) -> bool:
        """Update after every step, with the decay of that step."""
        if step_idx is None:
            return False
        self.decay = min(self.greatest_decay, (1 + step_idx) / (10 + step_idx))
        return True

    @torch.no_grad()
    def _update(self, averages: list[Tensor], current: list[Tensor], _: Tensor | int) -> None:
        if averages[0].is_floating_point():
            torch._foreach_lerp_(averages, current, 1 - self.decay)
            return
        for average, value in zip(averages, current, strict=True):  # batch norm's count of batches
            average.copy_(value)
