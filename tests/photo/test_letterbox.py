import numpy as np
import pytest

from recorte.letterbox import PADDING_COLOUR, Letterbox, resize


@pytest.mark.parametrize(
    ("height", "width", "size", "box"),
    [
        (100, 200, 256, (64, 0, 128, 256)),  # landscape, growing by 1.28
        (600, 400, 300, (0, 50, 300, 200)),  # portrait, shrinking by 2
        (512, 512, 256, (0, 0, 256, 256)),  # square
        (256, 256, 256, (0, 0, 256, 256)),  # nothing to do
        (1, 5000, 256, (127, 0, 1, 256)),  # 0.05 pixels high, which is one
        (5000, 1, 256, (0, 127, 256, 1)),
        (1, 1, 64, (0, 0, 64, 64)),
        (3, 4, 100, (12, 0, 75, 100)),
        (667, 1000, 320, (53, 0, 213, 320)),  # 213.44 rows; of 107 rows of padding the odd one is below
    ],
)
def test_the_box_is_the_one_computed_by_hand(height: int, width: int, size: int, box: tuple[int, ...]) -> None:
    assert Letterbox(height, width, size).box == box


def test_shrinking_by_two_takes_means_of_four_pixels_and_pads() -> None:
    image = np.array([[0, 2, 10, 10], [4, 6, 10, 10]], np.uint8)
    canvas = Letterbox(2, 4, 2).apply(image, padding=99)
    assert canvas.tolist() == [[3, 10], [99, 99]]


def test_padding_fills_everything_outside_the_box() -> None:
    canvas = Letterbox(10, 20, 64).apply(np.full((10, 20, 3), 7, np.uint8), PADDING_COLOUR)
    assert (canvas[16:48] == 7).all()
    assert (canvas[:16] == PADDING_COLOUR).all()
    assert (canvas[48:] == PADDING_COLOUR).all()


def test_every_size_comes_back_as_it_was_without_a_trace_of_the_padding() -> None:
    random = np.random.default_rng(0)
    for _ in range(300):
        height, width = np.exp(random.uniform(0, np.log(1500), 2)).astype(int).tolist()
        letterbox = Letterbox(height, width, int(random.choice([32, 64, 256, 320])))
        image = np.full((height, width, 3), random.integers(0, 256, 3), np.uint8)
        assert np.array_equal(letterbox.restore(letterbox.apply(image, (255, 0, 255))), image), letterbox
        alpha = letterbox.restore(letterbox.apply(np.zeros((height, width), np.float32), padding=1))
        assert alpha.shape == (height, width)
        assert alpha.max() == 0, letterbox


@pytest.mark.parametrize("shape", [(1, 5000), (5000, 1), (2, 40_000), (40_000, 2)])
def test_very_long_photos_pass(shape: tuple[int, int]) -> None:
    letterbox = Letterbox(*shape, 64)
    assert (letterbox.restore(letterbox.apply(np.full(shape, 5, np.uint8))) == 5).all()


def test_a_mask_returns_nearly_unchanged_at_a_size_that_fits_it() -> None:
    mask = np.zeros((100, 200), np.float32)
    mask[20:80, 50:150] = 1
    letterbox = Letterbox(100, 200, 400)
    assert np.abs(letterbox.restore(letterbox.apply(mask)) - mask).mean() < 0.01


def test_resize_of_a_side_that_shrinks_and_one_that_grows() -> None:
    image = np.array([[0, 100, 50, 50]], np.uint8)
    assert resize(image, 2, 2).tolist() == [[50, 50], [50, 50]]


def test_images_of_another_size_are_refused() -> None:
    with pytest.raises(ValueError, match=r"10 x 20 pixels is needed"):
        Letterbox(10, 20, 64).apply(np.zeros((20, 10), np.uint8))
    with pytest.raises(ValueError, match=r"64 x 64 pixels is needed"):
        Letterbox(10, 20, 64).restore(np.zeros((32, 32), np.uint8))


@pytest.mark.parametrize("sides", [(0, 5, 64), (5, 0, 64), (5, 5, 0)])
def test_empty_sides_are_refused(sides: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="at least 1 pixel"):
        Letterbox(*sides)
