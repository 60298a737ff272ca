"""How good a cut-out is likely to be, told from the photo and its alpha alone; and what to do about it."""

import threading
from dataclasses import dataclass, field
from itertools import pairwise

import cv2
import numpy as np

from recorte.letterbox import Letterbox, resize
from recorte.messages import Language, say
from recorte.removal.pipeline import Pipeline, Steps

SIDE = 256
"""The longest side, in pixels, at which everything is measured: edges of a large photo and a small one compare."""

NOBODY = 0.005
"""Share of the photo below which nobody was found: the one that `nobody_marked` counts by."""

SOFT_EDGE = 6.0
"""Width in pixels, of `SIDE`, of the half-transparent band around people whose edges count 50: at it, cut-outs of
validation photos begin to be poor."""

OVERCONFIDENCE = 2.0
"""How much more the network misses on validation photos than its alphas say."""

CUT = 0.03
"""A person is cut at a border if at least this part of it is person."""

POOR = 60
"""Below this score a cut-out is worth a look before it is used."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From where on a figure is enough, each of 0 to 100."""

    coverage: float = 15.0
    contrast: float = 60.0
    edges: float = 50.0
    resolution: float = 70.0


@dataclass(frozen=True, slots=True)
class QualityReport:
    """What can be told of a cut-out without knowing the truth.

    Attributes:
        score: 0 to 100, the IoU in per cent that the cut-out is likely to have; 0 if nobody was found.
        coverage: how much of the photo is person, in per cent.
        contrast: mean alpha of what is person minus mean alpha of what is not, in per cent.
        edges: 100 for outlines without half-transparent pixels, 50 for a band of `SOFT_EDGE`, towards 0 beyond.
        resolution: 100 for a photo of a megapixel or more, else the square root of its share of one.
        thresholds: what the four figures are held against.
        places: where people are: of each cell of a 3 x 3 grid, row by row, how much is person, in per cent.
        histogram: shares of the pixels, in per cent, with alpha in [0, 0.1), [0.1, 0.2), ... [0.9, 1].
        advice: keys of `recorte.messages`, the weightiest first; never empty.
    """

    score: int
    coverage: float
    contrast: float
    edges: float
    resolution: float
    thresholds: Thresholds
    places: tuple[tuple[float, ...], ...]
    histogram: tuple[float, ...]
    advice: tuple[str, ...]

    @property
    def found(self) -> bool:
        """Whether somebody was found."""
        return "nobody" not in self.advice

    @property
    def figures(self) -> dict[str, tuple[float, float]]:
        """The four figures, each with its threshold."""
        names = Thresholds.__slots__
        return {name: (getattr(self, name), getattr(self.thresholds, name)) for name in names}

    def sentences(self, language: Language = "en") -> list[str]:
        """The advice in words."""
        return [say(key, language) for key in self.advice]

    def as_dict(self, language: Language = "en") -> dict[str, object]:
        """Everything as plain data, for JSON."""
        figures = {
            name: {"value": value, "threshold": threshold, "enough": value >= threshold}
            for name, (value, threshold) in self.figures.items()
        }
        places, histogram = [list(row) for row in self.places], list(self.histogram)
        plain = {"score": self.score, "found": self.found, "figures": figures, "places": places}
        return plain | {"histogram": histogram, "advice": list(self.advice), "sentences": self.sentences(language)}


def judge(photo: np.ndarray, steps: Steps) -> QualityReport:
    """Report on a photo, `uint8 (H, W, 3)`, whose `steps` were kept."""
    letterbox = Letterbox.of(photo, len(steps.raw_alpha))
    return report(photo, steps.alpha, letterbox.cut(steps.raw_alpha))


