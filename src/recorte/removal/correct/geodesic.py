"""How far the cells of a picture are from some of them, where every edge between is a hill to climb.

Toivanen: New geodesic distance transforms for grey-scale images, 1996; Criminisi, Sharp, Blake: GeoS, 2008. Sweeps down
and up the rows; within a row a distance is a running minimum, which NumPy computes at once.
"""

import numpy as np

SWEEPS = 3
"""Down and up. Things that wind more often than so are rare."""

FAR = np.float32(1e6)


def distances(seeds: np.ndarray, across: np.ndarray, down: np.ndarray) -> np.ndarray:
    """Give the length of the shortest way from any seed.

    Args:
        seeds: `bool (h, w)`.
        across: `float32 (h, w - 1)`, above 0: the cost of a step between neighbours of a row.
        down: `float32 (h - 1, w)`: the same between neighbours of a column.

    Returns:
        `float32 (h, w)`.
    """
    rows, _ = seeds.shape
    found = np.where(seeds, np.float32(0), FAR)
    ways = np.zeros(seeds.shape, np.float32)
    np.cumsum(across, axis=1, out=ways[:, 1:])
    back = np.ascontiguousarray((ways[:, -1:] - ways)[:, ::-1])
    for sweep in range(2 * SWEEPS):
        order = range(rows) if sweep % 2 == 0 else range(rows - 1, -1, -1)
        before = None
        for row in order:
            line = found[row]
            if before is not None:
                np.minimum(line, found[before] + down[min(row, before)], out=line)
            np.minimum(line, np.minimum.accumulate(line - ways[row]) + ways[row], out=line)
            turned = line[::-1]
            np.minimum(turned, np.minimum.accumulate(turned - back[row]) + back[row], out=turned)
            before = row
    return found
