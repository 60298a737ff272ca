"""How good the alphas are, on photographs with known people; over all batches, and over all processes."""

from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from torchmetrics import Metric

from recorte.model.figures import FIGURES

THRESHOLD = 0.5
MARKED = 0.005
"""Share of a photo's pixels taken for a person from which on something was "found" in it."""
BOUNDARY = 0.02
"""Width of the boundary band, as a share of the canvas's diagonal (Cheng et al. 2021)."""
NEAR = 0.0125
"""Share of the longest side up to which something lies at an outline: hair, or an outline found beside the true one."""
UNDECIDED = 0.1, 0.9
"""Alphas between which a pixel is half-transparent."""
SMEARED = 0.05
"""Share of the person's area from which on half-transparent pixels away from the outline are a smear."""


class SegmentationMetrics(Metric):
    """All `recorte.model.figures.FIGURES`, which say what they mean, in one pass over photos.

    Alphas count as person from 0.5 on. A figure about nothing (no photo of nobody, say) is NaN. Pixels of weight 0
    count nowhere, and a photo without any other is not counted at all. A photo with people near whose outline none was
    found has no bias. Sums add up over processes.

    Args:
        options: of torchmetrics, such as `sync_on_compute=False` for the photos of this process alone.
    """

    full_state_update = False
    confusion: Tensor
    photo_iou: Tensor
    people_iou: Tensor
    boundary_iou: Tensor
    nobody_marked: Tensor
    smear: Tensor
    outline_bias: Tensor
    photos: Tensor
    people: Tensor
    nobody: Tensor
    outlined: Tensor
    error: Tensor
    pixels: Tensor
    sums = (
        "photo_iou", "people_iou", "boundary_iou", "nobody_marked", "smear", "outline_bias",
        "photos", "people", "nobody", "outlined", "error", "pixels",
    )  # fmt: skip

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.add_state("confusion", torch.zeros(4, dtype=torch.float64), dist_reduce_fx="sum")
        for name in self.sums:
            self.add_state(name, torch.zeros((), dtype=torch.float64), dist_reduce_fx="sum")

    def update(self, alpha: Tensor, target: Tensor, weight: Tensor) -> None:
        """Add photos: predicted alpha, true alpha and weight, each `(N, 1, H, W)` in [0, 1]."""
        counted = weight > 0
        self.error += ((alpha - target).abs() * counted).sum()
        self.pixels += counted.sum()
        person, truth = (alpha >= THRESHOLD) & counted, (target >= THRESHOLD) & counted
        parts = (person & truth, person & ~truth, counted & ~person & ~truth, truth & ~person)
        scores = torch.stack([part.flatten(1).sum(dim=1) for part in parts]).double()
        hit, extra, right, missed = scores
        self.confusion += scores.sum(dim=1)

        seen = scores.sum(dim=0) > 0
        people, nobody = seen & (hit + missed > 0), seen & (hit + missed == 0)
        iou = torch.where(hit + extra + missed > 0, hit / (hit + extra + missed).clamp(min=1), 1.0)
        self.photos += seen.sum()
        self.people += people.sum()
        self.nobody += nobody.sum()
        self.photo_iou += iou[seen].sum()
        self.people_iou += iou[people].sum()
        self.boundary_iou += boundary_iou(person, truth)[people].sum()
        self.nobody_marked += (extra > MARKED * (extra + right))[nobody].sum()
        arrays = [part[people, 0].cpu().numpy() for part in (alpha.float(), truth, counted)]
        for photo in zip(*arrays, strict=True):
            smeared, bias = outline_faults(*photo)
            self.smear += smeared > SMEARED
            self.outline_bias += 0 if np.isnan(bias) else bias
            self.outlined += not np.isnan(bias)

    def compute(self) -> dict[str, Tensor]:
        """Give the figures by name."""
        hit, extra, right, missed = self.confusion
        figures = {
            "iou": hit / (hit + extra + missed),
            "dice": 2 * hit / (2 * hit + extra + missed),
            "accuracy": (hit + right) / self.confusion.sum(),
            "photo_iou": self.photo_iou / self.photos,
            "people_iou": self.people_iou / self.people,
            "boundary_iou": self.boundary_iou / self.people,
            "mae": self.error / self.pixels,
            "nobody_marked": self.nobody_marked / self.nobody,
            "smear": self.smear / self.people,
            "outline_bias": self.outline_bias / self.outlined,
        }
        return {figure.name: figures[figure.name].float() for figure in FIGURES}

    def confusion_matrix(self) -> list[list[int]]:
        """Pixels, rows by truth and columns by prediction, background first."""
        with self.sync_context(should_sync=self.sync_on_compute):
            hit, extra, right, missed = (int(value) for value in self.confusion)
        return [[right, extra], [missed, hit]]


