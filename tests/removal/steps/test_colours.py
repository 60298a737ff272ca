import cv2
import numpy as np

from recorte.removal.steps.colours import free_colours


def means(values: np.ndarray, weight: np.ndarray, window: int) -> np.ndarray:
    weight = weight[..., None] ** 2 + 1e-4
    return cv2.blur(values * weight, (window, window)) / cv2.blur(weight, (window, window))[..., None]


def blur_fusion(photo: np.ndarray, alpha: np.ndarray, wide: int, narrow: int) -> np.ndarray:
    """Forte's algorithm, written out on whole pictures, with weights squared."""
    photo, share = photo.astype(np.float64), alpha / 255.0
    person, behind, mix = photo, photo, share[..., None]
    for window in (wide, narrow):
        near, behind = means(person, share, window), means(behind, 1 - share, window)
        person = (near + mix * (photo - mix * near - (1 - mix) * behind)).clip(0, 255)
    return person


def red_before_blue(height: int = 90, width: int = 120) -> tuple[np.ndarray, np.ndarray]:
    """A red person, soft to the right, before blue: photo and alpha."""
    alpha = np.tile(np.clip((80 - np.arange(width)) * 45.0, 0, 255), (height, 1)).round().astype(np.uint8)
    share = alpha[..., None] / 255
    photo = share * np.array([220, 40, 30]) + (1 - share) * np.array([20, 60, 200])
    return photo.round().astype(np.uint8), alpha


def test_it_is_fortes_algorithm() -> None:
    photo, alpha = red_before_blue()
    noise = np.random.default_rng(0).integers(-15, 15, photo.shape)
    photo = (photo + noise).clip(0, 255).astype(np.uint8)
    soft = (alpha > 0) & (alpha < 255)
    expected = blur_fusion(photo, alpha, 13, 9)
    assert soft.sum() > 400
    assert np.abs(free_colours(photo, alpha) - expected)[soft].max() <= 1


def shining_through(colours: np.ndarray, alpha: np.ndarray) -> float:
    """How far the red person is off, as it is seen over black: the largest difference, of 255."""
    return float((np.abs(colours.astype(int) - [220, 40, 30]) * (alpha[..., None] / 255)).max())


def test_no_old_background_shines_through() -> None:
    photo, alpha = red_before_blue()
    assert shining_through(photo, alpha) > 45
    assert shining_through(free_colours(photo, alpha), alpha) < 9


def test_opaque_pixels_are_the_photos_and_transparent_ones_black() -> None:
    photo, alpha = red_before_blue()
    colours = free_colours(photo, alpha)
    assert np.array_equal(colours[alpha == 255], photo[alpha == 255])
    assert colours[alpha == 0].max() == 0
    for value in (0, 255):
        flat = free_colours(photo, np.full_like(alpha, value))
        assert np.array_equal(flat, photo if value else np.zeros_like(photo))


def test_nor_in_a_large_photo() -> None:
    photo, alpha = (cv2.resize(part, (1200, 900)) for part in red_before_blue())
    assert shining_through(free_colours(photo, alpha), alpha) < 12


def test_a_lone_faint_pixel_keeps_a_colour() -> None:
    photo = np.full((50, 50, 3), (10, 200, 90), np.uint8)
    alpha = np.zeros((50, 50), np.uint8)
    alpha[20, 20] = 3
    assert np.abs(free_colours(photo, alpha)[20, 20].astype(int) - (10, 200, 90)).max() <= 2
