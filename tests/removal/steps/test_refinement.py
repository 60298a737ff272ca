import tracemalloc

import cv2
import numpy as np
import pytest
from skimage.data import astronaut

from recorte.removal.steps import refinement
from recorte.removal.steps.grid import Grid
from recorte.removal.steps.refinement import coefficients, refine


def reflected(values: np.ndarray, radius: int) -> np.ndarray:
    sides = [(radius, radius), (radius, radius), *[(0, 0)] * (values.ndim - 2)]
    return np.pad(values, sides, mode="symmetric")


def means(values: np.ndarray, radius: int) -> np.ndarray:
    """The mean of each pixel's window, added up pixel by pixel."""
    padded = reflected(values.astype(np.float64), radius)
    height, width = values.shape[:2]
    side = 2 * radius + 1
    return sum(padded[y : y + height, x : x + width] for y in range(side) for x in range(side)) / side**2


def guided_filter(guide: np.ndarray, alpha: np.ndarray, radius: int, smoothness: float) -> np.ndarray:
    """The guided filter as He's paper writes it (eq. 14 and 15 of the journal's version), solved pixel by pixel."""
    colour = guide / 255.0
    centre, level = means(colour, radius), means(alpha, radius)
    outer = means(colour[..., :, None] * colour[..., None, :], radius) - centre[..., :, None] * centre[..., None, :]
    together = means(colour * alpha[..., None], radius) - centre * level[..., None]
    slope = np.linalg.solve(outer + smoothness * np.eye(3), together[..., None])[..., 0]
    offset = level - (slope * centre).sum(axis=-1)
    return (means(slope, radius) * colour).sum(axis=-1) + means(offset, radius)


def person(size: int) -> tuple[np.ndarray, np.ndarray]:
    """A photo of (size, size) and a soft disc as alpha."""
    photo = cv2.resize(astronaut(), (size, size), interpolation=cv2.INTER_AREA)
    y, x = np.mgrid[:size, :size] / size
    return photo, (1 / (1 + np.exp(40 * (np.hypot(x - 0.45, y - 0.5) - 0.3)))).astype(np.float32)


def test_the_filter_is_the_papers() -> None:
    photo, alpha = person(48)
    (*slopes, offset), explained = coefficients(photo, alpha, 3, 1e-4)
    found = sum(slope * photo[..., channel] / 255 for channel, slope in enumerate(slopes)) + offset
    assert np.abs(found - guided_filter(photo, alpha, 3, 1e-4)).max() < 1e-3
    assert explained.min() >= 0
    assert explained.max() <= 1


def test_colours_explain_an_edge_of_theirs_and_nothing_of_one_that_they_have_not() -> None:
    alpha = np.tile(np.linspace(0, 1, 40, dtype=np.float32), (40, 1))
    ramp = np.rint(255 * np.stack([alpha] * 3, axis=-1)).astype(np.uint8)
    assert coefficients(ramp, alpha, 3, 1e-4)[1].min() > 0.9
    assert coefficients(np.full_like(ramp, 90), alpha, 3, 1e-4)[1].max() < 1e-3


def test_a_small_photo_is_filtered_and_freed_of_its_veil() -> None:
    photo, alpha = person(48)
    plain = guided_filter(photo, alpha, refinement.RADIUS, refinement.SMOOTHNESS)
    veil = refinement.VEIL
    expected = ((plain - veil) / (1 - 2 * veil)).clip(0, 1)
    found = refine(alpha, photo)
    unsure = (found > 0) & (found < 1)
    assert unsure.sum() > 100
    assert np.abs(found - expected)[unsure].max() < 2e-3


def test_the_tiles_of_a_large_photo_meet_without_a_seam(monkeypatch: pytest.MonkeyPatch) -> None:
    photo = cv2.resize(astronaut(), (1130, 871))
    _, alpha = person(64)
    whole = refine(alpha, photo)
    monkeypatch.setattr("recorte.removal.steps.grid.Grid.tiles.__defaults__", (None, 64))
    assert np.array_equal(refine(alpha, photo), whole)


def test_an_edge_of_the_photo_becomes_the_alphas() -> None:
    photo = np.full((1000, 800, 3), (30, 60, 200), np.uint8)
    photo[:, 403:] = (220, 180, 150)
    ramp = (np.arange(64) > 31.5) * 1.0
    alpha = cv2.GaussianBlur(np.tile(ramp, (80, 1)).astype(np.float32), (0, 0), 1.0)
    found = refine(alpha, photo)
    assert found[:, :403].max() < 0.1
    assert found[:, 403:].min() > 0.9
    plain = cv2.resize(alpha, (800, 1000))
    assert plain[:, 390].max() > 0.15  # which interpolation alone leaves


