"""Every figure that a model is measured by: what it means, which value is best, how it is written. No torch here."""

from dataclasses import dataclass
from typing import Literal

NEVER = float("-inf")


@dataclass(frozen=True)
class Figure:
    """A figure of the validation.

    Attributes:
        name: as in metrics.json, such as `photo_iou`.
        title: over a plot of it.
        meaning: in a sentence.
        best: which of its values is.
        digits: after the point.
        main: whether it is shown where there is no room for all.
    """

    name: str
    title: str
    meaning: str = ""
    best: Literal["highest", "lowest", "nearest to 0"] = "highest"
    digits: int = 4
    main: bool = False

    @property
    def mode(self) -> Literal["max", "min"]:
        """What Lightning calls the way to the best value; that nearest to 0 it does not know."""
        return "max" if self.best == "highest" else "min"

    def rank(self, value: float | None) -> float:
        """Give a number that is the greater, the better the value is; of one that is not known the least of all."""
        if value is None or value != value:
            return NEVER
        return {"highest": value, "lowest": -value, "nearest to 0": -abs(value)}[self.best]

    def text(self, value: float | None) -> str:
        """Write a value; "-" for one that is not known."""
        if value is None or value != value:
            return "-"
        return f"{value:{'+' if self.best == 'nearest to 0' else ''}.{self.digits}f}"


FIGURES = (
    Figure(
        "photo_iou",
        "IoU, per photo",
        "IoU of each photo, averaged; a photo of nobody counts 1 if nothing is found in it, else 0",
        main=True,
    ),
    Figure("people_iou", "IoU, photos with people", "IoU of each photo with people, averaged", main=True),
    Figure("iou", "IoU, whole set", "IoU over all pixels of the set"),
    Figure("dice", "Dice", "Dice coefficient over all pixels of the set"),
    Figure("accuracy", "Pixel accuracy", "share of all pixels of the set that are right"),
    Figure(
        "boundary_iou",
        "Boundary IoU",
        "IoU within 2 % of the diagonal from the outlines, photos with people",
        main=True,
    ),
    Figure("mae", "Mean absolute error", "mean absolute error of the alpha, before any threshold", "lowest", main=True),
    Figure(
        "nobody_marked",
        "Photos of nobody marked",
        "share of the photos of nobody in which more than 0.5 % of the pixels were taken for a person",
        "lowest",
    ),
    Figure(
        "smear",
        "Photos with smears",
        "share of the photos with people in which half-transparent pixels (alpha between 0.1 and 0.9) farther than "
        "1.25 % of the longest side from the true outline make up more than 5 % of the person's area",
        "lowest",
        main=True,
    ),
    Figure(
        "outline_bias",
        "Bias of the outline, ‰",
        "mean signed distance of the found outline from the true one, outside positive, in per mille of the longest "
        "side, over the photos with people; what is farther away than 1.25 % of it is left out",
        "nearest to 0",
        digits=2,
        main=True,
    ),
)
"""In the order in which they are shown; `SegmentationMetrics` computes them."""

MAIN = tuple(figure.name for figure in FIGURES if figure.main)
"""Names of those that are shown where there is no room for all."""

_BY_NAME = {figure.name: figure for figure in FIGURES}


def figure_of(name: str, mode: str | None = None) -> Figure:
    """Look a figure up.

    Args:
        name: its own, or as it is logged, such as `val/mae`, `val/persons/mae` or `train/loss_dice`.
        mode: `min` or `max`, of a figure that is not ours, whose highest value else counts as the best.
    """
    own = name.rpartition("/")[2]
    if own in _BY_NAME:
        return _BY_NAME[own]
    if is_loss(own):
        return Figure(own, "Loss" if own == "loss" else f"Loss term: {own.removeprefix('loss_')}", best="lowest")
    return Figure(own, own, best="lowest" if mode == "min" else "highest")


def is_loss(name: str) -> bool:
    """Tell whether a name as it is logged is that of the loss or of one of its terms."""
    own = name.rpartition("/")[2]
    return own == "loss" or own.startswith("loss_")
