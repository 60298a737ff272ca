"""Which part of a film is taken."""

import math
import re
from fractions import Fraction
from typing import NamedTuple

from recorte.errors import RecorteError

Moment = float | str | None
"""Seconds from the beginning, as a number or as text, "83.5", or hours, minutes and seconds, "1:23.5"."""

WRITTEN = re.compile(r"(?:(?:(\d+):)?(\d{1,2}):)?(\d+(?:\.\d*)?)")


class Window(NamedTuple):
    """A stretch of a film, in seconds from its first frame.

    Attributes:
        start: from here on.
        end: up to here, without; None = to the end.
    """

    start: Fraction = Fraction(0)
    end: Fraction | None = None

    @classmethod
    def of(cls, start: Moment, end: Moment) -> "Window":
        """Understand the moments that a user gives.

        Raises:
            RecorteError: one is none, or the end does not come behind the start.
        """
        window = cls(_seconds("start", start) or Fraction(0), _seconds("end", end))
        if window.end is not None and window.end <= window.start:
            raise RecorteError(f"end is {end}, which is not behind the start, {start or 0}")
        return window


WHOLE = Window()


def _seconds(name: str, given: Moment) -> Fraction | None:
    if given is None:
        return None
    if isinstance(given, str) and (written := WRITTEN.fullmatch(given.strip())):
        hours, minutes, seconds = written.groups(default="0")
        return 3600 * int(hours) + 60 * int(minutes) + Fraction(seconds)
    if isinstance(given, int | float) and not isinstance(given, bool) and math.isfinite(given) and given >= 0:
        return Fraction(given).limit_denominator(1_000_000)
    raise RecorteError(f"{name} is {given!r}; it must be seconds, such as 83.5, or minutes and seconds, such as 1:23.5")
