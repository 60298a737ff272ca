"""One photo from standard input, or its cut-out to standard output, or both."""

import errno
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from recorte.cli.photos.cutter import Cutter, Wishes
from recorte.cli.photos.sources import PIPE, target_of
from recorte.cli.show import OUTPUT_FULL, SOME_FAILED, complain, note, print_json, print_report, print_written
from recorte.errors import RecorteError
from recorte.files import FULL

if TYPE_CHECKING:
    from recorte.removal.files.report import Outcome
    from recorte.removal.quality import QualityReport


def cut_out_piped(source: Path, wishes: Wishes) -> int:
    """Cut out one photo from standard input, or to standard output, or both; give the exit status.

    Raises:
        RecorteError: a mistake in what was asked; nothing was written.
    """
    from recorte.removal.files.report import Aside, Outcome

    target = None if wishes.output in (None, "-") else target_of(Path("photo"), wishes)
    cutter = Cutter(wishes)
    if target is not None:
        cutter.check(target, source)
    elif wishes.showing.get("people") == "each":
        raise RecorteError(
            "--people each makes several files, for which there is no room in a pipe; name one: -o x.png"
        )
    cutter.open()
    started, report = time.perf_counter(), None
    name = "standard input" if source == PIPE else str(source)
    content, error = _read(source, name)
    aside = Aside()
    if content is not None:
        result, aside, error = cutter.attempt(content, target, name)
        report = cutter.report_of(content)
        if target is None and error is None:
            error = _write(result)
    shown = PIPE if target is None else cutter.first(target)
    seconds = time.perf_counter() - started
    files = [] if error or target is None else cutter.files(target, result)
    outcome = Outcome.tried(source, shown, seconds, error, aside)
    _tell(outcome, files, report, wishes.as_json)
    return SOME_FAILED if error else 0


def _read(source: Path, name: str) -> tuple[bytes | None, str | None]:
    """The bytes of a photo, or why there are none."""
    try:
        return (sys.stdin.buffer.read() if source == PIPE else source.read_bytes()), None
    except OSError as error:
        return None, f"{name}: cannot be read ({error.strerror})"
    except MemoryError:
        return None, f"{name}: too large for the memory"


def _write(content: bytes) -> str | None:
    """Send a picture to standard output; tell why that failed.

    Raises:
        BrokenPipeError: whoever read it has read enough.
    """
    try:
        # Not by sys.stdout: it would keep what found no room, and try again at the end.
        with open(sys.stdout.fileno(), "wb", closefd=False) as output:
            output.write(content)
    except OSError as error:
        if error.errno == errno.EPIPE:
            raise
        return OUTPUT_FULL if error.errno in FULL else f"standard output: cannot be written ({error.strerror})"
    return None


def _tell(outcome: "Outcome", files: list[Path], report: "QualityReport | None", as_json: bool) -> None:
    """Say what became of the photo: on stderr if stdout has the picture."""
    err = outcome.result == PIPE
    # Of two things on one stream the JSON alone, which has the error and the notes too.
    if not (as_json and err):
        if outcome.error:
            complain(outcome.error)
        note([replace(outcome, photo=Path("standard input")) if outcome.photo == PIPE else outcome])
    if as_json:
        print_json(outcome, report, err=err)
    elif not outcome.error:
        if not err:
            print_written(*files)
        print_report(report, outcome.not_kept, err=err)
