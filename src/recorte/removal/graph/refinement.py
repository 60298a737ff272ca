"""The guided filter of `recorte.removal.steps.refinement`, in operations of a graph."""

import numpy as np
import spox.opset.ai.onnx.v20 as op
from spox import Var

from recorte.removal.graph.geometry import (
    Grid,
    both_ways,
    bytes_of,
    column,
    floats,
    integers,
    interpolation,
    means,
    padded,
    real,
    row,
    side,
    taken,
    upto,
    whole,
    within,
)
from recorte.removal.steps.grid import TILE
from recorte.removal.steps.refinement import CELLS, RADIUS, SMOOTHNESS, VEIL


def refined(alpha: Var, photo: Var) -> Var:
    """Bring an alpha to the photo's size, with the photo's edges.

    Args:
        alpha: `float (h, w)` in [0, 1], of the photo's shape.
        photo: `uint8 (H, W, 3)`.

    Returns:
        `uint8 (H, W)`.
    """
    longest = floats(op.max([side(alpha, 0), side(alpha, 1)]))
    grid = Grid(photo, op.max([integers(op.round(longest * real(CELLS))), whole(1)]))
    alpha = _sampled(alpha, grid)
    person = op.greater_or_equal(real(0) - _greatest(real(0) - alpha), real(1 - VEIL))
    unsure = op.not_(op.or_(person, op.less_or_equal(_greatest(alpha), real(VEIL))))
    planes = _coefficients(grid.shrink(photo), alpha)
    spread = 1 / (1 - 2 * VEIL)
    scaled = planes * op.const(np.array([spread / 255] * 3 + [spread], np.float32).reshape(4, 1, 1))
    scaled = scaled - op.const(np.array([0, 0, 0, VEIL * spread], np.float32).reshape(4, 1, 1))
    sure = floats(person) * op.const(np.array([0, 0, 0, 1], np.float32).reshape(4, 1, 1))
    return _enlarged(grid, op.where(unsure, scaled, sure), person, unsure, photo)


def _greatest(alpha: Var) -> Var:
    window = 2 * RADIUS + 1
    found, _ = op.max_pool(op.unsqueeze(alpha, whole([0, 1])), kernel_shape=[window, window], pads=[RADIUS] * 4)
    return op.squeeze(found, whole([0, 1]))


def _sampled(alpha: Var, grid: Grid) -> Var:
    """Interpolate `float (h, w)` at the middle of each cell."""
    lengths = [side(alpha, axis) for axis in (0, 1)]
    steps = [
        floats(length * grid.factor) / floats(pixels)
        for length, pixels in zip(lengths, (grid.height, grid.width), strict=True)
    ]
    coarsest = op.max(steps)
    weights = []
    for length, step, cells in zip(lengths, steps, (grid.rows, grid.columns), strict=True):
        places = op.clip(floats(upto(cells)) * step + step * real(0.5) - real(0.5), real(0), floats(length) - real(1))
        weights.append(op.matmul(interpolation(places, upto(length)), _blurring(length, coarsest)))
    return both_ways(weights[0], alpha, weights[1])


def _blurring(length: Var, step: Var) -> Var:
    """OpenCV's Gaussian blur of `length` values as weights `(length, length)`: none where the grid is the finer one."""
    sigma = step * real(0.3)
    reach = op.floor(op.round(sigma * real(8) + real(1)) / real(2))
    reach = op.where(op.greater(step, real(1)), reach, real(0))
    to, start = column(floats(upto(length))), row(floats(upto(length)))
    last = floats(length) - real(1)

    def bell(far: Var) -> Var:
        value = op.exp(real(0) - far * far / (real(2) * sigma * sigma))
        return op.where(op.less_or_equal(op.abs(far), reach), value, real(0))

    # Beyond either end the values come again, in a mirror; those at the ends do not.
    before = op.where(op.greater(start, real(0)), bell(to + start), real(0))
    after = op.where(op.less(start, last), bell(to + start - real(2) * last), real(0))
    total = bell(to - start) + before + after
    return total / op.reduce_sum(total, whole([1]), keepdims=1)


