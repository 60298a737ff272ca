"""The plots that every run leaves."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from recorte.files import whole_file
from recorte.model.figures import FIGURES, figure_of

if TYPE_CHECKING:
    from matplotlib.typing import RcKeyType

Row = dict[str, float | None]

BLUE, ORANGE, GREY = "#2f5d8a", "#d9722e", "#6b7280"
STYLE: "dict[RcKeyType, Any]" = {
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#e5e7eb",
    "axes.edgecolor": GREY,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "axes.titlesize": 10,
    "legend.frameon": False,
}


def write_training_curves(rows: Sequence[Row], path: Path) -> None:
    """Draw the loss, its terms and the learning rate over the epochs."""
    panels = [*sorted(name.removeprefix("train/") for name in rows[-1] if name.startswith("train/loss")), "lr"]
    with matplotlib.rc_context(STYLE):
        figure, axes = _grid(len(panels))
        for panel, axis in zip(panels, axes, strict=False):
            if panel == "lr":
                _curve(axis, rows, "lr", "learning rate", GREY)
                axis.set_title("Learning rate")
                continue
            _curve(axis, rows, f"train/{panel}", "training", BLUE)
            _curve(axis, rows, f"val/{panel}", "validation", ORANGE)
            axis.set_title(figure_of(panel).title)
            axis.legend()
        _save(figure, path)


def write_metrics_evolution(rows: Sequence[Row], best: Row, path: Path) -> None:
    """Draw the validation figures over the epochs, and mark the epoch whose weights are kept, `best` of the rows."""
    names = _known_figures(rows) or [FIGURES[0].name]
    with matplotlib.rc_context(STYLE):
        figure, axes = _grid(len(names))
        for name, axis in zip(names, axes, strict=False):
            _curve(axis, rows, f"val/{name}", name, ORANGE)
            axis.axvline(best["epoch"] or 0, color=GREY, linewidth=1, linestyle=":")
            figure_here, value = figure_of(name), best.get(f"val/{name}")
            label = "" if value is None else f"   {figure_here.text(value)}"
            axis.set_title(figure_here.title + label)
        figure.suptitle(f"Validation; dotted: best epoch ({best['epoch']:.0f})", x=0.01, ha="left", color=GREY)
        _save(figure, path)


def write_confusion_matrix(matrix: list[list[int]], path: Path, when: str) -> None:
    """Draw the confusion matrix of pixels, each row as shares of its truth."""
    labels = ["background", "person"]
    shares = [[value / max(1, sum(row)) for value in row] for row in matrix]
    with matplotlib.rc_context({**STYLE, "axes.grid": False}):
        figure = Figure(figsize=(5.2, 4.6), layout="constrained")
        axis = figure.subplots()
        axis.imshow(shares, cmap="Blues", vmin=0, vmax=1)
        for row in range(2):
            for column in range(2):
                text = f"{shares[row][column]:.1%}\n{matrix[row][column]:,} pixels"
                axis.text(column, row, text, ha="center", va="center",
                          color="white" if shares[row][column] > 0.5 else "black")  # fmt: skip
        axis.set_xticks([0, 1], labels)
        axis.set_yticks([0, 1], labels, rotation=90, va="center")
        axis.set_xlabel("predicted")
        axis.set_ylabel("true")
        axis.set_title(f"{when}: pixels of the validation photos")
        _save(figure, path)


def _known_figures(rows: Sequence[Row]) -> list[str]:
    """Name the figures of all photos together that have a value: ours in their order, then others."""
    known = [name for row in rows for name, value in row.items() if name.startswith("val/") and value is not None]
    found = {name.removeprefix("val/"): None for name in known if not name.startswith("val/loss")}
    ours = [figure.name for figure in FIGURES if figure.name in found]
    return [*ours, *(name for name in found if name not in ours and "/" not in name)]


def _grid(panels: int) -> tuple[Figure, list[Axes]]:
    columns = min(3, panels)
    lines = -(-panels // columns)
    width, height = 4.2 * columns, 3.0 * lines
    figure = Figure(figsize=(width, height))
    # Margins in inches: a layout that measures every text takes as long as the drawing itself, every epoch.
    figure.subplots_adjust(
        left=0.75 / width, right=1 - 0.2 / width, bottom=0.5 / height, top=1 - 0.7 / height, wspace=0.3, hspace=0.45
    )
    axes = [figure.add_subplot(lines, columns, number + 1) for number in range(panels)]
    for axis in axes:
        axis.xaxis.set_major_locator(MaxNLocator(integer=True))
        axis.set_xlabel("epoch")
    return figure, axes


def _curve(axis: Axes, rows: Sequence[Row], name: str, label: str, colour: str) -> None:
    points = [(row["epoch"], row[name]) for row in rows if row.get(name) is not None]
    if points:
        marker = "o" if len(points) < 30 else None
        axis.plot(*zip(*points, strict=True), color=colour, label=label, marker=marker, markersize=3)


def _save(figure: Figure, path: Path) -> None:
    with whole_file(path) as temporary:
        figure.savefig(temporary, dpi=110)
