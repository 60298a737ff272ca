"""Putting people of one photo into another, and taking parts of photos without any."""

import cv2
import numpy as np

from recorte.boxes import EDGE, LEAST, MOST, WIDER
from recorte.data.sample import Sample
from recorte.letterbox import covering, resize

LEAST_SIZE = 0.25
"""Least size of people who join a photo, as a share of the largest at which theirs fits in."""
FEW = 0.12
"""Greatest share that people cover of a photo of which a part without them is taken. Where somebody fills the photo,
who passes by in the background may be without an outline, and is nobody to learn as nobody."""
SIDE = 0.3
"""Least side of such a part, as a share of the photo's."""
PART = 0.2, 0.6
"""Of a photo of nobody: how large a part is seen as if somebody were in it, shares of the photo's sides."""
MARGINS = 0.4, 1.8
"""How wide the margins around somebody may be, as shares of those of the second look."""


def paste_person(sample: Sample, background: np.ndarray, seed: int) -> Sample:
    """Put the person of a sample, with soft edges, before another photo; crowds stay behind with the old background.

    Args:
        sample: with at least one person in it.
        background: `uint8 (h, w, 3)`, a photo of nobody; scaled and cropped to cover the sample's size.
        seed: of the crop and the softness.
    """
    rng = np.random.default_rng(seed)
    scaled = covering(background, *sample.alpha.shape, *rng.random(2).tolist())
    alpha = _soft(sample.alpha * (sample.weight > 0), rng)
    return Sample(_mixed(alpha, sample.photo, scaled), alpha, np.ones_like(sample.weight), sample.name)


def join_people(sample: Sample, others: Sample, seed: int) -> Sample:
    """Put the people of another photo into a sample, somewhere in it and smaller or as large as fits.

    So that there are groups, and small people, where the data have few (Ghiasi et al. 2021, arXiv 2012.07177). They
    stand before whoever is in the sample already; crowds do not come along.

    Args:
        sample: with or without people.
        others: the photo that the people come from.
        seed: of place, size and softness.
    """
    rng = np.random.default_rng(seed)
    height, width = sample.alpha.shape
    fit = min(height / others.alpha.shape[0], width / others.alpha.shape[1]) * float(rng.uniform(LEAST_SIZE, 1))
    sides = tuple(max(1, round(side * fit)) for side in others.alpha.shape)
    alpha = _soft(resize(others.alpha * (others.weight > 0), *sides), rng)
    top, left = int(rng.integers(height - sides[0] + 1)), int(rng.integers(width - sides[1] + 1))
    window = slice(top, top + sides[0]), slice(left, left + sides[1])
    photo, whole, weight = sample.photo.copy(), sample.alpha.copy(), sample.weight.copy()
    photo[window] = _mixed(alpha, resize(others.photo, *sides), photo[window])
    whole[window] = np.maximum(alpha, whole[window])
    weight[window] |= alpha > 0
    return Sample(photo, whole, weight, sample.name)


def part_with_people(sample: Sample, seed: int) -> Sample:
    """Give a part of a photo around one of its people, as the second look sees them; or any part of one of nobody.

    Its margins vary around those of `recorte.boxes`. A sample whose people fill it stays as it is.

    Args:
        sample: any.
        seed: of who is taken and how wide.
    """
    rng = np.random.default_rng(seed)
    height, width = sample.alpha.shape
    _, _, found, _ = cv2.connectedComponentsWithStats((sample.alpha > 127).astype(np.uint8))
    people = [region for region in found[1:].tolist() if region[4] >= LEAST * height * width]
    if people:
        left, top, across, down, _ = people[int(rng.integers(len(people)))]
    else:
        down, across = (max(1, round(side * rng.uniform(*PART))) for side in (height, width))
        top, left = int(rng.integers(height - down + 1)), int(rng.integers(width - across + 1))
    beside, above = WIDER * across + EDGE * width, WIDER * down + EDGE * height
    margins = rng.uniform(*MARGINS, size=4) * (above, above, beside, beside)
    rows = slice(max(0, round(top - margins[0])), min(height, round(top + down + margins[1])))
    columns = slice(max(0, round(left - margins[2])), min(width, round(left + across + margins[3])))
    if max(rows.stop - rows.start, columns.stop - columns.start) > MOST * max(height, width):
        return sample
    photo, alpha, weight = (part[rows, columns] for part in (sample.photo, sample.alpha, sample.weight))
    return Sample(photo, alpha, weight, sample.name)


def part_without_people(sample: Sample, seed: int) -> Sample:
    """Give a part of a photo in which nobody is, beside or above everybody; the sample itself where there is none.

    Args:
        sample: any; where people cover much of it, or something counts neither way, it stays as it is.
        seed: of which part is taken.
    """
    height, width = sample.alpha.shape
    rows, columns = (np.flatnonzero(sample.alpha.any(axis=axis)) for axis in (1, 0))
    if not rows.size or sample.alpha.mean() > FEW * 255 or not sample.weight.all():
        return sample
    parts = [
        (slice(0, rows[0]), slice(None)), (slice(rows[-1] + 1, None), slice(None)),
        (slice(None), slice(0, columns[0])), (slice(None), slice(columns[-1] + 1, None)),
    ]  # fmt: skip
    shapes = [sample.alpha[part].shape for part in parts]
    large = [part for part, shape in zip(parts, shapes, strict=True)
             if shape[0] >= SIDE * height and shape[1] >= SIDE * width]  # fmt: skip
    if not large:
        return sample
    part = large[int(np.random.default_rng(seed).integers(len(large)))]
    return Sample(sample.photo[part], sample.alpha[part], sample.weight[part], sample.name)


def _soft(alpha: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw a mask in by a pixel, so that no seam of its old background comes along, and soften it.

    What comes out is both what mixes two photos and the new truth.
    """
    drawn_in = cv2.erode(alpha, np.ones((3, 3), np.uint8))
    return cv2.GaussianBlur(drawn_in, (0, 0), float(rng.uniform(0.6, 1.6)))


def _mixed(alpha: np.ndarray, front: np.ndarray, back: np.ndarray) -> np.ndarray:
    share = alpha[..., None].astype(np.float32) / 255
    mixed: np.ndarray = (share * front + (1 - share) * back).round()
    return mixed.astype(np.uint8)
