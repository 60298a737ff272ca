"""How several looks at a photo become one answer."""

import numpy as np
import pytest

from recorte.boxes import Box
from recorte.letterbox import Letterbox
from recorte.removal.steps.looks import agreed, laid_over


def test_what_only_one_look_sees_is_doubtful_and_else_the_second_counts() -> None:
    first, second = np.zeros((20, 60), np.float32), np.zeros((20, 60), np.float32)
    first[5:15, 5:15] = 1  # both see somebody here, and the second sees the gap
    second[5:15, 5:15] = 0.9
    second[8:12, 8:12] = 0.1
    first[5:15, 25:35] = 0.9  # only the first
    second[5:15, 45:55] = 0.8  # only the second
    found = agreed(first, second)
    assert np.array_equal(found[:, :20], second[:, :20])
    assert found[10, 30] == pytest.approx(0.45) and found[10, 50] == pytest.approx(0.4)


def test_a_second_look_fades_into_the_first_but_not_at_the_photos_border() -> None:
    letterbox = Letterbox(100, 200, 100)
    first = np.full((100, 100), 0.55, np.float32)
    canvas = laid_over(first, letterbox, [(Box(0, 50, 100, 200), np.ones((50, 100), np.float32))])
    assert canvas.shape == (200, 200)  # twice the network's, which is the photo's longest side
    top, left, rows, columns = Letterbox(100, 200, 200).box
    inside = canvas[top : top + rows, left : left + columns]
    assert (inside[:45, 110:] == 1).all()  # to the photo's upper and right border
    assert inside[20, 100:110] == pytest.approx(
        0.55 + 0.45 * np.arange(0.05, 1, 0.1)
    )  # a tenth of the box's 100 columns
    assert inside[45:50, 150] == pytest.approx(0.55 + 0.45 * np.arange(0.9, 0, -0.2))  # and of its 50 rows
    assert (inside[50:] == np.float32(0.55)).all() and (inside[:, :100] == np.float32(0.55)).all()


def test_no_canvas_is_larger_than_the_photo_or_twice_the_network() -> None:
    nothing = np.zeros((64, 64), np.float32)
    for side, wanted in ((40, 64), (100, 100), (1000, 128)):
        seen = [(Box(0, side // 2, 0, side // 2), np.zeros((8, 8), np.float32))]
        assert laid_over(nothing, Letterbox(side, side, 64), seen).shape == (wanted, wanted)
