from itertools import pairwise

import pytest
import torch

from recorte.training.schedules import cosine, one_cycle


def rates(steps: int, total_steps: int, **arguments: float) -> list[float]:
    """The rate that each step is made with, from a highest rate of 2."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=2.0)
    schedule = cosine(optimizer, total_steps, **arguments)
    used = []
    for _ in range(steps):
        used.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return used


def test_warmup_and_half_a_cosine() -> None:
    used = rates(111, 110, warmup=10 / 110, floor=0.1)
    assert used[:3] == pytest.approx([2 * 1 / 11, 2 * 2 / 11, 2 * 3 / 11])
    assert used[9] == pytest.approx(2 * 10 / 11)
    assert used[10] == pytest.approx(2.0)  # the cosine's beginning
    assert used[35] == pytest.approx(2 * (0.1 + 0.9 * 0.8535534))  # a quarter: (1 + cos 45 degrees) / 2
    assert used[60] == pytest.approx(2 * 0.55)  # half way
    assert used[110] == pytest.approx(2 * 0.1)
    assert all(before > after for before, after in pairwise(used[10:]))


def test_the_defaults() -> None:
    used = rates(101, 100)
    assert used[:3] == pytest.approx([2 / 3, 4 / 3, 2])  # 2 % of the steps
    assert used[51] == pytest.approx(2 * 0.505)
    assert used[100] == pytest.approx(2 * 0.01)


def test_constant() -> None:
    assert rates(20, 10, warmup=0, floor=1) == pytest.approx([2.0] * 20)


def test_after_the_end_the_rate_stays() -> None:
    assert rates(8, 5, warmup=0, floor=0.25)[5:] == pytest.approx([0.5] * 3)


def test_a_run_of_one_step() -> None:
    assert rates(2, 1, warmup=0.02, floor=0.5) == pytest.approx([2.0, 1.0])


def test_one_cycle_keeps_the_ratio_of_the_groups_rates() -> None:
    groups = [{"params": [torch.nn.Parameter(torch.zeros(1))], "lr": rate} for rate in (2.0, 0.5)]
    optimizer = torch.optim.SGD(groups)
    schedule = one_cycle(optimizer, 100, pct_start=0.25)
    used = []
    for _ in range(100):
        used.append([group["lr"] for group in optimizer.param_groups])
        optimizer.step()
        schedule.step()
    assert max(used) == pytest.approx([2.0, 0.5])
    assert used.index(max(used)) == 24  # the last of the first quarter
    assert all(first == pytest.approx(4 * second) for first, second in used)
