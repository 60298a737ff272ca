"""Ctrl-C, and the SIGTERM of `kill`, that let what is in hand be finished, or at least leave nothing half done."""

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import typer

TERMINATED = 128 + signal.SIGTERM
"""Exit status of a process that SIGTERM ended, as shells have it."""


@contextmanager
def stop_on_ctrl_c(in_hand: str = "photos") -> Iterator[Callable[[], bool]]:
    """Give a function that is true once Ctrl-C was pressed, or SIGTERM came. Given again, it interrupts as usual.

    Args:
        in_hand: what is still finished, as the message on stderr calls it.
    """
    wanted = False

    def on_signal(number: int, frame: FrameType | None) -> None:
        nonlocal wanted
        wanted = True
        restore()
        typer.echo(f"Stopping after the {in_hand} in hand.", err=True)

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    before = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: wanted
    finally:
        restore()


def end_on_sigterm() -> None:
    """Let SIGTERM end the process as an exception does, so that unfinished files are removed on its way out."""
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(TERMINATED))
