"""The list of figures, and the two of them that are measured at outlines.

These on photos of 100 x 100 pixels: what is 1.25 pixels from the outline or nearer is near, a pixel is 10 per mille.
"""

import math
from pathlib import Path

import numpy as np
import pytest

from recorte.model.figures import FIGURES, MAIN, figure_of
from recorte.model.metrics import outline_faults

EVERYWHERE = np.ones((100, 100), bool)
PAGES = [Path(__file__).parents[2] / "README.md", *(Path(__file__).parents[2] / "docs").rglob("*.md")]


def test_figures_are_found_as_they_are_logged() -> None:
    for name in ("mae", "val/mae", "val/persons/mae", "persons/mae"):
        assert figure_of(name) in FIGURES
        assert figure_of(name).name == "mae"
    assert [figure_of(name).mode for name in ("val/photo_iou", "val/mae", "train/loss", "val/loss_dice", "smear")] == [
        "max", "min", "min", "min", "min",
    ]  # fmt: skip
    assert figure_of("val/loss_dice").title == "Loss term: dice"


def test_figures_of_ones_own() -> None:
    mine = figure_of("val/mine")
    assert (mine.name, mine.title, mine.best, mine.text(0.5)) == ("mine", "mine", "highest", "0.5000")
    assert figure_of("val/mine", "min").best == "lowest"
    assert figure_of("val/photo_iou", "min").best == "highest"  # of ours the list knows better


def test_the_best_ranks_first() -> None:
    def ranked(name: str, *values: float | None) -> list[float | None]:
        return sorted(values, key=figure_of(name).rank, reverse=True)

    assert ranked("photo_iou", 0.2, None, 0.9, 0.0) == [0.9, 0.2, 0.0, None]
    assert ranked("mae", 0.2, None, 0.9, 0.0) == [0.0, 0.2, 0.9, None]
    assert ranked("outline_bias", 0.2, None, -0.9, 0.0) == [0.0, 0.2, -0.9, None]
    assert figure_of("mae").rank(math.nan) == -math.inf


def test_values_as_text() -> None:
    texts = [figure_of("photo_iou").text(0.51239), figure_of("outline_bias").text(1.5), figure_of("mae").text(None)]
    assert texts == ["0.5124", "+1.50", "-"]
    assert figure_of("outline_bias").text(-0.123) == "-0.12"
    assert figure_of("mae").text(math.nan) == "-"


def test_the_pages_say_what_each_figure_means() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in PAGES)
    assert [figure.name for figure in FIGURES if f"| `{figure.name}` | {figure.meaning}" not in text] == []
    assert set(MAIN) < {figure.name for figure in FIGURES}


def box(top: int, left: int, bottom: int, right: int, value: float = 1.0) -> np.ndarray:
    alpha = np.zeros((100, 100), np.float32)
    alpha[top:bottom, left:right] = value
    return alpha


def faults(alpha: np.ndarray, truth: np.ndarray, counted: np.ndarray = EVERYWHERE) -> tuple[float, float]:
    return outline_faults(alpha, (truth > 0) & counted, counted)


@pytest.mark.parametrize("seed", range(3))
def test_the_true_outline_has_no_bias(seed: int) -> None:
    truth = np.random.default_rng(seed).random((100, 100)) < 0.3
    assert outline_faults(truth.astype(np.float32), truth, EVERYWHERE) == (0, 0)


@pytest.mark.parametrize(
    ("found", "bias"),
    {
        "a pixel wider": (box(39, 39, 61, 61), 10.0),  # but for its corners, 1.33 pixels from those of the truth
        "a pixel narrower": (box(41, 41, 59, 59), -10.0),
        # 82 pairs of pixels, 20 of them a pixel outside; at two corners one pixel is 0.5 and one 1.41 - 0.5 outside.
        "a pixel wider above": (box(39, 40, 60, 60), 10 * (20 + 2 * math.sqrt(0.5)) / 82),
        # Of 80 pairs, 20 on the right as many outside as 18 on the left inside; two pairs there are both 0.5 inside.
        "a pixel to the right": (box(40, 41, 60, 61), 10 * (20 - 18 - 2 * 0.5 + 2 * math.sqrt(0.5)) / 80),
    }.values(),
)
def test_the_bias_of_a_square(found: np.ndarray, bias: float) -> None:
    assert faults(found, box(40, 40, 60, 60)) == (0, pytest.approx(bias, abs=1e-5))


def test_what_is_found_elsewhere_has_no_influence_on_the_bias() -> None:
    truth = box(40, 40, 60, 60)
    assert faults(box(39, 39, 61, 61) + box(5, 5, 20, 20), truth)[1] == pytest.approx(10)
    assert math.isnan(faults(box(5, 5, 20, 20), truth)[1])
    assert math.isnan(faults(np.zeros_like(truth), truth)[1])


def test_borders_and_padding_are_no_outline() -> None:
    truth, found = box(0, 0, 100, 50), box(0, 0, 100, 51)
    assert faults(found, truth) == (0, pytest.approx(10))
    padded = box(0, 20, 100, 100) > 0
    assert faults(found, truth, padded) == (0, pytest.approx(10))
    # Half-transparent along the border and along the padding, where the true outline is 30 pixels away.
    found[:, :20] = 0.5
    assert faults(found, truth) == (pytest.approx(20 / 50), pytest.approx(10))
    found[:, 20:22] = 0.5
    assert faults(found, truth, padded)[0] == pytest.approx(2 / 30)


@pytest.mark.parametrize(
    ("alpha", "share"),
    {
        "inside": (np.where(box(45, 45, 50, 50) > 0, 0.5, box(40, 40, 60, 60)), 25 / 400),
        "outside": (box(40, 40, 60, 60) + box(80, 80, 84, 90, 0.4), 40 / 400),
        "along the outline": (box(39, 39, 61, 61, 0.5), 324 / 400),  # two pixels on either side are near
        "opaque": (box(40, 40, 60, 60) + box(80, 80, 84, 90, 0.9), 0.0),
        "hardly there": (box(40, 40, 60, 60) + box(80, 80, 84, 90, 0.1), 0.0),
    }.values(),
)
def test_half_transparent_pixels_away_from_the_outline(alpha: np.ndarray, share: float) -> None:
    assert faults(alpha.astype(np.float32), box(40, 40, 60, 60))[0] == pytest.approx(share)


def test_a_photo_that_is_all_person_has_no_outline() -> None:
    share, bias = faults(box(0, 0, 100, 100, 0.8), EVERYWHERE)
    assert share == 1
    assert math.isnan(bias)
