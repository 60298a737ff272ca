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
    """A convolution of each channel by itself, whose gradients a processor finds several times as fast."""

    def forward(self, image: Tensor) -> Tensor:
        """Convolve `(N, C, H, W)` as `nn.Conv2d` does."""
        assert not isinstance(self.padding, str)  # those stay what they are
        return _convolve(image, self, self.padding)


class _Depthwise(torch.autograd.Function):
    """The gradients of a depthwise convolution on a processor, without oneDNN's way to them in bf16.

    That takes 40 % of a training step of EfficientNet-Lite2, some twenty times what the convolution itself takes. Yet
    the gradient for what went in is a convolution again, with the kernel turned round, where nothing is skipped; and
    the one for the weights is found in 32 bits in half the time, the conversion included.
    """

    @staticmethod
    def forward(ctx: Any, image: Tensor, weight: Tensor, stride: tuple[int, int], padding: tuple[int, int]) -> Tensor:
        ctx.save_for_backward(image, weight)
        ctx.stride, ctx.padding = stride, padding
        return functional.conv2d(image, weight, None, stride, padding, 1, len(weight))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None, None, None]:
        image, weight = ctx.saved_tensors
        of_image, of_weight = ctx.needs_input_grad[:2]
        turned = ctx.stride == (1, 1) and ctx.padding == tuple(size // 2 for size in weight.shape[2:])
        for_image = for_weight = None
        if of_image and turned:
            flipped = weight.flip(2, 3).to(gradient.dtype)
            for_image = functional.conv2d(gradient, flipped, None, 1, ctx.padding, 1, len(weight))
        wanted = of_image and not turned, of_weight, False
        if any(wanted):
            wide = [each.to(torch.promote_types(each.dtype, torch.float32)) for each in (gradient, image, weight)]
            found = torch.ops.aten.convolution_backward(
                *wide, None, ctx.stride, ctx.padding, (1, 1), False, (0, 0), len(weight), wanted
            )
            for_image, for_weight = found[0] if wanted[0] else for_image, found[1]
        return (
            None if for_image is None else for_image.to(image.dtype),
            None if for_weight is None else for_weight.to(weight.dtype),
            None,
            None,
        )


def prepare_encoder(network: nn.Module) -> nn.Module:
    """Put these layers in the place of an encoder's own, in place; it sees multiples of 32 only."""
    for module in network.modules():
        if type(module) is Conv2dSame and module.stride == (2, 2) and module.dilation == (1, 1):
            module.__class__ = EvenConv2dSame
        elif type(module) is nn.Conv2d and _is_depthwise(module) and not isinstance(module.padding, str):
            module.__class__ = DepthwiseConv2d
    return network


def _is_depthwise(layer: nn.Conv2d) -> bool:
    odd = all(size % 2 for size in layer.kernel_size)
    alone = layer.groups == layer.in_channels == layer.out_channels > 1
    return odd and alone and layer.bias is None and layer.dilation == (1, 1) and layer.padding_mode == "zeros"


def _convolve(image: Tensor, layer: nn.Conv2d, padding: tuple[int, ...]) -> Tensor:
    learning = torch.is_grad_enabled() and image.device.type == "cpu" and not torch.compiler.is_compiling()
    if learning and _is_depthwise(layer):
        convolved: Tensor = _Depthwise.apply(image, layer.weight, layer.stride, padding)
        return convolved
    return functional.conv2d(image, layer.weight, layer.bias, layer.stride, padding, layer.dilation, layer.groups)
