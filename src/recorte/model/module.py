"""The LightningModule: network, loss, metrics and optimizer in one."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import lightning.pytorch as pl
import torch
from lightning.pytorch.utilities.types import OptimizerConfig, OptimizerLRSchedulerConfig
from torch import Tensor, nn

from recorte.errors import ModelError
from recorte.model.attention_unet import AttentionUNet, Prediction
from recorte.model.batch import as_floats
from recorte.model.metrics import MeanLosses, SegmentationMetrics

Schedule = Callable[..., torch.optim.lr_scheduler.LRScheduler]


class PersonSegmenter(pl.LightningModule):
    """Trains and validates a network that finds people.

    Logged, averaged over the epoch: `train/loss` and `val/loss` and their terms as `train/loss_<term>`; `val/<metric>`
    for every metric, and `val/<source>/<metric>` where the data have several sources.

    Args:
        network: what is trained.
        loss: maps (prediction, batch) to named scalars, one of them `loss`. None: only to be measured.
        optimizer: makes an optimizer of groups of parameters.
        scheduler: makes a schedule of `(optimizer, total_steps=...)`, stepped after every optimizer step; or None.
        sources: names of the validation sources, in the order of the batch's `source` numbers.
        memory_format: `channels_last` or `contiguous_format`.
        encoder_lr: learning rate of the encoder; None: that of the rest.
        freeze_encoder: epochs at the start in which the encoder stays as it is; -1: all of them.
    """

    def __init__(
        self,
        network: AttentionUNet,
        loss: nn.Module | None = None,
        optimizer: Callable[[list[dict[str, Any]]], torch.optim.Optimizer] | None = None,
        scheduler: Schedule | None = None,
        sources: Sequence[str] = ("all",),
        memory_format: str = "channels_last",
        encoder_lr: float | None = None,
        freeze_encoder: int = 0,
    ) -> None:
        super().__init__()
        self.memory_format = getattr(torch, memory_format)
        self.network = network.to(memory_format=self.memory_format)
        self.loss = loss
        self.optimizer, self.scheduler = optimizer, scheduler
        self.encoder_lr, self.freeze_encoder = encoder_lr, freeze_encoder
        self.sources = list(sources)
        self.train_losses, self.val_losses, self.metrics = MeanLosses(), MeanLosses(), SegmentationMetrics()
        self.source_metrics = [SegmentationMetrics() for _ in sources] if len(sources) > 1 else []
        self._with_the_module = nn.ModuleList(self.source_metrics)  # so that they go where it goes

    def forward(self, image: Tensor) -> Prediction:
        """Predict for `image (N, 3, H, W)` in [0, 1]."""
        prediction: Prediction = self.network(image)
        return prediction

    def on_train_start(self) -> None:
        """Freeze the encoder, where the training goes on within an epoch."""
        self.on_train_epoch_start()

    def on_train_epoch_start(self) -> None:
        """Freeze the encoder, or let it go."""
        self.network.freeze_encoder(self.freeze_encoder < 0 or self.current_epoch < self.freeze_encoder)

    def on_after_batch_transfer(self, batch: dict[str, Any], dataloader_idx: int) -> dict[str, Any]:
        """Make floats of the bytes, and put the photos into the memory format of the network."""
        batch = as_floats(batch)
        return {**batch, "image": batch["image"].contiguous(memory_format=self.memory_format)}

    def training_step(self, batch: Mapping[str, Any], batch_idx: int) -> Tensor:
        """Give the loss of a batch."""
        assert self.loss is not None  # without one it is only measured
        terms: dict[str, Tensor] = self.loss(self(batch["image"]), batch)
        self.train_losses.update(terms, len(batch["image"]))
        return terms["loss"]

    def on_train_batch_end(self, outputs: Any, batch: Mapping[str, Any], batch_idx: int) -> None:
        """Give the losses of the whole epoch, and start them anew; to the logger they go with the epoch's record."""
        if self.trainer.is_last_batch or self.trainer.global_step == self.trainer.max_steps:
            values = {f"train/{_loss_name(name)}": value for name, value in self.train_losses.compute().items()}
            self.log_dict(values, on_step=False, on_epoch=True, logger=False, batch_size=1)
            self.train_losses.reset()

    def validation_step(self, batch: Mapping[str, Any], batch_idx: int) -> None:
        """Add a batch to the loss terms and metrics of the validation."""
        prediction = self(batch["image"])
        if self.loss is not None:
            self.val_losses.update(self.loss(prediction, batch), len(batch["image"]))
        alpha = torch.sigmoid(prediction.alpha_logits.float())
        self.metrics.update(alpha, batch["alpha"], batch["weight"])
        for number, metrics in enumerate(self.source_metrics):
            chosen = batch["source"] == number
            if chosen.any():
                metrics.update(alpha[chosen], batch["alpha"][chosen], batch["weight"][chosen])

    def on_validation_epoch_end(self) -> None:
        """Log the metrics of the whole validation, and start them anew."""
        if self.loss is not None:
            self.log_dict({f"val/{_loss_name(name)}": value for name, value in self.val_losses.compute().items()})
            self.val_losses.reset()
        self.log_dict({f"val/{name}": value for name, value in self.metrics.compute().items()})
        self.confusion_matrix = self.metrics.confusion_matrix()
        self.metrics.reset()
        for source, metrics in zip(self.sources, self.source_metrics, strict=False):
            self.log_dict({f"val/{source}/{name}": value for name, value in metrics.compute().items()})
            metrics.reset()

    def configure_optimizers(self) -> OptimizerConfig | OptimizerLRSchedulerConfig:
        """Make optimizer and schedule; the schedule knows how many optimizer steps there will be."""
        assert self.optimizer is not None  # without one it is only measured
        optimizer = self.optimizer(parameter_groups(self.network, self.encoder_lr))
        if self.scheduler is None:
            return {"optimizer": optimizer}
        schedule = self.scheduler(optimizer, total_steps=int(self.trainer.estimated_stepping_batches))
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def configure_gradient_clipping(
        self,
        optimizer: torch.optim.Optimizer,
        gradient_clip_val: float | None = None,
        gradient_clip_algorithm: str | None = None,
    ) -> None:
        """Clip by the norm of all gradients.

        Lightning's own refuses fused optimizers in any 16 bits, though in bfloat16 no gradient is scaled.
        """
        if gradient_clip_val:
            nn.utils.clip_grad_norm_(self.network.parameters(), gradient_clip_val)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Add the plain data from which the network is built again, and the size it is trained at."""
        checkpoint["network"] = self.network.config
        checkpoint["image_size"] = getattr(getattr(self.trainer, "datamodule", None), "image_size", None)
        checkpoint["train_losses"] = self.train_losses.so_far()

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Take up the losses of an epoch that the checkpoint was made in the middle of.

        Raises:
            ModelError: another network is in it.
        """
        if set(checkpoint["state_dict"]) != set(self.state_dict()):
            raise ModelError(
                "The checkpoint holds another network than this version of Recorte builds; go on with the version that "
                "the run was started with"
            )
        if self.trainer.is_global_zero:  # they are of all processes together
            self.train_losses.go_on_from(checkpoint["train_losses"])


def _loss_name(term: str) -> str:
    return term if term == "loss" else f"loss_{term}"


def parameter_groups(network: AttentionUNet, encoder_lr: float | None = None) -> list[dict[str, Any]]:
    """Sort the parameters by whether they belong to the encoder, and whether weight decay makes sense for them.

    Norms and biases have none: pulled towards 0 they only lose what they are there for.

    Args:
        network: the parameters are looked up by name.
        encoder_lr: learning rate of the encoder's; None: that of the optimizer.

    Returns:
        The groups, the decoder's first, each with a name.
    """
    groups: dict[str, dict[str, Any]] = {}
    for name in ("decoder", "decoder_no_decay", "encoder", "encoder_no_decay"):
        rate = {"lr": encoder_lr} if encoder_lr is not None and name.startswith("encoder") else {}
        decay = {"weight_decay": 0.0} if name.endswith("no_decay") else {}
        groups[name] = {"name": name, "params": [], **rate, **decay}
    for name, parameter in network.named_parameters():
        part = "encoder" if name.startswith("encoder.") else "decoder"
        groups[part if parameter.ndim > 1 else f"{part}_no_decay"]["params"].append(parameter)
    return [group for group in groups.values() if group["params"]]
