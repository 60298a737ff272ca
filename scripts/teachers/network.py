"""The network that follows a touch, and its loss."""

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, interpolate

from recorte.model.attention_unet import AttentionUNet, halved
from recorte.removal.correct.features import CHANNELS, FINER


class Follower(nn.Module):
    """The network that cuts out, whose first convolution sees the touch besides the photo, and with another head.

    What it knows of people and their outlines it keeps; to begin with, the touch changes nothing of it.

    Args:
        network: trained, of an encoder whose first convolution is `conv_stem`; is changed.
    """

    def __init__(self, network: AttentionUNet) -> None:
        super().__init__()
        stem = network.encoder.conv_stem
        stem.weight = nn.Parameter(nn.functional.pad(stem.weight.detach(), (0, 0, 0, 0, 0, CHANNELS)))
        stem.in_channels += CHANNELS
        del network.project_alpha, network.project_foreground
        width = network.config["decoder_channels"][-1]
        self.network = network
        self.last = nn.Sequential(nn.Conv2d(width + CHANNELS, 24, 1), nn.ReLU(), nn.Conv2d(24, 1, 1))

    def forward(self, photo: Tensor, touch: Tensor) -> Tensor:
        """Give the thing's logits, `(N, 1, S, S)`.

        Args:
            photo: `(N, 3, FINER S, FINER S)` in [0, 1].
            touch: `(N, CHANNELS, S, S)`, as `features` makes it.
        """
        network = self.network
        normalised = (photo - network.mean) / network.std
        both = torch.cat([normalised, interpolate(touch, scale_factor=float(FINER), mode="nearest")], dim=1)
        *skips, coarse = network.encoder(both)
        for block, skip in zip(network.decoder, reversed(skips), strict=True):
            coarse = block(coarse, skip)
        features = network.refine(torch.cat([coarse, halved(normalised)], dim=1))
        logits: Tensor = self.last(torch.cat([features, touch], dim=1))
        return logits


def loss_of(logits: Tensor, truth: Tensor, counts: Tensor) -> Tensor:
    """Dice and cross entropy, each photo by the size of its thing, over what can be part of it."""
    found, truth = torch.sigmoid(logits) * counts, truth * counts
    both = (found * truth).sum((1, 2))
    dice = 1 - (2 * both + 20) / (found.sum((1, 2)) + truth.sum((1, 2)) + 20)
    entropy = (binary_cross_entropy_with_logits(logits, truth, reduction="none") * counts).sum((1, 2))
    return (dice + entropy / (2 * truth.sum((1, 2)) + 400)).mean()
