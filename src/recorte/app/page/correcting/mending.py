"""A photo that is being corrected: its touches, and the alpha after each of them."""

import base64
import io
from itertools import count
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from PIL import Image

from recorte.app.page.cutting import Made, address, corrected, mask_pixels, small, smaller
from recorte.errors import RecorteError
from recorte.photo import read_photo
from recorte.removal.correct.touches import MOST, Touch

if TYPE_CHECKING:
    from recorte import BackgroundRemover

LARGE = 2000
"""The longest side of the photo that is painted on, in pixels."""

KEPT = 40
"""Alphas, at most, to go back to at once; before them some are made again."""


NUMBERS = count(1)


class Mending:
    """One photo while a visitor corrects it.

    Args:
        remover: mends.
        key: of the photo's card.
        name: of the photo.
        made: what it is so far.

    Attributes:
        key: of the photo's card.
        number: of this correcting; no other has it.
        name: of the photo.
        touches: those made so far.
        turn: number of the visitor's last message.
        seen: whether the visitor's browser has the photo already.
        problem: why the last touches were not taken, a key of `recorte.messages`; None: they were.
    """

    def __init__(self, remover: "BackgroundRemover", key: str, name: str, made: Made) -> None:
        self.key = key
        self.number = next(NUMBERS)
        self.name = name
        self.touches = self._past = made.touches
        self.turn = 0
        self.seen = False
        self.problem: str | None = None
        self._remover = remover
        self._made = made
        self._photo = read_photo(made.photo)
        self._pixels = small(self._photo.pixels, self._photo, LARGE)
        # By the number of touches behind them, as files: a session may hold many.
        self._alphas = {0: made.first, len(self.touches): made.mask}

    def take(self, message: Any) -> None:
        """Do what a visitor's browser asks: the touches that there are now, more or fewer than before.

        A message that cannot be is answered by `problem`, and nothing is changed.
        """
        try:
            turn, seen = int(message["turn"]), bool(message["seen"])
            touches = tuple(
                Touch.of(touch["keep"] is True, touch["stroke"]) for touch in message["touches"][: MOST + 1]
            )
        except (TypeError, KeyError, ValueError, RecorteError):
            self.problem = "touch_refused"
            return
        self.turn, self.seen = turn, seen
        try:
            self._go_to(touches)
        except RecorteError:
            self.problem = "touches_most" if len(touches) > MOST else "touch_refused"

    def _go_to(self, touches: tuple[Touch, ...]) -> None:
        both = min(len(touches), len(self._past))
        shared = next((at for at in range(both) if touches[at] != self._past[at]), both)
        start = max(number for number in self._alphas if number <= shared)
        if start < len(touches):
            alpha = mask_pixels(self._alphas[start]) / np.float32(255)
            mended = self._remover.correct(self._photo.pixels, alpha, touches=touches)
            if len(touches) > shared:  # what was undone before them cannot be done again
                self._past = touches
                self._alphas = {number: kept for number, kept in self._alphas.items() if number <= shared}
            self._alphas[len(touches)] = _packed(cv2.convertScaleAbs(mended, alpha=255))
            if len(self._alphas) > KEPT:
                del self._alphas[sorted(self._alphas)[1]]
        self.touches, self.problem = touches, None

    @property
    def alpha(self) -> np.ndarray:
        """`uint8 (H, W)`, after all touches."""
        return mask_pixels(self._alphas[len(self.touches)])

    def made(self) -> Made:
        """What the photo is now."""
        return corrected(self._remover, self._made, self._photo, self.alpha, self.touches)

    @property
    def changed(self) -> bool:
        """Whether it is any more than it was."""
        return self.touches != self._made.touches

    def data(self) -> dict[str, Any]:
        """What the editor shows, as plain data; the photo itself only where the browser has not got it."""
        return {
            "width": self._made.width,
            "height": self._made.height,
            "photo": None if self.seen else address(self._pixels),
            "mask": _mask_address(smaller(self.alpha, LARGE)),
            "touches": [{"keep": touch.keep, "stroke": next(iter(touch.plain().values()))} for touch in self.touches],
            "turn": self.turn,
        }


def _packed(alpha: np.ndarray) -> bytes:
    return cv2.imencode(".png", alpha, [cv2.IMWRITE_PNG_COMPRESSION, 1])[1].tobytes()


def _mask_address(alpha: np.ndarray) -> str:
    """An alpha as an address: a picture that is black, and as opaque as the alpha says."""
    image = Image.frombytes("P", alpha.shape[::-1], alpha.tobytes())
    image.putpalette(bytes(768))
    content = io.BytesIO()
    image.save(content, "PNG", transparency=bytes(range(256)), compress_level=1)
    return f"data:image/png;base64,{base64.b64encode(content.getvalue()).decode()}"
