import json
from math import log

import pytest
import torch
from torch import Tensor, nn

from recorte.errors import ModelError
from recorte.model.attention_unet import AttentionGate, AttentionUNet, halved

SHAPES = [(32, 32), (33, 65), (64, 50), (1, 1), (5, 96), (31, 32)]


def tiny(encoder: str = "test_efficientnet", **options: object) -> AttentionUNet:
    torch.manual_seed(0)
    return AttentionUNet(encoder, "none", **{"decoder_channels": (8, 8, 8, 8), **options})


def photos(*shape: int, seed: int = 1) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


def with_learned_colours(network: AttentionUNet) -> AttentionUNet:
    nn.init.normal_(network.project_foreground.weight, std=0.1, generator=torch.Generator().manual_seed(2))
    return network


@pytest.fixture(scope="module")
def network() -> AttentionUNet:
    """In evaluation mode, with colours that are not just the photo's; not to be changed."""
    return with_learned_colours(tiny()).eval()


def test_halves_are_those_of_pixel_unshuffle() -> None:
    image = photos(2, 3, 6, 10)
    assert torch.equal(halved(image), nn.functional.pixel_unshuffle(image, 2))
    channels_last = image.contiguous(memory_format=torch.channels_last)
    assert halved(channels_last).is_contiguous(memory_format=torch.channels_last)  # or joining it takes a copy more


@pytest.mark.parametrize("attention", [True, False])
def test_any_size_goes_in_and_comes_out(attention: bool) -> None:
    network = tiny(attention=attention).eval()
    for height, width in SHAPES:
        with torch.inference_mode():
            prediction = network(photos(2, 3, height, width))
        assert prediction.alpha_logits.shape == (2, 1, height, width)
        assert prediction.foreground.shape == (2, 3, height, width)
        assert prediction.alpha_logits.isfinite().all()


# Stages of densenet121 round down at odd sizes, those of the others up; byobnet's nested names are joined by timm.
@pytest.mark.parametrize(
    "encoder",
    [
        "resnet18.a1_in1k",
        "test_resnet",
        "test_byobnet",
        "mobilenetv3_small_050",
        "tf_efficientnet_lite0",
        "densenet121",
    ],
)
def test_other_encoders_of_five_stages_work(encoder: str) -> None:
    network = tiny(encoder).eval()
    for height, width in ((64, 96), (33, 65), (1, 1)):
        with torch.inference_mode():
            prediction = network(photos(1, 3, height, width))
        assert prediction.alpha_logits.shape == (1, 1, height, width)
        assert prediction.foreground.shape == (1, 3, height, width)


def test_sizes_beside_a_multiple_of_32_are_seen_as_if_the_last_pixels_went_on(network: AttentionUNet) -> None:
    image = photos(1, 3, 40, 60)
    grown = torch.cat([image, image[:, :, -1:].expand(-1, -1, 24, -1)], dim=2)
    grown = torch.cat([grown, grown[..., -1:].expand(-1, -1, -1, 4)], dim=3)
    with torch.inference_mode():
        found, expected = network(image), network(grown)
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other[..., :40, :60])


@pytest.mark.parametrize("attention", [True, False])
@pytest.mark.parametrize("size", [(64, 64), (33, 70)])
def test_every_parameter_learns(attention: bool, size: tuple[int, int]) -> None:
    network = tiny(attention=attention)
    optimizer = torch.optim.SGD(network.parameters(), lr=1e-3)
    for _ in range(2):  # the head of the colours starts at zero, so it passes gradients back from the second step on
        optimizer.zero_grad()
        prediction = network(photos(2, 3, *size))
        ((prediction.alpha_logits - 1).square().mean() + (prediction.foreground - 0.5).square().mean()).backward()
        optimizer.step()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
        assert parameter.grad.abs().max() > 0, name


def test_it_can_learn_two_photos() -> None:
    network = tiny()
    image, alpha = photos(2, 3, 32, 32), torch.zeros(2, 1, 32, 32)
    alpha[0, :, 8:24, 8:20] = alpha[1, :, :10] = 1
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-2)
    for _ in range(40):
        optimizer.zero_grad()
        loss = nn.functional.binary_cross_entropy_with_logits(network(image).alpha_logits, alpha)
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.25  # log(2) = 0.69 knows nothing


