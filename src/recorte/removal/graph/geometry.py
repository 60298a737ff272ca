"""What steps share: numbers, places, a grid over the photo, tiles. Comments name shapes; `H`, `W` are the photo's."""

from collections.abc import Callable, Sequence

import numpy as np
import spox.opset.ai.onnx.v20 as op
from spox import Var


def real(value: float) -> Var:
    """A constant of 32 bits."""
    return op.const(np.float32(value))


def whole(value: int | list[int]) -> Var:
    """A constant whole number, or several."""
    return op.const(np.array(value, np.int64))


def floats(values: Var) -> Var:
    """The values as floats of 32 bits."""
    return op.cast(values, to=np.float32)


def integers(values: Var) -> Var:
    """The values as whole numbers, cut off."""
    return op.cast(values, to=np.int64)


def bytes_of(values: Var) -> Var:
    """Round values from 0 to 255 to `uint8`."""
    return op.cast(op.round(values), to=np.uint8)


def rounded(values: Var, halved: Var) -> Var:
    """Round as OpenCV rounds the means of areas: ties upwards where sides are `halved`, to even numbers elsewhere."""
    return op.where(halved, op.floor(values + real(0.5)), op.round(values))


def side(tensor: Var, axis: int) -> Var:
    """A length of a tensor."""
    return op.gather(op.shape(tensor), whole(axis))


def upto(count: Var) -> Var:
    """0, 1, 2 ... below a whole number."""
    return op.range(whole(0), count, whole(1))


def within(numbers: Var, count: Var) -> Var:
    """Whole numbers from 0 to `count` - 1: smaller and larger ones become the nearest."""
    return op.max([op.min([numbers, count - whole(1)]), whole(0)])


def mirrored(numbers: Var, count: Var, twice: bool) -> Var:
    """Mirror whole numbers that are outside of 0 to `count` - 1 at the ends; `twice`: the last counts twice there."""
    if twice:  # -1 is 0 again
        numbers = (op.abs(numbers * whole(2) + whole(1)) - whole(1)) / whole(2)
        rest = count - whole(1) - numbers
        rest = (op.abs(rest * whole(2) + whole(1)) - whole(1)) / whole(2)
    else:  # -1 is 1
        rest = op.abs(count - whole(1) - op.abs(numbers))
    return within(count - whole(1) - rest, count)


def taken(tensor: Var, place: Sequence[Var], axis: int = 0) -> Var:
    """Rows and columns of a tensor, by their numbers; rows are its axis `axis`."""
    rows, columns = place
    return op.gather(op.gather(tensor, rows, axis=axis), columns, axis=axis + 1)


def column(values: Var) -> Var:
    """`(n,)` as `(n, 1)`."""
    return op.unsqueeze(values, whole([1]))


def row(values: Var) -> Var:
    """`(n,)` as `(1, n)`."""
    return op.unsqueeze(values, whole([0]))


def interpolation(places: Var, numbers: Var) -> Var:
    """Weights with which values at whole `numbers (n,)` give the value at each of `places (m,)`: `(m, n)`."""
    return op.relu(real(1) - op.abs(column(places) - floats(row(numbers))))


def both_ways(down: Var, planes: Var, across: Var) -> Var:
    """Weigh rows by `down (m, h)` and columns by `across (n, w)`: of `(..., h, w)` make `(..., m, n)`."""
    return op.matmul(op.matmul(down, planes), op.transpose(across, perm=[1, 0]))


def repeated(count: Var, body: Callable[[Var], Var]) -> Var:
    """Stack what `body` makes of 0, 1 ... `count` - 1."""

    def one(number: Var, going: Var) -> list[Var]:
        return [going, body(op.squeeze(number))]

    (stacked,) = op.loop(count, v_initial=[], body=one)
    return stacked


class Grid:
    """Cells of `factor` x `factor` pixels over a photo, as `recorte.removal.steps.grid.Grid`.

    Args:
        photo: `(H, W, ...)`.
        cells: along the longest side, at least; a whole number.
    """

    def __init__(self, photo: Var, cells: Var) -> None:
        self.height, self.width = side(photo, 0), side(photo, 1)
        self.factor = op.max([op.max([self.height, self.width]) / cells, whole(1)])
        self.cells_a_pixel = real(1) / floats(self.factor)
        self.rows, self.columns = (
            (length + self.factor - whole(1)) / self.factor for length in (self.height, self.width)
        )

    def shrink(self, image: Var) -> Var:
        """The mean of each cell of `uint8 (H, W, C)`: `float (C, rows, columns)` with whole values."""
        across = within(upto(self.columns * self.factor), self.width)
        apart = op.concat([op.unsqueeze(n, whole([0])) for n in (self.columns, self.factor, whole(-1))], axis=0)

        def one(number: Var) -> Var:
            rows = op.gather(image, within(number * self.factor + upto(self.factor), self.height))  # (f, W, C)
            total = op.reduce_sum(floats(rows), whole([0]), keepdims=0)
            cells = op.reshape(op.gather(total, across), apart)  # (columns, f, C)
            return op.reduce_sum(cells, whole([1]), keepdims=0)

        sums = repeated(self.rows, one)
        mean = sums / floats(self.factor * self.factor)
        return op.transpose(rounded(mean, op.equal(self.factor, whole(2))), perm=[2, 0, 1])

    def places(self, pixels: Var, cells: Var) -> Var:
        """Where pixels, by number, lie among cells: `float`, at most `cells` - 1."""
        return op.clip((floats(pixels) + real(0.5)) * self.cells_a_pixel - real(0.5), real(0), floats(cells) - real(1))

    def tiles(self, pixels: int, body: Callable[[Var, Var, Var], Var]) -> Var:
        """Make an image tile by tile.

        Args:
            pixels: of a tile's sides, about.
            body: of a tile's first row and column of cells, and of how many of them its sides have, makes the tile:
                `uint8 (side, side, C)` in pixels; or without the last axis, for C = 1.

        Returns:
            `uint8 (H, W, C)`.
        """
        step = op.max([whole(pixels) / self.factor, whole(1)])
        down, across = ((length + step - whole(1)) / step for length in (self.rows, self.columns))

        def one(number: Var) -> Var:
            return body(number / across * step, op.mod(number, across) * step, step)

        made = repeated(down * across, one)
        length = step * self.factor
        shape = op.concat([op.unsqueeze(n, whole([0])) for n in (down, across, length, length, whole(-1))], axis=0)
        together = op.transpose(op.reshape(made, shape), perm=[0, 2, 1, 3, 4])
        size = op.concat([op.unsqueeze(n, whole([0])) for n in (down * length, across * length, whole(-1))], axis=0)
        end = op.concat([op.unsqueeze(n, whole([0])) for n in (self.height, self.width)], axis=0)
        return op.slice(op.reshape(together, size), whole([0, 0]), end, whole([0, 1]))


def padded(planes: Var, radius: int, twice: bool) -> Var:
    """Mirror `(C, h, w)` at its borders; see `mirrored`."""
    place = [
        mirrored(op.range(whole(-radius), side(planes, axis) + whole(radius), whole(1)), side(planes, axis), twice)
        for axis in (1, 2)
    ]
    return taken(planes, place, axis=1)


def means(planes: Var, window: int) -> Var:
    """The mean of each whole window of `(C, h, w)`: `(C, h - window + 1, w - window + 1)`."""
    batch = op.unsqueeze(planes, whole([0]))
    for shape in ((window, 1), (1, window)):
        batch = op.average_pool(batch, kernel_shape=shape)
    return op.squeeze(batch, whole([0]))
