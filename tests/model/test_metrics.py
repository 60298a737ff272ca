import math

import cv2
import numpy as np
import pytest
import torch

from recorte.model.figures import FIGURES
from recorte.model.metrics import MeanLosses, SegmentationMetrics, boundary_iou

Arrays = tuple[np.ndarray, np.ndarray, np.ndarray]


def blobs(seed: int, photos: int = 5, height: int = 40, width: int = 56) -> Arrays:
    """Alpha, truth and weight, each `float32 (N, 1, H, W)`; the first photo shows nobody, some pixels do not count."""
    rng = np.random.default_rng(seed)
    soft = [cv2.GaussianBlur(rng.random((height, width)), (0, 0), 4) for _ in range(3 * photos)]
    soft = np.stack([(field - field.min()) / np.ptp(field) for field in soft]).astype(np.float32)
    alpha, truth, weight = soft.reshape(3, photos, 1, height, width)
    truth[0] = 0
    return alpha, truth, (weight > 0.25).astype(np.float32)


def figures_of(*batches: Arrays) -> dict[str, float]:
    metrics = SegmentationMetrics()
    for batch in batches:
        metrics.update(*map(torch.from_numpy, batch))
    return {name: value.item() for name, value in metrics.compute().items()}


def one_photo(
    alpha: np.ndarray | float, truth: np.ndarray | float, weight: np.ndarray | float = 1.0, side: int = 20
) -> Arrays:
    return tuple(
        np.broadcast_to(np.asarray(part, np.float32), (side, side)).reshape(1, 1, side, side).copy()
        for part in (alpha, truth, weight)
    )


