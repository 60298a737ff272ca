"""Looking at what a network does: photos, alphas and cut-outs side by side, and where its gates look."""

import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import lightning.pytorch as pl
import matplotlib
import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from recorte.data.batches.dataset import PersonDataset
from recorte.files import whole_file
from recorte.kinds import Count
from recorte.model.attention_unet import AttentionGate
from recorte.model.batch import as_floats
from recorte.model.metrics import SegmentationMetrics
from recorte.training.figures.beside import Beside
from recorte.training.figures.sheets import Cell, draw_sheet

STRIDES = (16, 8, 4, 2)
"""Of the decoder's levels, coarse to fine."""


class Seen(NamedTuple):
    """A photo and what a network gave for it, on the processor.

    Attributes:
        name: the photo's.
        item: of the data set, as floats.
        alpha: `(1, 1, S, S)` in [0, 1].
        foreground: `(3, S, S)` in [0, 1].
        gates: the weights of every gate on its skip, `(1, 1, h, w)` in [0, 1], coarse to fine; none without gates.
    """

    name: str
    item: dict[str, Any]
    alpha: Tensor
    foreground: Tensor
    gates: list[Tensor]


class Look(NamedTuple):
    """What a network makes of a photo, as pictures `uint8 (S, S, 3)`.

    Attributes:
        title: the photo's name and IoU.
        photo: as the network sees it.
        truth: the true alpha; what counts for nothing is grey.
        alpha: the predicted one.
        cutout: on a checkerboard.
        gates: the weights of every gate on its skip, `float32 (h, w)` in [0, 1], coarse to fine; none without gates.
    """

    title: str
    photo: np.ndarray
    truth: np.ndarray
    alpha: np.ndarray
    cutout: np.ndarray
    gates: list[np.ndarray]


class Pictures(pl.Callback):
    """Draws the same validation photos after every validation, with the weights that were validated.

    The predictions go into TensorBoard and `plots/sample_predictions.png`, the weights of the attention gates into
    TensorBoard. The network sees the photos at once; all else is done in a thread while the training goes on, and what
    fails of it is told after the next validation.

    Args:
        run_dir: the run's folder.
        photos: how many, spread over the validation set.
    """

    def __init__(self, run_dir: str, photos: Count = 8) -> None:
        self.path = Path(run_dir) / "plots" / "sample_predictions.png"
        self.photos = photos
        self.beside = Beside()

    def on_validation_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Draw; averaged weights are still in the network here if this comes before their callback."""
        if not trainer.is_global_zero or trainer.sanity_checking:
            return
        network: Any = pl_module.network
        loader: Any = trainer.val_dataloaders
        seen = see(network, loader.dataset, self.photos, pl_module.device)
        when, step = f"Epoch {trainer.current_epoch + 1}", trainer.global_step - 1  # Lightning counts steps from 0
        shown: list[Callable[[str, Image.Image], None]] = []
        loggers: list[Any] = list(trainer.loggers)  # of which Lightning's type knows less than is there
        for logger in loggers:
            board: Any = getattr(logger, "experiment", None)
            if hasattr(board, "add_image"):  # TensorBoard
                shown.append(functools.partial(_into_tensorboard, board, step))
            elif hasattr(logger, "log_image"):  # Weights & Biases
                shown.append(functools.partial(_into_others, logger, step))
        self.beside.draw(lambda: self._draw(seen, when, shown))

    def teardown(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        """Wait for the pictures, before the loggers end."""
        self.beside.wait()

    def on_exception(self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException) -> None:
        """Wait for the pictures of a run that is stopped."""
        self.beside.wait_after(exception)

    def _draw(self, seen: Sequence[Seen], when: str, shown: Sequence[Callable[[str, Image.Image], None]]) -> None:
        looks = [looked_at(one) for one in seen]
        sheets = {"predictions": draw_predictions(looks, when)}
        if looks[0].gates:
            sheets["attention"] = draw_attention(looks, when)
        _save(sheets["predictions"], self.path)
        for show in shown:
            for name, sheet in sheets.items():
                show(name, sheet)


def _into_tensorboard(board: Any, step: int, name: str, sheet: Image.Image) -> None:
    board.add_image(name, np.asarray(sheet), step, dataformats="HWC")


def _into_others(logger: Any, step: int, name: str, sheet: Image.Image) -> None:
    logger.log_image(name, [sheet], step)


def write_sample_predictions(
    network: nn.Module, dataset: PersonDataset, path: Path, when: str, photos: int = 8
) -> None:
    """Draw photos of the validation with what the network makes of them, and each one's name and IoU."""
    _save(draw_predictions(look(network, dataset, photos, torch.device("cpu")), when), path)


