"""From the words and options of the command line to written files and an exit status."""

import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from recorte.cli.show import SOME_FAILED, STOPPED, Account, complain, plain, print_json, print_report
from recorte.cli.sources import PIPE, check_pipe, expand, folder_of, target_of
from recorte.cli.stop import stop_on_ctrl_c
from recorte.errors import DiskFullError, PhotoError, RecorteError

if TYPE_CHECKING:
    from recorte.removal.quality import QualityReport


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the options ask for.

    Attributes:
        output: a file, a folder, `-`, or None: beside the photo.
        overwrite: replace results that exist.
        watch: stay, and take photos as they arrive.
        jobs: photos at a time; None = by the cores.
        report: say how good each cut-out is likely to be.
        as_json: tell of each photo in JSON.
        model: as `BackgroundRemover` takes it.
        making: further arguments of `BackgroundRemover`.
        showing: what the result shows, as `Options` takes it.
    """

    output: str | None
    overwrite: bool
    watch: bool
    jobs: int | None
    report: bool
    as_json: bool
    model: Path | None
    making: Mapping[str, Any]
    showing: Mapping[str, Any]

    @property
    def ending(self) -> str:
        """What a result's name ends with when it lies beside its photo."""
        return "-mask.png" if self.showing["mask"] else "-cutout.png"


def run(words: list[Path], wishes: Wishes) -> int:
    """Do what the command line asks; give the exit status.

    Raises:
        RecorteError: a mistake in what was asked; nothing was written.
    """
    sources = expand(words)
    if wishes.watch:
        return _watch(sources, wishes)
    if check_pipe(sources, wishes.output, wishes.as_json):
        return _cut_out_piped(sources[0], wishes)
    if len(sources) == 1 and not sources[0].is_dir():
        return _cut_out_one(sources[0], wishes)
    return _cut_out_many(sources, wishes)


def _cut_out_one(photo: Path, wishes: Wishes) -> int:
    from recorte.removal.folder import Outcome

    target, cutter = target_of(photo, wishes.output, wishes.ending), Cutter(wishes)
    cutter.check(target, photo)
    cutter.open()
    started, error = time.perf_counter(), None
    try:
        cutter(photo, target)
    except (PhotoError, DiskFullError) as trouble:
        error = str(trouble)
    except RecorteError:
        raise
    except Exception as trouble:  # no memory for a giant, say
        error = f"{photo}: {type(trouble).__name__}: {trouble}"
    if error:
        complain(error)
    status = "failed" if error else "written"
    if wishes.as_json:
        seconds = time.perf_counter() - started
        print_json(Outcome(photo, cutter.first(target), status, seconds, error), cutter.judge(photo, status))
    elif not error:
        typer.echo(f"Wrote {plain(cutter.first(target))}")
        print_report(cutter.judge(photo, status))
    return SOME_FAILED if error else 0


def _cut_out_piped(source: Path, wishes: Wishes) -> int:
    """Cut out one photo from standard input, or to standard output, or both."""
    target = None if wishes.output in (None, "-") else target_of(Path("photo"), wishes.output, wishes.ending)
    name = "standard input" if source == PIPE else str(source)
    cutter = Cutter(wishes)
    if target is not None:
        cutter.check(target, source)
    elif wishes.showing["people"] == "each":
        raise RecorteError(
            "--people each makes several files, for which there is no room in a pipe; name one: -o x.png"
        )
    cutter.open()
    try:
        content = sys.stdin.buffer.read() if source == PIPE else source.read_bytes()
    except OSError as error:
        complain(f"{name}: cannot be read ({error.strerror})")
        return SOME_FAILED
    try:
        result = cutter(content, target)
    except (PhotoError, DiskFullError) as error:
        complain(str(error).replace(f"a photo of {len(content):,} bytes", name, 1))
        return SOME_FAILED
    print_report(cutter.judge(content, "written"), err=True)
    if target is None:
        sys.stdout.buffer.write(result)
        sys.stdout.buffer.flush()
    else:
        typer.echo(f"Wrote {plain(cutter.first(target))}")
    return 0


