"""Why a run failed: in one line, and in `failure.json` in its folder until it goes on."""

import contextlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from recorte.errors import RecorteError, within_limits
from recorte.files import write_whole

NAME = "failure.json"


def reason_of(error: BaseException) -> str:
    """Say in one line what went wrong; of what a class of the config raises, Hydra's wrapping is left out."""
    cause = error.__cause__ if isinstance(error.__cause__, RecorteError) else error
    text = " ".join(str(cause).split())
    if not isinstance(cause, RecorteError):
        text = f"{type(cause).__name__}: {text}" if text else type(cause).__name__
    return within_limits(text)


@contextlib.contextmanager
def failure_noted(run_dir: Path, overrides: Sequence[str]) -> Iterator[None]:
    """Write `failure.json` if an exception leaves the block, and remove that of an earlier try before it.

    Args:
        run_dir: the run's folder.
        overrides: what the command line set, as `key=value`: a run may fail before its config is written.
    """
    path = run_dir / NAME
    path.unlink(missing_ok=True)
    try:
        yield
    except Exception as error:
        page = {"overrides": list(overrides), "reason": reason_of(error)}
        with contextlib.suppress(OSError, RecorteError):  # a full disk, say, which is the failure itself
            write_whole(path, json.dumps(page, indent=2) + "\n")
        raise
