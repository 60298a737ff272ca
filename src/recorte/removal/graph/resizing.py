"""Resizing as `recorte.letterbox.resize` does, in operations of a graph.

To the value: what lies between two whole colours is rounded as OpenCV rounds it, for the network may make much of a
little where it is unsure. So sums have its order and its 32 bits.
"""

import numpy as np
import spox.opset.ai.onnx.v20 as op
from spox import Var

from recorte.removal.graph.geometry import column, floats, integers, real, rounded, row, side, upto, whole, within

SHARES = 2048
"""Of a whole, which OpenCV reckons with where it interpolates."""


def resized(photo: Var, height: Var, width: Var) -> Var:
    """Make a photo larger or smaller, both sides alike.

    Args:
        photo: `uint8 (H, W, 3)`.
        height: whole number.
        width: whole number.

    Returns:
        `float (height, width, 3)` with whole values.
    """

    def larger() -> list[Var]:
        """Interpolate."""
        return [_grown(photo, height, width)]

    def smaller() -> list[Var]:
        """Take the means of areas."""
        return [_shrunk(photo, height, width)]

    grows = op.or_(op.less(side(photo, 0), height), op.less(side(photo, 1), width))
    (made,) = op.if_(grows, then_branch=larger, else_branch=smaller)
    return made


def _double(values: Var | float) -> Var:
    return op.const(np.float64(values)) if isinstance(values, float) else op.cast(values, to=np.float64)


def _grown(photo: Var, height: Var, width: Var) -> Var:
    values = integers(photo)
    for axis, count in ((1, width), (0, height)):
        size = side(photo, axis)
        places = floats((_double(upto(count)) + _double(0.5)) * (_double(size) / _double(count)) - _double(0.5))
        if axis:  # rows are first weighed, and then kept within
            places = op.clip(places, real(0), floats(size) - real(1))
        first = integers(op.floor(places))
        near = integers(op.round((real(1) - (places - op.floor(places))) * real(SHARES)))
        near = column(near) if axis else op.unsqueeze(near, whole([1, 2]))
        one, other = (
            op.gather(values, within(place, size), axis=axis) * share
            for place, share in ((first, near), (first + whole(1), whole(SHARES) - near))
        )
        values = (
            (one + other) / whole(16) if axis else (one / whole(2**16) + other / whole(2**16) + whole(2)) / whole(4)
        )
    return floats(values)


def _shrunk(photo: Var, height: Var, width: Var) -> Var:
    lengths, counts = [side(photo, axis) for axis in (0, 1)], (height, width)
    factors = [length / count for length, count in zip(lengths, counts, strict=True)]
    fits = op.and_(*(op.equal(f * count, length) for f, count, length in zip(factors, counts, lengths, strict=True)))
    halved = op.and_(*(op.equal(factor, whole(2)) for factor in factors))
    mean = photo
    for axis in (1, 0):  # where sides are multiples, sums are divided in the end
        numbers, shares = _windows(lengths[axis], counts[axis])
        weights = floats(shares * _double(op.where(fits, factors[axis], whole(1))))
        mean = _added(mean, numbers, weights, axis)
    total = op.where(fits, factors[0] * factors[1], whole(1))
    return op.clip(rounded(mean * (real(1) / floats(total)), op.and_(fits, halved)), real(0), real(255))


def _windows(size: Var, count: Var) -> tuple[Var, Var]:
    """Which of `size` pixels make each of `count` others, and in which shares, of 64 bits: `(count, K)` both."""
    step = _double(size) / _double(count)
    number = _double(upto(count))
    pixels = column(op.floor(number * step)) + _double(row(upto(integers(op.ceil(step)) + whole(1))))
    ends = op.min([pixels + _double(1.0), column((number + _double(1.0)) * step)])
    covered = op.max([(ends - op.max([pixels, column(number * step)])) / step, _double(0.0)])
    return within(integers(pixels), size), covered


def _added(image: Var, numbers: Var, weights: Var, axis: int) -> Var:
    """Weigh and add rows (`axis` 0) or columns (1) of an image `(H, W, 3)`; `numbers` and `weights`: `(count, K)`."""

    def part(number: Var) -> Var:
        place, share = (op.gather(table, number, axis=1) for table in (numbers, weights))
        values = floats(op.gather(image, place, axis=axis))
        # As wide as the pixels, which is multiplied far quicker.
        shares = op.expand(column(share), whole([1, 3])) if axis else op.unsqueeze(share, whole([1, 2]))
        return values * shares

    def step(number: Var, going: Var, total: Var) -> list[Var]:
        """Add the next to each."""
        return [going, total + part(op.squeeze(number) + whole(1))]

    (total,) = op.loop(side(numbers, 1) - whole(1), None, [part(whole(0))], body=step)
    return total
