"""Ways over edges, against a slow and sure reckoning."""

import heapq

import numpy as np

from recorte.removal.correct.geodesic import FAR, distances


def dijkstra(seeds: np.ndarray, across: np.ndarray, down: np.ndarray) -> np.ndarray:
    found = np.full(seeds.shape, np.inf)
    waiting = [(0.0, int(row), int(column)) for row, column in np.argwhere(seeds)]
    while waiting:
        far, row, column = heapq.heappop(waiting)
        if far >= found[row, column]:
            continue
        found[row, column] = far
        for r, c, cost in (
            (row, column + 1, across[row, column] if column < across.shape[1] else np.inf),
            (row, column - 1, across[row, column - 1] if column else np.inf),
            (row + 1, column, down[row, column] if row < down.shape[0] else np.inf),
            (row - 1, column, down[row - 1, column] if row else np.inf),
        ):
            if cost < np.inf:
                heapq.heappush(waiting, (far + float(cost), r, c))
    return found


def test_the_shortest_ways_are_found() -> None:
    random = np.random.default_rng(0)
    across, down = (random.uniform(0.01, 1, shape).astype(np.float32) for shape in ((24, 30), (23, 31)))
    seeds = np.zeros((24, 31), bool)
    seeds[3, 5] = seeds[20, 28] = True
    assert np.abs(distances(seeds, across, down) - dijkstra(seeds, across, down)).max() < 1e-4


def test_a_wall_is_gone_around_and_nothing_is_far_from_nothing() -> None:
    across, down = np.full((9, 10), 1, np.float32), np.full((8, 11), 1, np.float32)
    across[:8, 4] = 100  # between columns 4 and 5, open in the last row
    seeds = np.zeros((9, 11), bool)
    seeds[0, 4] = True
    found = distances(seeds, across, down)
    assert found[0, 0] == 4
    assert found[0, 5] == 8 + 1 + 8
    assert (distances(np.zeros((9, 11), bool), across, down) == FAR).all()