class MeanLosses(Metric):
    """Means over photos of a loss and its terms, however the photos are shared out to batches and processes.

    Lightning's own means over processes count photos in whole numbers, and are wrong where processes have unequal
    numbers of them.
    """

    full_state_update = False
    sums: Tensor
    photos: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []
        self.add_state("sums", torch.zeros(0, dtype=torch.float64), dist_reduce_fx="sum")
        self.add_state("photos", torch.zeros((), dtype=torch.float64), dist_reduce_fx="sum")

    def update(self, terms: Mapping[str, Tensor], photos: int) -> None:
        """Add a batch: scalars by name, each a mean over its photos, and how many these are."""
        self.names = list(terms)
        sums = torch.stack([value.detach().double() for value in terms.values()]) * photos
        self.sums = self.sums + sums if len(self.sums) else sums
        self.photos += photos

    def so_far(self) -> dict[str, Any]:
        """Give what all processes have added up, as plain data."""
        with self.sync_context():
            return {"names": list(self.names), "sums": self.sums.tolist(), "photos": float(self.photos)}

    def go_on_from(self, so_far: Mapping[str, Any]) -> None:
        """Add further batches to an earlier part."""
        self.names = list(so_far["names"])
        self.sums = torch.tensor(so_far["sums"], dtype=self.sums.dtype, device=self.sums.device)
        self.photos = torch.full_like(self.photos, so_far["photos"])

    def compute(self) -> dict[str, Tensor]:
        """Give the means by name."""
        return dict(zip(self.names, (self.sums / self.photos).float(), strict=True))


def boundary_iou(person: Tensor, truth: Tensor) -> Tensor:
    """IoU of the parts of two masks that lie within 2 % of the diagonal of their own outlines.

    Args:
        person: `bool (N, 1, H, W)`.
        truth: the same.

    Returns:
        `float64 (N,)`; 1 where both masks are empty.
    """
    height, width = person.shape[-2:]
    reach = max(1, round(BOUNDARY * (height**2 + width**2) ** 0.5))
    one, other = _boundary(person, reach), _boundary(truth, reach)
    union = (one | other).sum(dim=(1, 2, 3)).double()
    return torch.where(union > 0, (one & other).sum(dim=(1, 2, 3)) / union.clamp(min=1), 1.0)


def _boundary(mask: Tensor, reach: int) -> Tensor:
    """Part of the mask that erosion by a square of 2 * reach + 1 takes away; outside the picture is background."""
    outside = functional.pad((~mask).float(), (reach,) * 4, value=1.0)
    for window in ((1, 2 * reach + 1), (2 * reach + 1, 1)):  # rows, then columns: a fraction of the square's work
        outside = functional.max_pool2d(outside, window, stride=1)
    return mask & (outside > 0)


def outline_faults(alpha: np.ndarray, truth: np.ndarray, counted: np.ndarray) -> tuple[float, float]:
    """Measure how decided an alpha is away from a person's outline, and on which side of it the found one lies.

    The found outline runs between neighbouring pixels on either side of 0.5, both of which count; its distance there
    is the mean of theirs, so that of the true outline itself is exactly 0.

    Args:
        alpha: predicted, `float32 (H, W)` in [0, 1].
        truth: where a person is, `bool (H, W)`; somewhere.
        counted: which pixels count, `bool (H, W)`.

    Returns:
        Half-transparent pixels farther from the outline than `NEAR`, as a share of the person's area; and the mean
        signed distance of the found outline, as far as it is not farther, in per mille of the longest side: outside is
        positive; NaN where none was found.
    """
    distance, longest = signed_distance(truth, counted), max(truth.shape)
    low, high = UNDECIDED
    smeared = (alpha > low) & (alpha < high) & counted & (np.abs(distance) > NEAR * longest)
    found, parts = alpha >= THRESHOLD, []
    for one, other in ((np.s_[:, :-1], np.s_[:, 1:]), (np.s_[:-1], np.s_[1:])):
        between = (found[one] != found[other]) & counted[one] & counted[other]
        parts.append((distance[one][between] + distance[other][between]) / 2)
    between = np.concatenate(parts)
    near = between[np.abs(between) <= NEAR * longest]
    bias = 1000 * float(near.mean()) / longest if near.size else float("nan")
    return float(smeared.sum() / truth.sum()), bias


def signed_distance(truth: np.ndarray, counted: np.ndarray) -> np.ndarray:
    """Give each pixel's distance from the outline, in pixels: outside positive, the pixels beside it -0.5 and 0.5.

    The outline lies between person and background that count. A photo's border is none, nor is that of its padding.

    Args:
        truth: where a person is, `bool (H, W)`.
        counted: which pixels count, `bool (H, W)`.

    Returns:
        `float32 (H, W)`; beyond any size where there is no person, or nothing else.
    """
    to_person, to_background = (
        cv2.distanceTransform(elsewhere.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        for elsewhere in (~truth, truth | ~counted)
    )
    return np.where(truth, 0.5 - to_background, to_person - 0.5)
