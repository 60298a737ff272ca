"""Colours and rotation of a whole batch at once, where the network is; what of `Augmentation` can be done there.

Each photo has strengths of its own, drawn by the worker that made it, so that neither the batch it is in nor the number
of workers matters. torchvision's transforms take one strength for a batch.
"""

import math
from collections.abc import Mapping
from functools import cache
from typing import Any

import albumentations as A
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from recorte.letterbox import PADDING_COLOUR

KERNEL = 11
"""Side of the blurs' kernels, pixels: what a Gaussian of 1.5 needs."""
SIGMA, GRAIN, QUALITY, JITTERED = (0.3, 1.5), (0.01, 0.06), (35, 90), 0.8
"""Of blur, pixels; of noise, a share of the range; of JPEG; and how often colours change, where they do at all."""
LUMINANCE = (0.299, 0.587, 0.114)
INSIDE = 2
"""Added to the weight of what is photo and not padding, on the way from the worker to the device."""

Later = dict[str, np.ndarray]
"""What is to be done to a photo on the device.

`turn (2, 3)`: where in the canvas, in [-1, 1], each pixel comes from; `jitter (4,)`: factors of brightness, contrast
and saturation, and the shift of hue as a share of the circle; `kernel (11, 11)` of a blur; `noise (2,)`: its deviation,
and 1 where each colour has its own; `quality (1,)` of JPEG, 0 for none; `seed (1,)` of the noise."""


def _array(values: Any, dtype: type[np.generic] = np.float32) -> np.ndarray:
    return np.asarray(values, dtype)


