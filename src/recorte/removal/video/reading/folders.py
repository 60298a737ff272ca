"""The frames of a film as pictures in a folder."""

import re
from collections.abc import Iterator
from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from recorte.errors import PhotoError, RecorteError
from recorte.listing import EXTENSIONS
from recorte.photo import read_photo
from recorte.removal.steps.profiles import in_srgb
from recorte.removal.video.reading.files import too_late
from recorte.removal.video.reading.pictures import Inside, fit
from recorte.removal.video.reading.window import WHOLE, Window

if TYPE_CHECKING:
    from av.packet import Packet

RATE = 25
"""Frames a second."""


class FrameFolder:
    """A film of the pictures in a folder, in the order of the numbers in their names; see `VideoFile`.

    Raises:
        RecorteError: there are none, or fewer than the window begins behind.
    """

    def __init__(self, path: Path, window: Window = WHOLE) -> None:
        self.path, self.window = path, window
        self.time_base = Fraction(1, RATE)
        self.start, self.usual, self.lasts = 0, 1, 1
        pictures = frames_in(path)
        self.seconds = Fraction(len(pictures), RATE)
        if window.start >= self.seconds:
            raise too_late(path, window, self.seconds)
        first, last = (ceil(moment * RATE) for moment in (window.start, window.end or self.seconds))
        self._pictures = pictures[first:last]
        self.frames = len(self._pictures)

    def __enter__(self) -> "FrameFolder":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def read(self, first: int = 0) -> Iterator[tuple[int, np.ndarray, Inside, np.ndarray | None]]:
        """Give each frame from number `first`, as `VideoFile.read` does.

        Raises:
            RecorteError: one cannot be read; the message names it.
        """
        size = None
        for number, path in enumerate(self._pictures):
            if size is None or number >= first:
                photo = read_photo(path)
                picture = in_srgb(photo)
                size = size or picture.shape[:2]
                if number >= first:
                    yield number, *fit(picture, *size), None if photo.alpha is None else fit(photo.alpha, *size)[0]

    def sound(self) -> None:
        """A folder has no sound."""

    def sound_packets(self) -> "Iterator[Packet[Any]]":
        """Give nothing."""
        return iter(())


def frames_in(folder: Path) -> list[Path]:
    """List the pictures in a folder, 2 before 10.

    Raises:
        RecorteError: there are none, or it cannot be looked into.
    """
    try:
        found = [path for path in folder.iterdir() if path.suffix.lower() in EXTENSIONS and path.name[0] != "."]
    except OSError as error:
        raise PhotoError(f"{folder}: this folder cannot be looked into ({error.strerror})") from None
    if not found:
        raise RecorteError(
            f"{folder}: this is a folder without pictures; give the name of a video, one at a time, or a folder that "
            "holds the frames of one"
        )
    return sorted(found, key=lambda path: [int(part) if part.isdigit() else part for part in
                                           re.split(r"(\d+)", path.name)])  # fmt: skip
