"""TensorFlow's "same" padding, made fixed where the sizes are known to be even."""

from timm.layers.conv2d_same import Conv2dSame
from torch import Tensor, nn
from torch.nn import functional


class EvenConv2dSame(Conv2dSame):
    """timm's `Conv2dSame` of stride 2, for pictures of even sides only.

    Its padding depends on the size in general. For even sides it is always the same, and as a constant it costs
    nothing at run time and lets exporters understand the network: with a size that is not known to them, the chain of
    roundings of all layers takes them forever.
    """

    def forward(self, image: Tensor) -> Tensor:
        """Convolve `(N, C, H, W)` with even H and W into `(N, D, H/2, W/2)`."""
        height, width = (max(0, size - 2) for size in self.kernel_size)
        padded = functional.pad(image, (width // 2, width - width // 2, height // 2, height - height // 2))
        return functional.conv2d(padded, self.weight, self.bias, self.stride, 0, self.dilation, self.groups)


def fix_same_padding(network: nn.Module) -> nn.Module:
    """Replace each `Conv2dSame` of stride 2 in a network that sees multiples of 32 only, in place."""
    for module in network.modules():
        if type(module) is Conv2dSame and module.stride == (2, 2) and module.dilation == (1, 1):
            module.__class__ = EvenConv2dSame
    return network