def _cut_out_many(sources: list[Path], wishes: Wishes) -> int:
    from recorte.removal.plan import plan_many, plan_photos

    folder = folder_of(sources, wishes.output)
    plan = plan_many(sources, folder) if folder else plan_photos(sources, None, wishes.ending)
    work, account = _worker(wishes), Account(len(plan), wishes.as_json)
    with stop_on_ctrl_c() as stopped, account:
        work(plan, account, stopped)
    account.sum_up()
    if account.counts.total() < len(plan):
        return STOPPED
    return SOME_FAILED if account.counts["failed"] else 0


def _watch(sources: list[Path], wishes: Wishes) -> int:
    from recorte.cli.watch import watch

    folder = folder_of(sources, wishes.output)
    if folder is None or not all(source.is_dir() for source in sources):
        raise RecorteError("--watch needs a folder of photos and one for the results: recorte inbox/ -o cut/ --watch")
    from recorte.removal.plan import make_folder, plan_trees

    if any(source.resolve().is_relative_to(folder.resolve()) for source in sources):
        raise RecorteError(f"{folder}: with --watch the results must not go into the folder of the photos or above it")

    def plan() -> Mapping[Path, Path]:
        return plan_trees(sources, folder, named=len(sources) > 1)

    plan()  # mistakes first
    make_folder(folder)
    work, account = _worker(wishes), Account(None, wishes.as_json, each=True)
    typer.echo(f"Watching {', '.join(map(str, sources))}; Ctrl-C ends it.", err=True)
    with stop_on_ctrl_c() as stopped:
        watch(plan, lambda arrived: work(arrived, account, stopped), stopped)
    account.sum_up()
    return 0


def _worker(wishes: Wishes) -> Callable[[Mapping[Path, Path], Account, Callable[[], bool]], None]:
    """Open the model, and give a function that cuts out the photos of a plan until stopped."""
    import cv2

    from recorte.removal.folder import cut_out_each, spread, usable_cores

    jobs, threads = spread(usable_cores(), wishes.jobs)
    cv2.setNumThreads(threads)
    cutter = Cutter(wishes, threads)
    cutter.open()

    def work(plan: Mapping[Path, Path], account: Account, stopped: Callable[[], bool]) -> None:
        options = {"overwrite": wishes.overwrite, "jobs": jobs, "stopped": stopped, "first": cutter.first}
        for outcome in cut_out_each(cutter, plan, **options):
            account.add(outcome, cutter.judge(outcome.photo, outcome.status))

    return work


class Cutter:
    """Cuts out one photo after the other, by threads at once too, as was wished.

    Args:
        wishes: what the options ask for.
        threads: of the network, for one photo.

    Raises:
        RecorteError: options that do not fit, a background that cannot be read.
    """

    def __init__(self, wishes: Wishes, threads: int | None = None) -> None:
        from recorte import BackgroundRemover
        from recorte.removal.options import Options

        self._options = Options.of(**wishes.showing)
        self._overwrite = wishes.overwrite
        self._report = wishes.report
        self._make = partial(BackgroundRemover, wishes.model, threads, **wishes.making)

    def check(self, target: Path, source: Path) -> None:
        """Find out whether `target` may be written, before the model is opened.

        Raises:
            RecorteError: it may not.
        """
        from recorte.removal.output import check_target

        check_target(self.first(target), source, self._overwrite, self._options.transparent)

    def first(self, target: Path) -> Path:
        """Name the first file that a result makes, by which one sees that it is there."""
        return self._options.targets(target, 1)[0]

    def open(self) -> None:
        """Open the model.

        Raises:
            ModelError: there is none, or a broken one.
        """
        self._remover = self._make()

    def __call__(self, source: Path | bytes, target: Path | None) -> Any:
        """Cut out a photo; as `BackgroundRemover.remove_with`."""
        return self._remover.remove_with(self._options, source, target, overwrite=self._overwrite)

    def judge(self, source: Path | bytes, status: str) -> "QualityReport | None":
        """Report on a photo whose result was written, if that is wished; it is cut out once more, every step kept."""
        if not self._report or status != "written":
            return None
        from recorte.photo import read_photo
        from recorte.removal.quality import judge

        try:
            pixels = read_photo(source).pixels
        except PhotoError:  # gone since it was cut out
            return None
        return judge(pixels, self._remover.steps(pixels))