def nothing() -> Later:
    """Give what leaves a photo as it is."""
    kernel = np.zeros((KERNEL, KERNEL), np.float32)
    kernel[KERNEL // 2, KERNEL // 2] = 1
    return {
        "turn": _array([[1, 0, 0], [0, 1, 0]]), "jitter": _array([1, 1, 1, 0]), "kernel": kernel,
        "noise": _array([0, 0]), "quality": _array([0]), "seed": _array([0], np.int64),
    }  # fmt: skip


def drawn(colour: float, grey: float, blur: float, noise: float, jpeg: float, rng: np.random.Generator) -> Later:
    """Draw what is done to the colours of a photo; the arguments are those of `Augmentation`."""
    later = nothing()
    if colour and rng.random() < JITTERED:
        later["jitter"][:3] = rng.uniform(1 - colour, 1 + colour, 3)
        later["jitter"][3] = rng.uniform(-colour / 10, colour / 10)
    if rng.random() < grey:
        later["jitter"][2:] = 0
    if rng.random() < blur:
        later["kernel"] = _kernel(rng)
    if rng.random() < noise:
        later["noise"] = _array([rng.uniform(*GRAIN), rng.random() < 0.5])
        later["seed"] = _array([rng.integers(2**63)], np.int64)
    if rng.random() < jpeg:
        later["quality"] = _array([rng.integers(QUALITY[0], QUALITY[1] + 1)])
    return later


def turned(angle: float, row: float, column: float, size: int) -> np.ndarray:
    """Give the `turn` by an angle, degrees against the clock, around a point of a canvas of `size` pixels."""
    across, down = (2 * column + 1) / size - 1, (2 * row + 1) / size - 1
    cosine, sine = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    back = np.array([[cosine, -sine], [sine, cosine]])
    return _array(np.column_stack([back, np.array([across, down]) - back @ (across, down)]))


def finished(batch: Mapping[str, Any], later: Mapping[str, Tensor]) -> dict[str, Any]:
    """Do to a batch what its workers have left to the device, without waiting for that.

    Args:
        batch: of bytes, as the loader gives it, on the device; its weights tell what is photo.
        later: `Later` of each photo, stacked, on the processor.

    Returns:
        The batch as floats, as `as_floats` makes them.
    """
    image, alpha = batch["image"].movedim(-1, -3).float().div_(255), batch["alpha"].float().div_(255)
    inside, weight = batch["weight"] >= INSIDE, (batch["weight"] % INSIDE).float()
    image = torch.where(inside, _coloured(image, inside, later), image)
    turning = _chosen(later["turn"].flatten(1), nothing()["turn"].ravel(), image.device)
    if len(turning):
        both, weight = torch.cat([image, alpha], dim=1), weight.clone()
        both[turning], weight[turning] = _turn(both[turning], weight[turning], later["turn"].to(image.device)[turning])
        image, alpha = both[:, :3], both[:, 3:]
    return {**batch, "image": image, "alpha": alpha, "weight": weight}


def _coloured(image: Tensor, inside: Tensor, later: Mapping[str, Tensor]) -> Tensor:
    """Change colours, blur, add grain, and go through JPEG, each where it is wanted; `image` is not changed itself."""
    device, left_alone = image.device, nothing()
    image = _jittered(image, inside, later["jitter"].to(device))
    blurred = _chosen(later["kernel"].flatten(1), left_alone["kernel"].ravel(), device)
    if len(blurred):
        image[blurred] = _blurred(image[blurred], inside[blurred], later["kernel"].to(device)[blurred])
    for number in torch.nonzero(later["noise"][:, 0]).flatten().tolist():
        generator = torch.Generator(device).manual_seed(int(later["seed"][number, 0]))
        deviation, each = later["noise"][number].tolist()
        grain = torch.randn(3 if each else 1, *image.shape[2:], generator=generator, device=device)
        image[number] = (image[number] + deviation * grain).clamp(0, 1)
    packed = _chosen(later["quality"], left_alone["quality"], device)
    if len(packed):
        image[packed] = through_jpeg(image[packed], later["quality"].to(device)[packed, 0])
    return image


def _chosen(values: Tensor, usual: np.ndarray, device: torch.device) -> Tensor:
    """Number the photos of which something is to be done; found on the processor, which need not wait for that."""
    return torch.nonzero((values != torch.from_numpy(usual)).any(dim=1)).flatten().to(device)


def _jittered(image: Tensor, inside: Tensor, jitter: Tensor) -> Tensor:
    """Change brightness, contrast, saturation and hue, in this order, which is one matrix for each photo.

    Contrast is around the photo's mean grey; hue is turned around the grey axis.
    """
    brightness, contrast, saturation, hue = jitter[:, :, None, None].unbind(dim=1)
    luminance = image.new_tensor(LUMINANCE)
    greys = torch.einsum("c,nchw->nhw", luminance, image)[:, None] * inside
    mean = greys.sum(dim=(1, 2, 3)) / inside.sum(dim=(1, 2, 3)).clamp(min=1)
    unit, third = torch.eye(3, device=image.device), torch.full((3, 3), 1 / 3, device=image.device)
    across = image.new_tensor([[0, -1, 1], [1, 0, -1], [-1, 1, 0]]) / math.sqrt(3)
    angle = 2 * math.pi * hue
    turn = angle.cos() * unit + (1 - angle.cos()) * third + angle.sin() * across
    matrix = brightness * contrast * (turn @ (saturation * unit + (1 - saturation) * luminance.expand(3, 3)))
    offset = (1 - contrast) * brightness * mean[:, None, None]
    return (torch.einsum("ndc,nchw->ndhw", matrix, image) + offset[..., None]).clamp_(0, 1)


def _blurred(image: Tensor, inside: Tensor, kernels: Tensor) -> Tensor:
    """Blur each photo by a kernel of its own; what lies outside of it takes no part."""
    count, _, height, width = image.shape
    held = torch.cat([image * inside, inside.to(image.dtype)], dim=1).reshape(1, 4 * count, height, width)
    filters = kernels[:, None].repeat_interleave(4, dim=0)
    sums = functional.conv2d(held, filters, padding=KERNEL // 2, groups=4 * count).reshape(count, 4, height, width)
    return (sums[:, :3] / sums[:, 3:].clamp(min=1e-6)).clamp(0, 1)


def _turn(both: Tensor, weight: Tensor, turn: Tensor) -> tuple[Tensor, Tensor]:
    """Turn photos with their alphas, bilinearly, and weights, by the nearest pixel; outside is padding."""
    padding = both.new_tensor([*(value / 255 for value in PADDING_COLOUR), 0])[:, None, None]
    grid = functional.affine_grid(turn, list(both.shape), align_corners=False)
    moved = functional.grid_sample(both - padding, grid, align_corners=False) + padding
    return moved, functional.grid_sample(weight, grid, mode="nearest", align_corners=False)


def _kernel(rng: np.random.Generator) -> np.ndarray:
    """Draw a Gaussian or, as often, the line of a movement."""
    if rng.random() < 0.5:
        place = np.arange(KERNEL) - KERNEL // 2
        line = np.exp(-(place**2) / (2 * rng.uniform(*SIGMA) ** 2))
        return _array(np.outer(line, line) / line.sum() ** 2)
    motion = A.MotionBlur((3, 7))
    motion.set_random_seed(int(rng.integers(2**31)))
    small = motion.get_params()["kernel"]
    return np.pad(small, (KERNEL - len(small)) // 2)


def through_jpeg(image: Tensor, quality: Tensor) -> Tensor:
    """Give what a JPEG file makes of photos, but for the rounding of the processor's decoders.

    Args:
        image: `(N, 3, H, W)` in [0, 1], sides multiples of 16.
        quality: `(N,)`, 1 to 100, as libjpeg means it.
    """
    height, width = image.shape[2:]
    to_ycc, back = (
        torch.tensor(matrix, device=image.device) for matrix in (YCC, np.linalg.inv(YCC).astype(np.float32))
    )
    planes = torch.einsum("dc,nchw->ndhw", to_ycc, (255 * image).round()).round()
    scale = torch.where(quality < 50, 5000 / quality.clamp(min=1), 200 - 2 * quality)[:, None, None]
    parts = []
    for number, plane in enumerate((planes[:, :1] - 128, functional.avg_pool2d(planes[:, 1:], 2).round())):
        table = ((_tables(image.device)[number] * scale + 50) / 100).floor().clamp(1, 255)[:, None, None, None]
        wave = _cosines(image.device)
        blocks = plane.unflatten(2, (-1, 8)).unflatten(4, (-1, 8)).transpose(3, 4)
        coded = (wave @ blocks @ wave.T / table).round() * table
        parts.append((wave.T @ coded @ wave).transpose(3, 4).flatten(4, 5).flatten(2, 3).round())
    colours = functional.interpolate(parts[1], (height, width), mode="bilinear", align_corners=False)
    planes = torch.cat([parts[0] + 128, colours], dim=1).round()
    return (torch.einsum("dc,nchw->ndhw", back, planes).round() / 255).clamp(0, 1)


YCC = _array([LUMINANCE, [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]])
"""From RGB to lightness and two colours, around 0 (JFIF)."""
LIGHTNESS = """16 11 10 16 24 40 51 61  12 12 14 19 26 58 60 55  14 13 16 24 40 57 69 56  14 17 22 29 51 87 80 62
18 22 37 56 68 109 103 77  24 35 55 64 81 104 113 92  49 64 78 87 103 121 120 101  72 92 95 98 112 100 103 99"""
COLOURS = """17 18 24 47 99 99 99 99  18 21 26 66 99 99 99 99  24 26 56 99 99 99 99 99  47 66 99 99 99 99 99 99
99 99 99 99 99 99 99 99  99 99 99 99 99 99 99 99  99 99 99 99 99 99 99 99  99 99 99 99 99 99 99 99"""
"""The tables of JPEG's standard, annex K."""


@cache
def _tables(device: torch.device) -> Tensor:
    tables = [list(map(float, text.split())) for text in (LIGHTNESS, COLOURS)]
    return torch.tensor(tables, device=device).reshape(2, 8, 8)


@cache
def _cosines(device: torch.device) -> Tensor:
    """Give the matrix of the cosine transform of eight values."""
    frequency, place = torch.arange(8.0)[:, None], torch.arange(8.0)
    wave = torch.cos((2 * place + 1) * frequency * math.pi / 16) / 2
    wave[0] /= math.sqrt(2)
    return wave.to(device)
