"""The people's colours at soft edges, as in `recorte.removal.steps.colours`, in operations of a graph."""

import numpy as np
import spox.opset.ai.onnx.v20 as op
from spox import Var

from recorte.removal.graph.geometry import (
    Grid,
    both_ways,
    bytes_of,
    floats,
    integers,
    interpolation,
    means,
    mirrored,
    padded,
    real,
    taken,
    upto,
    whole,
    within,
)
from recorte.removal.steps.colours import CELLS, LITTLE, NARROW, TILE, WIDE

REACH = NARROW // 2


def cut_out(photo: Var, alpha: Var) -> Var:
    """Cut out what an alpha shows, its edges free of the old background.

    Args:
        photo: `uint8 (H, W, 3)`.
        alpha: `uint8 (H, W)`.

    Returns:
        `uint8 (H, W, 4)`, straight RGBA.
    """
    grid = Grid(photo, whole(CELLS))
    share = grid.shrink(op.unsqueeze(alpha, whole([2]))) / real(255)
    coarse = grid.shrink(photo)
    reach = WIDE // 2
    persons, backgrounds = (
        _weighted(padded(coarse, reach, twice=False), padded(weight, reach, twice=False), WIDE)
        for weight in (share, real(1) - share)
    )
    wide = op.concat([persons, backgrounds], axis=0)  # (6, rows, columns)

    def tile(top: Var, left: Var, step: Var) -> Var:
        """Make the cut-out of one tile; only where it has soft edges is anything estimated."""
        numbers = [first * grid.factor + upto(step * grid.factor) for first in (top, left)]
        place = within(numbers[0], grid.height), within(numbers[1], grid.width)
        shown = op.unsqueeze(taken(alpha, place), whole([2]))
        seen = taken(photo, place)
        nobody = op.equal(integers(op.reduce_max(shown, keepdims=0)), whole(0))
        one_person = op.equal(integers(op.reduce_min(shown, keepdims=0)), whole(255))

        def freed() -> list[Var]:
            """Give the people's colours without the old background's."""
            strength = floats(shown)
            soft = op.greater(real(127.4), op.abs(strength - real(127.5)))
            found = op.transpose(_estimated(photo, alpha, wide, grid, (top, left), step), perm=[1, 2, 0])
            sharp = op.where(op.greater(strength, real(0)), seen, op.const(np.uint8(0)))
            return [op.where(soft, bytes_of(found), sharp)]

        def as_seen() -> list[Var]:
            """Give the photo's colours, or none where nobody is."""
            return [op.where(nobody, op.const(np.uint8(0)), seen)]

        (colours,) = op.if_(op.or_(nobody, one_person), then_branch=as_seen, else_branch=freed)
        return op.concat([colours, shown], axis=2)

    return grid.tiles(TILE, tile)


def _weighted(planes: Var, weight: Var, window: int) -> Var:
    """Means of planes `(C, h, w)` by the square of a weight `(1, h, w)`, over whole windows."""
    weight = weight * weight + real(float(LITTLE))
    return means(planes * weight, window) / means(weight, window)


def _estimated(photo: Var, alpha: Var, wide: Var, grid: Grid, start: tuple[Var, Var], step: Var) -> Var:
    """Estimate a tile's colours of people, `float (3, side, side)` from 0 to 255."""
    pixels, cells, weights = [], [], []
    for first, length, count in zip(start, (grid.height, grid.width), (grid.rows, grid.columns), strict=True):
        begin = first * grid.factor - whole(REACH)
        numbers = mirrored(begin + upto(step * grid.factor + whole(2 * REACH)), length, twice=False)
        around = first - whole(REACH + 1) + upto(step + whole(2 * REACH + 2))
        pixels.append(numbers)
        cells.append(within(around, count))
        weights.append(interpolation(grid.places(numbers, count), around))
    means_here = both_ways(weights[0], taken(wide, cells, axis=1), weights[1])
    persons, backgrounds = op.split(means_here, num_outputs=2, axis=0)
    share = op.unsqueeze(floats(taken(alpha, pixels)) / real(255), whole([0]))
    rest = real(1) - share
    seen = share * op.transpose(floats(taken(photo, pixels)), perm=[2, 0, 1])
    own, mixed = real(1) - share * share, share * rest
    persons = op.clip(own * persons + seen - mixed * backgrounds, real(0), real(255))
    persons, backgrounds = _weighted(persons, share, NARROW), _weighted(backgrounds, rest, NARROW)
    own, seen, mixed = (
        op.slice(planes, whole([REACH, REACH]), whole([-REACH, -REACH]), whole([1, 2])) for planes in (own, seen, mixed)
    )
    return op.clip(own * persons + seen - mixed * backgrounds, real(0), real(255))
