"""What `recorte` says: progress, a line or a JSON object for each photo, the summary."""

import json
import sys
import time
from collections import Counter
from datetime import timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Self

import typer

from recorte.errors import within_limits

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from rich.progress import Progress

    from recorte.removal.files.report import Outcome
    from recorte.removal.quality import QualityReport

SOME_FAILED = 1
MISTAKE = 2
STOPPED = 130
"""What shells expect of a command that Ctrl-C ended: 128 + SIGINT."""

SKIPPED = "there already; --overwrite makes them again"
"""Of results, which are told by their names alone."""

NAMED = 3
"""Of photos, in one line."""

KINDS = 6
"""Of files that are left out, the most frequent first."""

OUTPUT_FULL = "standard output: the disk is full; make room, or send it to another disk"


def plain(text: object) -> str:
    """Write line breaks and control characters out, which names of files may hold, so that a line stays a line."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in str(text))


def complain(message: object) -> None:
    """Print an error to stderr, in one line."""
    typer.echo(typer.style("Error: ", fg="red") + within_limits(plain(message)), err=True)


def print_written(*files: "Path") -> None:
    """Name the files that were made of one photo."""
    typer.echo(f"Wrote {', '.join(map(plain, files))}")


def print_json(outcome: "Outcome", report: "QualityReport | None" = None, err: bool = False) -> None:
    """Print what became of a photo as one line of JSON, in plain ASCII, so that no name can spoil it."""
    content: dict[str, object] = {
        "photo": str(outcome.photo),
        "result": None if outcome.status == "failed" else str(outcome.result),
        "status": outcome.status,
        "seconds": round(outcome.seconds, 3),
        "error": outcome.error,
        "not_kept": outcome.not_kept,
        "nobody": outcome.empty,
    }
    if report:
        content["report"] = report.as_dict()
    print(json.dumps(content), flush=True, file=sys.stderr if err else sys.stdout)


def note(outcomes: "Sequence[Outcome]") -> None:
    """Say on stderr of which photos there are pages that no result shows, and in which nobody was found."""
    pages = [f"{outcome.photo} (not {outcome.pages})" for outcome in outcomes if outcome.pages]
    empty = [str(outcome.photo) for outcome in outcomes if outcome.empty]
    for told, what in ((pages, "only the first page was cut out of"), (empty, "nobody was found in")):
        if told:
            typer.echo(f"Note: {what} {_first(told)}", err=True)


def _first(names: "Sequence[str]") -> str:
    """Name the first of many, and say how many more there are."""
    more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    return plain(", ".join(names[:NAMED])) + more


def print_report(report: "QualityReport | None", not_kept: "Sequence[str]" = (), err: bool = False) -> None:
    """Print a report, if there is one, in some lines: score and figures, the 3 x 3 map in per cent, advice, losses."""
    if report is None:
        return
    figures = (
        f"{name} {value:.0f}" + (f" (under {threshold:g})" if value < threshold else "")
        for name, (value, threshold) in report.figures.items()
    )
    lines = [f"quality {report.score} of 100: {', '.join(figures)}"]
    lines += ["".join(f"{share:4.0f}" for share in row) for row in report.places]
    lines += report.sentences()
    lines += [f"Not kept: {', '.join(not_kept)}."] if not_kept else []
    typer.echo("\n".join(f"  {line}" for line in lines), err=err)


class Account:
    """Keeps count of the photos of a run, shows it while it goes on, and sums it up.

    Args:
        total: the photos that there are; None = nobody knows yet.
        as_json: a JSON object for each photo on stdout, and the rest on stderr.
        each: say a line for each photo as soon as it is done.
        anew: the same command would make again what this one made.
    """

    def __init__(self, total: int | None, as_json: bool = False, each: bool = False, anew: bool = False) -> None:
        self.counts: Counter[str] = Counter()
        self._total = total
        self._json = as_json
        self._each = each
        self._anew = anew
        self._failures: list[str] = []
        self._skipped: list[str] = []
        self._noted: list[Outcome] = []
        self._bar: Progress | None = None
        self._begun = time.monotonic()

    def __enter__(self) -> Self:
        if self._total and sys.stderr and sys.stderr.isatty():
            self._bar = _bar(self._total)
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar:
            self._bar.stop()

    def add(self, outcome: "Outcome", report: "QualityReport | None" = None) -> None:
        """Note and show what became of one photo, and how good its cut-out is likely to be."""
        from rich.markup import escape

        self.counts[outcome.status] += 1
        if outcome.error and self._each:
            complain(outcome.error)
        elif outcome.error:
            self._failures.append(outcome.error)
        elif self._each and not self._json and outcome.status == "written":
            print_written(outcome.result)
        elif self._each and not self._json and outcome.status == "skipped":
            self._skipped.append(plain(outcome.photo))
        if self._each:
            note([outcome])
        elif outcome.pages or outcome.empty:
            self._noted.append(outcome)
        if self._json:
            print_json(outcome, report)
        elif report:
            typer.echo(plain(outcome.photo))
            print_report(report, outcome.not_kept)
        if self._bar:
            name = escape(plain(outcome.photo.name))
            self._bar.update(self._bar.task_ids[0], advance=1, description=name, pace=self._pace())

    def _pace(self) -> str:
        """Say how fast it goes and how long it will take, by all that was made: the last few may be small."""
        now, made = time.monotonic(), self.counts.total() - self.counts["skipped"]
        if not made:
            self._begun = now  # what is there already takes no time
            return ""
        seconds = (now - self._begun) / made
        left = timedelta(seconds=round(seconds * ((self._total or 0) - self.counts.total())))
        return f"{1 / max(seconds, 1e-9):.2f} photos/s, {left} left"

    def add_sealed(self, sealed: "Mapping[Path, str]") -> None:
        """Note folders that could not be looked into, and show why, as of photos that failed."""
        from recorte.removal.files.report import Outcome

        for folder, reason in sealed.items():
            self.add(Outcome(folder, folder, "failed", error=reason))

    def name_skipped(self) -> None:
        """Name the photos that were skipped since the last time, in one line; of many the first ones."""
        if self._skipped:
            typer.echo(f"Skipped {_first(self._skipped)}: {SKIPPED}")
            self._skipped = []

    def sum_up(self, left_out: "Mapping[str, int]") -> None:
        """Name every failure, say how many photos went which way, and how many files are `left_out`, by kind."""
        for error in self._failures:
            complain(error)
        note(self._noted)
        counts = [f"{self.counts['written']} written"]
        if self.counts["skipped"]:
            counts.append(f"{self.counts['skipped']} skipped ({SKIPPED})")
        if self.counts["failed"]:
            counts.append(f"{self.counts['failed']} failed")
        if self._total is not None and (left := self._total - self.counts.total()):
            after = "makes all of them anew, for --overwrite" if self._anew else "goes on with them"
            counts.append(f"{left} left (stopped; the same command {after})")
        typer.echo(", ".join([*counts, *passed_over(left_out)]), err=self._json)


def passed_over(left_out: "Mapping[str, int]") -> list[str]:
    """Say how many files, of which kinds, were left out; nothing where none was."""
    from recorte.listing import EARLIER

    kinds = sorted((kind for kind in left_out.items() if kind[0] != EARLIER), key=lambda kind: (-kind[1], kind[0]))
    said = []
    if made := left_out.get(EARLIER, 0):
        said.append(f"{made:,} left out, made by earlier commands (-cutout, -mask)")
    if kinds:
        named = ", ".join(f"{count:,} {plain(kind)}" for kind, count in kinds[:KINDS])
        more = f" and {len(kinds) - KINDS} kinds more" if len(kinds) > KINDS else ""
        said.append(f"{sum(count for _, count in kinds):,} left out, of kinds that are not read ({named}{more})")
    return said


def _bar(total: int) -> "Progress":
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    texts = (TextColumn("{task.fields[pace]}"), TextColumn("{task.description}"))
    bar = Progress(BarColumn(), MofNCompleteColumn(), *texts, console=Console(stderr=True), transient=True)
    bar.add_task("", total=total, pace="")
    return bar
