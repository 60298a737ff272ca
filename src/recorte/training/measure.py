"""The figures of a network on validation photos."""

from omegaconf import DictConfig
from torch import nn

from recorte.data.batches.datamodule import PersonDataModule
from recorte.training.build import build_segmenter
from recorte.training.callbacks.broken_photos import BrokenPhotos
from recorte.training.callbacks.progress import RunProgress
from recorte.training.figures.text import plain
from recorte.training.machine.trainer import build_trainer


def measure(
    network: nn.Module, data: PersonDataModule, config: DictConfig, with_loss: bool = False
) -> tuple[dict[str, float | None], list[list[int]] | None]:
    """Measure a network on the validation photos of some data, as a training run does after each epoch.

    Args:
        network: trained.
        data: any sources.
        config: with `trainer` and `memory_format`; several devices share the photos.
        with_loss: measure the loss of the config and its terms too.

    Returns:
        The figures by name (with `<source>/` before them where there are several sources; None for a figure about
        nothing), and the confusion matrix in pixels, rows by truth and columns by prediction, background first; of no
        photos (`trainer.limit_val_batches=0`) no figures and no matrix.
    """
    segmenter = build_segmenter(config, network, data.sources, with_loss)
    options = {"logger": False, "enable_checkpointing": False, "profiler": None, "overfit_batches": 0.0}
    trainer = build_trainer(config, [BrokenPhotos(), RunProgress()], **options)
    trainer.validate(segmenter, data, verbose=False)
    return plain(trainer.callback_metrics), segmenter.confusion_matrix
