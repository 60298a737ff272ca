"""The loss: named terms, weighted and summed. Soft alphas are legal targets everywhere; weight 0 is never looked at.

Every term is a mean over photos, each of which has a value of its own. So the mean over processes, or over batches that
are gathered into one step, is the same as over one large batch, whatever padding each photo has.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

from recorte.kinds import Weights
from recorte.model.attention_unet import Prediction
from recorte.model.metrics import NEAR

Batch = Mapping[str, Tensor]
"""`image (N, 3, H, W)`, `alpha (N, 1, H, W)` and `weight (N, 1, H, W)`, all in [0, 1]."""


def mean_over_photos(values: Tensor, weight: Tensor) -> Tensor:
    """Give the mean over photos of `values (N, C, H, W)`, each photo's divided by the pixels of it that count.

    Args:
        values: 0 wherever the weight is.
        weight: `(N, 1, H, W)`; a photo of weight 0 everywhere has the value 0.
    """
    return (values.flatten(1).sum(dim=1) / weight.flatten(1).sum(dim=1).clamp(min=1)).mean()


class BinaryCrossEntropy(nn.Module):
    """Cross entropy of the alpha, averaged over the pixels of a photo that count."""

    def forward(self, prediction: Prediction, batch: Batch) -> Tensor:
        """Give the scalar loss."""
        weight = batch["weight"]
        entropy = functional.binary_cross_entropy_with_logits(
            prediction.alpha_logits, batch["alpha"], weight, reduction="none"
        )
        return mean_over_photos(entropy, weight)


class Absolute(nn.Module):
    """Absolute error of the alpha, averaged over the pixels of a photo that count.

    It is least at the median of what is likely, where cross entropy is least at the mean: what is doubted comes out as
    somebody or nobody, and not as a smear.
    """

    def forward(self, prediction: Prediction, batch: Batch) -> Tensor:
        """Give the scalar loss."""
        weight = batch["weight"]
        return mean_over_photos(weight * (torch.sigmoid(prediction.alpha_logits) - batch["alpha"]).abs(), weight)


class Focal(nn.Module):
    """Cross entropy that looks away from what is right already (Lin et al. 2017, arXiv 1708.02002).

    Written with the distance |target - probability|, which allows soft targets (Li et al. 2020, arXiv 2006.04388).

    Args:
        gamma: how far it looks away; 0 is plain cross entropy.
    """

    def __init__(self, gamma: float = 2.0) -> None:
        super().__init__()
        self.gamma = gamma

    def forward(self, prediction: Prediction, batch: Batch) -> Tensor:
        """Give the scalar loss."""
        logits, target, weight = prediction.alpha_logits, batch["alpha"], batch["weight"]
        # Not 0: there a power below one has an infinite slope.
        distance = (target - torch.sigmoid(logits)).abs().clamp(min=1e-6)
        entropy = functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
        return mean_over_photos(weight * distance**self.gamma * entropy, weight)


class Dice(nn.Module):
    """One minus the Dice coefficient of each photo, then the mean (Milletari et al. 2016, arXiv 1606.04797).

    Args:
        smooth: pixels added above and below, so that a photo of nobody has a gradient too: there the loss is
            near 1 as long as anybody is found and 0 when nobody is.
    """

    def __init__(self, smooth: float = 1.0) -> None:
        super().__init__()
        self.smooth = smooth

    def forward(self, prediction: Prediction, batch: Batch) -> Tensor:
        """Give the scalar loss."""
        weight, target = batch["weight"], batch["alpha"]
        alpha = torch.sigmoid(prediction.alpha_logits)
        overlap = (weight * alpha * target).sum(dim=(1, 2, 3))
        total = (weight * (alpha + target)).sum(dim=(1, 2, 3))
        return (1 - (2 * overlap + self.smooth) / (total + self.smooth)).mean()


class Edge(nn.Module):
    """Difference between the gradients of the predicted and the true alpha: sharp edges where they are, none elsewhere.

    The gradients are differences of neighbours, across and down; a pair counts if both pixels do. The sum is
    divided by the pixels of the photo that count.
    """

    def forward(self, prediction: Prediction, batch: Batch) -> Tensor:
        """Give the scalar loss."""
        weight = batch["weight"]
        error = torch.sigmoid(prediction.alpha_logits) - batch["alpha"]
        across = weight[..., 1:] * weight[..., :-1] * (error[..., 1:] - error[..., :-1]).abs()
        down = weight[..., 1:, :] * weight[..., :-1, :] * (error[..., 1:, :] - error[..., :-1, :]).abs()
        return mean_over_photos(across, weight) + mean_over_photos(down, weight)


class Outline(nn.Module):
    """Absolute error of the alpha beside the true outline, averaged over the pixels of a photo there that count.

    Beside the outline is what lies up to `NEAR` from it, at least a pixel. In a mean over the whole photo, or a share
    of the person, an outline that is two pixels off all the way hardly counts. A photo of nobody has the value 0.
    """

    def forward(self, prediction: Prediction, batch: Batch) -> Tensor:
        """Give the scalar loss."""
        alpha, counts = batch["alpha"], batch["weight"]
        window = 2 * max(1, round(NEAR * max(alpha.shape[-2:]))) + 1
        person, background = (
            functional.max_pool2d(counts * kind, window, stride=1, padding=window // 2) for kind in (alpha, 1 - alpha)
        )
        weight = counts * (person + background - 1).clamp(min=0)  # of hard masks: 1 where both are near, else 0
        return mean_over_photos(weight * (torch.sigmoid(prediction.alpha_logits) - alpha).abs(), weight)


class CompositeLoss(nn.Module):
    """Weighted sum of named terms.

    Args:
        terms: modules that map (prediction, batch) to a scalar, by name.
        weights: the factor of each; a term with factor 0 is not computed.

    Raises:
        ValueError: a weight without a term or the other way round.
    """

    def __init__(self, terms: Mapping[str, nn.Module], weights: Weights) -> None:
        super().__init__()
        if set(terms) != set(weights):
            raise ValueError(f"loss: the terms are {sorted(terms)} but weights are given for {sorted(weights)}")
        self.terms = nn.ModuleDict({name: term for name, term in terms.items() if weights[name]})
        self.weights = {name: float(weights[name]) for name in self.terms}

    def forward(self, prediction: Prediction, batch: Batch) -> dict[str, Tensor]:
        """Compute every term by name, unweighted, and their weighted sum as `loss`; all scalars, in 32 bits.

        Sums over a photo's pixels overflow or lose their last digits in 16 bits, hence the conversion.
        """
        with torch.autocast(prediction.alpha_logits.device.type, enabled=False):
            prediction = Prediction(*(part.float() for part in prediction))
            values = {name: term(prediction, batch) for name, term in self.terms.items()}
        return {**values, "loss": sum(self.weights[name] * value for name, value in values.items())}
