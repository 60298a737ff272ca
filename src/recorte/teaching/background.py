"""A teaching that goes on whoever closes a browser: a process of its own, which writes down how far it is.

`python -m recorte.teaching.background FOLDER MODEL NAME` is that process; `begin` starts it. One goes on at a time.
"""

import contextlib
import json
import logging
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from itertools import count
from pathlib import Path
from threading import Lock
from types import FrameType

from recorte.errors import DiskFullError, RecorteError
from recorte.files import write_whole
from recorte.home import home, model_named
from recorte.teaching.process import lower_priority

try:
    import fcntl
except ImportError:  # Windows: there a process that was killed looks as if it went on, until it is stopped
    fcntl = None  # type: ignore[assignment]

ENDED = ("done", "stopped", "failed")

LOOKING = Lock()
"""Between the threads of one process: who looks whether a teaching goes on would be taken for one by who begins."""

log = logging.getLogger("recorte.teaching")


@dataclass(frozen=True)
class State:
    """How far a teaching is.

    Attributes:
        stage: as of `recorte.teaching.teach.Progress`, "stopping", or at its end "done", "stopped", "failed" or, where
            its process is gone without a word, "cut off".
        name: of the new model.
        process: that teaches; None as long as it has not said.
        step: of the learning.
        steps: all of them; 0 where there are none.
        seconds_left: an estimate.
        reason: why it failed.
        photos: that were learned from.
        before: mean IoU for each set of photos, of the model that it went on from.
        after: of the new one.
    """

    stage: str
    name: str
    process: int | None = None
    step: int = 0
    steps: int = 0
    seconds_left: float | None = None
    reason: str = ""
    photos: int = 0
    before: dict[str, float] = field(default_factory=dict)
    after: dict[str, float] = field(default_factory=dict)

    @property
    def goes_on(self) -> bool:
        """Whether it has no end yet."""
        return self.stage not in (*ENDED, "cut off")


def place() -> Path:
    """Give the folder of the state and the log; no model has its name."""
    return home() / "teaching" / ".background"


def begin(folder: Path, model: Path | None) -> None:
    """Start teaching a model the photos of a folder; the new model is called "mine", or gets a number behind it.

    Args:
        folder: see `recorte.teaching.lessons.Lessons`.
        model: that it goes on from, as `BackgroundRemover` takes it.

    Raises:
        RecorteError: a teaching goes on already, or the disk is full.
    """
    name = next(name for number in count(1) if model_named(name := "mine" if number == 1 else f"mine-{number}") is None)
    command = [sys.executable, "-m", "recorte.teaching.background", folder.absolute(), str(model or ""), name]
    place().mkdir(parents=True, exist_ok=True)
    with LOOKING, _lock(wait=_ended()) as (number, free), (place() / "log.txt").open("wb") as said:
        if not free:
            raise RecorteError("a teaching goes on already; wait for it, or stop it first")
        _write(State("looking", name))
        # The lock goes over to the process, so that it is held as long as that lives, and not a moment less.
        kept = {} if number is None else {"pass_fds": (number,)}
        subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT, start_new_session=True,
            **kept,  # type: ignore[call-overload]
        )  # fmt: skip


def state() -> State | None:
    """Read how far the teaching is, or how the last one ended; None where there is nothing to tell."""
    if not (place() / "state.json").is_file():
        return None
    with LOOKING, _lock() as (_, free):
        now = _read()
        if now is None:
            return None
        return replace(now, stage="cut off") if now.goes_on and free and fcntl is not None else now


def stop() -> None:
    """Ask the process that teaches to stop; it leaves nothing behind."""
    now = state()
    if now is not None and now.goes_on and now.process is not None:
        with contextlib.suppress(ProcessLookupError):  # it ended just now
            os.kill(now.process, signal.SIGTERM)


def forget() -> None:
    """Let go of how the last teaching ended; of one that goes on nothing is forgotten."""
    now = state()
    if now is not None and not now.goes_on:
        (place() / "state.json").unlink(missing_ok=True)


def throw_away() -> None:
    """Remove the model that the last teaching brought."""
    now = state()
    if now is not None and now.stage == "done" and (folder := model_named(now.name)) is not None:
        gone = folder.with_name(f".thrown-{now.name}")  # all of it at once; no model has this name
        folder.rename(gone)
        shutil.rmtree(gone, ignore_errors=True)
    forget()


def main() -> None:
    """Teach, and write down each step and the end."""
    lower_priority()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    folder, model, name = sys.argv[1:]
    now = State("looking", name, os.getpid())

    def interrupt(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # once is enough: what is unfinished is removed now
        with contextlib.suppress(DiskFullError):
            _write(replace(now, stage="stopping"))
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
    _write(now)
    try:
        now = _taught(Path(folder), Path(model) if model else None, now)
    except KeyboardInterrupt:
        now = replace(now, stage="stopped")
    except RecorteError as error:
        now = replace(now, stage="failed", reason=str(error))
    except Exception as error:  # whatever it is, the visitor is told
        log.exception("The teaching failed")
        now = replace(now, stage="failed", reason=f"{error} (more in {place() / 'log.txt'})")
    _write(now)


def _taught(folder: Path, model: Path | None, now: State) -> State:
    from recorte.teaching.teach import Progress, teach

    def on_progress(progress: Progress) -> None:
        with contextlib.suppress(DiskFullError):  # what is learned matters more than how far it is
            _write(replace(now, **asdict(progress)))

    taught = teach(folder, model, now.name, on_progress=on_progress)
    return replace(now, stage="done", photos=taught.photos, before=taught.before, after=taught.after)


def _write(now: State) -> None:
    write_whole(place() / "state.json", json.dumps(asdict(now)))


def _read() -> State | None:
    try:
        return State(**json.loads((place() / "state.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _ended() -> bool:
    """Whether the last teaching has told its end: its process may still be leaving, at its low priority."""
    now = _read()
    return now is not None and now.stage in ENDED


@contextlib.contextmanager
def _lock(wait: bool = False) -> Iterator[tuple[int | None, bool]]:
    """Give the number of an open file that is locked until it and its copies are closed, and whether that succeeded.

    With `wait` it does, once whoever holds it lets go.
    """
    if fcntl is None:
        yield None, True
        return
    with (place() / ".running").open("a") as file:
        free = True
        try:
            fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            free = False
        yield file.fileno(), free


if __name__ == "__main__":
    main()
