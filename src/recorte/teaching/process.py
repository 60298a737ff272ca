"""Starting the process that learns, listening to it, and ending it."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from recorte.errors import TrainingError
from recorte.files import write_whole

PATIENCE = 60
"""Seconds in which a process that is told to stop ends its step."""


def learn(settings: Mapping[str, object], folder: Path, on_step: Callable[[int, int], None]) -> None:
    """Let a process of its own train, with the lowest priority.

    Whatever ends this function ends that process too.

    Args:
        settings: keys of `conf/train.yaml` and their values, beside those of `experiment=teach`.
        folder: for the request and the log.
        on_step: called with the steps that are done, and all there are.

    Raises:
        TrainingError: it failed; the message is its own.
    """
    request, log = folder / "request.json", folder / "learning.log"
    write_whole(request, json.dumps(settings))
    error: str | None = None
    with log.open("wb") as errors, _started(request, errors.fileno()) as process:
        assert process.stdout is not None
        for line in process.stdout:
            told = _told(line)
            error = told.get("error", error)
            if "step" in told:
                on_step(told["step"], told["steps"])
    if error is not None:
        raise TrainingError(error)
    if process.returncode == 128 + signal.SIGTERM:  # how a training ends that is asked to; it cannot go on here
        raise TrainingError("the process that learns was stopped from outside; nothing was changed")
    if process.returncode:
        last = log.read_text(encoding="utf-8", errors="replace").strip().rpartition("\n")[2]
        raise TrainingError(
            f"the process that learns ended with status {process.returncode}: {last or 'it was killed'}"
        )


@contextmanager
def _started(request: Path, errors: int) -> "Iterator[subprocess.Popen[str]]":
    command = [sys.executable, "-m", "recorte.teaching.learning", str(request)]
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, text=True,
        start_new_session=True,  # Ctrl-C reaches us, and we tell it
    )  # fmt: skip
    try:
        yield process
        process.wait()
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
        if process.stdout is not None:
            process.stdout.close()
        process.wait()


def _told(line: str) -> dict[str, Any]:
    try:
        told = json.loads(line)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def lower_priority() -> None:
    """Let everything else on this machine go first."""
    if hasattr(os, "nice"):
        os.nice(19)
    # Linux shares a processor out between sessions first, and looks at priorities within one.
    with suppress(OSError):
        if hasattr(os, "getsid") and os.getsid(0) == os.getpid():
            Path("/proc/self/autogroup").write_text("19", encoding="ascii")
