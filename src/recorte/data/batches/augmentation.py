"""Making many photos of one: scale, place, flip, rotation, colour, blur, noise, JPEG artefacts, new backgrounds."""

import os
from typing import Annotated, Protocol

os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")  # it would ask the network for a newer version at import

import albumentations as A
import cv2
import numpy as np
from msgspec import Meta

from recorte.data.batches.on_device import INSIDE, drawn, turned
from recorte.data.sample import Sample
from recorte.kinds import Factors, Share
from recorte.letterbox import PADDING_COLOUR, Letterbox, resize

Angle = Annotated[float, Meta(ge=0, le=180, description="a number from 0 to 180")]
TURNED = 0.7
"""Probability of a rotation, where any are made."""


class Augments(Protocol):
    """What makes training photos of samples: `Augmentation`, or one's own.

    One that also has `paste`, `join`, `nobody` or `closer`, probabilities as those of `Augmentation`, has them heeded.
    """

    def __call__(self, sample: Sample, size: int, seed: int) -> Sample:
        """Give a sample of `size` x `size` pixels that depends on the sample and the seed alone."""
        ...


class Augmentation:
    """Fits samples into the network's canvas, each time in another way.

    The result depends on the sample and the seed alone. With the defaults nothing is changed, and the photo lies in
    the canvas exactly as `Letterbox` puts it.

    Args:
        flip: probability of a mirror image.
        rotation: greatest angle to either side, degrees.
        scale: least and greatest factor on the letterboxed size; what is larger than the canvas is cropped.
        colour: strength of changes in brightness, contrast and saturation (hue a tenth of it), in [0, 1].
        grey: probability of losing all colour.
        blur, noise, jpeg: probability of each.
        paste: probability that a person is put before a photo without people, where the data have such photos.
        join: probability that the people of another photo are put into this one, mostly smaller.
        nobody: probability that a part of the photo is taken in which nobody is, where there is a large one.
        closer: probability that a part around one of the people is taken, as the second look sees them.
        on_device: leave colours and rotation to the device, for the whole batch at once, as `finished` does them; a
            sample then has `later`, and `INSIDE` more weight where there is photo.
    """

    def __init__(
        self,
        flip: Share = 0.0,
        rotation: Angle = 0.0,
        scale: Factors = (1.0, 1.0),
        colour: Share = 0.0,
        grey: Share = 0.0,
        blur: Share = 0.0,
        noise: Share = 0.0,
        jpeg: Share = 0.0,
        paste: Share = 0.0,
        join: Share = 0.0,
        nobody: Share = 0.0,
        closer: Share = 0.0,
        on_device: bool = False,
    ) -> None:
        self.scale = float(scale[0]), float(scale[1])
        self.flip, self.rotation = flip, rotation
        self.paste, self.join, self.nobody, self.closer = paste, join, nobody, closer
        self.on_device, self.strengths = on_device, (colour, grey, blur, noise, jpeg)
        change = 1 - colour, 1 + colour
        # Grain of each colour, or of the lightness alone. A.ISONoise took longer than all other steps together.
        grain = [A.GaussNoise((0.01, 0.06), per_channel=each) for each in (True, False)]
        steps = [
            (colour, A.ColorJitter(change, change, change, (-colour / 10, colour / 10), p=0.8)),
            (grey, A.ToGray(p=grey)),
            (blur, A.OneOf([A.GaussianBlur(blur_limit=0, sigma_limit=(0.3, 1.5)), A.MotionBlur((3, 7))], p=blur)),
            (noise, A.OneOf(grain, p=noise)),
            (jpeg, A.ImageCompression(quality_range=(35, 90), p=jpeg)),
        ]
        chosen = [step for strength, step in steps if strength]
        self.colours = A.Compose(chosen) if chosen and not on_device else None

    def __call__(self, sample: Sample, size: int, seed: int) -> Sample:
        """Give a sample of `size` x `size` pixels; what lies outside the photo has weight 0."""
        rng = np.random.default_rng(seed)
        factor = float(np.exp(rng.uniform(*np.log(self.scale))))
        (photo, alpha, weight), shape = _cropped(sample, size, factor, rng)
        if self.colours is not None and min(alpha.shape) > 1:  # of one row or column OpenCV loses an axis
            self.colours.set_random_seed(int(rng.integers(2**31)))
            photo = self.colours(image=photo)["image"]
        if self.on_device:
            weight = weight + np.uint8(INSIDE)
        photo, alpha, weight = (resize(part, *shape) for part in (photo, alpha, weight))
        if self.flip and rng.random() < self.flip:
            photo, alpha, weight = (cv2.flip(part, 1) for part in (photo, alpha, weight))
        height, width = alpha.shape
        if factor == 1:
            top, left = (size - height) // 2, (size - width) // 2
        else:
            top, left = int(rng.integers(size - height + 1)), int(rng.integers(size - width + 1))
        angle = rng.uniform(-self.rotation, self.rotation) if self.rotation and rng.random() < TURNED else 0.0
        later = drawn(*self.strengths, rng) if self.on_device else None
        if later is not None:
            later["turn"] = turned(angle, top + (height - 1) / 2, left + (width - 1) / 2, size)
        elif angle:
            return Sample(*_turned(photo, alpha, weight, angle, top, left, size), sample.name)
        margins = top, size - height - top, left, size - width - left
        photo, alpha, weight = (
            cv2.copyMakeBorder(part, *margins, cv2.BORDER_CONSTANT, value=padding)
            for part, padding in ((photo, PADDING_COLOUR), (alpha, 0), (weight, 0))
        )
        return Sample(photo, alpha, weight, sample.name, later)


