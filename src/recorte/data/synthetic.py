"""Drawn people over drawn backgrounds, with exact soft alphas: samples from a seed, without a single file."""

from functools import cached_property
from typing import get_args

import numpy as np

from recorte.data.drawing.scenes import draw_scene
from recorte.data.sample import Sample, Split
from recorte.errors import ConfigError
from recorte.kinds import Count, CountOrZero, Size

NOBODY = 0.12
"""Share of the photos that show nobody."""
ASPECTS = ((1, 1), (1, 1), (4, 3), (3, 4), (3, 4), (2, 3), (3, 2))
"""Width to height; portrait formats come oftener, as with photographs of people."""
MIN_SIZE = 32


class SyntheticPersons:
    """A `PersonSource` of drawn figures.

    Sample i is a function of (seed, split, i) alone: the same in every process, whatever was read before.
    Training and validation draw from different random streams and never share a sample.

    Args:
        split: "train" or "val".
        length: number of samples.
        size: longest side of the photos, in pixels.
        seed: another seed gives other samples.

    Raises:
        ConfigError: an argument is out of its range.
    """

    def __init__(self, split: Split, length: Count = 512, size: Size = 256, seed: CountOrZero = 0) -> None:
        if split not in get_args(Split):
            raise ConfigError(f'split is {split!r}; the synthetic data has "train" and "val"')
        for key, value, least in (("length", length, 0), ("size", size, MIN_SIZE), ("seed", seed, 0)):
            if value < least:
                raise ConfigError(f"{key} of the synthetic data is {value}; it must be {least} or more")
        self.split, self.length, self.size, self.seed = split, length, size, seed

    @cached_property
    def negatives(self) -> list[int]:
        """Indices of the photos that show nobody, found without drawing any."""
        return [index for index in range(self.length) if self._shows_nobody(self._stream(index))]

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> Sample:
        """Draw a sample.

        Raises:
            IndexError: there is no such sample.
        """
        if not 0 <= index < self.length:
            raise IndexError(f"sample {index} of {self.length}")
        rng = self._stream(index)
        nobody = self._shows_nobody(rng)
        aspect = ASPECTS[int(rng.integers(len(ASPECTS)))]
        width, height = (round(self.size * side / max(aspect)) for side in aspect)
        photo, alpha = draw_scene(rng, height, width, people=not nobody)
        return Sample(photo, alpha, np.ones_like(alpha), self.name(index))

    def name(self, index: int) -> str:
        """Give the sample's name, such as "synthetic train 17"."""
        return f"synthetic {self.split} {index}"

    def path(self, index: int) -> None:
        """None: it is drawn."""

    def mark(self, index: int) -> str:
        """Empty: how people are drawn may change with any version."""
        return ""

    def group(self, index: int) -> str:
        """Give the sample's name: each stands alone."""
        return self.name(index)

    def _stream(self, index: int) -> np.random.Generator:
        return np.random.default_rng([self.seed, get_args(Split).index(self.split), index])

    @staticmethod
    def _shows_nobody(rng: np.random.Generator) -> bool:
        """The first number of a sample's stream decides, so that `negatives` need nothing but it."""
        return bool(rng.random() < NOBODY)