@dataclass(frozen=True, slots=True)
class JudgingPipeline(Pipeline):
    """Also reports on what it cut out, by what the network answered then: a second look would take as long again.

    Attributes:
        last: for each thread the photo that it looked at last, and the network's answer.
    """

    last: threading.local = field(default_factory=threading.local)

    @classmethod
    def like(cls, other: Pipeline) -> "JudgingPipeline":
        """Give one that has the network and the switches of another pipeline."""
        return cls(other.network, other.refine, other.colours, other.tta, other.looks)

    def look(self, photo: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Do as `Pipeline.look`, and keep the answer."""
        letterboxed, raw = Pipeline.look(self, photo)  # super() does not work in a class with slots
        self.last.look = photo, raw
        return letterboxed, raw

    def judge_last(self) -> QualityReport:
        """Report on the photo that this thread cut out last."""
        photo, raw = self.last.look
        del self.last.look
        alpha = self.enlarge(self.clear(raw, photo), photo)
        return report(photo, alpha, Letterbox.of(photo, len(raw)).cut(raw))


def report(
    photo: np.ndarray, alpha: np.ndarray, network_alpha: np.ndarray | None = None, thresholds: Thresholds | None = None
) -> QualityReport:
    """Judge a cut-out without knowing the truth.

    The score follows the network's own doubts, which `scripts/studies/quality.py` compares with the real IoU; how much
    of the photo is person, or how large it is, is told beside it and does not enter.

    Args:
        photo: `uint8 (H, W, 3)`, RGB.
        alpha: `float32 (H, W)` in [0, 1], of the photo's size.
        network_alpha: `float32 (h, w)` in [0, 1], what the network answered for the photo, in any size. Refinement
            sharpens doubts away, so that without this one the score is too high and follows less well.
        thresholds: what the figures are held against.

    Raises:
        ValueError: photo and alpha differ in size.
    """
    if photo.shape[:2] != alpha.shape:
        raise ValueError(f"photo and alpha must be of one size, not {photo.shape[:2]} and {alpha.shape}")
    thresholds = thresholds or Thresholds()
    scale = min(1.0, SIDE / max(alpha.shape))
    size = [max(1, round(side * scale)) for side in alpha.shape]
    small = resize(alpha, *size)
    person = small >= 0.5
    found = bool(person.mean() > NOBODY)
    figures = {
        "coverage": 100 * float(person.mean()),
        "contrast": _contrast(small, person),
        "edges": _edges(small, person) if found else 0.0,
        "resolution": 100 * min(1.0, (alpha.size / 1e6) ** 0.5),
    }
    figures = {name: round(value, 1) for name, value in figures.items()}
    doubts = small if network_alpha is None else resize(network_alpha, *size)
    score = round(100 * likely_iou(person, doubts)) if found else 0
    return QualityReport(
        score=score,
        thresholds=thresholds,
        places=_places(person),
        histogram=_histogram(small),
        advice=_advice(found, score, [name for name in figures if figures[name] < getattr(thresholds, name)], person),
        **figures,
    )


def likely_iou(person: np.ndarray, alpha: np.ndarray) -> float:
    """The IoU that a mask, `bool (H, W)`, is likely to have with the truth, in [0, 1].

    Were each `alpha`, `float32 (H, W)`, the probability that its pixel is person, the mask would be expected to meet
    the truth in the sum of its alphas, and together they would cover the mask and the alphas outside of it. The network
    is surer than it should be: what it expects to miss counts `OVERCONFIDENCE` times.
    """
    expected = float(alpha[person].sum()) / max(1.0, float(person.sum()) + float(alpha[~person].sum()))
    return max(0.0, 1 - OVERCONFIDENCE * (1 - expected))


def _contrast(alpha: np.ndarray, person: np.ndarray) -> float:
    inside = float(alpha[person].mean()) if person.any() else 0.0
    outside = float(alpha[~person].mean()) if not person.all() else 0.0
    return 100 * max(0.0, inside - outside)


def _edges(alpha: np.ndarray, person: np.ndarray) -> float:
    """Compare the number of half-transparent pixels with the length of the outlines."""
    outlines, _ = cv2.findContours(person.astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    length = sum(max(1.0, cv2.arcLength(outline, closed=True)) for outline in outlines)
    width: float = int(((alpha > 0.05) & (alpha < 0.95)).sum()) / length * SIDE / max(alpha.shape)
    return 100 * SOFT_EDGE / (SOFT_EDGE + width)


def _places(person: np.ndarray) -> tuple[tuple[float, ...], ...]:
    rows, columns = (np.linspace(0, side, 4).round().astype(int) for side in person.shape)
    bands = [person[top:bottom] for top, bottom in pairwise(rows)]
    cells = [[band[:, left:right] for left, right in pairwise(columns)] for band in bands]
    # A cell of a photo of one or two pixels may be empty.
    return tuple(tuple(round(100 * float(cell.mean()), 1) if cell.size else 0.0 for cell in row) for row in cells)


def _histogram(alpha: np.ndarray) -> tuple[float, ...]:
    counts = np.histogram(alpha, bins=10, range=(0, 1))[0]
    return tuple(round(100 * float(count) / alpha.size, 1) for count in counts)


def _advice(found: bool, score: int, low: list[str], person: np.ndarray) -> tuple[str, ...]:
    if not found:
        return ("nobody",)
    borders = {"left": person[:, 0], "right": person[:, -1], "top": person[0], "bottom": person[-1]}
    advice = ["poor"] if score < POOR else []
    advice += [f"cut_{side}" for side, pixels in borders.items() if pixels.mean() >= CUT]
    advice += [f"{name}_low" for name in low]
    return tuple(advice or ["fine"])
