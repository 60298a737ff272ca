from contextlib import AbstractContextManager, nullcontext

import pytest
import timm
import torch
from timm.layers.conv2d_same import Conv2dSame
from torch import nn
from torch.profiler import ProfilerActivity, profile

from recorte.model.encoder_layers import DepthwiseConv2d, EvenConv2dSame, prepare_encoder

AUTOCAST = torch.autocast("cpu", torch.bfloat16)
"""To 16 bits; what has 64 stays as it is, and can be compared exactly."""


@pytest.mark.parametrize("kernel", [1, 2, 3, 5, 7])
def test_the_fixed_padding_is_that_of_timm(kernel: int) -> None:
    torch.manual_seed(0)
    layer, image = Conv2dSame(3, 4, kernel, stride=2), torch.rand(2, 3, 14, 32)
    expected = layer(image)
    assert type(prepare_encoder(layer)) is EvenConv2dSame
    torch.testing.assert_close(layer(image), expected)


def test_a_whole_encoder_gives_the_same_features() -> None:
    torch.manual_seed(0)
    encoder, image = timm.create_model("tf_efficientnet_lite0", features_only=True).eval(), torch.rand(1, 3, 64, 96)
    with torch.no_grad():
        expected = encoder(image)
        names = list(encoder.state_dict())
        found = prepare_encoder(encoder)(image)
    assert not any(type(module) is Conv2dSame for module in encoder.modules())
    assert list(encoder.state_dict()) == names
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize("kernel", [3, 5])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("padding", [0, 1, 2])
def test_gradients_of_depthwise_convolutions_are_those_of_pytorch(kernel: int, stride: int, padding: int) -> None:
    torch.manual_seed(0)
    layer = nn.Conv2d(6, 6, kernel, stride, padding, groups=6, bias=False, dtype=torch.float64)
    image = torch.rand(2, 6, 12, 16, dtype=torch.float64)
    expected = gradients(layer, image)
    assert type(prepare_encoder(layer)) is DepthwiseConv2d
    for one, other in zip(gradients(layer, image, AUTOCAST), expected, strict=True):
        torch.testing.assert_close(one, other)


def test_a_whole_encoder_learns_the_same() -> None:
    torch.manual_seed(0)
    encoder = timm.create_model("tf_efficientnet_lite0", features_only=True).eval().double()
    image = torch.rand(2, 3, 64, 96, dtype=torch.float64)
    expected = gradients(encoder, image)
    prepare_encoder(encoder)
    assert any(type(module) is DepthwiseConv2d for module in encoder.modules())
    assert any(type(module) is EvenConv2dSame and module.groups > 1 for module in encoder.modules())
    for one, other in zip(gradients(encoder, image, AUTOCAST), expected, strict=True):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize("stride", [1, 2])
def test_in_16_bits_the_gradients_are_as_exact_as_16_bits_are(stride: int) -> None:
    torch.manual_seed(0)
    layer = nn.Conv2d(64, 64, 5, stride, padding=2, groups=64, bias=False)
    image = torch.rand(2, 64, 24, 32)
    expected = gradients(layer, image)
    prepare_encoder(layer)
    with profile(activities=[ProfilerActivity.CPU]) as operations:
        found = gradients(layer, image, AUTOCAST)
    assert any(each.name == "_DepthwiseBackward" for each in operations.events())
    for one, other in zip(found, expected, strict=True):
        assert one.dtype == torch.float32
        assert (one - other).norm() < 4e-3 * other.norm()


def test_what_is_frozen_gets_no_gradient() -> None:
    layer = prepare_encoder(nn.Conv2d(4, 4, 3, padding=1, groups=4, bias=False)).requires_grad_(False)
    image = torch.rand(1, 4, 8, 8, requires_grad=True)
    with AUTOCAST:
        layer(image).sum().backward()
    assert layer.weight.grad is None
    assert image.grad is not None


def gradients(
    network: nn.Module, image: torch.Tensor, context: AbstractContextManager[object] | None = None
) -> list[torch.Tensor]:
    """Give the gradients of a sum of what comes out, weighed: of the photo, then of every parameter."""
    image = image.clone().requires_grad_()
    with context or nullcontext():
        found = network(image)
        maps = [found] if isinstance(found, torch.Tensor) else found
        torch.manual_seed(1)
        totals = [(one.double() * torch.randn(one.shape, dtype=torch.float64)).sum() for one in maps]
        return list(torch.autograd.grad(totals, [image, *network.parameters()]))
