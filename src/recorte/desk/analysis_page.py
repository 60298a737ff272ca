"""The page of plots of `analyze`."""

from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from recorte.desk.looking.statistics import Looks, People
from recorte.desk.results import result_file
from recorte.training.figures.plots import BLUE, ORANGE, STYLE


def write_page(path: Path, title: str, people: People | None, looks: Looks) -> None:
    """Draw what is known of a source's photos and people on one page, as PNG.

    Args:
        path: of the PNG.
        title: over the page.
        people: where the annotations tell one person from another.
        looks: of some of the photos.
    """
    with matplotlib.rc_context(STYLE | {"axes.axisbelow": True}):
        rows, columns = (1, 5) if people is None else (2, 4)
        figure = Figure(figsize=(3.3 * columns, 3.3 * rows), layout="constrained")
        figure.suptitle(title, fontweight="bold")
        axes = iter(figure.subplots(rows, columns).flat)
        if people is not None:
            _people_per_photo(next(axes), people.per_photo)
            _bars(next(axes), "Area of a person", people.areas, "pixels", "people", log=True)
            _bars(next(axes), "A person's share", 100 * people.shares, "% of the photo", "people", log=True)
        _bars(next(axes), "Share that people cover", 100 * looks.covered, "% of the photo")
        _map(figure, next(axes), people.places if people is not None else looks.places)
        _sizes(next(axes), looks.sizes)
        _bars(next(axes), "Brightness", looks.brightness, "mean of 0 to 255")
        _bars(next(axes), "Contrast", looks.contrast, "standard deviation")
        with result_file(path) as target:
            figure.savefig(target, dpi=100)


def _people_per_photo(axes: Axes, counts: np.ndarray) -> None:
    most = min(int(counts.max(initial=0)), 15)
    heights = np.bincount(counts.clip(0, most), minlength=most + 1)
    axes.bar(range(most + 1), heights, color=BLUE)
    axes.set_title("People in a photo")
    axes.set_xlabel("people" if counts.max(initial=0) <= most else f"people; {most} stands for {most} and more")
    axes.set_ylabel("photos")
    axes.grid(False, axis="x")


def _bars(axes: Axes, title: str, values: np.ndarray, label: str, what: str = "photos", log: bool = False) -> None:
    values = values[np.isfinite(values)]
    values = values[values > 0] if log else values
    bins: int | list[float] = 40
    if log and len(values):
        bins = np.geomspace(values.min(), values.max() * 1.001, 41).tolist()
        axes.set_xscale("log")
    axes.hist(values, bins=bins, color=BLUE)
    if len(values):
        median = float(np.median(values))
        axes.axvline(median, color=ORANGE)
        label = f"{label}; median {median:,.0f}" if median >= 100 else f"{label}; median {median:.2g}"
    axes.set_title(title)
    axes.set_xlabel(label)
    axes.set_ylabel(what)


def _map(figure: Figure, axes: Axes, places: np.ndarray) -> None:
    picture = axes.imshow(places, cmap="magma", vmin=0, extent=(0, 1, 1, 0), aspect="auto")
    figure.colorbar(picture, ax=axes)
    axes.set_title("Where people are")
    axes.grid(False)


def _sizes(axes: Axes, sizes: np.ndarray) -> None:
    axes.scatter(sizes[:, 1], sizes[:, 0], s=8, alpha=0.3, color=BLUE, linewidths=0)
    axes.set_title("Sizes")
    axes.set_xlabel("width, pixels")
    axes.set_ylabel("height, pixels")
    axes.set_xlim(0)
    axes.set_ylim(0)