def _cropped(
    sample: Sample, size: int, factor: float, rng: np.random.Generator
) -> tuple[list[np.ndarray], tuple[int, int]]:
    """Crop photo, alpha and weight so that at `factor` times their letterboxed size they do not pass the canvas.

    Returns:
        The three, shrunk where that size is smaller, and that size: what is to be enlarged can wait until the colours
        are done, for which fewer pixels are less work.
    """
    height, width = sample.photo.shape[:2]
    _, _, boxed_height, boxed_width = Letterbox(height, width, size).box
    target = max(1, round(boxed_height * factor)), max(1, round(boxed_width * factor))
    # The crop is made in the photo, before scaling, so that no pixel is computed to be thrown away.
    share = min(1.0, size / target[0]), min(1.0, size / target[1])
    crop = max(1, round(height * share[0])), max(1, round(width * share[1]))
    top, left = int(rng.integers(height - crop[0] + 1)), int(rng.integers(width - crop[1] + 1))
    window = slice(top, top + crop[0]), slice(left, left + crop[1])
    parts = [part[window] for part in (sample.photo, sample.alpha, sample.weight)]
    shape = min(size, target[0]), min(size, target[1])
    shrunk = min(shape[0], crop[0]), min(shape[1], crop[1])
    # Down to half the size two pixels each way are all that there is to mean, in a sixth of the time.
    if factor != 1 and 2 * shrunk[0] >= crop[0] and 2 * shrunk[1] >= crop[1]:
        return [cv2.resize(part, shrunk[::-1], interpolation=cv2.INTER_LINEAR) for part in parts], shape
    return [resize(part, *shrunk) for part in parts], shape


def _turned(
    photo: np.ndarray, alpha: np.ndarray, weight: np.ndarray, angle: float, top: int, left: int, size: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Put photo, alpha and weight into the canvas, turned by `angle` degrees around the photo's centre."""
    height, width = alpha.shape
    turn = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), angle, 1)
    turn[:, 2] += left, top
    # OpenCV turns four channels in half the time of three.
    both = cv2.cvtColor(photo, cv2.COLOR_RGB2RGBA)
    cv2.insertChannel(alpha, both, 3)
    both = cv2.warpAffine(both, turn, (size, size), flags=cv2.INTER_LINEAR, borderValue=(*PADDING_COLOUR, 0))
    weight = cv2.warpAffine(weight, turn, (size, size), flags=cv2.INTER_NEAREST)
    return cv2.cvtColor(both, cv2.COLOR_RGBA2RGB), cv2.extractChannel(both, 3), weight
