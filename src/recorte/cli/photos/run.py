"""From the words and options of the command line to written files and an exit status."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path

import typer

from recorte.cli.photos.cutter import Cutter, Wishes
from recorte.cli.photos.piped import cut_out_piped
from recorte.cli.photos.sources import Sources, check_pipe, expand, folder_of, target_of
from recorte.cli.show import (
    SOME_FAILED,
    STOPPED,
    Account,
    complain,
    note,
    print_json,
    print_report,
    print_written,
)
from recorte.cli.stop import stop_on_ctrl_c
from recorte.errors import RecorteError


def run(words: list[Path], wishes: Wishes) -> int:
    """Do what the command line asks; give the exit status.

    Raises:
        RecorteError: a mistake in what was asked; nothing was written.
    """
    if wishes.output == "":
        raise RecorteError('-o "" names nothing (an unset variable of the shell?); give a file or a folder: -o cut/')
    sources = expand(words)
    if wishes.touched and (wishes.watch or not sources.single):
        raise RecorteError(
            "--keep, --drop and --correct mend one photo; name it alone: recorte photo.jpg --drop 120,80"
        )
    if wishes.watch:
        return _watch(sources, wishes)
    if check_pipe(sources, wishes.output):
        return cut_out_piped(sources.paths[0], wishes)
    if sources.single:
        return _cut_out_one(sources.single, wishes)
    return _cut_out_many(sources, wishes)


def _cut_out_one(photo: Path, wishes: Wishes) -> int:
    from recorte.removal.files.report import Outcome

    target, cutter = target_of(photo, wishes), Cutter(wishes)
    cutter.check(target, photo)
    cutter.open()
    started = time.perf_counter()
    result, aside, error = cutter.attempt(photo, target, str(photo))
    seconds = time.perf_counter() - started
    outcome = Outcome.tried(photo, cutter.first(target), seconds, error, aside)
    if error:
        complain(error)
    note([outcome])
    if wishes.as_json:
        print_json(outcome, cutter.report_of(photo))
    elif not error:
        print_written(*cutter.files(target, result))
        print_report(cutter.report_of(photo), outcome.not_kept)
    return SOME_FAILED if error else 0


def _cut_out_many(sources: Sources, wishes: Wishes) -> int:
    from recorte.removal.files.plan import make_folder, plan_many, plan_photos

    folder = folder_of(sources, wishes.output)
    sealed: dict[Path, str] = {}
    if folder:
        plan = plan_many(sources.paths, folder, sources.roots, sealed, wishes.suffix)
    else:
        plan = plan_photos(sources.paths, None, ending=wishes.ending)
    work, account = _worker(wishes), Account(len(plan) + len(sealed), wishes.as_json, anew=wishes.overwrite)
    if folder:  # not before the model is open, so that a mistake leaves nothing behind
        make_folder(folder)
    with stop_on_ctrl_c() as stopped, account:
        account.add_sealed(sealed)
        work(plan, account, stopped)
    account.sum_up(sources.left_out(folder))
    if account.counts.total() < len(plan) + len(sealed):
        return STOPPED
    return SOME_FAILED if account.counts["failed"] else 0


def _watch(sources: Sources, wishes: Wishes) -> int:
    from recorte.cli.photos.watch import watch

    folder = folder_of(sources, wishes.output)
    folders = sources.paths
    if folder is None or wishes.output == "-" or not all(source.is_dir() for source in folders):
        raise RecorteError("--watch needs a folder of photos and one for the results: recorte inbox/ -o cut/ --watch")
    from recorte.removal.files.plan import make_folder, plan_trees

    if any(source.resolve().is_relative_to(folder.resolve()) for source in folders):
        raise RecorteError(f"{folder}: with --watch the results must not go into the folder of the photos or above it")

    account = Account(None, wishes.as_json, each=True)
    told: dict[Path, str] = {}

    def plan() -> Mapping[Path, Path]:
        sealed: dict[Path, str] = {}
        found = plan_trees(folders, folder, sealed, named=len(folders) > 1, suffix=wishes.suffix)
        account.add_sealed({inner: reason for inner, reason in sealed.items() if inner not in told})
        told.update(sealed)
        return found

    plan()  # mistakes first
    work = _worker(wishes)

    def take(arrived: Mapping[Path, Path]) -> None:
        work(arrived, account, stopped)
        account.name_skipped()

    make_folder(folder)
    typer.echo(f"Watching {', '.join(map(str, folders))}; Ctrl-C ends it.", err=True)
    with stop_on_ctrl_c() as stopped:
        watch(plan, take, stopped)
    account.sum_up(sources.left_out(folder))
    return SOME_FAILED if account.counts["failed"] else 0


def _worker(wishes: Wishes) -> Callable[[Mapping[Path, Path], Account, Callable[[], bool]], None]:
    """Open the model, and give a function that cuts out the photos of a plan until stopped."""
    import cv2

    from recorte.removal.files.folder import cut_out_each, spread, usable_cores

    jobs, threads = spread(usable_cores(), wishes.jobs)
    cv2.setNumThreads(threads)
    cutter = Cutter(wishes, threads)
    cutter.open()

    def work(plan: Mapping[Path, Path], account: Account, stopped: Callable[[], bool]) -> None:
        outcomes = cut_out_each(
            cutter, plan, overwrite=wishes.overwrite, jobs=jobs, stopped=stopped, options=cutter.options
        )
        for outcome in outcomes:
            account.add(outcome, cutter.report_of(outcome.photo))

    return work
