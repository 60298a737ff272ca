"""Many photos at once, over several threads, and a report of what became of each."""

import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from recorte.errors import ModelError, RecorteError
from recorte.files import remove_left_over
from recorte.removal.files.output import real_path
from recorte.removal.files.report import Aside, BatchReport, Outcome
from recorte.removal.options import Options

AHEAD = 8
"""Photos a job that may be done before an earlier, slower one; only their outcomes are kept."""

MOST_JOBS = 8
"""Photos at a time, unless the user says more."""


CutOut = Callable[[Path, Path], Aside | None]
"""Makes one cut-out from a photo, both by their paths, and gives what is to be told of it, if anything."""


def cut_out_all(
    cut_out: CutOut,
    plan: Mapping[Path, Path],
    *,
    overwrite: bool = False,
    on_photo: Callable[[int, int, Path], None] | None = None,
    jobs: int = 1,
    options: Options | None = None,
) -> BatchReport:
    """Cut out photos as `cut_out_each` does, to the last one; `BackgroundRemover.batch_process` says more.

    Raises:
        ModelError: the model is at fault, so no photo would go better.
    """
    report = BatchReport()
    outcomes = cut_out_each(cut_out, plan, overwrite=overwrite, jobs=jobs, options=options)
    for done, outcome in enumerate(outcomes, start=1):
        report.add(outcome)
        if on_photo:
            on_photo(done, len(plan), outcome.photo)
    return report


def cut_out_each(
    cut_out: CutOut,
    plan: Mapping[Path, Path],
    *,
    overwrite: bool = False,
    jobs: int = 1,
    stopped: Callable[[], bool] = lambda: False,
    options: Options | None = None,
) -> Iterator[Outcome]:
    """Cut out photos and yield what became of each, in their order.

    Decoding, network, refinement and encoding of `jobs` photos overlap: OpenCV, Pillow and ONNX Runtime let other
    threads run. No more than `jobs` photos are in memory.

    Args:
        cut_out: makes one; used by `jobs` threads at once.
        plan: photo to cut-out.
        overwrite: make those again that exist already.
        jobs: photos at a time.
        stopped: asked before each photo; once it is true none is begun, and those in hand are finished. An
            exception, Ctrl-C too, does the same before it goes its way.
        options: what `cut_out` makes; None = one result a photo.

    Raises:
        ModelError: the model is at fault, so no photo would go better.
    """
    options = options or Options()
    spared = {options.target_of(real_path(photo)): photo for photo in plan}
    for folder in {result.parent for result in plan.values()}:
        remove_left_over(folder)
    ahead = AHEAD * jobs
    with ThreadPoolExecutor(jobs, thread_name_prefix="recorte") as pool:
        waiting: deque[Future[Outcome | None]] = deque()

        def begin(photo: Path, result: Path) -> Outcome | None:
            """Cut a photo out, unless it must not be or need not be; None once all is stopped."""
            if stopped():
                return None
            shown = options.targets(result, 1)[0]
            without = _without_cutting(photo, shown, spared.get(real_path(result)), overwrite)
            return without or _cut_out_one(cut_out, photo, result, shown)

        try:
            for photo, result in plan.items():
                waiting.append(pool.submit(begin, photo, result))
                if len(waiting) == ahead and (outcome := waiting.popleft().result()):
                    yield outcome
            while waiting:
                if outcome := waiting.popleft().result():
                    yield outcome
        finally:
            for future in waiting:
                future.cancel()


def _without_cutting(photo: Path, shown: Path, replaced: Path | None, overwrite: bool) -> Outcome | None:
    """Tell what becomes of a photo whose result must not be made, or is there; None: it is to be cut out."""
    if replaced:
        error = f"{photo}: its cut-out would replace {replaced}, one of the photos"
        return Outcome(photo, shown, "failed", error=error)
    try:
        there = shown.exists()
    except OSError as trouble:  # a name that is too long, a folder that one may not look into
        error = f"{photo}: its result {shown} cannot be written ({trouble.strerror})"
        return Outcome(photo, shown, "failed", error=error)
    return Outcome(photo, shown, "skipped") if there and not overwrite else None


def _cut_out_one(cut_out: CutOut, photo: Path, result: Path, shown: Path) -> Outcome:
    started, error = time.perf_counter(), None
    aside: Aside | None = None
    try:
        aside = cut_out(photo, result)
    except ModelError:
        raise
    except RecorteError as trouble:
        error = str(trouble)
    except Exception as trouble:  # one odd photo must not end a night's work
        error = f"{photo}: {type(trouble).__name__}: {trouble}"
    seconds = time.perf_counter() - started
    return Outcome.tried(photo, shown, seconds, error, aside or Aside())


def spread(cores: int, jobs: int | None = None) -> tuple[int, int]:
    """Share out the cores among photos: how many at a time, and the threads of each one's network.

    Many photos go fastest with one thread each, since only the network can use several, and no core waits for
    another. One photo more than cores keeps them busy while a file is read or brought to the disk; more than eight
    photos would take much memory for little.

    Args:
        cores: that this process may use.
        jobs: photos at a time; None = choose.
    """
    if jobs is None:
        jobs = cores + 1 if cores < MOST_JOBS else MOST_JOBS
    return jobs, max(1, cores // jobs)


def usable_cores() -> int:
    """Count the cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