def cheng_boundary(mask: np.ndarray) -> np.ndarray:
    """`mask_to_boundary` of Cheng et al.: what erosion takes away, with background around the picture."""
    height, width = mask.shape
    reach = max(1, round(0.02 * math.sqrt(height**2 + width**2)))
    padded = cv2.copyMakeBorder(mask.astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    eroded = cv2.erode(padded, np.ones((3, 3), np.uint8), iterations=reach)
    return mask & (eroded[1:-1, 1:-1] == 0)


def set_iou(one: set, other: set) -> float:
    return len(one & other) / len(one | other) if one | other else 1.0


def places(mask: np.ndarray) -> set[tuple[int, int]]:
    return {(int(row), int(column)) for row, column in np.argwhere(mask)}


def far_and_near(alpha: np.ndarray, real: set, counted: set) -> tuple[int, list[float]]:
    """Half-transparent pixels away from the true outline, and how far the found one is from it, pair by pair."""
    empty, reach = counted - real, 0.0125 * max(alpha.shape)

    def distance(place: tuple[int, int]) -> float:
        others = np.array(list(empty if place in real else real))
        return (float(np.hypot(*(others - place).T).min()) - 0.5) * (-1 if place in real else 1)

    far = [place for place in counted if 0.1 < alpha[place] < 0.9 and abs(distance(place)) > reach]
    beside = [(place, (place[0] + down, place[1] + 1 - down)) for place in counted for down in (0, 1)]
    pairs = [pair for pair in beside if pair[1] in counted and (alpha[pair[0]] >= 0.5) != (alpha[pair[1]] >= 0.5)]
    between = [(distance(one) + distance(other)) / 2 for one, other in pairs]
    return len(far), [value for value in between if abs(value) <= reach]


def reference(batch: Arrays) -> tuple[dict[str, float], list[list[int]]]:
    """The figures once more, with sets of pixels and a loop over photos."""
    confusion, errors = np.zeros((2, 2), int), []
    photo_ious, people_ious, boundary_ious, marked, smears, biases = [], [], [], [], [], []
    for alpha, truth, weight in zip(*(part[:, 0] for part in batch), strict=True):
        counted = places(weight > 0)
        if not counted:
            continue
        found, real = places(alpha >= 0.5) & counted, places(truth >= 0.5) & counted
        for place in counted:
            confusion[int(place in real), int(place in found)] += 1
            errors.append(abs(float(alpha[place]) - float(truth[place])))
        photo_ious.append(set_iou(found, real))
        if real:
            people_ious.append(photo_ious[-1])
            outlines = (cheng_boundary((part >= 0.5) & (weight > 0)) for part in (alpha, truth))
            boundary_ious.append(set_iou(*map(places, outlines)))
            far, near = far_and_near(alpha, real, counted)
            smears.append(far > 0.05 * len(real))
            biases += [1000 * np.mean(near) / max(alpha.shape)] if near else []
        else:
            marked.append(len(found) > 0.005 * len(counted))
    (right, extra), (missed, hit) = confusion.tolist()
    figures = {
        "iou": hit / (hit + extra + missed),
        "dice": 2 * hit / (2 * hit + extra + missed),
        "accuracy": (hit + right) / (hit + right + extra + missed),
        "photo_iou": np.mean(photo_ious),
        "people_iou": np.mean(people_ious),
        "boundary_iou": np.mean(boundary_ious),
        "mae": np.mean(errors),
        "nobody_marked": np.mean(marked),
        "smear": np.mean(smears),
        "outline_bias": np.mean(biases),
    }
    return figures, confusion.tolist()


@pytest.mark.parametrize("seed", range(4))
def test_every_figure_equals_the_count_by_hand(seed: int) -> None:
    batch = blobs(seed)
    figures, confusion = reference(batch)
    assert figures_of(batch) == pytest.approx(figures, rel=1e-5)
    metrics = SegmentationMetrics()
    metrics.update(*map(torch.from_numpy, batch))
    assert metrics.confusion_matrix() == confusion


def test_batches_may_be_split_in_any_way() -> None:
    batch = blobs(0, photos=6)
    parts = [tuple(part[start:stop] for part in batch) for start, stop in ((0, 1), (1, 4), (4, 6))]
    assert figures_of(*parts) == pytest.approx(figures_of(batch), rel=1e-6)


def test_states_of_two_processes_add_up() -> None:
    first, second, whole = SegmentationMetrics(), SegmentationMetrics(), SegmentationMetrics()
    for metrics, seed in ((first, 1), (second, 2), (whole, 1), (whole, 2)):
        metrics.update(*map(torch.from_numpy, blobs(seed, photos=3)))
    first.merge_state(second)  # as torchmetrics reduces the states of several processes
    assert {name: value.item() for name, value in first.compute().items()} == pytest.approx(
        {name: value.item() for name, value in whole.compute().items()}, rel=1e-6
    )


def test_reset_starts_anew() -> None:
    metrics = SegmentationMetrics()
    metrics.update(*map(torch.from_numpy, blobs(1)))
    metrics.reset()
    metrics.update(*map(torch.from_numpy, blobs(2)))
    assert {name: value.item() for name, value in metrics.compute().items()} == pytest.approx(figures_of(blobs(2)))


def test_an_alpha_of_one_half_is_a_person() -> None:
    assert figures_of(one_photo(0.5, 1.0))["iou"] == 1
    assert figures_of(one_photo(0.499, 1.0))["iou"] == 0


def test_mae_looks_at_the_alpha_before_any_threshold() -> None:
    figures = figures_of(one_photo(0.75, 1.0))
    assert figures["mae"] == pytest.approx(0.25)
    assert figures["iou"] == 1


@pytest.mark.parametrize("pixels", [0, 1, 2, 3])
def test_a_photo_of_nobody(pixels: int) -> None:
    # 400 pixels, of which 0.5 % are two.
    alpha = np.zeros((20, 20), np.float32)
    alpha.flat[:pixels] = 1
    figures = figures_of(one_photo(alpha, 0.0))
    assert figures["photo_iou"] == (1 if pixels == 0 else 0)
    assert figures["nobody_marked"] == (1 if pixels > 2 else 0)
    assert math.isnan(figures["people_iou"])
    assert math.isnan(figures["boundary_iou"])


def test_the_share_that_marks_is_of_the_pixels_that_count() -> None:
    alpha, weight = np.zeros((20, 20), np.float32), np.zeros((20, 20), np.float32)
    alpha.flat[0] = weight.flat[:100] = 1
    assert figures_of(one_photo(alpha, 0.0, weight))["nobody_marked"] == 1


def test_what_does_not_count_has_no_influence() -> None:
    alpha, truth, weight = blobs(3)
    rng = np.random.default_rng(9)
    other = [np.where(weight > 0, part, rng.random(part.shape)).astype(np.float32) for part in (alpha, truth)]
    assert figures_of((*other, weight)) == pytest.approx(figures_of((alpha, truth, weight)), rel=1e-6)


def test_a_photo_without_a_pixel_that_counts_is_not_counted() -> None:
    batch = blobs(4)
    assert figures_of(batch, one_photo(1.0, 0.0, 0.0, side=16)) == pytest.approx(figures_of(batch), rel=1e-6)


def test_a_person_of_whom_nothing_counts_makes_a_photo_of_nobody() -> None:
    truth, weight = np.zeros((20, 20)), np.ones((20, 20))
    truth[:5], weight[:5] = 1, 0
    figures = figures_of(one_photo(truth, truth, weight))
    assert figures["nobody_marked"] == 0
    assert math.isnan(figures["people_iou"])


@pytest.mark.filterwarnings("ignore:The ``compute`` method:UserWarning")
def test_figures_about_nothing_are_nan() -> None:
    assert all(math.isnan(value) for value in figures_of().values())
    people_only = figures_of(one_photo(1.0, 1.0))
    assert math.isnan(people_only.pop("nobody_marked"))
    assert math.isnan(people_only.pop("outline_bias"))  # the photo is all person
    assert people_only == dict.fromkeys(people_only, 1.0) | {"mae": 0.0, "smear": 0.0}


@pytest.mark.filterwarnings("ignore:The ``compute`` method:UserWarning")
def test_all_figures_of_the_list_are_computed_in_its_order() -> None:
    assert list(SegmentationMetrics().compute()) == [figure.name for figure in FIGURES]


@pytest.mark.parametrize(("height", "width"), [(20, 20), (64, 64), (200, 120), (384, 384)])
def test_boundary_iou_is_that_of_cheng(height: int, width: int) -> None:
    alpha, truth, _ = blobs(height, photos=3, height=height, width=width)
    truth[0, :, : height // 2, : width // 3] = 1  # touches two sides of the picture
    person, real = alpha >= 0.5, truth >= 0.5
    expected = [
        set_iou(places(cheng_boundary(one)), places(cheng_boundary(other)))
        for one, other in zip(person[:, 0], real[:, 0], strict=True)
    ]
    found = boundary_iou(torch.from_numpy(person), torch.from_numpy(real))
    assert found.tolist() == pytest.approx(expected)


def test_boundary_iou_of_squares_one_pixel_apart() -> None:
    # 50 x 50 pixels: a band of one pixel. The outlines of two 10 x 10 squares, 36 pixels each, one beside the other
    # by one column, share the 9 columns of their top and bottom sides that both have.
    masks = torch.zeros(2, 1, 1, 50, 50, dtype=torch.bool)
    masks[0, ..., 20:30, 20:30] = True
    masks[1, ..., 20:30, 21:31] = True
    assert boundary_iou(*masks).item() == pytest.approx(18 / (36 + 36 - 18))


def test_boundary_iou_of_two_empty_masks_is_1() -> None:
    empty = torch.zeros(1, 1, 30, 30, dtype=torch.bool)
    assert boundary_iou(empty, empty).tolist() == [1.0]
    assert boundary_iou(empty, ~empty).tolist() == [0.0]


def test_mean_losses_are_over_photos() -> None:
    losses = MeanLosses()
    losses.update({"bce": torch.tensor(1.0), "loss": torch.tensor(4.0)}, photos=3)
    losses.update({"bce": torch.tensor(5.0), "loss": torch.tensor(0.0)}, photos=1)
    assert {name: value.item() for name, value in losses.compute().items()} == {"bce": 2.0, "loss": 3.0}
    losses.reset()
    losses.update({"dice": torch.tensor(0.5)}, photos=2)
    assert {name: value.item() for name, value in losses.compute().items()} == {"dice": 0.5}


def test_mean_losses_of_two_processes_with_unequal_shares() -> None:
    first, second = MeanLosses(), MeanLosses()
    first.update({"loss": torch.tensor(1.0)}, photos=8)
    second.update({"loss": torch.tensor(2.5)}, photos=7)
    first.merge_state(second)  # as torchmetrics reduces the states of several processes
    assert first.compute()["loss"].item() == pytest.approx((8 * 1 + 7 * 2.5) / 15)