def draw_predictions(looks: Sequence[Look], when: str) -> Image.Image:
    """Lay photos, alphas and cut-outs side by side."""
    heads = ("photo", "true alpha", "predicted alpha", "cut-out")
    rows = [
        [Cell(one.title, one.photo), Cell("", one.truth), Cell("", one.alpha), Cell("", one.cutout)] for one in looks
    ]
    return draw_sheet(f"{when}: photos of the validation", heads, rows)


def draw_attention(looks: Sequence[Look], when: str) -> Image.Image:
    """Lay heat maps of the gates over the photos, coarse to fine."""
    heads = ["photo", *(f"gate at 1/{stride} of the size" for stride in STRIDES)]
    rows = [
        [
            Cell(one.title, one.photo),
            *(Cell(f"{gate.min():.2f} to {gate.max():.2f}", _heat(gate, one.photo)) for gate in one.gates),
        ]
        for one in looks
    ]
    title = f"{when}: what the attention gates let through of the skips, from 0 (dark) to 1 (yellow)"
    return draw_sheet(title, heads, rows)


def look(network: nn.Module, dataset: PersonDataset, photos: int, device: torch.device) -> list[Look]:
    """See what a network makes of photos that are spread over a data set, as pictures."""
    return [looked_at(one) for one in see(network, dataset, photos, device)]


@torch.inference_mode()
def see(network: nn.Module, dataset: PersonDataset, photos: int, device: torch.device) -> list[Seen]:
    """Let a network see photos that are spread over a data set."""
    was_training = network.training
    network.eval()
    gates: list[Tensor] = []
    hooks = [
        part.register_forward_hook(lambda gate, inputs, _: gates.append(gate.weights(*inputs)))
        for part in network.modules()
        if isinstance(part, AttentionGate)
    ]
    seen = []
    for index in np.unique(np.linspace(0, len(dataset) - 1, photos).round().astype(int)):
        gates.clear()
        item = as_floats(dataset[int(index)])
        # A compiled network would be compiled anew for batches of one photo; `forward` is the one that was written.
        prediction = network.forward(item["image"][None].to(device))
        alpha = torch.sigmoid(prediction.alpha_logits.float()).cpu()
        weights = [gate.float().cpu() for gate in gates]
        name = Path(dataset.source.name(int(index))).name
        seen.append(Seen(name, item, alpha, prediction.foreground[0].float().cpu(), weights))
    for hook in hooks:
        hook.remove()
    network.train(was_training)
    return seen


@torch.inference_mode()
def looked_at(seen: Seen) -> Look:
    """Make pictures of what a network gave for a photo."""
    item, alpha = seen.item, seen.alpha
    metrics = SegmentationMetrics(sync_on_compute=False)
    metrics.update(alpha, item["alpha"][None], item["weight"][None])
    title = f"IoU {float(metrics.compute()['photo_iou']):.2f}  {seen.name}"
    counted = item["weight"] > 0
    cutout = torch.where(counted, alpha[0] * seen.foreground + (1 - alpha[0]) * _checkerboard(alpha.shape[-1]), 1.0)
    grey = [torch.where(counted, part, 0.5).expand(3, -1, -1) for part in (item["alpha"], alpha[0])]
    photo, truth, guess, shown = (_bytes(picture) for picture in (item["image"], *grey, cutout))
    return Look(title, photo, truth, guess, shown, [gate[0, 0].numpy() for gate in seen.gates])


def _heat(weights: np.ndarray, photo: np.ndarray) -> np.ndarray:
    """Colour weights `(h, w)` in [0, 1], and let the photo's lightness shine through."""
    size = photo.shape[1], photo.shape[0]
    full = np.asarray(Image.fromarray(weights.astype(np.float32)).resize(size, Image.Resampling.BILINEAR))
    heat = matplotlib.colormaps["viridis"](full.clip(0, 1))[..., :3]
    lightness = photo.mean(axis=-1, keepdims=True) / 255
    coloured: np.ndarray = 255 * heat * (0.4 + 0.6 * lightness)
    return coloured.round().astype(np.uint8)


def _checkerboard(size: int, square: int = 8) -> Tensor:
    line = torch.arange(size) // square
    return 0.75 + 0.15 * ((line[:, None] + line) % 2)


def _bytes(picture: Tensor) -> np.ndarray:
    return (picture.permute(1, 2, 0).numpy() * 255).round().clip(0, 255).astype(np.uint8)


def _save(sheet: Image.Image, path: Path) -> None:
    with whole_file(path) as temporary:
        sheet.save(temporary)