@pytest.mark.parametrize("training", [True, False])
def test_the_colours_start_as_the_photos_own(training: bool) -> None:
    image = photos(2, 3, 64, 50)
    assert torch.equal(tiny().train(training)(image).foreground, image)


def test_the_colours_stay_within_0_and_1(network: AttentionUNet) -> None:
    with torch.inference_mode():
        foreground = network(photos(2, 3, 64, 64).round()).foreground
    assert foreground.min() == 0
    assert foreground.max() == 1


def test_a_photo_does_not_depend_on_the_others_in_its_batch(network: AttentionUNet) -> None:
    batch = photos(3, 3, 64, 50)
    with torch.inference_mode():
        together = network(batch)
        alone = [network(image[None]) for image in batch]
    for part, pieces in zip(together, zip(*alone, strict=True), strict=True):
        torch.testing.assert_close(part, torch.cat(pieces))


def test_a_new_network_is_in_training_mode_throughout() -> None:
    assert all(module.training for module in tiny().modules())  # Lightning would leave a part in evaluation mode


def test_attention_off_leaves_the_gates_out() -> None:
    gated = {name for name, _ in tiny().named_parameters()}
    plain = {name for name, _ in tiny(attention=False).named_parameters()}
    assert plain < gated
    assert {name.split(".")[2] for name in gated - plain} == {"gate"}


