from math import log

import pytest
import torch
from torch import Tensor, nn

from recorte.model.attention_unet import Prediction
from recorte.model.losses import Absolute, BinaryCrossEntropy, CompositeLoss, Dice, Edge, Focal, Outline

LOG3 = log(3)
"""The logit of 3/4; -LOG3 is that of 1/4."""
CERTAIN = 100.0
"""A logit whose sigmoid is 1 in 32 bits; that of -CERTAIN is 0 but for 1e-44."""


def predict(logits: Tensor) -> Prediction:
    return Prediction(logits, torch.zeros(len(logits), 3, *logits.shape[-2:]))


def photos(*rows: list[list[float]]) -> Tensor:
    """Photos (N, 1, H, W) from their rows."""
    return torch.tensor([list(photo) for photo in rows]).unsqueeze(1)


def batch_of(alpha: Tensor, weight: Tensor | None = None) -> dict[str, Tensor]:
    weight = torch.ones_like(alpha) if weight is None else weight
    return {"image": torch.zeros(len(alpha), 3, *alpha.shape[-2:]), "alpha": alpha, "weight": weight}


# Four pixels: right, wrong, soft, and one that does not count, as wrong as can be.
LOGITS = photos([[LOG3, LOG3], [LOG3, -1e4]])
BATCH = batch_of(photos([[1.0, 0.0], [0.25, 1.0]]), photos([[1.0, 1.0], [1.0, 0.0]]))
RIGHT, WRONG = -log(3 / 4), -log(1 / 4)
SOFT = 0.25 * RIGHT + 0.75 * WRONG


def test_bce_is_the_mean_over_the_pixels_that_count() -> None:
    loss = BinaryCrossEntropy()(predict(LOGITS), BATCH)
    assert loss.item() == pytest.approx((RIGHT + WRONG + SOFT) / 3, rel=1e-6)


def test_bce_weighs_by_a_soft_weight() -> None:
    batch = batch_of(photos([[1.0, 0.0, 0.0]]), photos([[1.0, 0.5, 0.0]]))
    loss = BinaryCrossEntropy()(predict(photos([[LOG3, LOG3, LOG3]])), batch)
    assert loss.item() == pytest.approx((RIGHT + 0.5 * WRONG) / 1.5, rel=1e-6)


def test_absolute_is_the_mean_distance_of_the_pixels_that_count() -> None:
    # |3/4 - 1|, |3/4 - 0| and |3/4 - 1/4|; a photo of which nothing counts is 0
    assert Absolute()(predict(LOGITS), BATCH).item() == pytest.approx((0.25 + 0.75 + 0.5) / 3, rel=1e-6)
    nothing = batch_of(photos([[1.0, 0.0]]), photos([[0.0, 0.0]]))
    assert Absolute()(predict(photos([[LOG3, LOG3]])), nothing).item() == 0


@pytest.mark.parametrize("gamma", [0.5, 1.0, 2.0])
def test_focal_weighs_by_a_power_of_the_distance(gamma: float) -> None:
    loss = Focal(gamma)(predict(LOGITS), BATCH)
    expected = 0.25**gamma * RIGHT + 0.75**gamma * WRONG + 0.5**gamma * SOFT
    assert loss.item() == pytest.approx(expected / 3, rel=1e-5)


def test_focal_with_gamma_0_is_bce() -> None:
    assert Focal(0.0)(predict(LOGITS), BATCH).item() == pytest.approx((RIGHT + WRONG + SOFT) / 3, rel=1e-6)


@pytest.mark.parametrize(("smooth", "expected"), [(0.0, 1 - 4 / 6), (1.0, 1 - 5 / 7)])
def test_dice_of_a_half(smooth: float, expected: float) -> None:
    batch = batch_of(photos([[1.0, 1.0, 0.0, 0.0]]))
    loss = Dice(smooth)(predict(torch.full((1, 1, 1, 4), CERTAIN)), batch)
    assert loss.item() == pytest.approx(expected, rel=1e-6)


def test_dice_of_soft_targets_and_without_what_does_not_count() -> None:
    # Overlap 3/4 * (1 + 0 + 1/4) = 15/16; total 3 * 3/4 + 5/4 = 7/2.
    loss = Dice(smooth=0.0)(predict(LOGITS), BATCH)
    assert loss.item() == pytest.approx(1 - (2 * 15 / 16) / (7 / 2), rel=1e-6)


