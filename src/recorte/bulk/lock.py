"""One run at a time into a target."""

import json
import os
import secrets
import socket
import threading
import time
from types import TracebackType
from typing import Any, Self

from recorte.bulk.table import FOLDER
from recorte.errors import RecorteError
from recorte.places import Place, told

NAME = f"{FOLDER}/_lock.json"

BEAT = 15
"""Seconds after which a run says again that it is at work."""

SILENT = 4 * BEAT
"""Seconds after which a run that said nothing is taken for dead."""


class Lock:
    """Says in a target that a run is at work in it.

    Args:
        target: where the results go.

    Attributes:
        lost: whether another run took over, because this one said nothing for long.
    """

    def __init__(self, target: Place) -> None:
        self._target = target
        self._own = secrets.token_hex(8)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)
        self.lost = False

    def __enter__(self) -> Self:
        with told(self._target.address, "cannot be written to"):
            try:
                self._target.create(NAME, self._content())
            except FileExistsError:
                self._take_over()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()
        if not self.lost:
            self._target.remove(NAME)

    def _take_over(self) -> None:
        """Take the place of a run that is dead.

        Raises:
            RecorteError: it is at work.
        """
        other = self._read()
        silent = time.time() - float(other.get("time", 0))
        if silent < SILENT and not _died_here(other):
            raise RecorteError(
                f"{self._target.address}: another run is at work in it (on {other.get('machine')}, process "
                f"{other.get('process')}, {max(0, silent):.0f} s ago); wait for it, or, if it was killed, "
                f"{SILENT - silent:.0f} s"
            )
        self._target.write(NAME, self._content())

    def _content(self) -> bytes:
        about = {"own": self._own, "machine": socket.gethostname(), "process": os.getpid(), "time": time.time()}
        return json.dumps(about).encode()

    def _read(self) -> dict[str, Any]:
        try:
            content = json.loads(self._target.read(NAME))
        except (FileNotFoundError, ValueError):
            return {}
        return content if isinstance(content, dict) else {}

    def _beat(self) -> None:
        while not self._ended.wait(BEAT):
            try:
                if self._read().get("own") != self._own:
                    self.lost = True
                    return
                self._target.write(NAME, self._content())
            except Exception:  # the store does not answer for a moment; the next beat tries again
                continue


def _died_here(other: dict[str, Any]) -> bool:
    """Tell whether a run was on this machine, and is no more."""
    if other.get("machine") != socket.gethostname() or not isinstance(other.get("process"), int):
        return False
    try:
        os.kill(other["process"], 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