# Of every encoder the mean and standard deviation that it was trained with.
@pytest.mark.parametrize(
    ("encoder", "mean", "std"),
    [
        ("resnet18.a1_in1k", (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
        ("tf_efficientnet_lite0", (0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
    ],
)
def test_normalisation_happens_inside(encoder: str, mean: tuple[float, ...], std: tuple[float, ...]) -> None:
    network = tiny(encoder).eval()
    seen = []
    network.encoder.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    colour, spread = torch.tensor(mean).view(1, 3, 1, 1), torch.tensor(std).view(1, 3, 1, 1)
    with torch.inference_mode():
        network(colour.expand(1, 3, 32, 32))
        network((colour + spread).expand(1, 3, 32, 32))
    torch.testing.assert_close(seen[0], torch.zeros(1, 3, 32, 32))
    torch.testing.assert_close(seen[1], torch.ones(1, 3, 32, 32))


def test_the_heads_are_those_of_their_names(network: AttentionUNet) -> None:
    features = torch.rand(2, network.project_alpha.in_channels, 8, 6)
    apart = [
        nn.functional.pixel_shuffle(head(features), 2) for head in (network.project_alpha, network.project_foreground)
    ]
    torch.testing.assert_close(network._heads(features), torch.cat(apart, dim=1))


def test_autocast_joins_nothing_in_32_bits_before_the_heads(network: AttentionUNet) -> None:
    seen: list[torch.dtype] = []
    hook = network.refine.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].dtype))
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        network(torch.rand(1, 3, 64, 64))
    hook.remove()
    assert seen == [torch.bfloat16]


def test_dropout_acts_in_training_only() -> None:
    network = tiny(dropout=0.5)
    image = photos(2, 3, 64, 64)
    assert not torch.equal(network(image).alpha_logits, network(image).alpha_logits)
    network.eval()
    assert torch.equal(network(image).alpha_logits, network(image).alpha_logits)


def test_without_dropout_training_is_not_random() -> None:
    network = tiny()
    image = photos(2, 3, 64, 64)
    assert torch.equal(network(image).alpha_logits, network(image).alpha_logits)


@pytest.mark.parametrize("attention", [True, False])
def test_the_config_builds_the_same_network(attention: bool) -> None:
    network = with_learned_colours(
        tiny("test_resnet", attention=attention, dropout=0.25, decoder_channels=(16, 8, 4, 2))
    )
    config = json.loads(json.dumps(network.config))
    twin = AttentionUNet(**config, encoder_weights="none")
    twin.load_state_dict(network.state_dict())
    assert twin.config == network.config
    assert twin.dropout.p == 0.25
    image = photos(1, 3, 64, 64)
    for one, other in zip(network.eval()(image), twin.eval()(image), strict=True):
        assert torch.equal(one, other)


def test_the_normalisation_is_not_among_the_weights(network: AttentionUNet) -> None:
    assert not {"mean", "std"} & set(network.state_dict())


def test_an_unknown_encoder_names_close_ones() -> None:
    with pytest.raises(ModelError, match=r"model\.encoder=resnet43: no such encoder.*resnet34"):
        tiny("resnet43")


def test_an_unknown_tag_names_close_ones() -> None:
    with pytest.raises(ModelError, match=r"model\.encoder=resnet18\.nonsense: no such encoder.*resnet18"):
        tiny("resnet18.nonsense")


@pytest.mark.parametrize("encoder", ["test_convnext", "test_vit"])
def test_encoders_without_five_stages_are_refused(encoder: str) -> None:
    with pytest.raises(ModelError, match=rf"model\.encoder={encoder}: .*strides .* five stages .*resnet34\.a1_in1k"):
        tiny(encoder)


@pytest.mark.parametrize("encoder", ["test_coatnet", "test_maxvit"])
def test_encoders_that_take_one_size_only_are_refused(encoder: str) -> None:
    with pytest.raises(ModelError, match=rf"model\.encoder={encoder}: .*any size.*resnet34\.a1_in1k"):
        tiny(encoder)


def gate_of_one_channel() -> AttentionGate:
    """A gate, in evaluation, whose score is 2 * log(3) * relu(mean of four skip pixels - gate) - log(3)."""
    gate = AttentionGate(skip_channels=1, gate_channels=1)
    with torch.no_grad():
        for parameter in gate.parameters():
            parameter.zero_()
        gate.project_skip.weight[0] = 1 / 4
        gate.project_gate.weight[0] = -1
        gate.score[0].weight[0, 0] = 2 * log(3)
        gate.score[1].weight[0], gate.score[1].bias[0], gate.score[1].eps = 1, -log(3), 0
        # The second feature is below zero wherever skip and gate are above: only without the ReLU would it count.
        gate.project_skip.weight[1] = -1
        gate.score[0].weight[0, 1] = 100
    return gate.eval()


def test_the_attention_gate_computes_the_formula_of_the_paper() -> None:
    # The mean of the skip is 2.5, less a gate of 1.5: a score of 2 * log(3) - log(3), a weight of 3/4.
    skip = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]])
    found = gate_of_one_channel()(skip, torch.full((1, 1, 1, 1), 1.5))
    torch.testing.assert_close(found, 0.75 * skip)


def test_the_attention_weights_are_brought_up_bilinearly() -> None:
    # Weights of 3/4 above and 1/4 (the ReLU at zero) below, seen from rows at 1/4 and 3/4 of each.
    skip = torch.tensor([1.0, 2.0, 3.0, 4.0]).repeat(2, 1).T.reshape(1, 1, 4, 2)
    gate = torch.tensor([0.5, 9.0]).view(1, 1, 2, 1)
    weights = torch.tensor([0.75, 0.75 * 0.75 + 0.25 * 0.25, 0.75 * 0.25 + 0.25 * 0.75, 0.25]).view(1, 1, 4, 1)
    torch.testing.assert_close(gate_of_one_channel().weights(skip, gate), weights.expand(1, 1, 4, 2))
    torch.testing.assert_close(gate_of_one_channel()(skip, gate), skip * weights)


def test_one_weight_serves_all_channels_of_the_skip() -> None:
    torch.manual_seed(0)
    gate = AttentionGate(skip_channels=5, gate_channels=3)
    skip, coarse = torch.rand(2, 5, 4, 6) + 0.1, torch.rand(2, 3, 2, 3)
    weights = gate.weights(skip, coarse)
    assert weights.shape == (2, 1, 4, 6)
    torch.testing.assert_close(gate(skip, coarse) / skip, weights.expand(2, 5, 4, 6))
