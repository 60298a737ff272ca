"""Ctrl-C that lets what is in hand be finished."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import typer


@contextmanager
def stop_on_ctrl_c() -> Iterator[Callable[[], bool]]:
    """Give a function that is true once Ctrl-C was pressed. Pressed again, it interrupts as usual."""
    wanted = False

    def on_ctrl_c(number: int, frame: FrameType | None) -> None:
        nonlocal wanted
        wanted = True
        signal.signal(signal.SIGINT, before)
        typer.echo("Stopping after the photos in hand.", err=True)

    before = signal.signal(signal.SIGINT, on_ctrl_c)
    try:
        yield lambda: wanted
    finally:
        signal.signal(signal.SIGINT, before)
