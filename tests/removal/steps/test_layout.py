"""Where a photo comes to lie in a result of a given size: by numbers that were worked out by hand."""

import numpy as np
import pytest

from recorte.errors import PhotoError, RecorteError
from recorte.removal.steps.layout import Layout, read_margin, read_size
from recorte.removal.steps.shadow import with_shadow
from recorte.removal.steps.shape import shaped


def person(height: int, width: int, rows: slice, columns: slice) -> np.ndarray:
    alpha = np.zeros((height, width), np.uint8)
    alpha[rows, columns] = 255
    return alpha


def bounds(alpha: np.ndarray) -> tuple[int, ...]:
    rows, columns = np.flatnonzero((alpha > 127).any(axis=1)), np.flatnonzero((alpha > 127).any(axis=0))
    return int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1


def laid(alpha: np.ndarray, **layout: object) -> np.ndarray:
    place = Layout.of(layout.get("size"), layout.get("margin"), bool(layout.get("crop")), layout.get("align")).placed(
        alpha
    )
    return place(alpha)


def test_people_fill_what_a_margin_leaves() -> None:
    alpha = person(100, 100, slice(10, 50), slice(20, 40))  # 40 x 20
    found = laid(alpha, size="100x100", margin="10%")
    assert found.shape == (100, 100)
    assert bounds(found) == (10, 90, 30, 70)  # 80 high, so twice as large: 40 wide, in the middle
    # A tenth of the shorter side, 6: 48 are left, so 2.4 times as large; 96 high
    assert bounds(laid(alpha, size="60x140", margin="10%")) == (22, 118, 6, 54)
    assert bounds(laid(alpha, size="60x140", margin=0.1, align="bottom")) == (38, 134, 6, 54)


def test_people_whom_the_photo_cuts_off_stand_on_the_border() -> None:
    alpha = person(100, 100, slice(60, 100), slice(20, 40))
    assert bounds(laid(alpha, size="100x100", margin="10%", align="bottom")) == (20, 100, 30, 70)
    assert bounds(laid(alpha, size="100x100", margin="10%")) == (20, 100, 30, 70)
    assert bounds(laid(alpha, size="100x100", margin="10%", align="centre")) == (10, 90, 30, 70)
    # 40 and twice 2.5, twice as large: where the width follows, room is left below, too
    assert bounds(laid(alpha, size="x90", margin="10%")) == (5, 85, 5, 45)
    assert bounds(laid(alpha, size="100x100")) == (60, 100, 20, 40)


def test_one_side_alone_and_none() -> None:
    alpha = person(100, 100, slice(10, 50), slice(20, 40))
    # A margin of a tenth of the shorter side: 20 / 0.8 = 25 wide, 45 high with it
    assert laid(alpha, size="50x", margin="10%").shape == (90, 50)
    assert bounds(laid(alpha, size="50x", margin="10%")) == (5, 85, 5, 45)
    assert laid(alpha, size="x90", margin="10%").shape == (90, 50)
    assert laid(alpha, margin="10%").shape == (44, 24)  # 2.5 pixels, rounded to even
    assert np.array_equal(laid(alpha, margin="10%")[2:42, 2:22], alpha[10:50, 20:40])


def test_without_a_margin_the_whole_photo_is_fitted_in() -> None:
    alpha = person(50, 100, slice(0, 50), slice(0, 100))
    assert bounds(laid(alpha, size="80x80")) == (20, 60, 0, 80)
    assert bounds(laid(alpha, size="80x80", align="bottom")) == (40, 80, 0, 80)
    assert laid(alpha, size="40x").shape == (20, 40)
    empty = np.zeros((50, 100), np.uint8)
    assert laid(empty, size="80x80").shape == (80, 80)
    assert Layout.of("80x80", "8%", False, None).placed(empty) is None


def test_what_the_canvas_has_room_for_is_shown_around_people() -> None:
    photo = np.arange(100, dtype=np.uint8)[None].repeat(100, 0)
    place = Layout.of("40x40", "25%", False, None).placed(person(100, 100, slice(40, 60), slice(50, 70)))
    assert place(photo)[0].tolist() == list(range(40, 80))


def test_sizes_and_margins_as_they_are_written() -> None:
    assert [read_size(text) for text in ("1000x500", " 10 X 20 ", "7x", "x9", (3, 4), [5, None])] == [
        (1000, 500), (10, 20), (7, None), (None, 9), (3, 4), (5, None),
    ]  # fmt: skip
    assert [read_margin(text) for text in ("8%", "0.08", ".08", 0.08, 0, "45 %")] == [0.08] * 4 + [0, 0.45]
    for wrong in ("", "x", "1000", "0x5", "20001x", "15000x15000", (1, 2, 3), (1.5, 2), (True, 3), 5, "-5x5"):
        with pytest.raises(RecorteError, match="size"):
            read_size(wrong)
    for wrong in ("8", "-8%", "46%", "eight", True, float("nan"), None):
        with pytest.raises(RecorteError, match="margin"):
            read_margin(wrong)
    with pytest.raises(PhotoError, match="the result would have 20000 x 2000000 pixels"):
        Layout.of("20000x", None, False, None).placed(np.zeros((100, 1), np.uint8))


def test_a_shadow_lies_below_feet_and_nowhere_else() -> None:
    cutout = np.zeros((200, 200, 4), np.uint8)
    cutout[20:150, 80:120] = (10, 200, 30, 255)
    before = cutout.copy()
    found = with_shadow(cutout, 200)
    assert np.array_equal(found[20:140, 80:120], before[20:140, 80:120])
    assert not found[:130, :60].any() and not found[170:].any()
    assert (found[150:153, 100, :3] == 0).all() and 60 < found[150, 100, 3] < 128
    assert found[150, 70, 3] < found[150, 90, 3]  # soft outwards
    cut = np.zeros((200, 200, 4), np.uint8)
    cut[20:200, 80:120] = (10, 200, 30, 255)
    assert np.array_equal(with_shadow(cut.copy(), 200), cut)  # cut off by the photo's border: no feet


def test_hard_edges_wider_and_narrower() -> None:
    alpha = person(60, 60, slice(20, 40), slice(20, 40))
    alpha[19] = alpha[20]
    alpha[19, 20:40] = 100
    assert shaped(alpha, 0.5, 0)[19].max() == 0 and shaped(alpha, 0.3, 0)[19, 30] == 255
    assert bounds(shaped(alpha, 0.5, 12)) == (8, 52, 8, 52)
    assert bounds(shaped(alpha, 0.5, -3)) == (23, 37, 23, 37)
    edge = person(60, 60, slice(20, 60), slice(20, 40))
    assert bounds(shaped(edge, None, -3)) == (23, 60, 23, 37)  # what the photo cuts off stays so
