"""The LightningModule: network, loss, metrics and optimizer in one."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import lightning.pytorch as pl
import torch
from torch import Tensor, nn

from recorte.model.attention_unet import AttentionUNet, Prediction
from recorte.model.metrics import SegmentationMetrics

Schedule = Callable[..., torch.optim.lr_scheduler.LRScheduler]


class PersonSegmenter(pl.LightningModule):
    """Trains and validates a network that finds people.

    Logged, averaged over the epoch: `train/loss` and `val/loss` and their terms as `train/loss_<term>`; `val/<metric>`
    for every metric, and `val/<source>/<metric>` where the data have several sources.

    Args:
        network: what is trained.
        loss: maps (prediction, batch) to named scalars, one of them `loss`. None: only to be measured.
        optimizer: makes an optimizer of parameters.
        scheduler: makes a schedule of `(optimizer, total_steps=...)`, stepped after every optimizer step; or None.
        sources: names of the validation sources, in the order of the batch's `source` numbers.
        memory_format: `channels_last` or `contiguous_format`.
    """

    def __init__(
        self,
        network: AttentionUNet,
        loss: nn.Module | None = None,
        optimizer: Callable[[Iterator[nn.Parameter]], torch.optim.Optimizer] | None = None,
        scheduler: Schedule | None = None,
        sources: Sequence[str] = ("all",),
        memory_format: str = "channels_last",
    ) -> None:
        super().__init__()
        self.memory_format = getattr(torch, memory_format)
        self.network = network.to(memory_format=self.memory_format)
        self.loss = loss
        self.optimizer, self.scheduler = optimizer, scheduler
        self.sources = list(sources)
        self.metrics = SegmentationMetrics()
        self.source_metrics = nn.ModuleList(SegmentationMetrics() for _ in sources) if len(sources) > 1 else []

    def forward(self, image: Tensor) -> Prediction:
        """Predict for `image (N, 3, H, W)` in [0, 1]."""
        return self.network(image)

    def on_after_batch_transfer(self, batch: dict[str, Any], dataloader_idx: int) -> dict[str, Any]:
        """Put the photos into the memory format of the network."""
        return {**batch, "image": batch["image"].contiguous(memory_format=self.memory_format)}

    def training_step(self, batch: Mapping[str, Any], batch_idx: int) -> Tensor:
        """Give the loss of a batch."""
        terms = self.loss(self(batch["image"]), batch)
        self._log_loss("train", terms, batch)
        return terms["loss"]

    def validation_step(self, batch: Mapping[str, Any], batch_idx: int) -> None:
        """Add a batch to the loss terms and metrics of the validation."""
        prediction = self(batch["image"])
        terms = {} if self.loss is None else self.loss(prediction, batch)
        self._log_loss("val", terms, batch)
        alpha = torch.sigmoid(prediction.alpha_logits.float())
        self.metrics.update(alpha, batch["alpha"], batch["weight"])
        for number, metrics in enumerate(self.source_metrics):
            chosen = batch["source"] == number
            if chosen.any():
                metrics.update(alpha[chosen], batch["alpha"][chosen], batch["weight"][chosen])

    def on_validation_epoch_end(self) -> None:
        """Log the metrics of the whole validation, and start them anew."""
        self.log_dict({f"val/{name}": value for name, value in self.metrics.compute().items()})
        self.confusion_matrix = self.metrics.confusion_matrix()
        self.metrics.reset()
        for source, metrics in zip(self.sources, self.source_metrics, strict=False):
            self.log_dict({f"val/{source}/{name}": value for name, value in metrics.compute().items()})
            metrics.reset()

    def configure_optimizers(self) -> dict[str, Any]:
        """Make optimizer and schedule; the schedule knows how many optimizer steps there will be."""
        optimizer = self.optimizer(self.network.parameters())
        if self.scheduler is None:
            return {"optimizer": optimizer}
        schedule = self.scheduler(optimizer, total_steps=int(self.trainer.estimated_stepping_batches))
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Add the plain data from which the network is built again, and the size it is trained at."""
        checkpoint["network"] = self.network.config
        checkpoint["image_size"] = getattr(self.trainer.datamodule, "image_size", None)

    def _log_loss(self, split: str, terms: Mapping[str, Tensor], batch: Mapping[str, Any]) -> None:
        names = {name: name if name == "loss" else f"loss_{name}" for name in terms}
        values = {f"{split}/{names[name]}": value.detach() for name, value in terms.items()}
        self.log_dict(values, on_step=False, on_epoch=True, sync_dist=True, batch_size=len(batch["image"]))
