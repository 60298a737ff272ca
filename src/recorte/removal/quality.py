"""How good a cut-out is likely to be, told from the photo and its alpha alone; and what to do about it."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import exp, log

import cv2
import numpy as np

from recorte.errors import RecorteError
from recorte.letterbox import Letterbox, resize
from recorte.messages import Language, say
from recorte.removal.files.sources import check_alpha, check_array
from recorte.removal.pipeline import Pipeline, Steps

SIDE = 256
"""The longest side, in pixels, at which everything is measured: edges of a large photo and a small one compare."""

NOBODY = 0.005
"""Share of the photo below which nobody was found: the one that `nobody_marked` counts by."""

SOFT_EDGE = 6.0
"""Width in pixels, of `SIDE`, of the half-transparent band around people whose edges count 50: at it, cut-outs of
validation photos begin to be poor."""

DOUBT, DOUBT_LOGARITHM = -2.27, -1.19
"""How the logit of the IoU that five of six cut-outs reach follows the logarithm of their doubts: quantile regression
on training photos, by `python scripts/studies/quality.py --data data --fit`."""

LEAST_DOUBT = 0.003
"""Added to doubts, which no logarithm would have if nothing is doubtful: finer ones say nothing any more."""

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
        score: 0 to 100, the IoU in per cent that five of six cut-outs with such doubts reach; 0 if nobody was found.
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
    """Report on a photo, `uint8 (H, W, 3)`, whose `steps` were kept.

    Raises:
        PhotoError: the photo is no such array.
        RecorteError: the steps are none, or another photo's.
    """
    check_array(photo)
    if not isinstance(steps, Steps):
        raise RecorteError(f"judge takes what remover.steps(photo) gives, not {type(steps).__name__}")
    check_alpha(steps.alpha, photo)
    return report(photo, steps.alpha, within(photo, steps.first_alpha, steps.raw_alpha))


def within(photo: np.ndarray, *answers: np.ndarray) -> list[np.ndarray]:
    """Cut the letterbox's padding off what the network answered for a photo, `float32 (S, S)` each."""
    return [Letterbox.of(photo, len(answer)).cut(answer) for answer in answers]


@dataclass(frozen=True, slots=True)
class JudgingPipeline(Pipeline):
    """Also reports on what it cut out, by what the network answered then: a second look would take as long again.

    Attributes:
        last: for each thread the photo that it looked at last, and the network's answers.
    """

    last: threading.local = field(default_factory=threading.local)

    @classmethod
    def like(cls, other: Pipeline) -> "JudgingPipeline":
        """Give one that has the network and the switches of another pipeline."""
        return cls(other.network, other.refine, other.colours, other.tta, other.looks)

    def look(self, photo: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Do as `Pipeline.look`, and keep the answers."""
        letterboxed, first, raw = Pipeline.look(self, photo)  # super() does not work in a class with slots
        self.last.look = photo, first, raw
        return letterboxed, first, raw

    def judge_last(self) -> QualityReport:
        """Report on the photo that this thread cut out last."""
        photo, first, raw = self.last.look
        del self.last.look
        return report(photo, self.enlarge(self.clear(raw, photo), photo), within(photo, first, raw))


def report(
    photo: np.ndarray, alpha: np.ndarray, answers: Sequence[np.ndarray] = (), thresholds: Thresholds | None = None
) -> QualityReport:
    """Judge a cut-out without knowing the truth.

    The score follows how far the network's answers are from the cut-out that was made of them, which
    `scripts/studies/quality.py` compares with the real IoU; how much of the photo is person, or how large it is, is
    told beside it and does not enter.

    Args:
        photo: `uint8 (H, W, 3)`, RGB.
        alpha: `float32 (H, W)` in [0, 1], of the photo's size.
        answers: what the network answered for the photo, to the first look and to all, `float32 (h, w)` in [0, 1] each,
            in any size. Refinement sharpens doubts away, so that without these the score follows less well.
        thresholds: what the figures are held against.

    Raises:
        ValueError: photo and alpha differ in size.
    """
    if photo.shape[:2] != alpha.shape:
        raise ValueError(f"photo and alpha must be of one size, not {photo.shape[:2]} and {alpha.shape}")
    thresholds = thresholds or Thresholds()
    small, *answers = comparable(alpha, answers)
    person = small >= 0.5
    found = bool(person.mean() > NOBODY)
    figures = {
        "coverage": 100 * float(person.mean()),
        "contrast": _contrast(small, person),
        "edges": _edges(small, person) if found else 0.0,
        "resolution": 100 * min(1.0, (alpha.size / 1e6) ** 0.5),
    }
    figures = {name: round(value, 1) for name, value in figures.items()}
    score = round(100 * likely_iou(small, answers)) if found else 0
    return QualityReport(
        score=score,
        thresholds=thresholds,
        places=_places(person),
        histogram=_histogram(small),
        advice=_advice(found, score, [name for name in figures if figures[name] < getattr(thresholds, name)], person),
        **figures,
    )


def comparable(alpha: np.ndarray, answers: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Scale an alpha, `float32 (H, W)`, and the answers that it was made of, to the size at which they are measured."""
    scale = min(1.0, SIDE / max(alpha.shape))
    height, width = (max(1, round(side * scale)) for side in alpha.shape)
    return [resize(one, height, width) for one in (alpha, *answers)]


def likely_iou(alpha: np.ndarray, answers: Sequence[np.ndarray] = ()) -> float:
    """The IoU with the truth that five of six cut-outs as doubtful as this one have at least, in [0, 1].

    Args:
        alpha: `float32 (h, w)` in [0, 1].
        answers: the network's, `float32 (h, w)` each.
    """
    return 1 / (1 + exp(-DOUBT - DOUBT_LOGARITHM * doubt(alpha, answers)))


def doubt(alpha: np.ndarray, answers: Sequence[np.ndarray] = ()) -> float:
    """How far the network's answers are from what was made of them, as the mean logarithm over the answers.

    Of each answer the differences from the alpha are added up, as a share of the person's area: what was cleared or
    filled, what the looks see differently, and what is half transparent where the cut-out is not. Without answers the
    alpha is held against its own mask. See `likely_iou` for the shapes.
    """
    mask = alpha >= 0.5
    pairs = [(answer, alpha) for answer in answers] or [(alpha, mask)]
    area = max(1.0, float(mask.sum()))
    return sum(log(float(np.abs(one - other).sum()) / area + LEAST_DOUBT) for one, other in pairs) / len(pairs)


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
