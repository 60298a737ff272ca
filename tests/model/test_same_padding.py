import pytest
import timm
import torch
from timm.layers import Conv2dSame

from recorte.model.same_padding import EvenConv2dSame, fix_same_padding


@pytest.mark.parametrize("kernel", [1, 2, 3, 5, 7])
def test_the_fixed_padding_is_that_of_timm(kernel: int) -> None:
    torch.manual_seed(0)
    layer, image = Conv2dSame(3, 4, kernel, stride=2), torch.rand(2, 3, 14, 32)
    expected = layer(image)
    assert type(fix_same_padding(layer)) is EvenConv2dSame
    torch.testing.assert_close(layer(image), expected)


def test_a_whole_encoder_gives_the_same_features() -> None:
    torch.manual_seed(0)
    encoder, image = timm.create_model("tf_efficientnet_lite0", features_only=True).eval(), torch.rand(1, 3, 64, 96)
    with torch.no_grad():
        expected = encoder(image)
        names = list(encoder.state_dict())
        found = fix_same_padding(encoder)(image)
    assert not any(type(module) is Conv2dSame for module in encoder.modules())
    assert list(encoder.state_dict()) == names
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other)
