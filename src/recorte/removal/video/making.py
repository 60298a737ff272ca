"""How a frame of a film becomes a frame of the result."""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from recorte.errors import RecorteError
from recorte.removal.options import MASK_ALONE
from recorte.removal.pipeline import Pipeline
from recorte.removal.remover import BackgroundRemover
from recorte.removal.steps.backgrounds import Background, ReadBackground, put_behind
from recorte.removal.video.backgrounds import Behind, read_behind, shows_through
from recorte.removal.video.following import LOOKS
from recorte.removal.video.reading.pictures import Inside


class Frame(NamedTuple):
    """A frame to be made.

    Attributes:
        time: in ticks of the film.
        photo: `uint8 (H, W, 3)`.
        inside: rows and columns of it that are filled.
        own: its own alpha, `uint8 (H, W)`; None if it is opaque.
        found: `float32 (S, S)`, who is in it, as `Pipeline.found` gives it.
        behind: what lies behind them.
    """

    time: int
    photo: np.ndarray
    inside: Inside
    own: np.ndarray | None
    found: np.ndarray
    behind: ReadBackground


@dataclass(frozen=True)
class Making:
    """How the frames of a film are made.

    Attributes:
        pipeline: what finds people, and cuts them out.
        behind: what lies behind them; of a film each frame has its own picture.
        mask: the alpha itself is made.
    """

    pipeline: Pipeline
    behind: Behind
    mask: bool

    @classmethod
    def of(cls, remover: BackgroundRemover, background: Background, mask: bool) -> "Making":
        """Understand what a user wishes.

        Raises:
            RecorteError: it cannot be.
        """
        if mask and background is not None:
            raise RecorteError(MASK_ALONE)
        looks = min(LOOKS, remover.pipeline.looks)
        return cls(replace(remover.pipeline, looks=looks), read_behind(background), mask)

    @property
    def transparent(self) -> bool:
        """Whether what is made is."""
        return not self.mask and shows_through(self.behind)

    def __call__(self, frame: Frame) -> tuple[int, np.ndarray]:
        """Give a frame's time, and its picture: `uint8 (H, W)`, `(H, W, 3)` or `(H, W, 4)`.

        People are cut out of what of it is filled. Where it is transparent by its own alpha, the result is too.
        """
        time, photo, inside, own, found, behind = frame
        alpha = np.zeros(photo.shape[:2], np.uint8)
        alpha[inside] = self.pipeline.enlarge(found, photo, eight_bits=True)[inside]
        if self.mask:
            return time, alpha if own is None else np.minimum(alpha, own)
        cutout = self.pipeline.cut_out(alpha, photo, own)
        return time, cutout if behind is None else put_behind(cutout, photo, behind)
