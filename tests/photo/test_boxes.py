"""Where a photo is looked at again."""

import numpy as np

from recorte.boxes import Box, boxes


def test_a_box_is_a_fifth_wider_and_two_hundredths_of_the_photo() -> None:
    alpha = np.zeros((100, 100), np.float32)
    alpha[40:60, 30:40] = 1
    # 0.2 x 20 rows + 0.02 x 100 = 6 above and below; 0.2 x 10 columns + 2 = 4 beside; the photo is twice as large
    assert boxes(alpha, 200, 200, 3) == [Box(2 * 34, 2 * 66, 2 * 26, 2 * 44)]


def test_a_box_ends_where_the_photo_does() -> None:
    alpha = np.zeros((100, 100), np.float32)
    alpha[80:, :10] = 0.6
    assert boxes(alpha, 100, 100, 3) == [Box(74, 100, 0, 14)]


def test_boxes_that_meet_become_one_and_then_meet_others() -> None:
    alpha = np.zeros((100, 200), np.float32)
    alpha[40:50, 10:20] = alpha[40:50, 40:50] = 1  # margins of 4 rows and 6 columns: apart
    assert len(boxes(alpha, 100, 200, 3)) == 2
    alpha[45:55, 26:34] = 1  # meets both
    assert boxes(alpha, 100, 200, 3) == [Box(36, 59, 4, 56)]


def test_no_box_around_specks_nor_around_who_fills_the_photo() -> None:
    alpha = np.zeros((100, 100), np.float32)
    alpha[50, 50:64] = 1  # 14 pixels of 10,000; 0.15 % are 15
    assert boxes(alpha, 100, 100, 3) == []
    alpha[50, 50:65] = 1
    assert len(boxes(alpha, 100, 100, 3)) == 1
    alpha[:] = 0
    alpha[10:76, 40:60] = 1  # 66 rows and margins of 15 pass nine tenths
    assert boxes(alpha, 100, 100, 3) == []


def test_the_largest_boxes_are_taken() -> None:
    alpha = np.zeros((100, 100), np.float32)
    for column, size in ((5, 6), (30, 12), (60, 8), (85, 10)):
        alpha[50 : 50 + size, column : column + size] = 1
    found = boxes(alpha, 100, 100, 3)
    assert [box.left for box in found] == [26, 81, 56]
    assert [box.area for box in found] == sorted((box.area for box in found), reverse=True)
