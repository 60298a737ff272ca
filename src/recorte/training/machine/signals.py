"""SIGTERM and Ctrl-C end a run with the status that the shell expects."""

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType

EXIT_SIGNALS = (signal.SIGTERM, signal.SIGINT)


def end_process(number: int, frame: FrameType | None) -> None:
    """Exit with status 128 plus the signal's number; unfinished files are removed on the way."""
    raise SystemExit(128 + number)


@contextlib.contextmanager
def exit_on_signals() -> Iterator[None]:
    """Let SIGTERM and Ctrl-C end the process in an orderly way while the block runs."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may say what signals do
        return
    before = {number: signal.signal(number, end_process) for number in EXIT_SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
