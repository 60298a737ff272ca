"""What is no person goes, as in `recorte.removal.steps.islands`; connected regions are grown pixel by pixel."""

import numpy as np
import spox.opset.ai.onnx.v20 as op
from spox import Var

from recorte.removal.graph.geometry import floats, real, side, whole
from recorte.removal.steps.islands import FAINT, INSIDE, SOFT

FAR = 1e4
"""A distance that is none of interest."""

CHAMFER = {
    (0, 1): 1.0, (1, 0): 1.0, (1, 1): 1.4, (1, -1): 1.4,
    (1, 2): 2.1969, (2, 1): 2.1969, (1, -2): 2.1969, (2, -1): 2.1969,
}  # fmt: skip
"""Distances to neighbours by which OpenCV's `distanceTransform` with a 5 x 5 mask measures, one of each pair."""


def cleared(raw: Var, cut: tuple[Var, Var], sure: float) -> Var:
    """Clear the network's answer of what is no person.

    Args:
        raw: `float (S, S)`.
        cut: where the photo's first pixel is in it, and where its last one ends: `int64 (2,)`, rows and columns.
        sure: see `recorte.removal.steps.islands.drop_unsure`; 0 leaves everything.

    Returns:
        `float (h, w)`, the photo's part.
    """
    if not sure:
        return op.slice(raw, *cut)
    kept = op.slice(_drop_unsure(raw, sure), *cut)
    seen = floats(op.greater(kept, real(FAINT)))
    loose = seen - _grown(floats(op.greater(kept, real(INSIDE))), seen)
    return _decided(kept * (real(1) - loose))


def _grown(seeds: Var, inside: Var) -> Var:
    """Leave of the connected regions of `inside` those that hold a seed; all `float (h, w)`, 0 or 1."""

    def step(number: Var, going: Var, marks: Var, count: Var) -> list[Var]:
        grown = marks
        for _ in range(4):  # asking whether it is done takes as long as a step
            grown = op.min([_window(grown, 3), inside])
        total = op.reduce_sum(grown, keepdims=0)
        return [op.unsqueeze(op.greater(total, count), whole([0])), grown, total]

    first = op.min([seeds, inside])
    marks, _ = op.loop(None, op.const(np.array([True])), [first, op.reduce_sum(first, keepdims=0)], body=step)
    return marks


def _window(plane: Var, size: int) -> Var:
    """The greatest value of each pixel's window, `float (h, w)`."""
    batch = op.unsqueeze(plane, whole([0, 1]))
    found, _ = op.max_pool(batch, kernel_shape=[size, size], pads=[size // 2] * 4)
    return op.squeeze(found, whole([0, 1]))


def _drop_unsure(raw: Var, sure: float) -> Var:
    inside = floats(op.greater(raw, real(INSIDE)))
    kept = _grown(floats(op.greater_or_equal(raw, real(sure))), inside)
    dropped = inside - kept

    def nearest() -> list[Var]:
        # Beyond this `_decided` leaves nothing of what is soft.
        reach = floats(side(raw, 0)) * real(SOFT) + real(2)
        return [raw * floats(op.less_or_equal(_distance(kept, reach), _distance(dropped, reach)))]

    def all_of_it() -> list[Var]:
        return [raw]

    def nothing() -> list[Var]:
        return [raw * real(0)]

    def some() -> list[Var]:
        found = op.greater(op.reduce_max(dropped, keepdims=0), real(0))
        return list(op.if_(found, then_branch=nearest, else_branch=all_of_it))

    anybody = op.greater(op.reduce_max(kept, keepdims=0), real(0))
    (left,) = op.if_(anybody, then_branch=some, else_branch=nothing)
    return left


def _decided(alpha: Var) -> Var:
    inside = floats(op.greater(alpha, real(INSIDE)))
    width = floats(op.max([side(alpha, 0), side(alpha, 1)])) * real(SOFT)

    def share(distance: Var) -> Var:
        return op.clip((distance - real(0.5)) / width, real(0), real(1))

    most = real(1) - share(_distance(inside, width + real(1)))
    least = share(_distance(real(1) - inside, width + real(1)))
    within = op.min([op.max([alpha, least]), most])
    return op.where(op.greater(op.reduce_max(inside, keepdims=0), real(0)), within, alpha)


def _distance(inside: Var, reach: Var) -> Var:
    """How far each pixel is from the nearest that is inside, `float (h, w)`; right up to `reach`."""

    def step(number: Var, going: Var, far: Var) -> list[Var]:
        """Let every pixel hear from its neighbours how far they are."""
        large = op.pad(far, whole([2, 2, 2, 2]), real(FAR))
        found = [far]
        for (down, across), length in CHAMFER.items():
            for sign in (-1, 1):
                begin = [2 + sign * down, 2 + sign * across]
                ends = op.shape(far) + whole(begin)
                found.append(op.slice(large, whole(begin), ends) + real(length))
        return [going, op.min(found)]

    start = (real(1) - inside) * real(FAR)
    (far,) = op.loop(op.cast(op.ceil(reach), to=np.int64), None, [start], body=step)
    return far
