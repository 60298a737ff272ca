"""The network: a timm encoder, a decoder with attention gates, a head for alpha and a head for colours."""

import difflib
from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any, NamedTuple, Self

import timm
import torch
from msgspec import Meta
from torch import Tensor, nn
from torch.nn import functional

from recorte.errors import ModelError
from recorte.kinds import BelowOne, Count, EncoderWeights
from recorte.model.encoder_layers import prepare_encoder
from recorte.model.encoder_weights import load_encoder_weights


class Prediction(NamedTuple):
    """What the network makes of a batch of photos.

    Attributes:
        alpha_logits: `(N, 1, H, W)`; their sigmoid is the alpha, 1 = person.
        foreground: `(N, 3, H, W)` in [0, 1], the person's colours, free of background where the two mix.
    """

    alpha_logits: Tensor
    foreground: Tensor


class AttentionGate(nn.Module):
    """Additive attention (Oktay et al. 2018, arXiv 1804.03999): weighs a skip by what the coarser level has seen.

    The weights are made at the coarser level's size and brought up to the skip's, as in the paper.

    Args:
        skip_channels: channels of the skip.
        gate_channels: channels of the coarser level, which steers.
    """

    def __init__(self, skip_channels: int, gate_channels: int) -> None:
        super().__init__()
        inner = max(8, skip_channels // 2)
        self.project_skip = nn.Conv2d(skip_channels, inner, kernel_size=2, stride=2, bias=False)
        self.project_gate = nn.Conv2d(gate_channels, inner, kernel_size=1)
        # Normalised, so that a gate stays where the sigmoid is steep: free to grow, most scores soon lie so far out
        # that the gate is open or shut everywhere, for good.
        norm = nn.BatchNorm2d(1)
        nn.init.ones_(norm.bias)  # three quarters open at first
        self.score = nn.Sequential(nn.Conv2d(inner, 1, kernel_size=1, bias=False), norm)

    def forward(self, skip: Tensor, gate: Tensor) -> Tensor:
        """Weigh `skip (N, C, h, w)` of even sides by `gate (N, G, h/2, w/2)`; gives `(N, C, h, w)`."""
        return skip * self.weights(skip, gate)

    def weights(self, skip: Tensor, gate: Tensor) -> Tensor:
        """Attention of every place of the skip: `(N, 1, h, w)` in (0, 1)."""
        score = self.score(functional.relu(self.project_skip(skip) + self.project_gate(gate)))
        return resize_to(torch.sigmoid(score), skip)


class DecoderBlock(nn.Module):
    """One level up: the coarser level brought to the skip's size, joined with the gated skip, and mixed.

    The coarser level is narrowed before it is enlarged, where it is a quarter of the work.

    Args:
        coarse_channels: of the coarser level.
        skip_channels: of the skip.
        channels: of what comes out.
        attention: whether the skip is gated.
        convolutions: of 3 x 3 that mix the two.
    """

    def __init__(
        self, coarse_channels: int, skip_channels: int, channels: int, attention: bool, convolutions: int = 2
    ) -> None:
        super().__init__()
        self.gate = AttentionGate(skip_channels, coarse_channels) if attention else None
        self.narrow = ConvNormAct(coarse_channels, channels, kernel_size=1)
        self.mix = nn.Sequential(
            ConvNormAct(channels + skip_channels, channels, kernel_size=3),
            *(ConvNormAct(channels, channels, kernel_size=3) for _ in range(convolutions - 1)),
        )

    def forward(self, coarse: Tensor, skip: Tensor) -> Tensor:
        """Join `coarse (N, A, h/2, w/2)` and `skip (N, B, h, w)` into `(N, channels, h, w)`."""
        gated = skip if self.gate is None else self.gate(skip, coarse)
        mixed: Tensor = self.mix(torch.cat([resize_to(self.narrow(coarse), skip), gated], dim=1))
        return mixed


class ConvNormAct(nn.Sequential):
    """Convolution, batch norm and ReLU; the size stays."""

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int) -> None:
        super().__init__(
            nn.Conv2d(in_channels, out_channels, kernel_size, padding=kernel_size // 2, bias=False),
            nn.BatchNorm2d(out_channels),
            nn.ReLU(inplace=True),
        )


Channels = Annotated[
    Sequence[Count],
    Meta(min_length=4, max_length=4, description="four whole numbers, coarse to fine, such as [192,96,48,32]"),
]


class AttentionUNet(nn.Module):
    """U-Net (Ronneberger et al. 2015) over a timm encoder, with attention gates on every skip and two heads.

    The normalisation that the encoder expects happens inside, so photos go in as they are. Any height and width
    work; multiples of 32 waste nothing. The colours are the photo's own plus a learned change.

    Args:
        encoder: a timm model with five stages at strides 2 to 32, such as `resnet34.a1_in1k`.
        encoder_weights: `imagenet` (timm downloads them), `none`, or the path of a state dict of that timm model
            (`.safetensors`, or `.pth` of plain tensors).
        attention: gates on the skips; without them it is the plain U-Net.
        dropout: share of the coarsest features dropped in training, in [0, 1).
        decoder_channels: width of the four decoder levels, coarse to fine.

    Raises:
        ModelError: unknown encoder, one without five stages or for one size only, or weights that cannot be had.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        encoder: str = "resnet34.a1_in1k",
        encoder_weights: EncoderWeights = "imagenet",
        attention: bool = True,
        dropout: BelowOne = 0.0,
        decoder_channels: Channels = (192, 96, 48, 32),
    ) -> None:
        super().__init__()
        features = _build_encoder(encoder, encoder_weights)
        self.encoder: nn.Module = features
        self.encoder_frozen = False
        normalisation = features.pretrained_cfg
        for name in ("mean", "std"):
            self.register_buffer(name, torch.tensor(normalisation[name]).view(1, 3, 1, 1), persistent=False)
        *skips, coarsest = features.feature_info.channels()
        levels = [coarsest, *decoder_channels]
        self.dropout = nn.Dropout2d(dropout)
        self.decoder = nn.ModuleList(
            DecoderBlock(coarse, skip, channels, attention, convolutions)
            for coarse, channels, skip, convolutions in zip(
                levels[:-1], levels[1:], reversed(skips), (2, 2, 2, 1), strict=True
            )  # the finest level is mixed once more below, together with the photo
        )
        # The finest step works at half size, on the photo's four interleaved half-size copies, and gives four
        # interleaved results (Shi et al. 2016, arXiv 1609.05158): full detail at a quarter of the memory traffic.
        self.refine = ConvNormAct(levels[-1] + 4 * 3, levels[-1], kernel_size=3)
        self.project_alpha = nn.Conv2d(levels[-1], 4 * 1, kernel_size=3, padding=1)
        self.project_foreground = nn.Conv2d(levels[-1], 4 * 3, kernel_size=3, padding=1)
        self.config: dict[str, Any] = {
            "encoder": encoder,
            "attention": attention,
            "dropout": dropout,
            "decoder_channels": list(decoder_channels),
        }
        """Plain data from which the same network can be built again (its weights come from elsewhere)."""
        self._initialise()

    def _initialise(self) -> None:
        for module in (self.decoder, self.refine):
            for layer in module.modules():
                if isinstance(layer, nn.Conv2d):
                    nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
        # The first prediction leaves the colours as they are, so that no photo is spoilt before something is learned.
        for parameter in self.project_foreground.parameters():
            nn.init.zeros_(parameter)

    def forward(self, image: Tensor) -> Prediction:
        """Predict for `image (N, 3, H, W)` in [0, 1], RGB."""
        height, width = image.shape[-2:]
        normalised = (image - self.mean) / self.std
        # Encoders differ in whether a stage rounds half a pixel up or down.
        if height % 32 or width % 32:
            normalised = functional.pad(normalised, (0, -width % 32, 0, -height % 32), mode="replicate")
        *skips, coarse = self._encode(normalised)
        coarse = self.dropout(coarse)
        for block, skip in zip(self.decoder, reversed(skips), strict=True):
            coarse = block(coarse, skip)
        # Of one type, or autocast would join them in 32 bits, and convert to and fro.
        features = self.refine(torch.cat([coarse, halved(normalised.to(coarse.dtype))], dim=1))
        alpha_logits, change = self._heads(features)[..., :height, :width].split((1, 3), dim=1)
        return Prediction(alpha_logits, (image + change).clamp(0, 1))

    def _heads(self, features: Tensor) -> Tensor:
        """Give alpha logits and changes of colour as one `(N, 4, 2h, 2w)`: one convolution is faster than two."""
        heads = self.project_alpha, self.project_foreground
        weight, bias = (torch.cat([getattr(head, name) for head in heads]) for name in ("weight", "bias"))
        return functional.pixel_shuffle(functional.conv2d(features, weight, bias, padding=1), 2)

    def freeze_encoder(self, frozen: bool = True) -> None:
        """Keep the encoder's weights and statistics as they are, or train them again.

        Its parameters go on asking for gradients, and get none: so optimizers and DDP, which look at a network once,
        need not be told.
        """
        self.encoder_frozen = frozen
        self.train(self.training)

    def train(self, mode: bool = True) -> Self:
        """Switch to training or evaluation; a frozen encoder stays in evaluation."""
        super().train(mode)
        if self.encoder_frozen:
            self.encoder.eval()
        return self

    def _encode(self, image: Tensor) -> list[Tensor]:
        if not self.encoder_frozen:
            return list(self.encoder(image))
        with torch.no_grad():
            return list(self.encoder(image))


def halved(image: Tensor) -> Tensor:
    """Give the four interleaved half-size copies of `image (N, 3, H, W)`, as `(N, 12, H / 2, W / 2)`.

    The same as `pixel_unshuffle(image, 2)`, in whose place exporters write the photo's own size into the graph.
    """
    copies = torch.cat([image[..., row::2, column::2] for row in (0, 1) for column in (0, 1)], dim=1)
    # Slices keep the memory format, where a list of channels does not.
    return torch.cat([copies[:, colour::3] for colour in range(3)], dim=1)


def resize_to(features: Tensor, like: Tensor) -> Tensor:
    """Bring `features (N, C, h, w)` to the height and width of `like`, bilinearly, in their own type.

    On a CPU autocast would have it done in 32 bits, and with it all that is joined to the result.
    """
    # By factors, not to a size: so an exported graph holds for photos of every size.
    factors = [float(to / of) for to, of in zip(like.shape[-2:], features.shape[-2:], strict=True)]
    enlarge = partial(functional.interpolate, scale_factor=factors, mode="bilinear", align_corners=False)
    if not (features.device.type == "cpu" and torch.is_autocast_enabled("cpu")):  # exporters do not take the context
        return enlarge(features)
    with torch.autocast("cpu", enabled=False):
        return enlarge(features)


def _build_encoder(name: str, weights: str) -> Any:
    """Give a module of features; which of timm's kinds it is depends on the encoder, and none has a type for itself."""
    try:
        encoder: Any = timm.create_model(name, pretrained=False, features_only=True)
    except (RuntimeError, ValueError, AttributeError) as error:
        known = timm.list_models() + timm.list_models(pretrained=True)
        close = ", ".join(difflib.get_close_matches(name, known, 5)) or "resnet34.a1_in1k"
        raise ModelError(f"model.encoder={name}: no such encoder in timm ({error}); close to it: {close}") from None
    strides = encoder.feature_info.reduction()
    if strides != [2, 4, 8, 16, 32]:
        raise ModelError(
            f"model.encoder={name}: its stages are at strides {strides}, and five stages at 2, 4, 8, 16 and 32 "
            "are needed; resnet34.a1_in1k, mobilenetv3_large_100 and tf_efficientnet_lite0 have them"
        )
    try:
        with torch.no_grad():
            encoder.eval()(torch.zeros(1, 3, 64, 96))
    except (RuntimeError, AssertionError):
        raise ModelError(
            f"model.encoder={name}: it does not take photos of any size; "
            "resnet34.a1_in1k, mobilenetv3_large_100 and tf_efficientnet_lite0 do"
        ) from None
    encoder.train()
    load_encoder_weights(encoder, name, weights)
    return prepare_encoder(encoder)