def _coefficients(guide: Var, alpha: Var) -> Var:
    """Three slopes and the offset, `float (4, h, w)`; see `recorte.removal.steps.refinement.coefficients`."""

    def mean(planes: Var) -> Var:
        return means(padded(planes, RADIUS, twice=True), 2 * RADIUS + 1)

    def plane(tensor: Var, first: int, count: int = 1) -> Var:
        return op.slice(tensor, whole([first]), whole([first + count]), whole([0]))

    rgb = guide / real(255) - real(0.5)
    level = op.unsqueeze(alpha, whole([0]))
    first, second = op.gather(rgb, whole([0, 0, 1])), op.gather(rgb, whole([1, 2, 2]))
    seen = mean(op.concat([rgb, level, rgb * level, rgb * rgb, first * second], axis=0))
    m, level = plane(seen, 0, 3), plane(seen, 3)
    x, y, z = (plane(plane(seen, 4, 3) - m * level, number) for number in range(3))
    rr, gg, bb = (plane(plane(seen, 7, 3) - m * m + real(SMOOTHNESS), number) for number in range(3))
    products = op.gather(m, whole([0, 0, 1])) * op.gather(m, whole([1, 2, 2]))
    rg, rb, gb = (plane(plane(seen, 10, 3) - products, number) for number in range(3))
    i_rr, i_rg, i_rb = gg * bb - gb * gb, rb * gb - rg * bb, rg * gb - rb * gg
    i_gg, i_gb, i_bb = rr * bb - rb * rb, rb * rg - rr * gb, rr * gg - rg * rg
    share = real(1) / (rr * i_rr + rg * i_rg + rb * i_rb)
    slopes = [
        (i_rr * x + i_rg * y + i_rb * z) * share,
        (i_rg * x + i_gg * y + i_gb * z) * share,
        (i_rb * x + i_gb * y + i_bb * z) * share,
    ]
    offset = level
    for number, slope in enumerate(slopes):
        offset = offset - slope * (plane(m, number) + real(0.5))
    return mean(op.concat([*slopes, offset], axis=0))


def _enlarged(grid: Grid, planes: Var, person: Var, unsure: Var, photo: Var) -> Var:
    """Let the planes, `float (4, rows, columns)`, make alphas of the photo's colours: `uint8 (H, W)`."""
    doubtful, sure = floats(unsure), op.cast(floats(person) * real(255), to=np.uint8)

    def tile(top: Var, left: Var, step: Var) -> Var:
        """Make the alphas of one tile; only where some are unsure do they follow the photo."""
        numbers, cells, weights = [], [], []
        for first, count in ((top, grid.rows), (left, grid.columns)):
            pixels = first * grid.factor + upto(step * grid.factor)
            around = first - whole(1) + upto(step + whole(2))
            numbers.append(pixels)
            cells.append(within(around, count))
            weights.append(interpolation(grid.places(pixels, count), around))

        def followed() -> list[Var]:
            """Give what the planes make of the photo's colours."""
            *slopes, fine = op.split(
                both_ways(weights[0], taken(planes, cells, axis=1), weights[1]), num_outputs=4, axis=0
            )
            y, x = within(numbers[0], grid.height), within(numbers[1], grid.width)
            colours = op.transpose(floats(taken(photo, (y, x))), perm=[2, 0, 1])
            for slope, channel in zip(slopes, op.split(colours, num_outputs=3, axis=0), strict=True):
                fine = fine + slope * channel
            return [op.squeeze(bytes_of(op.clip(fine, real(0), real(1)) * real(255)), whole([0]))]

        def known() -> list[Var]:
            """Give the alphas that are sure already."""
            y, x = (within(n / grid.factor, c) for n, c in zip(numbers, (grid.rows, grid.columns), strict=True))
            return [taken(sure, (y, x))]

        wanted = op.greater(op.reduce_max(taken(doubtful, cells), keepdims=0), real(0))
        (made,) = op.if_(wanted, then_branch=followed, else_branch=known)
        return made

    return op.squeeze(grid.tiles(TILE, tile), whole([2]))
