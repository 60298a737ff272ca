"""What finds the thing that was touched, in small: a network, or the way there without edges."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import onnxruntime

from recorte.removal.correct.features import FINER, NEARNESS, SIDE, WAYS, costs_of, features
from recorte.removal.correct.geodesic import distances

Follow = Callable[[np.ndarray, np.ndarray, np.ndarray, np.ndarray, bool], np.ndarray]
"""From photo, `uint8 (FINER h, FINER w, 3)`, alpha, `float32 (h, w)`, what a touch marks, what touches of the other
kind mark, and whether to keep, to the thing that was touched; all of these `bool (h, w)`, no side longer than
`features.SIDE`."""

WEIGHTS = Path(__file__).with_name("thing.onnx")
"""Trained by `scripts/follow.py`. Inputs `photo`, `float32 (1, 3, FINER SIDE, FINER SIDE)` in [0, 1], and `touch`,
`float32 (1, CHANNELS, SIDE, SIDE)`; output `thing`, in [0, 1]."""

LEVELS = np.geomspace(0.06, 3.0, 40)
"""Of distance, one of which bounds the thing that was touched."""

ALIKE, LEFT = 0.3, 0.05
"""Where what is within a distance agrees so well with the network (intersection by union), it is the thing, whose edges
are the photo's own; but for cells of which the network says less than the second. So for what is kept, which may be any
thing; what is dropped is mostly a part of what looks like a person, whom the network knows better than edges do."""


def by_network(photo: np.ndarray, alpha: np.ndarray, own: np.ndarray, other: np.ndarray, keep: bool) -> np.ndarray:
    """Find the thing that was touched as simulated users taught it; see `Follow`."""
    seen = features(photo, alpha, own, other, keep)
    rows, columns = alpha.shape
    wrong = (alpha >= 0.5) != keep
    canvas = np.zeros((3, FINER * SIDE, FINER * SIDE), np.float32)
    canvas[:, : photo.shape[0], : photo.shape[1]] = photo.transpose(2, 0, 1) / np.float32(255)
    (found,) = _session().run(["thing"], {"photo": canvas[None], "touch": seen[None]})
    thing = np.where(wrong, found[0, 0, :rows, :columns], 0)
    best, followed = ALIKE, thing > 0.5
    for nearness in seen[NEARNESS, :rows, :columns] if keep else ():
        agreement, near = _most_alike(nearness, thing, wrong)
        if agreement > best:
            best, followed = agreement, near & (thing > LEFT)
    return followed


def _most_alike(nearness: np.ndarray, thing: np.ndarray, wrong: np.ndarray) -> tuple[float, np.ndarray]:
    """Of all that can be wrong find the part, nearest to the touch, that agrees best with what the network says."""
    order = np.argsort(-nearness[wrong], kind="stable")
    if not order.size:
        return 0.0, wrong
    shared = np.cumsum(thing[wrong][order])
    agreement = shared / (np.arange(1, order.size + 1) + thing.sum() - shared)
    best = int(agreement.argmax())
    return float(agreement[best]), wrong & (nearness >= nearness[wrong][order[best]])


def by_distance(photo: np.ndarray, alpha: np.ndarray, own: np.ndarray, other: np.ndarray, keep: bool) -> np.ndarray:
    """Find the thing that was touched: as far as the way from the touch climbs no edge of it; see `Follow`."""
    costs = costs_of(photo, alpha, *WAYS[0])
    far = distances(own, *costs)
    wrong = (alpha >= 0.5) != keep
    if other.any():
        wrong &= far < distances(other, *costs)
    # Where the thing ends, the next level finds hardly more of it.
    areas = np.searchsorted(np.sort(far[wrong]), LEVELS) + own.sum()
    level = LEVELS[1 + int(np.argmin(np.log(areas[2:] / areas[:-2])))]
    found: np.ndarray = wrong & (far <= level)
    return found


@cache
def _session() -> onnxruntime.InferenceSession:
    """Open the network once a process; it holds nothing of any photo, and threads may share it."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 2  # somebody waits for it, brush in hand
    return onnxruntime.InferenceSession(WEIGHTS, options, providers=["CPUExecutionProvider"])
