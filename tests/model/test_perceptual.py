import copy
import math

import pytest
import timm
import torch
from torch import Tensor

from recorte.errors import ModelError
from recorte.model.attention_unet import Prediction
from recorte.model.perceptual import Perceptual, contrasting_colour, true_foreground

SOLID_LOGIT = 100.0


@pytest.fixture(scope="module")
def perceptual() -> Perceptual:
    return Perceptual("test_resnet", "none")


@pytest.fixture
def batch() -> dict[str, Tensor]:
    """Two photos of 32 x 32; the person is solid and fills the left half."""
    alpha = torch.zeros(2, 1, 32, 32)
    alpha[..., :16] = 1
    return {"image": random((2, 3, 32, 32)), "alpha": alpha, "weight": torch.ones(2, 1, 32, 32)}


def random(shape: tuple[int, ...], seed: int = 0) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


def logits_of(alpha: Tensor) -> Tensor:
    return (alpha - 0.5) * 2 * SOLID_LOGIT


def test_a_person_who_fills_the_photo_found_whole_in_its_own_colours_costs_nothing(
    perceptual: Perceptual, batch: dict[str, Tensor]
) -> None:
    batch["alpha"] = torch.ones(2, 1, 32, 32)
    loss = perceptual(Prediction(logits_of(batch["alpha"]), batch["image"]), batch)
    assert loss.item() == pytest.approx(0, abs=1e-6)


def test_the_true_cut_out_costs_nothing_whatever_the_colours_where_nobody_is(
    perceptual: Perceptual, batch: dict[str, Tensor]
) -> None:
    foreground = torch.where(batch["alpha"] > 0, batch["image"], random((2, 3, 32, 32), seed=1))
    loss = perceptual(Prediction(logits_of(batch["alpha"]), foreground), batch)
    assert loss.item() == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("fault", ["alpha", "colours"])
def test_a_fault_costs_and_a_greater_one_costs_more(
    perceptual: Perceptual, batch: dict[str, Tensor], fault: str
) -> None:
    losses = []
    for columns in (4, 12):
        alpha, foreground = batch["alpha"].clone(), batch["image"].clone()
        if fault == "alpha":
            alpha[..., :columns] = 0
        else:
            foreground[..., :columns] = 1 - foreground[..., :columns]
        losses.append(perceptual(Prediction(logits_of(alpha), foreground), batch).item())
    assert 0 < losses[0] < losses[1]


