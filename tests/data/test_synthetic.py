"""Drawn people: the same everywhere, and an alpha that is exact."""

import hashlib
import pickle
import subprocess
import sys

import numpy as np
import pytest

from recorte.data.drawing.canvas import Canvas, Pen
from recorte.data.drawing.shapes import box, ellipse
from recorte.data.sample import PersonSource, Sample
from recorte.data.synthetic import SyntheticPersons
from recorte.errors import ConfigError

SIZE = 96
RED, BLUE = np.array([1, 0, 0], np.float32).reshape(3, 1, 1), np.array([0, 0, 1], np.float32).reshape(3, 1, 1)

FINGERPRINT = """
import hashlib
from recorte.data.synthetic import SyntheticPersons
for split in ("train", "val"):
    source = SyntheticPersons(split, 6, 96, seed=5)
    for i in range(6):
        print(hashlib.sha256(source[i].photo.tobytes() + source[i].alpha.tobytes()).hexdigest())
"""


def fingerprint(sample: Sample) -> str:
    return hashlib.sha256(sample.photo.tobytes() + sample.alpha.tobytes()).hexdigest()


def whole(value: float, canvas: Canvas) -> np.ndarray:
    return np.full(canvas.alpha.shape, value, np.float32)


# What every source promises


def test_is_a_person_source() -> None:
    assert isinstance(SyntheticPersons("train"), PersonSource)
    assert len(SyntheticPersons("train")) == 512


@pytest.mark.parametrize("size", [32, 97, 160])
def test_samples_keep_the_contract(size: int) -> None:
    source = SyntheticPersons("val", 24, size)
    shapes = set()
    for i, sample in enumerate(source[i] for i in range(24)):
        height, width = sample.alpha.shape
        shapes.add(height / width > 1)
        assert sample.photo.shape == (height, width, 3)
        assert max(height, width) == size
        assert sample.photo.dtype == sample.alpha.dtype == sample.weight.dtype == np.uint8
        assert sample.weight.shape == (height, width) and (sample.weight == 1).all()
        assert sample.photo.std() > 0
        assert sample.name == source.name(i) == f"synthetic val {i}"
    assert shapes == {True, False}, "upright and other formats"


def test_iteration_ends() -> None:
    assert len(list(SyntheticPersons("train", 3, 32))) == 3


