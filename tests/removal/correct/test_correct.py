"""What touches do to an alpha, on drawn pictures of which one knows what must come out. Red is a person."""

from pathlib import Path

import numpy as np
import pytest

from recorte import BackgroundRemover
from recorte.errors import PhotoError, RecorteError
from recorte.removal.correct.touches import Stroke, Touch, touches_of

RED, DARK, GREEN, BLUE = (230, 20, 10), (120, 60, 60), (60, 180, 40), (30, 60, 220)

SIZE = 240, 320

PERSON, BAG, OTHER = (
    (slice(40, 200), slice(40, 110)),
    (slice(120, 180), slice(110, 160)),
    (slice(60, 220), slice(230, 290)),
)


@pytest.fixture(scope="module")
def remover(best_model: Path) -> BackgroundRemover:
    return BackgroundRemover(best_model)


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    """Somebody with a green bag, which the network does not take for a person, and a passer-by far from them."""
    pixels = np.full((*SIZE, 3), BLUE, np.uint8)
    for part, colour in ((PERSON, RED), (BAG, GREEN), (OTHER, RED)):
        pixels[part] = colour
    return (pixels + np.random.default_rng(0).integers(-8, 9, pixels.shape)).clip(0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def alpha(remover: BackgroundRemover, photo: np.ndarray) -> np.ndarray:
    found = remover.predict_alpha(photo)
    assert iou(found, area(PERSON, OTHER)) > 0.95
    return found


def area(*parts: tuple[slice, slice]) -> np.ndarray:
    truth = np.zeros(SIZE, bool)
    for part in parts:
        truth[part] = True
    return truth


def iou(alpha: np.ndarray, truth: np.ndarray) -> float:
    found = alpha >= 0.5
    return float((found & truth).sum() / (found | truth).sum())


def test_a_bag_is_kept_whole_and_to_its_edges(remover: BackgroundRemover, photo: np.ndarray, alpha: np.ndarray) -> None:
    before = alpha.copy()
    mended = remover.correct(photo, alpha, keep=[(135, 150)])
    assert np.array_equal(alpha, before)
    assert (mended.dtype, mended.shape) == (np.float32, SIZE)
    assert 0 <= mended.min() <= mended.max() <= 1
    assert iou(mended, area(PERSON, BAG, OTHER)) > 0.95
    assert np.array_equal(mended[:, 220:], alpha[:, 220:])  # the passer-by is far away
    assert mended[150, 135] == 1


def test_a_passer_by_is_dropped_whole(remover: BackgroundRemover, photo: np.ndarray, alpha: np.ndarray) -> None:
    mended = remover.correct(photo, alpha, drop=[(260, 140)])
    assert iou(mended, area(PERSON)) > 0.95
    assert mended[:, 200:].max() < 0.1
    assert np.array_equal(mended[:, :120], alpha[:, :120])


def test_of_two_who_touch_one_stays(remover: BackgroundRemover) -> None:
    left, right = (slice(40, 220), slice(60, 150)), (slice(60, 220), slice(150, 230))
    pixels = np.full((*SIZE, 3), BLUE, np.uint8)
    pixels[left], pixels[right] = RED, DARK
    alpha = area(left, right).astype(np.float32)
    dropped = remover.correct(pixels, alpha, drop=[(190, 140)])
    assert iou(dropped, area(left)) > 0.93
    both = remover.correct(pixels, alpha, keep=[(105, 130)], drop=[(190, 140)])
    assert iou(both, area(left)) > 0.93


def test_boxes(remover: BackgroundRemover, photo: np.ndarray, alpha: np.ndarray) -> None:
    dropped = remover.correct(photo, alpha, drop=[(220, 50, 300, 230)])
    assert iou(dropped, area(PERSON)) > 0.95
    assert dropped[50:230, 220:300].max() == 0
    kept = remover.correct(photo, np.zeros(SIZE, np.float32), keep=[(220, 50, 300, 230)])
    assert iou(kept, area(OTHER)) > 0.93
    assert kept[:, :200].max() == 0


def test_a_stroke_marks_what_it_covers(remover: BackgroundRemover, photo: np.ndarray, alpha: np.ndarray) -> None:
    mended = remover.correct(photo, alpha, keep=[{"points": [(120, 130), (150, 170)], "radius": 6}])
    assert iou(mended, area(PERSON, BAG, OTHER)) > 0.95
    assert mended[150, 135] == 1


def test_what_is_right_already_stays_as_it_is(remover: BackgroundRemover, photo: np.ndarray, alpha: np.ndarray) -> None:
    assert np.array_equal(remover.correct(photo, alpha, keep=[(75, 120)], drop=[(180, 20)]), alpha)
    once = remover.correct(photo, alpha, keep=[(135, 150)])
    touches = touches_of([(135, 150)], [(260, 140)])
    again = remover.correct(photo, once, touches=touches)
    assert np.array_equal(again, remover.correct(photo, alpha, touches=touches))


def test_of_strokes_that_meet_the_later_counts_and_points_keep_their_pixel(
    remover: BackgroundRemover, photo: np.ndarray, alpha: np.ndarray
) -> None:
    away = Touch.of(False, Stroke([(60, 120), (100, 120)], 8))
    back = Touch.of(True, Stroke([(80, 100), (80, 140)], 4))
    mended = remover.correct(photo, alpha, touches=[away, back])
    assert mended[120, 77:84].min() == 1
    assert mended[120, 65] == 0
    close = remover.correct(photo, alpha, keep=[(75, 120)], drop=[(76, 120)])
    assert (close[120, 75], close[120, 76]) == (1, 0)


def test_a_cut_out_of_a_corrected_alpha_takes_every_option(
    remover: BackgroundRemover, photo: np.ndarray, alpha: np.ndarray
) -> None:
    mended = remover.correct(photo, alpha, drop=[(260, 140)])
    cutout = remover.remove_background(photo, alpha=mended)
    assert np.array_equal(cutout, remover.remove_background(photo, drop=[(260, 140)]))
    assert np.array_equal(cutout[..., 3], np.rint(mended * 255).astype(np.uint8))
    assert cutout[100, 75].tolist() == [*photo[100, 75], 255]
    assert (cutout[:, 200:] == 0).all()
    assert remover.remove_background(photo, alpha=mended, background="white").shape == (*SIZE, 3)
    assert remover.remove_background(photo, alpha=mended, crop=True).shape[1] < 100
    assert len(remover.remove_background(photo, alpha=mended, people="each")) == 1
    assert np.array_equal(remover.remove_background(photo, alpha=mended, mask=True), cutout[..., 3])


def test_bad_arguments_are_told(remover: BackgroundRemover, photo: np.ndarray, alpha: np.ndarray) -> None:
    with pytest.raises(PhotoError, match="uint8"):
        remover.correct(photo.astype(float), alpha)
    for bad in (alpha[1:], (alpha * 255).astype(np.uint8), None):
        with pytest.raises(RecorteError, match=r"the alpha must be an array, float32 \(240, 320\)"):
            remover.correct(photo, bad)
    with pytest.raises(RecorteError, match=r"not in \[0, 1\]"):
        remover.remove_background(photo, alpha=alpha * 2)
    with pytest.raises(RecorteError, match="outside the photo"):
        remover.correct(photo, alpha, keep=[(320, 5)])