def test_what_the_network_is_sure_of_is_exact() -> None:
    photo = np.random.default_rng(0).integers(0, 256, (700, 900, 3), dtype=np.uint8)
    alpha = np.full((70, 90), 0.999, np.float32)
    alpha[:, :45] = 0.001
    found = refine(alpha, photo)
    assert (found[:, :380] == 0).all()
    assert (found[:, 520:] == 1).all()
    assert (refine(np.ones((5, 5), np.float32), photo) == 1).all()
    assert (refine(np.zeros((5, 5), np.float32), photo, eight_bits=True) == 0).all()


def test_eight_bits_are_the_rounded_values() -> None:
    photo, alpha = person(300)
    exact, rounded = refine(alpha, photo), refine(alpha, photo, eight_bits=True)
    assert rounded.dtype == np.uint8
    assert np.array_equal(rounded, cv2.convertScaleAbs(exact, alpha=255))


def test_a_second_scale_is_seamless_and_for_large_photos_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    photo, alpha = cv2.resize(astronaut(), (1130, 871)), person(64)[1]
    once, twice = refine(alpha, photo), refine(alpha, photo, large=1130)
    assert np.array_equal(refine(alpha, photo, large=1131), once)
    assert not np.array_equal(twice, once)
    assert np.array_equal(refine(alpha, photo, True, large=1130), cv2.convertScaleAbs(twice, alpha=255))
    monkeypatch.setattr("recorte.removal.steps.grid.Grid.tiles.__defaults__", (None, 64))
    monkeypatch.setattr(refinement, "TILE", 50)
    assert np.abs(refine(alpha, photo, large=1130) - twice).max() < 1e-3
    cells = refine(person(1200)[1], photo, large=1)  # one a pixel: nothing is finer
    assert np.array_equal(cells, refine(person(1200)[1], photo))


def test_a_second_scale_narrows_edges_and_follows_less_grain() -> None:
    exact = np.zeros((1600, 1200), np.float32)
    cv2.circle(exact, (600, 800), 450, 1, -1)
    behind = cv2.resize(astronaut(), (1200, 1600))
    photo = np.where(exact[..., None] == 1, np.uint8((60, 110, 90)), behind)
    grain = np.random.default_rng(0).normal(0, 4, photo.shape)
    photo = np.rint(photo + grain).clip(0, 255).astype(np.uint8)
    alpha = cv2.GaussianBlur(cv2.resize(exact, (60, 80), interpolation=cv2.INTER_AREA), (0, 0), 1.0)
    once, twice = refine(alpha, photo), refine(alpha, photo, large=1000)
    band = (once > 0) & (once < 1)
    assert np.abs(twice - exact)[band].mean() < 0.95 * np.abs(once - exact)[band].mean()


@pytest.mark.parametrize("shape", [(1, 1), (1, 700), (900, 1), (3, 1200), (641, 427)])
@pytest.mark.parametrize("colour", [0, 255])
def test_every_shape_and_flat_photos_give_numbers_from_0_to_1(shape: tuple[int, int], colour: int) -> None:
    alpha = np.random.default_rng(0).random((32, 32), np.float32)
    for large in (refinement.LARGE, 1):
        found = refine(alpha, np.full((*shape, 3), colour, np.uint8), large=large)
        assert found.shape == shape
        assert found.min() >= 0
        assert found.max() <= 1


def test_memory_beside_photo_and_result_is_bounded() -> None:
    photo = np.zeros((5000, 8000, 3), np.uint8)
    _, alpha = person(320)
    tracemalloc.start()
    refine(alpha, photo, eight_bits=True)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < photo.size / 3 + 12e6


# The grid


def test_a_grid_samples_another_size_at_the_middle_of_its_cells() -> None:
    grid = Grid(100, 130, 7)
    ramp = np.tile((np.arange(40, dtype=np.float32) + 0.5) * 130 / 40, (32, 1))
    assert np.abs(grid.sample(ramp)[0, 1:-1] - (np.arange(1, 18) + 0.5) * 7).max() < 0.05


def test_shrinking_gives_the_mean_of_each_cell_and_repeats_the_border() -> None:
    values = np.random.default_rng(0).integers(0, 256, (10, 13), dtype=np.uint8)
    grid = Grid(10, 13, 4)
    padded = np.pad(values, ((0, 2), (0, 3)), mode="edge")
    expected = padded.reshape(3, 4, 4, 4).mean(axis=(1, 3))
    assert np.abs(grid.shrink(values) - expected).max() <= 0.5


def test_enlarging_a_tile_gives_the_values_of_the_whole() -> None:
    coarse = np.random.default_rng(0).random((9, 11), np.float32)
    grid = Grid(60, 75, 7)
    whole = cv2.resize(coarse, (77, 63), interpolation=cv2.INTER_LINEAR)
    for pixels in ((slice(0, 60), slice(0, 75)), (slice(13, 30), slice(21, 28)), (slice(59, 60), slice(70, 75))):
        assert np.abs(grid.enlarge(coarse, pixels) - whole[pixels]).max() < 1e-6
