"""How good a model is on the photos that a teaching is judged by, and the sheet that shows it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean

import numpy as np
from PIL import Image

from recorte import BackgroundRemover
from recorte.data.sample import Sample
from recorte.data.synthetic import SyntheticPersons
from recorte.files import whole_file
from recorte.letterbox import PADDING_COLOUR, Letterbox, resize

DRAWN = 8
"""Drawn figures that show whether others are forgotten."""
ROWS = 8
"""Photos in a sheet, at most."""
PAIR = 480
"""The longest side of each of the pictures of a photo that are side by side, in pixels."""

Judgement = dict[str, list[float]]
"""For each set of photos, the IoU of each."""


def drawn_figures() -> list[Sample]:
    """Draw the figures: the first of a stream that nothing is taught from, and that somebody is in."""
    source = SyntheticPersons("val", length=2 * DRAWN, size=320, seed=2026)
    return [source[index] for index in range(len(source)) if index not in source.negatives][:DRAWN]


def judge(model: Path | None, sets: Mapping[str, Sequence[Sample]]) -> tuple[Judgement, list[np.ndarray]]:
    """Cut sets of photos out.

    Args:
        model: as `BackgroundRemover` takes it.
        sets: photos by the name of the set.

    Returns:
        The figures, and the alphas of the first set's first photos, for the sheet.
    """
    remover = BackgroundRemover(model)
    figures: Judgement = {}
    alphas: list[np.ndarray] = []
    for name, samples in sets.items():
        figures[name] = []
        for sample in samples:
            alpha = remover.predict_alpha(sample.photo)
            figures[name].append(iou(alpha, sample))
            if len(figures) == 1 and len(alphas) < ROWS:
                alphas.append(alpha)
    return figures, alphas


def iou(alpha: np.ndarray, sample: Sample) -> float:
    """Give the part of found and true people together that both share, where it counts; 1 of nobody in nobody.

    Args:
        alpha: found, `float32 (H, W)`.
        sample: with the true one.
    """
    counts = sample.weight > 0
    found, true = (alpha >= 0.5) & counts, (sample.alpha >= 128) & counts
    union = int((found | true).sum())
    return float((found & true).sum() / union) if union else 1.0


def means(figures: Judgement) -> dict[str, float]:
    """Give the mean of each set."""
    return {name: round(fmean(values), 4) for name, values in figures.items() if values}


def write_sheet(
    path: Path, samples: Sequence[Sample], alphas: Sequence[Sequence[np.ndarray]], figures: Sequence[Judgement]
) -> None:
    """Draw photos beside their masks, and beside what was cut out of them before and after.

    Args:
        path: of a PNG.
        samples: of the first set.
        alphas: before and after, of the first of them.
        figures: before and after.
    """
    from recorte.training.figures.sheets import CELL, Cell, draw_sheet

    name = next(iter(figures[0]))
    rows = []
    for number, (sample, before, after) in enumerate(zip(samples, *alphas, strict=False)):
        box = Letterbox.of(sample.photo, 2 * CELL)
        scores = [f"IoU {each[name][number]:.3f}" for each in figures]
        pictures = [box.apply(picture, PADDING_COLOUR) for picture in _pictures(sample, before, after)]
        rows.append([Cell(*pair) for pair in zip((sample.name, "", *scores), pictures, strict=True)])
    heads = ("photo", "its mask", "before", "after")
    with whole_file(path) as temporary:
        draw_sheet("Photos that were kept to judge by", heads, rows).save(temporary)


def write_pairs(folder: Path, samples: Sequence[Sample], alphas: Sequence[Sequence[np.ndarray]]) -> None:
    """Write what a sheet shows of each photo as a picture of its own, the four side by side, without a word.

    Args:
        folder: for `0.webp` and so on.
        samples: of the first set.
        alphas: before and after, of the first of them.
    """
    for number, (sample, before, after) in enumerate(zip(samples, *alphas, strict=False)):
        height, width = sample.photo.shape[:2]
        scale = min(1.0, PAIR / max(height, width))
        size = max(1, round(height * scale)), max(1, round(width * scale))
        row = np.hstack([resize(picture, *size) for picture in _pictures(sample, before, after)])
        with whole_file(folder / f"{number}.webp") as temporary:
            Image.fromarray(row).save(temporary, quality=85)


def _pictures(sample: Sample, before: np.ndarray, after: np.ndarray) -> list[np.ndarray]:
    """Give a photo, and what its mask and two alphas leave of it."""
    alphas = (sample.alpha / np.float32(255), before, after)
    return [sample.photo, *(_over_grey(sample, alpha) for alpha in alphas)]


def _over_grey(sample: Sample, alpha: np.ndarray) -> np.ndarray:
    shown: np.ndarray = (alpha[..., None] * sample.photo + (1 - alpha[..., None]) * 235).round().astype(np.uint8)
    return shown
