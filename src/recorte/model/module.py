"""The LightningModule: network, loss, metrics and optimizer in one."""

import inspect
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self, TypeVar

import lightning.pytorch as pl
import torch
from lightning.pytorch.utilities.types import LRSchedulerConfigType, OptimizerConfig, OptimizerLRSchedulerConfig
from timm.scheduler.scheduler import Scheduler as TimmScheduler
from torch import Tensor, nn
from torchmetrics import Metric, MetricCollection

from recorte.errors import ModelError
from recorte.model.attention_unet import Prediction
from recorte.model.batch import as_floats
from recorte.model.export import load_network
from recorte.model.metrics import MeanLosses, SegmentationMetrics

ENDLESS = 2**62
"""Steps of a training of which nobody knows how many it will have."""

Made = TypeVar("Made")
Schedule = Callable[..., torch.optim.lr_scheduler.LRScheduler]


class PersonSegmenter(pl.LightningModule):
    """Trains and validates a network that finds people.

    Logged, averaged over the epoch: `train/loss` and `val/loss` and their terms as `train/loss_<term>`; `val/<metric>`
    for every metric, and `val/<source>/<metric>` where the data have several sources.

    Args:
        network: what is trained: any module that gives a `Prediction` for `image (N, 3, H, W)`.
        loss: maps (prediction, batch) to named scalars, one of them `loss`. None: only to be measured.
        optimizer: makes an optimizer of groups of parameters.
        scheduler: makes a schedule of `(optimizer, total_steps=...)`, stepped after every optimizer step; or of the
            optimizer alone, stepped after every epoch, with `val/loss` where it asks for a figure; or None.
        sources: names of the validation sources, in the order of the batch's `source` numbers.
        memory_format: `channels_last` or `contiguous_format`.
        encoder_lr: learning rate of the encoder; None: that of the rest.
        freeze_encoder: epochs at the start in which the encoder stays as it is; -1: all of them.
        metrics: further ones by name; each is updated with (alpha, target, weight), as `SegmentationMetrics` is.
        network_config: plain data from which the network is built again, for the checkpoints; None: its `config`.

    Raises:
        ModelError: something is asked of an encoder that the network has not.
    """

    def __init__(
        self,
        network: nn.Module,
        loss: nn.Module | None = None,
        optimizer: Callable[[list[dict[str, Any]]], torch.optim.Optimizer] | None = None,
        scheduler: Schedule | None = None,
        sources: Sequence[str] = ("all",),
        memory_format: str = "channels_last",
        encoder_lr: float | None = None,
        freeze_encoder: int = 0,
        metrics: Mapping[str, Metric | MetricCollection] | None = None,
        network_config: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()
        self.memory_format = getattr(torch, memory_format)
        self.network = network.to(memory_format=self.memory_format)
        self.loss = None if loss is None else loss.to(memory_format=self.memory_format)
        self.optimizer, self.scheduler = optimizer, scheduler
        self.encoder_lr, self.freeze_encoder = encoder_lr, freeze_encoder
        _check_encoder(network, encoder_lr, freeze_encoder)
        self.network_config = getattr(network, "config", None) if network_config is None else dict(network_config)
        self.sources = list(sources)
        self.train_losses, self.val_losses, self.metrics = MeanLosses(), MeanLosses(), SegmentationMetrics()
        several = len(self.sources) if len(self.sources) > 1 else 0
        self.confusion_matrix: list[list[int]] | None = None
        own = MetricCollection(dict(metrics or {}), compute_groups=False)
        self.source_metrics = [SegmentationMetrics() for _ in range(several)]
        self.own_metrics, self.own_source_metrics = own, [own.clone() for _ in range(several)]
        # So that they go where it goes.
        self._with_the_module = nn.ModuleList([*self.source_metrics, *self.own_source_metrics])

    @classmethod
    def load_from_checkpoint(  # type: ignore[override]  # of the network all is known from the file
        cls, checkpoint_path: str | os.PathLike[str], averaged: bool = True, **options: Any
    ) -> Self:
        """Build a trained network again, from a checkpoint or a run's folder, to measure or to predict with.

        Args:
            checkpoint_path: as `recorte.model.export.load_network` takes it.
            averaged: the averaged weights where there are some, else those that were being trained.
            options: of this class; with a loss and an optimizer it can be trained on.

        Raises:
            ModelError: it cannot be read.
        """
        network, _ = load_network(checkpoint_path, averaged)
        return cls(network, **options)

    def forward(self, image: Tensor) -> Prediction:
        """Predict for `image (N, 3, H, W)` in [0, 1]."""
        prediction: Prediction = self.network(image)
        return prediction

    def on_train_start(self) -> None:
        """Freeze the encoder, where the training goes on within an epoch."""
        self.on_train_epoch_start()

    def on_train_epoch_start(self) -> None:
        """Freeze the encoder, or let it go."""
        self.hold_encoder(self.freeze_encoder < 0 or self.current_epoch < self.freeze_encoder)

    def hold_encoder(self, frozen: bool) -> None:
        """Keep the encoder's weights as they are, or train them again; a network of one's own may have no encoder."""
        freeze: Callable[[bool], None] | None = getattr(self.network, "freeze_encoder", None)
        if freeze is not None:
            freeze(frozen)

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
        for metrics in (self.metrics, self.own_metrics):
            metrics.update(alpha, batch["alpha"], batch["weight"])
        for number in range(len(self.source_metrics)):
            chosen = batch["source"] == number
            if chosen.any():
                for metrics in (self.source_metrics[number], self.own_source_metrics[number]):
                    metrics.update(alpha[chosen], batch["alpha"][chosen], batch["weight"][chosen])

    def on_validation_epoch_end(self) -> None:
        """Log the metrics of the whole validation, and start them anew."""
        self._log_everything("val")

    def test_step(self, batch: Mapping[str, Any], batch_idx: int) -> None:
        """Add a batch to what `trainer.test` measures, as `test/...`."""
        self.validation_step(batch, batch_idx)

    def on_test_epoch_end(self) -> None:
        """Log the metrics of the whole test, and start them anew."""
        self._log_everything("test")

    def predict_step(self, batch: Mapping[str, Any], batch_idx: int) -> Tensor:
        """Give the alphas of a batch, `(N, 1, H, W)` in [0, 1]."""
        prediction: Prediction = self(batch["image"])
        return torch.sigmoid(prediction.alpha_logits.float())

    def _log_everything(self, split: str) -> None:
        if self.loss is not None:
            self.log_dict({f"{split}/{_loss_name(name)}": value for name, value in self.val_losses.compute().items()})
            self.val_losses.reset()
        self.confusion_matrix = self.metrics.confusion_matrix()
        self._log_and_reset(split, self.metrics, self.own_metrics)
        for number in range(len(self.source_metrics)):
            prefix = f"{split}/{self.sources[number]}"
            self._log_and_reset(prefix, self.source_metrics[number], self.own_source_metrics[number])

    def _log_and_reset(self, prefix: str, *groups: Metric | MetricCollection) -> None:
        for metrics in groups:
            self.log_dict({f"{prefix}/{name}": value for name, value in metrics.compute().items()})
            metrics.reset()

    def configure_optimizers(self) -> OptimizerConfig | OptimizerLRSchedulerConfig:
        """Make optimizer and schedule; the schedule knows how many optimizer steps there will be.

        Raises:
            ModelError: one of them does not take what the config gives it.
        """
        assert self.optimizer is not None  # without one it is only measured
        optimizer = _made("optimizer", self.optimizer, parameter_groups(self.network, self.encoder_lr))
        if self.scheduler is None:
            return {"optimizer": optimizer}
        if "total_steps" in inspect.signature(self.scheduler).parameters:
            steps = self.trainer.estimated_stepping_batches  # infinite where only a time ends the training
            schedule = _made("scheduler", self.scheduler, optimizer, total_steps=int(min(steps, ENDLESS)))
            return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}
        # One that does not know how many steps there will be changes after epochs, as its arguments are usually meant.
        waits: LRSchedulerConfigType = {
            "scheduler": _made("scheduler", self.scheduler, optimizer),
            "interval": "epoch",
            "frequency": self.trainer.check_val_every_n_epoch or 1,
            "monitor": "val/loss",
            "strict": False,  # where nothing is validated it stays as it is, with a warning
        }
        return {"optimizer": optimizer, "lr_scheduler": waits}

    def lr_scheduler_step(self, scheduler: Any, metric: Any | None) -> None:
        """Step a schedule; timm's own count the epochs from outside."""
        if isinstance(scheduler, TimmScheduler):
            scheduler.step(epoch=self.current_epoch + 1, metric=metric)
        else:
            super().lr_scheduler_step(scheduler, metric)

    def configure_gradient_clipping(
        self,
        optimizer: torch.optim.Optimizer,
        gradient_clip_val: float | None = None,
        gradient_clip_algorithm: str | None = None,
    ) -> None:
        """Clip by the norm of all gradients, or each by its value.

        Lightning's own refuses fused optimizers in any 16 bits, though in bfloat16 no gradient is scaled.
        """
        if gradient_clip_val and gradient_clip_algorithm == "value":
            nn.utils.clip_grad_value_(self.network.parameters(), gradient_clip_val)
        elif gradient_clip_val:
            nn.utils.clip_grad_norm_(self.network.parameters(), gradient_clip_val)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Add the plain data from which the network is built again, and the size it is trained at."""
        checkpoint["network"] = self.network_config
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


def _check_encoder(network: nn.Module, encoder_lr: float | None, freeze_encoder: int) -> None:
    name = type(network).__name__
    if encoder_lr is not None and not any(key.startswith("encoder.") for key, _ in network.named_parameters()):
        raise ModelError(f"encoder_lr={encoder_lr}: {name} has no part named `encoder`; give encoder_lr=null")
    if freeze_encoder and not hasattr(network, "freeze_encoder"):
        raise ModelError(
            f"freeze_encoder={freeze_encoder}: {name} has no freeze_encoder(frozen); give freeze_encoder=0"
        )


def _made(key: str, maker: Callable[..., Made], *given: Any, **more: Any) -> Made:
    try:
        return maker(*given, **more)
    except (TypeError, ValueError) as error:
        raise ModelError(f"{key}: {error}; see what its _target_ takes") from error


def _loss_name(term: str) -> str:
    return term if term == "loss" else f"loss_{term}"


def parameter_groups(network: nn.Module, encoder_lr: float | None = None) -> list[dict[str, Any]]:
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
