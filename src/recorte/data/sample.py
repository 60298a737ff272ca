"""What every source of photographs gives: samples, one by one, by index."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, runtime_checkable

import numpy as np

Split = Literal["train", "val"]


@dataclass(frozen=True, slots=True)
class Sample:
    """One photograph and where its people are.

    Attributes:
        photo: `uint8 (H, W, 3)`, RGB, upright.
        alpha: `uint8 (H, W)`, 255 = person. It becomes float in [0, 1] only where the network is: bytes are
            four times less work for every step in between.
        weight: `uint8 (H, W)`, 1 = counts, 0 = ignored (crowds that nobody outlined, the letterbox's padding).
        name: what a person would call it in a message: the file's name, or "synthetic 17".
        later: what is still to be done to it on the device, as `recorte.data.batches.on_device` has it; None: nothing.
    """

    photo: np.ndarray
    alpha: np.ndarray
    weight: np.ndarray
    name: str
    later: dict[str, np.ndarray] | None = None


@runtime_checkable
class PersonSource(Protocol):
    """A sequence of samples, cheap to send to a worker process and the same at every reading.

    A class that derives from this one needs `__len__` and `__getitem__`; the rest stands here for sources of which
    nothing more is known.
    """

    @property
    def negatives(self) -> Sequence[int]:
        """Indices of the photos that are known to show nobody; may be empty."""
        return ()

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> Sample:
        """Read a sample.

        Raises:
            PhotoError: the photo or its mask cannot be read; the message names the file.
        """
        ...

    def name(self, index: int) -> str:
        """The sample's name without reading it."""
        return f"{type(self).__name__} {index}"

    def path(self, index: int) -> Path | None:
        """The photo's file; None where there is none."""
        return None

    def mark(self, index: int) -> str:
        """What is another when the sample's files or outlines have changed; empty where nothing tells.

        It decides whether what was kept of the sample on disk is still good.
        """
        return ""

    def group(self, index: int) -> str:
        """What the sample belongs to, such as a video or an album; its name where it stands alone.

        Samples of one group resemble one another, so cross validation keeps them together.
        """
        return self.name(index)
