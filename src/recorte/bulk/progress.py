"""How far a run is, for a person and for a program."""

import json
import sys
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from rich.progress import Progress

WINDOW = 60
"""Seconds over which photos a second are counted."""

EVERY = 60
"""Seconds between lines, where there is no terminal for a bar."""


class Account:
    """Counts photos, and shows how far a run is: a bar on a terminal, else a line a minute, on stderr.

    Args:
        total: the photos there are to make.
        as_json: a line of JSON for each photo on stdout.
        machines: counts those that work.
    """

    def __init__(self, total: int, as_json: bool, machines: Callable[[], int]) -> None:
        self.counts: Counter[str] = Counter()
        self.errors: list[str] = []
        self._total, self._json, self._machines = total, as_json, machines
        self._out = sys.stdout
        self._window: deque[tuple[float, int]] = deque()
        self._first = self._told = time.monotonic()
        self._bar: Progress | None = None

    def __enter__(self) -> Self:
        if sys.stderr and sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn

            self._bar = Progress(
                BarColumn(), TextColumn("{task.description}"), console=Console(stderr=True), transient=True
            )
            self._bar.add_task("starting", total=self._total)
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar:
            self._bar.stop()

    @property
    def done(self) -> int:
        """How many photos are done, failures included."""
        return self.counts.total()

    @property
    def rate(self) -> float:
        """Photos a second, over the last minute."""
        if len(self._window) < 2:
            return 0.0
        (begun, before), (now, after) = self._window[0], self._window[-1]
        return (after - before) / max(now - begun, 1e-9)

    def add(self, row: Mapping[str, Any]) -> None:
        """Count one photo."""
        self.counts[row["status"]] += 1
        if row["error"] and len(self.errors) < 20:
            self.errors.append(row["error"])
        if self._json:
            print(json.dumps(row), flush=True, file=self._out)

    def show(self) -> None:
        """Show how far the run is now."""
        now = time.monotonic()
        self._window.append((now, self.done))
        while now - self._window[0][0] > WINDOW:
            self._window.popleft()
        if self._bar:
            self._bar.update(self._bar.task_ids[0], completed=self.done, description=self.text())
        elif now - self._told > EVERY:
            self._told = now
            print(self.text(), file=sys.stderr, flush=True)

    def text(self) -> str:
        """Say how far the run is."""
        parts = [f"{self.done:,} of {self._total:,} done", f"{self.counts['failed']:,} failed"]
        if self.rate:
            parts += [f"{self.rate:,.1f} photos/s", f"{_duration((self._total - self.done) / self.rate)} left"]
        machines = self._machines()
        return ", ".join([*parts, f"{machines} machine{'' if machines == 1 else 's'}"])


def _duration(seconds: float) -> str:
    minutes, hours = seconds / 60, seconds / 3600
    return f"{seconds:.0f} s" if seconds < 100 else f"{minutes:.0f} min" if minutes < 100 else f"{hours:.1f} h"