@pytest.mark.parametrize("index", [-1, 4])
def test_an_index_outside_is_an_index_error(index: int) -> None:
    with pytest.raises(IndexError, match="of 4"):
        SyntheticPersons("train", 4)[index]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"split": "test"}, '"train" and "val"'),
        ({"split": "train", "size": 8}, "size .* 32 or more"),
        ({"split": "train", "length": -1}, "length .* 0 or more"),
        ({"split": "train", "seed": -3}, "seed .* 0 or more"),
    ],
)
def test_impossible_arguments_are_refused(arguments: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        SyntheticPersons(**arguments)


# The same everywhere


def test_two_processes_draw_the_same() -> None:
    runs = [
        subprocess.run([sys.executable, "-c", FINGERPRINT], capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    ]
    here = [fingerprint(SyntheticPersons(split, 6, 96, seed=5)[i]) for split in ("train", "val") for i in range(6)]
    assert runs[0] == runs[1]
    assert runs[0].split() == here


def test_the_order_of_reading_does_not_matter() -> None:
    forwards, backwards = SyntheticPersons("train", 8, SIZE), SyntheticPersons("train", 8, SIZE)
    first = [fingerprint(forwards[i]) for i in range(8)]
    last = [fingerprint(backwards[i]) for i in reversed(range(8))]
    assert first == last[::-1]
    assert first[3] == fingerprint(forwards[3])


def test_length_does_not_change_a_sample() -> None:
    assert fingerprint(SyntheticPersons("train", 2, SIZE)[1]) == fingerprint(SyntheticPersons("train", 99, SIZE)[1])


def test_survives_the_way_to_a_worker() -> None:
    source = SyntheticPersons("val", 40, SIZE, seed=3)
    copy = pickle.loads(pickle.dumps(source))
    assert fingerprint(copy[2]) == fingerprint(source[2])
    assert copy.negatives == source.negatives


def test_no_photo_comes_twice() -> None:
    sources = [
        SyntheticPersons("train", 15, SIZE),
        SyntheticPersons("val", 15, SIZE),
        SyntheticPersons("val", 15, SIZE, 1),
    ]
    assert len({fingerprint(source[i]) for source in sources for i in range(15)}) == 45


# Who is in it


def test_negatives_show_nobody_and_the_others_somebody() -> None:
    source = SyntheticPersons("train", 120, 64)
    empty = [i for i in range(120) if not source[i].alpha.any()]
    assert empty == list(source.negatives)
    assert empty
    visible = [(source[i].alpha > 127).mean() for i in range(120) if i not in empty]
    assert min(visible) > 0.003


def test_an_eighth_of_the_photos_show_nobody() -> None:
    # 12 % of 4,000, with four standard deviations (20.6 photos each) of room.
    assert len(SyntheticPersons("train", 4000).negatives) == pytest.approx(480, abs=83)


def test_edges_are_soft() -> None:
    source = SyntheticPersons("train", 12, SIZE)
    for i in set(range(12)) - set(source.negatives):
        alpha = source[i].alpha
        soft = ((alpha > 0) & (alpha < 255)).mean()
        assert 0 < soft < 0.5, f"sample {i}: {soft:.1%} of the pixels are in part person"
        assert len(np.unique(alpha)) > 20


# Exactness, against numbers worked out by hand


def test_half_a_person_over_white() -> None:
    canvas = Canvas(2, 2)
    canvas.paint(whole(0.5, canvas), RED, person=True)
    np.testing.assert_allclose(canvas.alpha, 0.5)
    np.testing.assert_allclose(canvas.image[:, 0, 0], [1.0, 0.5, 0.5])


def test_an_occluder_hides_its_share_of_the_person() -> None:
    canvas = Canvas(2, 2)
    canvas.paint(whole(0.8, canvas), RED, person=True)
    canvas.paint(whole(0.5, canvas), BLUE)
    np.testing.assert_allclose(canvas.alpha, 0.4, rtol=1e-6)
    # Half blue, 0.8 / 2 red, 0.2 / 2 white.
    np.testing.assert_allclose(canvas.image[:, 1, 1], [0.5, 0.1, 0.6], rtol=1e-6)


def test_a_person_before_a_person_and_behind_a_thing() -> None:
    canvas = Canvas(1, 1)
    for coverage, person in ((1.0, False), (0.5, True), (0.5, True), (0.25, False)):
        canvas.paint(whole(coverage, canvas), RED, person=person)
    # 0.5, then 0.5 + 0.5 * 0.5 = 0.75, then 0.75 * 0.75.
    np.testing.assert_allclose(canvas.alpha, 0.5625)


def test_a_layer_touches_only_its_window() -> None:
    canvas = Canvas(4, 5)
    canvas.paint(np.ones((2, 3), np.float32), BLUE, top=1, left=2, person=True)
    expected = np.zeros((4, 5))
    expected[1:3, 2:5] = 1
    np.testing.assert_array_equal(canvas.alpha, expected)
    np.testing.assert_array_equal(canvas.image[0], 1 - expected)


def test_white_people_in_a_black_world_are_their_own_alpha() -> None:
    canvas = Canvas(40, 60)
    canvas.image[:] = 0
    white, black = np.ones(3, np.float32), np.zeros(3, np.float32)
    person, thing = Pen(canvas, 30, 20, 1, angle=20, person=True), Pen(canvas, 25, 22, 1)
    person.fill(white, ellipse(0, 0, 14, 9), ellipse(8, 0, 10))
    thing.fill(black, box(-20, -3, 20, 2.5), opacity=0.7)
    thing.fill(black, ellipse(5, 5, 8), blur=2)
    person.fill(white, ellipse(-6, 6, 5), blur=1.5)
    np.testing.assert_allclose(canvas.image[1], canvas.alpha, atol=1e-6)
    assert 0.01 < canvas.alpha.mean() < 0.5


def test_a_pixel_that_is_half_covered() -> None:
    canvas = Canvas(8, 8)
    Pen(canvas, 0, 0, 1, person=True).fill(np.zeros(3, np.float32), box(2, 2, 5.5, 6))
    assert (canvas.alpha[3:5, 3:5] == 1).all()
    # Two of four sub-pixels across; OpenCV also draws the outline itself, which may add a third.
    assert 0.499 <= canvas.alpha[4, 5] <= 0.755
    assert canvas.alpha[4, 7] == canvas.alpha[4, 0] == 0


def test_overlapping_outlines_add_up_to_their_union() -> None:
    canvas = Canvas(20, 20)
    Pen(canvas, 0, 0, 1, person=True).fill(np.zeros(3, np.float32), box(2, 2, 12, 18), box(8, 2, 18, 18))
    assert (canvas.alpha[4:16, 4:16] == 1).all()


def test_the_area_of_a_circle_cut_by_the_border() -> None:
    canvas = Canvas(100, 100)
    Pen(canvas, 0, 50, 10, person=True).fill(np.zeros(3, np.float32), ellipse(0, 0, 3))
    assert canvas.alpha.sum() == pytest.approx(np.pi * 30**2 / 2, rel=0.02)


def test_what_lies_outside_changes_nothing() -> None:
    canvas = Canvas(10, 10)
    Pen(canvas, -50, 5, 1, person=True).fill(np.zeros(3, np.float32), ellipse(0, 0, 9))
    assert not canvas.alpha.any()
    assert (canvas.image == 1).all()


def test_a_blur_spreads_beyond_the_shape_and_keeps_its_area() -> None:
    canvas = Canvas(60, 60)
    Pen(canvas, 30, 30, 1, person=True).fill(np.zeros(3, np.float32), box(-8, -8, 8, 8), blur=3)
    assert 0 < canvas.alpha[30, 18] < 0.2
    assert canvas.alpha.sum() == pytest.approx(16**2, rel=0.05)


def test_pens_turn_scale_and_mirror() -> None:
    pen = Pen(Canvas(10, 10), 100, 50, 10)
    corner = np.array([[1.0, 0.0]])
    np.testing.assert_allclose(pen.at(2, 1, 0.5).pixels(corner), [[125, 60]])
    np.testing.assert_allclose(pen.at(0, 0, 1, angle=90).pixels(corner), [[100, 60]])
    np.testing.assert_allclose(pen.at(0, 0, flip=True).pixels(corner), [[90, 50]])
    # A mirrored pen's children turn the other way.
    np.testing.assert_allclose(pen.at(0, 0, flip=True).at(0, 0, angle=90).pixels(corner), [[100, 60]], atol=1e-9)
