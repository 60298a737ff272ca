from pathlib import Path

import cv2
import numpy as np
import pytest
from hydra.utils import instantiate
from omegaconf import OmegaConf

from recorte.data.batches.augmentation import Augmentation
from recorte.data.sample import Sample
from recorte.letterbox import PADDING_COLOUR, Letterbox

LEVELS = sorted((Path(__file__).parents[3] / "conf" / "augmentation").glob("*.yaml"))
NOISE = np.random.default_rng(0)


def noise_sample(height: int, width: int) -> Sample:
    photo = NOISE.integers(0, 256, (height, width, 3), dtype=np.uint8)
    alpha = NOISE.integers(0, 256, (height, width), dtype=np.uint8)
    return Sample(photo, alpha, np.ones((height, width), np.uint8), "noise")


def smooth_sample(height: int, width: int) -> Sample:
    """A soft alpha without any symmetry; the photo's red channel is the alpha."""
    alpha = np.zeros((height, width), np.uint8)
    cv2.ellipse(alpha, (width // 3, height // 2), (width // 5, height // 3), 20, 0, 360, 255, -1)
    alpha = cv2.GaussianBlur(alpha, (0, 0), 3)
    photo = np.stack([alpha, np.full_like(alpha, 80), np.full_like(alpha, 200)], axis=-1)
    return Sample(photo, alpha, np.ones_like(alpha), "smooth")


def same(one: Sample, other: Sample) -> bool:
    parts = ((one.photo, other.photo), (one.alpha, other.alpha), (one.weight, other.weight))
    return all(np.array_equal(*pair) for pair in parts)


@pytest.mark.parametrize(("height", "width"), [(64, 64), (40, 100), (301, 77), (1, 9), (20, 13)])
def test_nothing_is_exactly_the_letterbox(height: int, width: int) -> None:
    sample, letterbox = noise_sample(height, width), Letterbox(height, width, 64)
    result = Augmentation()(sample, 64, seed=5)
    assert np.array_equal(result.photo, letterbox.apply(sample.photo, PADDING_COLOUR))
    assert np.array_equal(result.alpha, letterbox.apply(sample.alpha))
    assert np.array_equal(result.weight, letterbox.apply(sample.weight))
    assert result.name == "noise"


@pytest.mark.parametrize("path", LEVELS, ids=lambda path: path.stem)
def test_the_seed_alone_decides(path: Path) -> None:
    levels = [instantiate(OmegaConf.load(path), _convert_="all") for _ in range(2)]
    sample = noise_sample(50, 70)
    first = levels[0](sample, 64, seed=1)
    levels[1](sample, 64, seed=9)  # what was made before must not matter
    assert same(first, levels[1](sample, 64, seed=1))
    others = [levels[0](sample, 64, seed=seed) for seed in range(2, 6)]
    assert any(not same(first, other) for other in others) == (path.stem != "none")


@pytest.mark.parametrize(
    "arguments",
    [{"flip": 0.5}, {"rotation": 30}, {"scale": (0.5, 1.8)}, {"flip": 0.5, "rotation": 30, "scale": (0.5, 1.8)}],
    ids=lambda arguments: "+".join(arguments),
)
def test_photo_and_alpha_stay_aligned(arguments: dict[str, object]) -> None:
    sample, augmentation = smooth_sample(90, 120), Augmentation(**arguments)
    for seed in range(20):
        result = augmentation(sample, 128, seed)
        # At the rim, which may be the canvas's own, the photo mixes with the padding.
        inside = cv2.erode(result.weight, np.ones((5, 5), np.uint8), borderValue=0) > 0
        difference = np.abs(result.photo[..., 0].astype(int) - result.alpha)
        assert inside.any()
        assert difference[inside].max() <= 3, seed


@pytest.mark.parametrize("arguments", [{"rotation": 40}, {"scale": (0.3, 0.5)}, {"rotation": 40, "scale": (0.4, 1.5)}])
def test_outside_of_the_photo(arguments: dict[str, object]) -> None:
    photo = np.full((60, 80, 3), 255, np.uint8)
    sample = Sample(photo, np.full((60, 80), 255, np.uint8), np.ones((60, 80), np.uint8), "white")
    seen = False
    for seed in range(10):
        result = Augmentation(**arguments)(sample, 64, seed)
        assert set(np.unique(result.weight)) <= {0, 1}
        outside = cv2.dilate(result.weight, np.ones((5, 5), np.uint8)) == 0
        seen |= outside.any()
        assert (result.photo[outside] == PADDING_COLOUR).all()
        assert not result.alpha[outside].any()
        inside = cv2.erode(result.weight, np.ones((5, 5), np.uint8), borderValue=0) > 0
        assert (result.photo[inside] == 255).all()
        assert (result.alpha[inside] == 255).all()
    assert seen


def test_crowds_stay_ignored_where_they_are() -> None:
    sample = smooth_sample(64, 64)
    weight = np.ones((64, 64), np.uint8)
    weight[:, :16] = 0
    result = Augmentation(flip=1)(Sample(sample.photo, sample.alpha, weight, "crowd"), 64, seed=0)
    assert np.array_equal(result.weight, weight[:, ::-1])


def test_the_scale_keeps_to_its_range_and_uses_it() -> None:
    alpha = np.zeros((100, 100), np.uint8)
    alpha[40:60, 40:60] = 255  # no crop at up to 1.5 times the size can cut into it
    photo = np.zeros((100, 100, 3), np.uint8)
    sample = Sample(photo, alpha, np.ones_like(alpha), "square")
    augmentation = Augmentation(scale=(0.5, 1.5))
    sides = [np.sqrt(augmentation(sample, 200, seed).alpha.sum(dtype=float) / 255) for seed in range(100)]
    assert 0.49 * 40 <= min(sides) <= 0.55 * 40
    assert 1.40 * 40 <= max(sides) <= 1.51 * 40


def test_a_smaller_photo_lies_anywhere_in_the_canvas() -> None:
    sample, augmentation = smooth_sample(64, 64), Augmentation(scale=(0.5, 0.5))
    corners = set()
    for seed in range(40):
        rows, columns = np.nonzero(augmentation(sample, 64, seed).weight)
        assert (np.ptp(rows), np.ptp(columns)) == (31, 31)
        corners.add((rows.min() // 17, columns.min() // 17))
    assert corners == {(0, 0), (0, 1), (1, 0), (1, 1)}


def test_flip_mirrors() -> None:
    sample = noise_sample(40, 64)
    mirrored = Sample(sample.photo[:, ::-1], sample.alpha[:, ::-1], sample.weight, "mirrored")
    for seed in range(5):
        assert same(Augmentation(flip=1)(sample, 64, seed), Augmentation()(mirrored, 64, seed))


@pytest.mark.parametrize("path", LEVELS, ids=lambda path: path.stem)
@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 60), (60, 1), (2, 3), (7, 500), (1200, 900)])
def test_every_level_takes_photos_of_any_size(path: Path, height: int, width: int) -> None:
    augmentation = instantiate(OmegaConf.load(path), _convert_="all")
    sample = noise_sample(height, width)
    for seed in range(8):
        result = augmentation(sample, 96, seed)
        assert (result.photo.shape, result.alpha.shape, result.weight.shape) == ((96, 96, 3), (96, 96), (96, 96))
        assert {part.dtype for part in (result.photo, result.alpha, result.weight)} == {np.dtype(np.uint8)}
        assert result.weight.max() <= 1


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 400), (400, 1), (4, 3000)])
def test_colours_of_photos_of_one_row_or_column(height: int, width: int) -> None:
    every = Augmentation(colour=1, grey=1, blur=1, noise=1, jpeg=1, rotation=30)
    for seed in range(8):
        assert every(noise_sample(height, width), 64, seed).photo.shape == (64, 64, 3)


@pytest.mark.parametrize("path", LEVELS, ids=lambda path: path.stem)
def test_alpha_stays_soft(path: Path) -> None:
    augmentation = instantiate(OmegaConf.load(path), _convert_="all")
    for seed in range(5):
        values = np.unique(augmentation(smooth_sample(120, 160), 128, seed).alpha)
        assert len(values) > 40


def test_colour_changes_leave_alpha_and_weight() -> None:
    sample, letterbox = smooth_sample(64, 64), Letterbox(64, 64, 64)
    augmentation = Augmentation(colour=1, grey=0.5, blur=1, noise=1, jpeg=1)
    for seed in range(5):
        result = augmentation(sample, 64, seed)
        assert not np.array_equal(result.photo, sample.photo)
        assert np.array_equal(result.alpha, letterbox.apply(sample.alpha))
        assert np.array_equal(result.weight, sample.weight)
