from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from recorte.model.figures import FIGURES
from recorte.training.figures.plots import Row, write_confusion_matrix, write_metrics_evolution, write_training_curves


def row(epoch: int, **changes: float | None) -> Row:
    figures = {"photo_iou": 0.1 * epoch, "dice": 0.12 * epoch, "mae": 0.5 / epoch, "nobody_marked": None}
    losses = {
        "train/loss": 2 / epoch,
        "val/loss": 2.2 / epoch,
        "train/loss_bce": 1 / epoch,
        "val/loss_bce": 1.1 / epoch,
    }
    values = {f"val/{name}": value for name, value in figures.items()} | losses
    return {"epoch": epoch, "lr": 1e-4, **values} | {name.replace("__", "/"): value for name, value in changes.items()}


def drawn(path: Path) -> np.ndarray:
    """The picture that was written, which must be of a size to look at and not be empty."""
    with Image.open(path) as image:
        assert image.format == "PNG"
        assert 300 <= image.width <= 3000 and 250 <= image.height <= 3000
        pixels = np.asarray(image.convert("L"))
    assert np.ptp(pixels) > 100
    assert [other.name for other in path.parent.iterdir()] == [path.name]
    return pixels


HISTORIES = {
    "some epochs": [row(epoch) for epoch in range(1, 6)],
    "one epoch": [row(1)],
    "missing values": [row(1), row(2, val__dice=None, val__loss=None, val__photo_iou=None), row(3)],
    "many epochs": [row(epoch, val__nobody_marked=0.1) for epoch in range(1, 61)],
    "a figure that comes late": [row(1), row(2) | {"val/portraits/iou": 0.5, "val/boundary_iou": 0.25}],
    "all figures, and one's own": [row(1) | {f"val/{figure.name}": 0.5 for figure in FIGURES} | {"val/mine": 3.0}],
}


@pytest.mark.parametrize("rows", HISTORIES.values(), ids=HISTORIES)
def test_training_curves(rows: list[Row], tmp_path: Path) -> None:
    write_training_curves(rows, tmp_path / "curves.png")
    drawn(tmp_path / "curves.png")


@pytest.mark.parametrize("rows", HISTORIES.values(), ids=HISTORIES)
def test_metrics_evolution(rows: list[Row], tmp_path: Path) -> None:
    write_metrics_evolution(rows, rows[0], tmp_path / "metrics.png")
    drawn(tmp_path / "metrics.png")


def test_rows_without_any_figure(tmp_path: Path) -> None:
    rows = [row(1, val__photo_iou=None, val__dice=None, val__mae=None)]
    write_metrics_evolution(rows, rows[0], tmp_path / "metrics.png")


@pytest.mark.parametrize("matrix", [[[90_000, 10_000], [5_000, 45_000]], [[1_000, 0], [0, 0]], [[0, 0], [0, 0]]])
def test_confusion_matrix(matrix: list[list[int]], tmp_path: Path) -> None:
    write_confusion_matrix(matrix, tmp_path / "matrix.png", "Epoch 3")
    drawn(tmp_path / "matrix.png")


def test_confusion_matrix_is_dark_where_the_pixels_are(tmp_path: Path) -> None:
    write_confusion_matrix([[100, 0], [0, 100]], tmp_path / "right.png", "Epoch 3")
    right = drawn(tmp_path / "right.png").astype(int)
    (tmp_path / "right.png").unlink()
    write_confusion_matrix([[0, 100], [100, 0]], tmp_path / "wrong.png", "Epoch 3")
    wrong = drawn(tmp_path / "wrong.png").astype(int)
    middle = right.shape[1] // 2
    # Background predicted as background lies above on the left; the corner is away from the text.
    corner = (slice(right.shape[0] // 6, right.shape[0] // 4), slice(middle // 2 - 20, middle // 2 + 20))
    assert right[corner].mean() < 100 < 200 < wrong[corner].mean()
