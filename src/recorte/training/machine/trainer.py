"""Lightning's Trainer, for training and for measuring."""

import logging
import warnings
from collections.abc import Sequence
from typing import Any

import lightning.pytorch as pl
from hydra.utils import instantiate
from omegaconf import DictConfig

from recorte.training.machine.processes import strategy_for


def build_trainer(config: DictConfig, callbacks: Sequence[pl.Callback], **options: Any) -> pl.Trainer:
    """Build the Trainer of `config.trainer` for the devices that it names, and keep it quiet.

    Args:
        config: composed.
        callbacks: in the order in which they are called.
        options: of the Trainer, instead of the config's.
    """
    _quieten()
    options = {
        "strategy": strategy_for(config),
        "sync_batchnorm": False,  # it would lose the activations in timm's norms
        **options,
    }
    trainer: pl.Trainer = instantiate(config.trainer, callbacks=list(callbacks), _convert_="all", **options)
    return trainer


def _quieten() -> None:
    """Keep in the log what a user can act on."""
    lightning = ("lightning.fabric", "lightning.pytorch", "lightning.pytorch.utilities.rank_zero")
    for name in (*lightning, "onnx_ir", "onnxscript"):
        logging.getLogger(name).setLevel(logging.WARNING)
    for message in (
        ".*on_after_batch_transfer.*",
        ".*LeafSpec.*",
        ".*smaller than the logging interval.*",
        ".*sync_dist=True.*",
        ".*exists and is not empty.*",  # a run that goes on
        ".*DataLoader will create.*",  # the run says once that there are more workers than cores
        ".*your dataloader is not resumable.*",  # ours is, by its sampler
    ):
        warnings.filterwarnings("ignore", message)
