"""The figures of a network on validation photos."""

import logging
import warnings

import lightning.pytorch as pl
from omegaconf import DictConfig

from recorte.data.batches.datamodule import PersonDataModule
from recorte.model.attention_unet import AttentionUNet
from recorte.model.module import PersonSegmenter
from recorte.training.callbacks.broken_photos import BrokenPhotos
from recorte.training.callbacks.progress import RunProgress
from recorte.training.figures.text import plain
from recorte.training.machine.processes import strategy_for


def measure(
    network: AttentionUNet, data: PersonDataModule, config: DictConfig
) -> tuple[dict[str, float | None], list[list[int]]]:
    """Measure a network on the validation photos of some data, as a training run does after each epoch.

    Args:
        network: trained.
        data: any sources.
        config: with `trainer` and `memory_format`; several devices share the photos.

    Returns:
        The figures by name (with `<source>/` before them where there are several sources; None for a figure about
        nothing), and the confusion matrix in pixels, rows by truth and columns by prediction, background first.
    """
    segmenter = PersonSegmenter(network, sources=list(data.sources), memory_format=config.memory_format)
    for name in ("lightning.fabric", "lightning.pytorch", "lightning.pytorch.utilities.rank_zero"):
        logging.getLogger(name).setLevel(logging.WARNING)
    trainer = pl.Trainer(
        accelerator=config.trainer.accelerator,
        devices=config.trainer.devices,
        num_nodes=config.trainer.num_nodes,
        strategy=strategy_for(config),
        use_distributed_sampler=False,
        precision=config.trainer.precision,
        limit_val_batches=config.trainer.get("limit_val_batches"),
        logger=False,
        enable_checkpointing=False,
        enable_model_summary=False,
        enable_progress_bar=False,
        callbacks=[BrokenPhotos(), RunProgress()],
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trainer.validate(segmenter, data, verbose=False)
    return plain(trainer.callback_metrics), segmenter.confusion_matrix
