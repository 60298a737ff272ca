"""People followed through a film, by a network of which each answer is known, in pictures whose motion is known."""

from collections.abc import Iterator
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from recorte.removal.pipeline import Pipeline
from recorte.removal.video.following import BEFORE, SPAN, followed

SIZE = 128


def texture(seed: int) -> np.ndarray:
    """uint8 (SIZE, 2 * SIZE, 3): soft spots, of which every part is unlike every other."""
    noise = np.random.default_rng(seed).normal(0, 1, (SIZE, 2 * SIZE)).astype(np.float32)
    spots = cv2.GaussianBlur(noise, (0, 0), 3)
    return np.clip(128 + 45 * spots[..., None] / spots.std(), 0, 255).astype(np.uint8).repeat(3, axis=2)


class Asked:
    """A network that finds a square of 40 pixels, which moves with the picture; it is asked in the order of frames."""

    def __init__(self, moved: list[int], wrong: dict[int, np.ndarray] | None = None, seed: int = 0) -> None:
        self.moved, self.wrong, self.seed, self.frames = moved, wrong or {}, seed, []
        self.image_size, self.sure = SIZE, 0.0
        self.pictures = [texture(seed)[:, moved_by : moved_by + SIZE] for moved_by in moved]

    def truth(self, number: int) -> np.ndarray:
        """float32 (SIZE, SIZE)."""
        alpha = np.zeros((SIZE, 2 * SIZE), np.float32)
        alpha[40:80, 80:120] = 1
        return alpha[:, self.moved[number] : self.moved[number] + SIZE]

    def alphas(self, canvases: np.ndarray) -> np.ndarray:
        """As `Network.alphas`."""
        numbers = [next(n for n, one in enumerate(self.pictures) if (one == canvas).all()) for canvas in canvases]
        self.frames += numbers
        return np.stack([self.wrong.get(number, self.truth(number)) for number in numbers])

    def followed(self, first: int = 0) -> Iterator[np.ndarray]:
        """Every frame's alpha."""
        pipeline = Pipeline(self, looks=1)  # type: ignore[arg-type]
        return followed(pipeline, iter(self.pictures[first:]), first)


def test_what_moves_as_the_picture_does_is_looked_at_once_in_eight_frames() -> None:
    network = Asked([2 * number for number in range(25)])
    found = list(network.followed())
    assert network.frames == [0, 8, 16, 24]
    for number, alpha in enumerate(found):
        assert alpha.shape == (SIZE, SIZE)
        truth = network.truth(number)
        assert np.minimum(alpha, truth).sum() > 0.94 * np.maximum(alpha, truth).sum()


def test_what_one_answer_alone_sees_or_misses_is_gone() -> None:
    patch, nobody = np.zeros((SIZE, SIZE), np.float32), np.zeros((SIZE, SIZE), np.float32)
    network = Asked([0] * 41)
    patch[:] = network.truth(0)
    patch[100:120, 10:40] = 1
    network.pictures = [texture(0)[:, :SIZE].copy() for _ in range(41)]
    for number, picture in enumerate(network.pictures):
        picture[0, 0] = number  # so that they can be told apart
    network.wrong = {16: patch, 24: nobody}
    for alpha in network.followed():
        assert alpha[100:120, 10:40].max() < 0.34
        assert alpha[45:75, 85:115].min() > 0.66
    assert set(network.frames) == {0, 8, 16, 24, 32, 40}


def test_what_moves_too_fast_is_looked_at_and_a_new_scene_begins_anew() -> None:
    rng = np.random.default_rng(1)
    network = Asked([int(place) for place in rng.permutation(100)[:9]])
    list(network.followed())
    assert len(network.frames) > 5
    cut = Asked([0] * 12)
    bright = np.full((SIZE, SIZE, 3), 250, np.uint8)
    cut.pictures = [*(texture(0)[:, :SIZE].copy() for _ in range(6)), *(bright.copy() for _ in range(6))]
    for number, picture in enumerate(cut.pictures):
        picture[0, 0] = number
    cut.wrong = {number: np.zeros((SIZE, SIZE), np.float32) for number in range(6, 12)}
    found = list(cut.followed())
    assert sorted(set(cut.frames)) == [0, 5, 6, 8, 11]  # both sides of the cut
    assert found[5][60, 100] == 1
    assert found[6].max() == 0


@pytest.mark.parametrize("number", [0, 7, 30, 33])
def test_a_frame_is_the_same_when_following_begins_before_it(number: int) -> None:
    moved = [round(3 * n + 8 * np.sin(n)) for n in range(40)]
    whole = list(Asked(moved).followed())
    first = max(0, (number - BEFORE) // SPAN * SPAN)
    again = list(Asked(moved).followed(first))
    for one, other in zip(whole[number:], again[number - first :], strict=True):
        np.testing.assert_array_equal(one, other)


def test_few_frames() -> None:
    assert list(Asked([]).followed()) == []
    (alpha,) = Asked([5]).followed()
    np.testing.assert_array_equal(alpha, Asked([5]).truth(0))
    assert len(list(Asked([5, 6]).followed())) == 2


def test_a_photo_of_any_shape() -> None:
    wide = texture(0)  # twice as wide as high
    asked = SimpleNamespace(image_size=64, sure=0.0, alphas=lambda canvases: np.ones(canvases.shape[:3], np.float32))
    found = list(followed(Pipeline(asked, looks=2), [wide] * 3))  # type: ignore[arg-type]
    assert {alpha.shape for alpha in found} == {(128, 128)}
    assert found[1][32:96].min() == 1
    assert found[1][:32].max() == 0  # the letterbox's padding