def test_dice_of_a_photo_of_nobody() -> None:
    batch = batch_of(torch.zeros(1, 1, 1, 3))
    assert Dice()(predict(torch.full((1, 1, 1, 3), -CERTAIN)), batch).item() == pytest.approx(0, abs=1e-6)
    assert Dice()(predict(torch.full((1, 1, 1, 3), CERTAIN)), batch).item() == pytest.approx(1 - 1 / 4, rel=1e-6)


def test_dice_is_averaged_over_photos_not_over_pixels() -> None:
    # A large person found whole and a small one missed: 0 and 1 - 1 / (1 + 1).
    batch = batch_of(photos([[1.0, 1.0, 1.0, 1.0]], [[1.0, 0.0, 0.0, 0.0]]))
    logits = photos([[CERTAIN] * 4], [[-CERTAIN] * 4])
    assert Dice()(predict(logits), batch).item() == pytest.approx((0 + 0.5) / 2, rel=1e-6)


def test_edge_compares_differences_of_neighbours() -> None:
    # Errors 3/4 - target: row 1: -1/4, 3/4; row 2: 1/2, 1/4. Across 1 + 1/4, down 3/4 + 1/2, over four pixels.
    batch = batch_of(photos([[1.0, 0.0], [0.25, 0.5]]))
    loss = Edge()(predict(torch.full((1, 1, 2, 2), LOG3)), batch)
    assert loss.item() == pytest.approx((1 + 0.25 + 0.75 + 0.5) / 4, rel=1e-6)


def test_edge_leaves_out_pairs_of_which_one_does_not_count() -> None:
    # As above, but without the last pixel: 1 across, 3/4 down, over three pixels.
    batch = batch_of(photos([[1.0, 0.0], [0.25, 0.5]]), photos([[1.0, 1.0], [1.0, 0.0]]))
    loss = Edge()(predict(photos([[LOG3, LOG3], [LOG3, 1e4]])), batch)
    assert loss.item() == pytest.approx((1 + 0.75) / 3, rel=1e-6)


def test_edge_does_not_see_an_error_that_is_the_same_everywhere() -> None:
    assert Edge()(predict(torch.full((1, 1, 3, 5), LOG3)), batch_of(torch.zeros(1, 1, 3, 5))).item() == 0


def test_outline_is_the_mean_distance_of_the_pixels_beside_the_outline() -> None:
    # A pixel either side of the outline: |3/4 - 1| and |1/4 - 0|, whatever is found farther away.
    batch = batch_of(photos([[1.0, 1.0, 1.0, 0.0, 0.0, 0.0]]))
    loss = Outline()(predict(photos([[-CERTAIN, -CERTAIN, LOG3, LOG3, CERTAIN, CERTAIN]])), batch)
    assert loss.item() == pytest.approx((0.25 + 0.75) / 2, rel=1e-6)


def test_outline_reaches_an_eightieth_of_the_longest_side() -> None:
    # Two pixels of 160 on either side, of which one is wrong.
    alpha = torch.zeros(1, 1, 1, 160)
    alpha[..., :80] = 1
    logits = CERTAIN * (2 * alpha - 1)
    for place, expected in ((77, 0.0), (78, 0.25), (81, 0.25), (82, 0.0)):
        wrong = logits.clone()
        wrong[..., place] *= -1
        assert Outline()(predict(wrong), batch_of(alpha)).item() == pytest.approx(expected, abs=1e-6)


def test_outline_of_a_photo_of_nobody_is_0() -> None:
    assert Outline()(predict(torch.zeros(1, 1, 3, 5)), batch_of(torch.zeros(1, 1, 3, 5))).item() == 0


@pytest.mark.parametrize("term", [BinaryCrossEntropy(), Focal(), Dice(), Edge(), Outline()])
def test_a_batch_in_which_nothing_counts_is_0_and_teaches_nothing(term: nn.Module) -> None:
    logits = torch.randn(2, 1, 4, 4, requires_grad=True)
    loss = term(predict(logits), batch_of(torch.ones(2, 1, 4, 4), torch.zeros(2, 1, 4, 4)))
    loss.backward()
    assert loss.item() == 0
    assert logits.grad.abs().max() == 0