def test_the_pixels_share_of_the_loss(perceptual: Perceptual, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(perceptual._hidden.network, "forward", lambda image: [])  # no features to compare
    # A white person before black: half of it missed, so that half of the pixels differ by 1 in each channel.
    batch = {"image": torch.ones(1, 3, 4, 4), "alpha": torch.ones(1, 1, 4, 4), "weight": torch.ones(1, 1, 4, 4)}
    alpha = torch.zeros(1, 1, 4, 4)
    alpha[..., :2] = 1
    assert perceptual(Prediction(logits_of(alpha), batch["image"]), batch).item() == pytest.approx(0.5)


def test_the_gradient_reaches_alpha_and_colours(perceptual: Perceptual, batch: dict[str, Tensor]) -> None:
    logits = torch.randn(2, 1, 32, 32, generator=torch.Generator().manual_seed(2)).requires_grad_()
    foreground = random((2, 3, 32, 32), seed=3).requires_grad_()
    perceptual(Prediction(logits, foreground), batch).backward()
    for gradient in (logits.grad, foreground.grad):
        assert gradient.isfinite().all()
        assert (gradient != 0).float().mean() > 0.9


def test_extreme_logits_give_finite_gradients(perceptual: Perceptual, batch: dict[str, Tensor]) -> None:
    logits = torch.full((2, 1, 32, 32), -1e4)
    logits[1] = 1e4
    logits.requires_grad_()
    foreground = torch.zeros(2, 3, 32, 32, requires_grad=True)
    loss = perceptual(Prediction(logits, foreground), batch)
    loss.backward()
    assert loss.isfinite()
    assert logits.grad.isfinite().all()
    assert foreground.grad.isfinite().all()


# 16: along half-size pixels. 13: through the middle of some, as the edge of a letterbox may run.
@pytest.mark.parametrize("first", [16, 13])
def test_what_does_not_count_has_neither_influence_nor_gradient(
    perceptual: Perceptual, batch: dict[str, Tensor], first: int
) -> None:
    batch["weight"][..., first:, :] = 0
    batch["alpha"] = random((2, 1, 32, 32), seed=4)
    batch["alpha"][..., :8, :8] = 1
    parts = {"logits": random((2, 1, 32, 32), seed=5).requires_grad_(), "foreground": batch["image"].clone()}
    parts["foreground"].requires_grad_()
    loss = perceptual(Prediction(*parts.values()), batch)
    loss.backward()
    for part in parts.values():
        assert part.grad[..., first:, :].abs().max() == 0
        assert part.grad[..., : first - 1, :].abs().max() > 0

    elsewhere = torch.arange(32).view(32, 1) >= first
    changed = Prediction(*(torch.where(elsewhere, 1 - part, part) for part in parts.values()))
    noise = {name: torch.where(elsewhere, 1.0, batch[name]) for name in ("image", "alpha")}
    assert perceptual(changed, {**batch, **noise}).item() == pytest.approx(loss.item(), rel=1e-6)


def test_a_batch_in_which_nothing_counts_costs_nothing(perceptual: Perceptual, batch: dict[str, Tensor]) -> None:
    batch["weight"] = torch.zeros(2, 1, 32, 32)
    assert perceptual(Prediction(logits_of(1 - batch["alpha"]), 1 - batch["image"]), batch).item() == 0


def test_the_frozen_encoder_is_in_no_part_of_the_module_tree(perceptual: Perceptual, batch: dict[str, Tensor]) -> None:
    assert perceptual.state_dict() == {}
    assert list(perceptual.parameters()) == []
    assert [name for name, _ in perceptual.named_modules()] == [""]


def test_copies_share_the_frozen_encoder(perceptual: Perceptual) -> None:
    assert copy.deepcopy(perceptual)._hidden.network is perceptual._hidden.network


def test_the_frozen_encoder_goes_where_the_term_goes() -> None:
    term = torch.nn.Sequential(Perceptual("test_resnet", "none")).to(memory_format=torch.channels_last)
    weight = next(parameter for parameter in term[0].encoder.parameters() if parameter.ndim == 4)
    assert weight.is_contiguous(memory_format=torch.channels_last)
    assert next(term.to("meta")[0].encoder.parameters()).is_meta


def test_the_frozen_encoder_neither_trains_nor_looks_at_the_rest_of_the_batch(
    perceptual: Perceptual, batch: dict[str, Tensor]
) -> None:
    assert not any(parameter.requires_grad for parameter in perceptual._hidden.network.parameters())
    logits = torch.tensor([-1.0, 2.0]).view(2, 1, 1, 1).expand(2, 1, 32, 32)
    together = perceptual.train()(Prediction(logits, batch["image"]), batch).item()
    alone = [
        perceptual(
            Prediction(logits[[number]], batch["image"][[number]]), {key: part[[number]] for key, part in batch.items()}
        ).item()
        for number in range(2)
    ]
    assert together == pytest.approx(sum(alone) / 2, rel=1e-5)


def test_random_features_are_the_same_in_every_run_and_leave_the_random_numbers_alone() -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    one, other = Perceptual("test_resnet", "none"), Perceptual("test_resnet", "none")
    assert torch.equal(torch.rand(3), expected)
    for first, second in zip(one._hidden.network.parameters(), other._hidden.network.parameters(), strict=True):
        assert torch.equal(first, second)


def test_weights_that_cannot_be_downloaded(monkeypatch: pytest.MonkeyPatch) -> None:
    create_model = timm.create_model

    def offline(name: str, pretrained: bool = False, **options: object) -> torch.nn.Module:
        if pretrained:
            raise ConnectionError("no route to host")
        return create_model(name, **options)

    monkeypatch.setattr(timm, "create_model", offline)
    said = r"^loss\.terms\.perceptual\.encoder_weights=imagenet: .*could not be downloaded.*none"
    with pytest.raises(ModelError, match=said):
        Perceptual("test_resnet", "imagenet")


def test_contrasting_colour_is_far_from_the_person_and_does_not_ask_the_background() -> None:
    image = torch.ones(2, 3, 4, 4)
    image[:, :, :, :2] = torch.tensor([0.9, 0.2, 0.6]).view(3, 1, 1)
    alpha = torch.zeros(2, 1, 4, 4)
    alpha[0, :, :, :2] = 1  # the second photo shows nobody
    assert contrasting_colour(image, alpha).flatten(1).tolist() == [[0, 1, 0], [1, 1, 1]]


def test_contrasting_colour_weighs_by_alpha() -> None:
    # The mean is (0.2 * 4 + 0.8 * 0.25 * 4) / 5 = 0.32 with alpha, 0.5 without.
    image = torch.cat([torch.full((1, 3, 2, 2), 0.2), torch.full((1, 3, 2, 2), 0.8)], dim=3)
    alpha = torch.cat([torch.ones(1, 1, 2, 2), torch.full((1, 1, 2, 2), 0.25)], dim=3)
    assert contrasting_colour(image, alpha).flatten().tolist() == [1, 1, 1]


def test_true_foreground_along_a_row() -> None:
    row = [0.2, 0.4, 0.9, 0.6, 0.7, 0.1, 0.3, 0.8]
    alpha = [1.0, 1.0, 0.5, 0.98, 0.0, 0.0, 0.0, 0.0]
    image = torch.tensor(row).expand(1, 3, 1, 8)
    found = true_foreground(image, torch.tensor(alpha).view(1, 1, 1, 8))
    # Solid: the photo's own. Up to four pixels from both solid ones: their mean; from one: its colour.
    expected = torch.tensor([0.2, 0.4, 0.3, 0.3, 0.3, 0.4, 0.3, 0.8]).expand(1, 3, 1, 8)
    torch.testing.assert_close(found, expected)


def test_true_foreground_takes_the_background_out_of_a_soft_edge() -> None:
    person, background = torch.tensor([0.8, 0.3, 0.1]).view(1, 3, 1, 1), torch.tensor([0.0, 0.9, 1.0]).view(1, 3, 1, 1)
    places = torch.arange(24.0).expand(24, 24)
    distance = ((places - 11.5) ** 2 + (places.T - 11.5) ** 2).sqrt()
    alpha = (8 - distance).clamp(0, 3).div(3).view(1, 1, 24, 24)  # a disc whose edge is three pixels wide
    found = true_foreground(alpha * person + (1 - alpha) * background, alpha)
    touched = (alpha > 0).expand(1, 3, 24, 24)
    torch.testing.assert_close(found[touched], person.expand(1, 3, 24, 24)[touched])
    far = (distance > 8 + math.hypot(9, 9)).expand(1, 3, 24, 24)
    torch.testing.assert_close(found[far], background.expand(1, 3, 24, 24)[far])


def test_colours_that_alternate_from_pixel_to_pixel_cost(perceptual: Perceptual) -> None:
    image = torch.full((1, 3, 32, 32), 0.5)
    everybody = {"image": image, "alpha": torch.ones(1, 1, 32, 32), "weight": torch.ones(1, 1, 32, 32)}
    alternating = 0.1 * (1 - 2 * (torch.arange(32).view(32, 1) + torch.arange(32)).remainder(2))
    found = Prediction(torch.full((1, 1, 32, 32), 50.0), image + alternating)
    # At half the size each block of four has the mean colour, so that the features see nothing.
    assert perceptual(found, everybody).item() == pytest.approx(0.1, abs=1e-5)
