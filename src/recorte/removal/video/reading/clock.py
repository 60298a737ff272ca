"""Times of a video that increase, whatever its file says."""

from fractions import Fraction

RESTART = Fraction(1, 2)
"""Seconds; a time that goes back by more is that of a clock which began anew."""


class Clock:
    """Makes times increase where a file's go back: one frame's, by mistake, or all, in a recording of two broadcasts.

    Args:
        time_base: seconds that a tick lasts.
        least: ticks between two times.
    """

    def __init__(self, time_base: Fraction, least: int = 1) -> None:
        self._least, self._restart = least, RESTART / time_base
        self._last: int | None = None
        self._later = self._lasted = 0

    def __call__(self, time: int | None, lasts: int) -> int:
        """Give the true time of what a file says begins at `time` (None = it says nothing) and lasts so many ticks."""
        if self._last is None:
            self._last = 0 if time is None else time
        else:
            following = self._last + max(self._least, self._lasted)
            if time is None:
                time = following
            elif time > self._last:
                self._later = 0
            elif self._last - (time + self._later) > self._restart:
                self._later = following - time
            self._last = max(self._last + self._least, time + self._later)
        self._lasted = lasts
        return self._last