@pytest.mark.parametrize("term", [BinaryCrossEntropy(), Focal(), Dice(), Edge(), Outline()])
def test_what_does_not_count_has_neither_influence_nor_gradient(term: nn.Module) -> None:
    generator = torch.Generator().manual_seed(0)
    weight = (torch.rand(2, 1, 6, 6, generator=generator) > 0.4).float()
    logits, other = torch.randn(2, 2, 1, 6, 6, generator=generator)
    alpha, another = torch.rand(2, 2, 1, 6, 6, generator=generator)
    logits.requires_grad_()
    loss = term(predict(logits), batch_of(alpha, weight))
    loss.backward()
    changed = torch.where(weight > 0, logits, other), torch.where(weight > 0, alpha, another)
    assert term(predict(changed[0]), batch_of(changed[1], weight)).item() == pytest.approx(loss.item(), rel=1e-6)
    assert logits.grad[weight == 0].abs().max() == 0
    assert logits.grad[weight > 0].abs().max() > 0


def composite(**weights: float) -> CompositeLoss:
    terms = {"bce": BinaryCrossEntropy(), "focal": Focal(), "dice": Dice(), "edge": Edge()}
    return CompositeLoss({name: terms[name] for name in weights}, weights)


def test_composite_gives_the_terms_and_their_weighted_sum() -> None:
    batch = batch_of(photos([[1.0, 1.0, 0.0, 0.0]]))
    values = composite(bce=2.0, dice=0.5)(predict(torch.full((1, 1, 1, 4), LOG3)), batch)
    bce, dice = (RIGHT + WRONG) / 2, 1 - (2 * 1.5 + 1) / (3 + 2 + 1)
    assert set(values) == {"bce", "dice", "loss"}
    assert values["bce"].item() == pytest.approx(bce, rel=1e-6)
    assert values["dice"].item() == pytest.approx(dice, rel=1e-6)
    assert values["loss"].item() == pytest.approx(2 * bce + 0.5 * dice, rel=1e-6)


def test_a_weight_of_0_leaves_the_term_out() -> None:
    class Fails(nn.Module):
        def forward(self, *_: object) -> Tensor:
            raise AssertionError("a term of weight 0 was computed")

    loss = CompositeLoss({"bce": BinaryCrossEntropy(), "fails": Fails()}, {"bce": 1.0, "fails": 0.0})
    assert set(loss(predict(LOGITS), BATCH)) == {"bce", "loss"}


def test_names_that_do_not_match_are_refused() -> None:
    with pytest.raises(ValueError, match=r"loss: .*'bce'.*'dice'"):
        CompositeLoss({"bce": BinaryCrossEntropy()}, {"dice": 1.0})


def test_16_bits_come_in_and_32_bits_go_out() -> None:
    loss = composite(bce=1.0, focal=1.0, dice=1.0, edge=1.0)
    # The mean of 64 * 64 pixels and their sums are far beyond the eight bits of precision of bfloat16.
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(2, 1, 64, 64, generator=generator).bfloat16()
    batch = batch_of(torch.rand(2, 1, 64, 64, generator=generator))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        values = loss(Prediction(logits, torch.zeros(2, 3, 64, 64, dtype=torch.bfloat16)), batch)
    expected = loss(predict(logits.double()), {name: value.double() for name, value in batch.items()})
    for name, value in values.items():
        assert value.dtype == torch.float32
        assert value.item() == pytest.approx(expected[name].item(), rel=1e-5)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0])
def test_extreme_logits_give_finite_losses_and_gradients(gamma: float) -> None:
    logits = photos([[1e4, -1e4, 1e4], [-1e4, 1e4, 20.0]]).requires_grad_()
    batch = batch_of(photos([[1.0, 0.0, 0.0], [1.0, 0.5, 1.0]]))
    terms = {"bce": BinaryCrossEntropy(), "focal": Focal(gamma), "dice": Dice(), "edge": Edge()}
    values = CompositeLoss(terms, dict.fromkeys(terms, 1.0))(predict(logits), batch)
    values["loss"].backward()
    assert all(value.isfinite() for value in values.values())
    assert logits.grad.isfinite().all()


def test_descending_the_losses_finds_the_alpha() -> None:
    generator = torch.Generator().manual_seed(0)
    alpha = torch.rand(1, 1, 6, 6, generator=generator).round()
    logits = torch.zeros(1, 1, 6, 6, requires_grad=True)
    loss = composite(bce=1.0, focal=1.0, dice=1.0, edge=1.0)
    optimizer = torch.optim.Adam([logits], lr=0.3)
    for _ in range(60):
        optimizer.zero_grad()
        loss(predict(logits), batch_of(alpha))["loss"].backward()
        optimizer.step()
    assert (torch.sigmoid(logits) - alpha).abs().max() < 0.05
