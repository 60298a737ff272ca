"""What the commands say: errors on stderr, results on stdout, as text or one JSON object a photo."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from recorte.removal.folder import BatchReport, Outcome
    from recorte.removal.quality import QualityReport

SOME_FAILED = 1
MISTAKE = 2


def complain(message: object) -> None:
    """Say what went wrong."""
    typer.echo(typer.style("Error: ", fg="red") + str(message), err=True)


def tell(outcome: "Outcome", judged: bool = False, report: "QualityReport | None" = None) -> None:
    """Print what became of a photo as a line of JSON; with a report, if photos are `judged`."""
    content = {
        "photo": str(outcome.photo),
        "status": outcome.status,
        "results": [str(path) for path in outcome.results],
        "reason": outcome.reason or None,
    }
    if judged:
        content["report"] = report and report.as_dict()
    typer.echo(json.dumps(content))


def summarise(report: "BatchReport", as_json: bool) -> int:
    """Name every photo that failed, count the rest, and give the exit status."""
    for failure in report.failed:
        complain(failure.reason)
    counts = [f"{len(report.written)} written"]
    if report.skipped:
        counts.append(f"{len(report.skipped)} skipped (cut out already; --overwrite makes them again)")
    if report.failed:
        counts.append(f"{len(report.failed)} failed")
    typer.echo(", ".join(counts), err=as_json)
    return SOME_FAILED if report.failed else 0


@contextmanager
def progress(total: int) -> Iterator[Callable[[Path], None]]:
    """Show a bar with the time left on stderr, if that is a terminal; call what it gives after each photo."""
    import sys

    if not sys.stderr.isatty():
        yield lambda photo: None
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=total)
        yield lambda photo: bar.update(task, advance=1, description=escape(photo.name))
