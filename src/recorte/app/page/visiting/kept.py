"""Photos of visits, for a while: a page that is loaded again in the same tab still has them."""

import time
from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock

from recorte.app.page.cutting import Made

MINUTES = 30
"""That photos are there after their visitor was last seen."""
VISITS = 20
"""At most; those not seen for longest go first."""


@dataclass
class Given:
    """A photo that a visitor gave.

    Attributes:
        name: of its file.
        content: the file.
        made: what was made of it, or why nothing was, a key of `recorte.messages`; None = nothing yet.
        model: what cut it out, by its name.
    """

    name: str
    content: bytes
    made: Made | str | None = None
    model: str = ""


@dataclass
class _Visit:
    seen: float
    photos: dict[str, Given] = field(default_factory=dict)


class Kept:
    """The photos of all visits, by the visits' names. Visitors' threads share it."""

    def __init__(self) -> None:
        self._visits: OrderedDict[str, _Visit] = OrderedDict()
        self._lock = Lock()

    def of(self, visit: str) -> dict[str, Given]:
        """Give the photos of a visit, by their keys, to be changed; those of visits that are over go."""
        now = time.monotonic()
        with self._lock:
            one = self._visits.pop(visit, None) or _Visit(now)
            one.seen = now
            self._visits[visit] = one
            while self._visits:
                name, oldest = next(iter(self._visits.items()))
                if now - oldest.seen < 60 * MINUTES and len(self._visits) <= VISITS:
                    break
                del self._visits[name]
            return one.photos
