"""The forms that touches have, and those that cannot be."""

import numpy as np
import pytest

from recorte.errors import RecorteError
from recorte.removal.correct.touches import Stroke, Touch, check_touches, painted, parse_touches, touches_of


def test_points_strokes_and_boxes_are_told_apart() -> None:
    line = {"points": [(1, 2), (3, 4.5)], "radius": 6}
    touches = touches_of([(10, 20), line], [(0, 0, 5, 8), Stroke([(9, 9)], 2), np.array([70, 1])])
    assert touches == [
        Touch(True, ((10, 20),)),
        Touch(True, ((1, 2), (3, 4.5)), 6),
        Touch(False, ((0, 0), (5, 8))),
        Touch(False, ((9, 9),), 2),
        Touch(False, ((70, 1),)),
    ]
    assert [touch.is_box for touch in touches] == [False, False, True, False, False]
    assert [touch.plain() for touch in touches] == [
        {"keep": [10, 20]},
        {"keep": {"points": [[1, 2], [3, 4.5]], "radius": 6}},
        {"drop": [0, 0, 5, 8]},
        {"drop": {"points": [[9, 9]], "radius": 2}},
        {"drop": [70, 1]},
    ]


def test_texts_are_read_as_the_values_are() -> None:
    expected = touches_of([(1, 2), (3, 4, 5, 6)], [{"points": [[7, 8]], "radius": 2}])
    assert parse_touches(["1,2", "3,4,5,6"], ['{"points": [[7, 8]], "radius": 2}']) == expected
    assert parse_touches(["1,2; 3,4,5,6"], ['[{"points": [[7, 8]], "radius": 2}]']) == expected
    assert parse_touches(["[[1, 2], [3, 4, 5, 6]]"], ['{"points": [[7, 8]], "radius": 2}']) == expected
    assert parse_touches(["[1, 2]", "3,4,5,6"], ['{"points": [[7, 8]], "radius": 2}']) == expected
    assert parse_touches([""], [" "]) == []


@pytest.mark.parametrize(
    ("keep", "word"),
    [
        ("here", "keep must be X,Y"),
        ("1,2,3", "it must be a point"),
        ("1,nan", "a number of pixels"),
        ("5,5,1,9", "left, top, right, bottom"),
        ('{"points": [[1, 2]]}', "it must be a point"),
        ('{"points": [[1, 2]], "radius": 0}', "radius above 0"),
        ('{"points": [], "radius": 3}', "1 to 10,000 points"),
        ('{"points": [[1]], "radius": 3}', "(x, y) each"),
        ("[[1, true]]", "a number of pixels"),
        ("[" * 100_000, "keep must be X,Y"),
    ],
)
def test_what_is_no_touch_is_told(keep: str, word: str) -> None:
    with pytest.raises(RecorteError) as told:
        parse_touches([keep])
    assert word in str(told.value)


def test_touches_must_lie_in_the_photo() -> None:
    inside = [(0, 0), (79, 59), (0, 0, 80, 60), {"points": [(-5, 10), (3, 10)], "radius": 2}]
    check_touches(touches_of(inside), 60, 80)
    for outside in ((80, 10), (10, 60), (-1, 3), (70, 50, 90, 55), {"points": [(-5, 10)], "radius": 20}):
        with pytest.raises(RecorteError, match="outside the photo, whose x goes from 0 to 79 and y from 0 to 59"):
            check_touches(touches_of(drop=[outside]), 60, 80)
    check_touches(touches_of(drop=[{"points": [(5, 5)], "radius": 80}]), 60, 80)
    with pytest.raises(RecorteError, match=r"its radius of 1e\+300 is more than the photo's longest side"):
        check_touches(touches_of(drop=[{"points": [(5, 5)], "radius": 1e300}]), 60, 80)


def test_a_thousand_touches_are_taken_and_one_more_is_not() -> None:
    many = [(number % 40, number // 40) for number in range(1000)]
    check_touches(touches_of(many[:500], many[500:]), 60, 80)
    with pytest.raises(RecorteError, match="1,001 touches are too many; a photo takes up to 1,000"):
        check_touches(touches_of([*many, (0, 0)]), 60, 80)


def test_without_an_order_two_touches_of_one_place_contradict_each_other() -> None:
    stroke = {"points": [(0, 10), (40, 10)], "radius": 3}
    for one, other in [((5, 5), (5, 5)), ((20, 12), stroke), (stroke, (20, 8)), ((1, 1, 9, 9), (1, 1, 9, 9))]:
        with pytest.raises(RecorteError, match=r"^keep .* and drop .* contradict each other"):
            touches_of([one], [other])
    for one, other in [((5, 5), (7, 5)), ((20, 14), stroke), ((20, 10, 30, 12), stroke), ((5, 5), (1, 1, 9, 9))]:
        assert len(touches_of([one], [other])) == 2


def test_points_and_strokes_are_painted_at_any_scale() -> None:
    stroke = Touch.of(True, Stroke([(0, 10), (40, 10)], 2))
    canvas = painted(stroke, (41, 41), 41)
    assert canvas[8:13, 5].all()
    assert not canvas[5, 5]
    assert not canvas[15, 5]
    small = painted(stroke, (20, 20), 41, 0.5)
    assert small[4:6, 5].all()
    assert not small[8:].any()
    point = Touch.of(True, (110, 60))  # marks 4 of 1000 pixels around
    part = painted(point, (20, 20), 1000, 1.0, 100, 50)
    assert part[10, 6:15].all()
    assert not part[10, 15:].any()
    assert 45 <= part.sum() <= 61  # a disc of radius 4 has 50
