"""Looking at what a network does: photos, true alphas, predicted alphas and cut-outs, side by side."""

from pathlib import Path

import lightning.pytorch as pl
import matplotlib
import numpy as np
import torch
from matplotlib.figure import Figure

from recorte.data.dataset import PersonDataset
from recorte.files import whole_file
from recorte.model.attention_unet import AttentionUNet
from recorte.model.metrics import SegmentationMetrics

COLUMNS = ("photo", "true alpha", "predicted alpha", "cut-out")


class PredictionGrid(pl.Callback):
    """Puts the same validation photos with their predictions into TensorBoard, after every validation.

    Args:
        photos: how many, spread over the validation set.
    """

    def __init__(self, photos: int = 8) -> None:
        self.photos = photos

    def on_validation_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Add the picture."""
        experiment = getattr(trainer.logger, "experiment", None)
        if not trainer.is_global_zero or not hasattr(experiment, "add_image"):
            return
        rows = _rows(pl_module.network, trainer.val_dataloaders.dataset, self.photos, pl_module.device)
        sheet = np.concatenate([np.concatenate(row[1], axis=1) for row in rows], axis=0)
        experiment.add_image("predictions", sheet, trainer.global_step, dataformats="HWC")


def write_sample_predictions(network: AttentionUNet, dataset: PersonDataset, path: Path, photos: int = 8) -> None:
    """Draw photos of the validation with what the network makes of them, and each one's name and IoU."""
    rows = _rows(network, dataset, photos, torch.device("cpu"))
    with matplotlib.rc_context({"font.size": 9}):
        figure = Figure(figsize=(2.3 * len(COLUMNS), 2.5 * len(rows)), layout="constrained")
        axes = figure.subplots(len(rows), len(COLUMNS), squeeze=False)
        for line, (title, pictures) in zip(axes, rows, strict=True):
            for axis, picture in zip(line, pictures, strict=True):
                axis.imshow(picture)
                axis.set_axis_off()
            line[0].set_title(title, loc="left", fontsize=8)
        for axis, name in zip(axes[0], COLUMNS, strict=True):
            axis.text(0.5, 1.14, name, transform=axis.transAxes, ha="center", fontweight="bold")
        with whole_file(path) as temporary:
            figure.savefig(temporary, dpi=110)


@torch.inference_mode()
def _rows(
    network: AttentionUNet, dataset: PersonDataset, photos: int, device: torch.device
) -> list[tuple[str, list[np.ndarray]]]:
    """Give, for photos spread over a data set, a title and the pictures of `COLUMNS`, `uint8 (S, S, 3)` each."""
    was_training = network.training
    network.eval()
    rows = []
    for index in np.unique(np.linspace(0, len(dataset) - 1, photos).round().astype(int)):
        item = dataset[int(index)]
        prediction = network(item["image"][None].to(device))
        alpha = torch.sigmoid(prediction.alpha_logits.float()).cpu()
        metrics = SegmentationMetrics()
        metrics.update(alpha, item["alpha"][None], item["weight"][None])
        name = Path(dataset.source.name(int(index))).name
        title = f"{name}   IoU {float(metrics.compute()['photo_iou']):.2f}"
        colours = prediction.foreground[0].float().cpu()
        counted = item["weight"] > 0
        cutout = torch.where(counted, alpha[0] * colours + (1 - alpha[0]) * _checkerboard(alpha.shape[-1]), 1.0)
        grey = [torch.where(counted, part, 0.5).expand(3, -1, -1) for part in (item["alpha"], alpha[0])]
        rows.append((title, [_bytes(picture) for picture in (item["image"], *grey, cutout)]))
    network.train(was_training)
    return rows


def _checkerboard(size: int, square: int = 8) -> torch.Tensor:
    line = torch.arange(size) // square
    return 0.75 + 0.15 * ((line[:, None] + line) % 2)


def _bytes(picture: torch.Tensor) -> np.ndarray:
    return (picture.permute(1, 2, 0).numpy() * 255).round().clip(0, 255).astype(np.uint8)
