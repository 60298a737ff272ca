"""What is behind the people of a film: what may be behind those of a photo, or a film, which begins anew when over."""

from fractions import Fraction
from pathlib import Path

import numpy as np

from recorte.errors import MovingPhotoError, RecorteError
from recorte.removal.steps.backgrounds import Background, ReadBackground, is_transparent, read_background
from recorte.removal.video.reading.files import VideoFile

Behind = ReadBackground | Path
"""A path is that of a film."""


def read_behind(given: Background) -> Behind:
    """Understand what a user gives as a background of a film: as for photos, or the path of a film or an animation.

    Raises:
        RecorteError: it is none of these.
    """
    try:
        return read_background(given)
    except MovingPhotoError:
        path = Path(given)  # type: ignore[arg-type]  # nothing else moves
        VideoFile(path).close()
        return path


def shows_through(behind: Behind) -> bool:
    """Whether what has this behind it is transparent."""
    return not isinstance(behind, Path) and is_transparent(behind)


class MovingBackground:
    """A film behind another one.

    Args:
        path: of the film, which shows no transparency.
    """

    def __init__(self, path: Path) -> None:
        self._path, self._begins = path, Fraction(0)
        self._open()

    def at(self, moment: Fraction) -> np.ndarray:
        """Give the picture that is seen at a moment, in seconds; moments only increase: `uint8 (H, W, 3)`.

        Raises:
            RecorteError: it cannot be read, or is transparent.
        """
        while True:
            if self._next is None:
                over = self._begins + self._ends
                if moment < over:
                    return self._shown
                self.close()
                self._begins = over
                self._open()
            elif self._begins + self._next[0] > moment:
                return self._shown
            else:
                self._step()

    def close(self) -> None:
        """Close the file."""
        self._film.close()

    def _open(self) -> None:
        self._film = VideoFile(self._path)
        self._frames = self._film.read()
        self._ends = Fraction(0)
        self._next: tuple[Fraction, np.ndarray] | None = (Fraction(0), np.zeros(0))
        self._step()
        self._step()

    def _step(self) -> None:
        """Go on to the next picture."""
        assert self._next is not None
        self._shown = self._next[1]
        frame = next(self._frames, None)
        if frame is None:
            self._next = None
            if not self._shown.size:
                raise RecorteError(f"{self._path}: there is not one frame in it that can be read")
            return
        time, picture, _, own = frame
        if own is not None:
            raise RecorteError(f"{self._path}: transparent in places, which a film behind people must not be")
        lasts = self._film.lasts or self._film.usual
        self._next, self._ends = (time * self._film.time_base, picture), (time + lasts) * self._film.time_base
