"""Making many photos of one: scale, place, flip, rotation, colour, blur, noise, JPEG artefacts, new backgrounds."""

import os

os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")  # it would ask the network for a newer version at import

import albumentations as A
import cv2
import numpy as np

from recorte.data.sample import Sample
from recorte.letterbox import PADDING_COLOUR, Letterbox, resize


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
    """

    def __init__(
        self,
        flip: float = 0.0,
        rotation: float = 0.0,
        scale: tuple[float, float] = (1.0, 1.0),
        colour: float = 0.0,
        grey: float = 0.0,
        blur: float = 0.0,
        noise: float = 0.0,
        jpeg: float = 0.0,
        paste: float = 0.0,
        join: float = 0.0,
        nobody: float = 0.0,
    ) -> None:
        self.scale = float(scale[0]), float(scale[1])
        self.paste, self.join, self.nobody = paste, join, nobody
        steps = [
            (colour, A.ColorJitter((1 - colour, 1 + colour), (1 - colour, 1 + colour), (1 - colour, 1 + colour),
                                   (-colour / 10, colour / 10), p=0.8)),
            (grey, A.ToGray(p=grey)),
            (blur, A.OneOf([A.GaussianBlur(blur_limit=0, sigma_limit=(0.3, 1.5)), A.MotionBlur((3, 7))], p=blur)),
            (noise, A.OneOf([A.GaussNoise(std_range=(0.01, 0.06)), A.ISONoise()], p=noise)),
            (jpeg, A.ImageCompression(quality_range=(35, 90), p=jpeg)),
            (flip, A.HorizontalFlip(p=flip)),
            (rotation, A.Affine(rotate=(-rotation, rotation), fill=PADDING_COLOUR, fill_mask=0,
                                mask_interpolation=cv2.INTER_LINEAR, p=0.7)),
        ]  # fmt: skip
        chosen = [step for strength, step in steps if strength]
        self.pipeline = A.Compose(chosen, additional_targets={"weight": "mask"}) if chosen else None

    def __call__(self, sample: Sample, size: int, seed: int) -> Sample:
        """Give a sample of `size` x `size` pixels; what lies outside the photo has weight 0."""
        rng = np.random.default_rng(seed)
        factor = float(np.exp(rng.uniform(*np.log(self.scale))))
        photo, alpha, weight = _scaled(sample, size, factor, rng)
        if self.pipeline is not None:
            self.pipeline.set_random_seed(int(rng.integers(2**31)))
            changed = self.pipeline(image=photo, mask=alpha, weight=weight)
            photo, alpha, weight = changed["image"], changed["mask"], changed["weight"]
        height, width = photo.shape[:2]
        if factor == 1:
            top, left = (size - height) // 2, (size - width) // 2
        else:
            top, left = int(rng.integers(size - height + 1)), int(rng.integers(size - width + 1))
        margins = top, size - height - top, left, size - width - left
        canvases = [
            cv2.copyMakeBorder(part, *margins, cv2.BORDER_CONSTANT, value=padding)
            for part, padding in ((photo, PADDING_COLOUR), (alpha, 0), (weight, 0))
        ]
        return Sample(*canvases, sample.name)


def _scaled(sample: Sample, size: int, factor: float, rng: np.random.Generator) -> list[np.ndarray]:
    """Scale photo, alpha and weight to `factor` times their letterboxed size, cropped to the canvas where larger."""
    height, width = sample.photo.shape[:2]
    _, _, boxed_height, boxed_width = Letterbox(height, width, size).box
    target = max(1, round(boxed_height * factor)), max(1, round(boxed_width * factor))
    # The crop is made in the photo, before scaling, so that no pixel is computed to be thrown away.
    share = min(1.0, size / target[0]), min(1.0, size / target[1])
    crop = max(1, round(height * share[0])), max(1, round(width * share[1]))
    top, left = int(rng.integers(height - crop[0] + 1)), int(rng.integers(width - crop[1] + 1))
    window = slice(top, top + crop[0]), slice(left, left + crop[1])
    return [
        resize(part[window], min(size, target[0]), min(size, target[1]))
        for part in (sample.photo, sample.alpha, sample.weight)
    ]
