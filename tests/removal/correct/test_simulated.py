"""The simulated user touches the middle of what is most wrong."""

import numpy as np

from recorte.removal.correct.simulated import iou_of, largest_wrong


def test_the_largest_wrong_region_is_touched_in_its_middle() -> None:
    truth, weight = np.zeros((60, 80), bool), np.ones((60, 80), bool)
    truth[10:40, 10:30] = True
    alpha = np.zeros((60, 80), np.float32)
    alpha[10:40, 10:21] = 1  # 30 x 9 are missing
    alpha[50:55, 50:70] = 0.5  # 5 x 20 are too many
    wrong = largest_wrong(alpha, truth, weight)
    assert wrong is not None
    assert wrong.touch.keep
    ((x, y),) = wrong.touch.points
    assert x == 25
    assert 14 <= y <= 35
    assert wrong.region.sum() == 270
    assert iou_of(alpha, truth, weight) == 330 / 700
    weight[:, 21:30] = False
    wrong = largest_wrong(alpha, truth, weight)
    assert wrong is not None
    assert not wrong.touch.keep
    assert wrong.touch.points[0][1] == 52
    assert iou_of(alpha, truth, weight) == 330 / 430
    assert largest_wrong(truth.astype(np.float32), truth, weight) is None


def test_what_the_border_cuts_is_touched_away_from_it() -> None:
    truth, weight = np.zeros((40, 40), bool), np.ones((40, 40), bool)
    truth[:, :11] = True
    wrong = largest_wrong(np.zeros((40, 40), np.float32), truth, weight)
    assert wrong is not None
    assert wrong.touch.points[0][0] == 5
