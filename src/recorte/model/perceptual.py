"""The perceptual term: do the cut-out and the true cut-out look alike to a network that knows pictures?"""

from collections.abc import Callable
from typing import Any, Self

import timm
import torch
from torch import Tensor, nn
from torch.nn import functional

from recorte.kinds import EncoderWeights
from recorte.model.attention_unet import Prediction
from recorte.model.encoder_weights import load_encoder_weights
from recorte.model.losses import Batch, mean_over_photos

SOLID = 0.99
REACH = 9
"""Pixels (at half size) across the window from which the colours of a soft edge are taken."""


class Perceptual(nn.Module):
    """Distance of predicted and true cut-out, both laid over the same colour: of their pixels and of deep features.

    The pixels are compared at full size, or nothing would keep neighbours from alternating. The features are those
    of a frozen encoder at strides 2 and 4, each position's vector brought to length one (as in LPIPS, Zhang et al.
    2018, arXiv 1801.03924), of the pictures at half the size, for a quarter of the time. The colour is black or
    white in each channel, whichever is farther from the person's mean colour, so that no part of a person can hide
    before it. This term is what teaches the foreground head.

    The encoder is not part of the module tree: it is in no checkpoint, and is never trained nor averaged. It goes to
    the device, and into the memory format, that this module goes to.

    Args:
        encoder: timm model whose features are compared.
        encoder_weights: as for the network; `none` gives random features from a fixed seed, which compare
            structure, though not as well as learned ones.

    Raises:
        ModelError: weights that cannot be had.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, encoder: str = "resnet34.a1_in1k", encoder_weights: EncoderWeights = "imagenet") -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            network: Any = timm.create_model(encoder, pretrained=False, features_only=True, out_indices=(0, 1))
        load_encoder_weights(network, encoder, encoder_weights, "loss.terms.perceptual.encoder_weights")
        self._hidden = _Hidden(network.eval().requires_grad_(False))
        for name in ("mean", "std"):
            value = torch.tensor(network.pretrained_cfg[name]).view(1, 3, 1, 1)
            self.register_buffer(name, value, persistent=False)

    @property
    def encoder(self) -> nn.Module:
        """The frozen encoder, which is no child of this module."""
        return self._hidden.network

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        self.encoder._apply(fn, recurse)
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        return self

    def forward(self, prediction: Prediction, batch: Batch) -> Tensor:
        """Give the scalar loss."""
        network = self.encoder
        image, alpha, weight = batch["image"], batch["alpha"], batch["weight"]
        half_weight = 1 - functional.max_pool2d(1 - weight, 2)  # a half-size pixel counts if all four pixels do
        half_image = functional.avg_pool2d(image, 2)
        half_alpha = functional.avg_pool2d(alpha, 2) * (half_weight > 0)
        colour = contrasting_colour(half_image, half_alpha)
        # Colours borrowed for soft edges are smooth, so that half the size does; solid pixels keep their own.
        size = image.shape[-2:]
        borrowed = functional.interpolate(true_foreground(half_image, half_alpha), size)
        weight = weight * functional.interpolate(half_weight, size)
        truth = _over(alpha, torch.where(alpha >= SOLID, image, borrowed), colour)
        guess = _over(torch.sigmoid(prediction.alpha_logits), prediction.foreground, colour)
        distance = mean_over_photos(weight * (guess - truth).abs(), weight) / 3
        truth, guess = (half_weight * functional.avg_pool2d(picture, 2) for picture in (truth, guess))
        with torch.no_grad():
            wanted = network((truth - self.mean) / self.std)
        found = network((guess - self.mean) / self.std)
        for one, other in zip(found, wanted, strict=True):
            difference = functional.normalize(one, dim=1) - functional.normalize(other, dim=1)
            distance = distance + difference.square().sum(dim=1).mean()
        return distance


class _Hidden:
    """Keeps a frozen network out of the module tree, and whole when the tree is copied: the copies share it."""

    def __init__(self, network: nn.Module) -> None:
        self.network = network

    def __deepcopy__(self, memo: dict[int, object]) -> "_Hidden":
        return self


def contrasting_colour(image: Tensor, alpha: Tensor) -> Tensor:
    """Find black or white, channel by channel, farther from the person's mean colour: `(N, 3, 1, 1)`."""
    total = (image * alpha).sum(dim=(2, 3), keepdim=True)
    return (total / alpha.sum(dim=(2, 3), keepdim=True).clamp(min=1) < 0.5).float()


def true_foreground(image: Tensor, alpha: Tensor) -> Tensor:
    """Estimate the person's own colours `(N, 3, H, W)` from `image (N, 3, H, W)` and `alpha (N, 1, H, W)`.

    Where the person is solid they are the photo's. At a soft edge the photo's colours hold background, and the mean
    of the solid person around is taken instead; where no solid person is near, the photo's colours stay.
    """
    solid = (alpha >= SOLID).float()
    sums = torch.cat([image * solid, solid], dim=1)
    for window in ((REACH, 1), (1, REACH)):  # one way, then the other: 18 sums a pixel rather than 81
        sums = functional.avg_pool2d(sums, window, stride=1, padding=(window[0] // 2, window[1] // 2))
    near, share = sums[:, :3], sums[:, 3:]
    borrowed = torch.where(share > 0, near / share.clamp(min=1e-6), image)
    return torch.where(solid > 0, image, borrowed)


def _over(alpha: Tensor, foreground: Tensor, colour: Tensor) -> Tensor:
    return alpha * foreground + (1 - alpha) * colour
