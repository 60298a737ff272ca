"""The figures of a model as it is used: from a photo to the alpha of its own size."""

import warnings

import torch
from hydra.utils import instantiate
from omegaconf import DictConfig
from rich.progress import track
from torchmetrics import MetricCollection

from recorte.data.sample import Sample
from recorte.errors import PhotoError
from recorte.model.metrics import SegmentationMetrics
from recorte.removal.remover import BackgroundRemover
from recorte.training.build import build_metrics, model_path
from recorte.training.command.config import resolved
from recorte.training.evaluate import tell
from recorte.training.figures.text import plain


def evaluate(config: DictConfig) -> dict[str, float | None]:
    """Measure `config.model.path` on the validation photos of `config.data`; print and write the figures.

    Other than the network's own figures these have in them what its 8-bit weights, the way to the photo's size and
    the rest of `BackgroundRemover` cost or gain. Photos that cannot be read are named and left out.

    Raises:
        RecorteError: a model or data that cannot be used.
    """
    config = resolved(config)
    remover = BackgroundRemover(model_path(config.model.path))
    # Merged, metrics have been updated, which torchmetrics does not see.
    warnings.filterwarnings("ignore", message=".*was called before the ``update``.*")
    by_source: dict[str, SegmentationMetrics] = {}
    together, own = SegmentationMetrics(), MetricCollection(build_metrics(config), compute_groups=False)
    own_by_source = {name: own.clone() for name in config.data.sources}
    for name, opened in config.data.sources.items():
        source = instantiate(opened)(split="val")
        by_source[name] = SegmentationMetrics()
        for index in track(range(len(source)), name, transient=True):
            try:
                sample = source[index]
            except PhotoError as error:
                print(f"Left out: {error}")
                continue
            compared = _compared(remover, sample)
            for metrics in (by_source[name], own, own_by_source[name]):
                metrics.update(*compared)
        together.merge_state(by_source[name])
    figures = plain({**together.compute(), **own.compute()}, "")
    if len(by_source) > 1:
        figures |= {
            f"{name}/{key}": value
            for name, one in by_source.items()
            for key, value in plain({**one.compute(), **own_by_source[name].compute()}, "").items()
        }
    tell(config, {name: int(one.photos) for name, one in by_source.items()}, figures, {"full_size": True})
    return figures


def _compared(remover: BackgroundRemover, sample: Sample) -> tuple[torch.Tensor, ...]:
    """Give alpha, truth and weight as the metrics want them, `float32 (1, 1, H, W)`."""
    alpha = torch.from_numpy(remover.predict_alpha(sample.photo))
    truth, weight = torch.tensor(sample.alpha).float() / 255, torch.tensor(sample.weight).float()
    return alpha[None, None], truth[None, None], weight[None, None]
