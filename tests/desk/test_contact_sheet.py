from pathlib import Path

import numpy as np
import pytest

from recorte.data.sample import Sample
from recorte.desk.contact_sheet import ORDERS, tinted


@pytest.mark.parametrize(
    ("which", "first"), [("largest", [2, 0]), ("smallest", [3, 0]), ("crowded", [3, 0]), ("empty", [1, 3])]
)
def test_orders(which: str, first: list[int]) -> None:
    covered, people = np.array([0.3, 0.0, 0.9, 0.1]), np.array([2, 0, 1, 12])
    assert ORDERS[which](covered, people)[:2].tolist() == first


def test_people_are_green_and_what_is_ignored_is_red(tmp_path: Path) -> None:
    photo = np.full((64, 64, 3), 100, np.uint8)
    alpha, weight = np.zeros((64, 64), np.uint8), np.ones((64, 64), np.uint8)
    alpha[:20], weight[40:] = 255, 0
    picture = tinted(Sample(photo, alpha, weight, "a"), 64)
    assert picture[5, 5].tolist() == [80, 160, 95]
    assert picture[30, 5].tolist() == [100, 100, 100]
    assert picture[60, 5].tolist() == [165, 70, 70]
