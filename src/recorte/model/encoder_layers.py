"""Layers of timm's encoders in another form: the same weights and results, for less time or for exporters."""

from typing import Any

import torch
from timm.layers.conv2d_same import Conv2dSame
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
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
        return _convolve(padded, self, (0, 0))


class DepthwiseConv2d(nn.Conv2d):
    """A convolution of each channel by itself, whose gradients in bf16 a processor finds several times as fast."""

    def forward(self, image: Tensor) -> Tensor:
        """Convolve `(N, C, H, W)` as `nn.Conv2d` does."""
        assert not isinstance(self.padding, str)  # those stay what they are
        return _convolve(image, self, self.padding)


class _Depthwise(torch.autograd.Function):
    """A depthwise convolution whose gradients do without oneDNN's way to them in bf16.

    That takes 40 % of a training step of EfficientNet-Lite2 on a processor, some twenty times what the convolution
    itself takes.
    """

    @staticmethod
    def forward(ctx: Any, image: Tensor, weight: Tensor, stride: tuple[int, int], padding: tuple[int, int]) -> Tensor:
        """Convolve `image (N, C, H, W)` with `weight (C, 1, h, w)`."""
        ctx.save_for_backward(image, weight)
        ctx.stride, ctx.padding = stride, padding
        return functional.conv2d(image, weight, None, stride, padding, 1, len(weight))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None, None, None]:
        """Give the gradients for image and weight, where they are asked for; autograd brings them to their types.

        That for the image is a convolution again, with the kernel turned round, where no pixel is skipped or lost. All
        else is found in 32 bits, in half the time with the conversion included.
        """
        image, weight = ctx.saved_tensors
        of_image, of_weight = ctx.needs_input_grad[:2]
        for_image = for_weight = None
        if of_image and ctx.stride == (1, 1) and ctx.padding == tuple(size // 2 for size in weight.shape[2:]):
            turned = weight.flip(2, 3).to(gradient.dtype)
            for_image = functional.conv2d(gradient, turned, None, 1, ctx.padding, 1, len(weight))
            of_image = False
        if of_image or of_weight:
            wide = [each.to(torch.promote_types(each.dtype, torch.float32)) for each in (gradient, image, weight)]
            where = ctx.stride, ctx.padding, (1, 1), False, (0, 0), len(weight)
            found = torch.ops.aten.convolution_backward(*wide, None, *where, (of_image, of_weight, False))
            for_image, for_weight = found[0] if of_image else for_image, found[1]
        return for_image, for_weight, None, None


def prepare_encoder(network: nn.Module) -> nn.Module:
    """Put these layers in the place of an encoder's own, in place; it sees multiples of 32 only."""
    for module in network.modules():
        if type(module) is Conv2dSame and module.stride == (2, 2) and module.dilation == (1, 1):
            module.__class__ = EvenConv2dSame
        elif type(module) is nn.Conv2d and _is_depthwise(module):
            module.__class__ = DepthwiseConv2d
    return network


def _is_depthwise(layer: nn.Conv2d) -> bool:
    alone = layer.groups == layer.in_channels == layer.out_channels > 1
    zeros = layer.padding_mode == "zeros" and not isinstance(layer.padding, str)
    odd = all(size % 2 for size in layer.kernel_size)
    return alone and zeros and odd and layer.bias is None and layer.dilation == (1, 1)


def _convolve(image: Tensor, layer: nn.Conv2d, padding: tuple[int, ...]) -> Tensor:
    learning = torch.is_grad_enabled() and not torch.compiler.is_compiling()
    # In 32 bits PyTorch's own way is as fast.
    if learning and image.device.type == "cpu" and torch.is_autocast_enabled("cpu") and _is_depthwise(layer):
        convolved: Tensor = _Depthwise.apply(image, layer.weight, layer.stride, padding)
        return convolved
    return functional.conv2d(image, layer.weight, layer.bias, layer.stride, padding, layer.dilation, layer.groups)
