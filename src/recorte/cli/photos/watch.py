"""`recorte inbox/ -o cut/ --watch`: photos are cut out as they arrive."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path

SECONDS = 1.0
"""Between two looks at the folder."""

State = tuple[int, int]
"""A file's size in bytes and time of change in nanoseconds."""


class Arrivals:
    """Picks the photos that are whole: those that did not change between two looks. Each is picked once a state."""

    def __init__(self) -> None:
        self._seen: dict[Path, State] = {}
        self._picked: dict[Path, State] = {}

    def look(self, plan: Mapping[Path, Path]) -> dict[Path, Path]:
        """Give the part of a plan (photo to cut-out) that is ready now and was not given before."""
        states = {photo: state for photo in plan if (state := _state(photo))}
        ready = [
            photo
            for photo, state in states.items()
            if self._seen.get(photo) == state and self._picked.get(photo) != state
        ]
        self._seen = states
        self._picked = {photo: state for photo, state in self._picked.items() if photo in states}
        self._picked |= {photo: states[photo] for photo in ready}
        return {photo: plan[photo] for photo in ready}


def watch(
    plan: Callable[[], Mapping[Path, Path]], work: Callable[[Mapping[Path, Path]], None], stopped: Callable[[], bool]
) -> None:
    """Hand each batch of arrived photos to `work` until `stopped`."""
    arrivals = Arrivals()
    while not stopped():
        if ready := arrivals.look(plan()):
            work(ready)
        if not stopped():
            time.sleep(SECONDS)


def _state(photo: Path) -> State | None:
    try:
        status = photo.stat()
    except OSError:  # gone again
        return None
    return status.st_size, status.st_mtime_ns
