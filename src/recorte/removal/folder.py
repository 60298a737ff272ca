"""Many photos at once: which cut-out goes where, working on several together, and a report of what became of each."""

import os
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from recorte.errors import ModelError, RecorteError
from recorte.removal.options import Options

if TYPE_CHECKING:
    from recorte.removal.remover import BackgroundRemover


class Outcome(NamedTuple):
    """What became of one photo.

    Attributes:
        photo: its path.
        status: whether its result was made, existed already and was left alone, or could not be made.
        results: the files, of which only `people="each"` has several; none if it failed.
        reason: why it failed: one or two sentences, which name the file.
    """

    photo: Path
    status: Literal["written", "skipped", "failed"]
    results: list[Path]
    reason: str = ""


class Failure(NamedTuple):
    """A photo that could not be cut out.

    Attributes:
        photo: its path.
        reason: one or two sentences, which name the file.
    """

    photo: Path
    reason: str


@dataclass(slots=True)
class BatchReport:
    """What became of many photos.

    Attributes:
        written: the cut-outs that were made.
        skipped: the cut-outs that existed already and were left alone.
        failed: the photos that could not be cut out.
    """

    written: list[Path] = field(default_factory=list)
    skipped: list[Path] = field(default_factory=list)
    failed: list[Failure] = field(default_factory=list)

    def add(self, outcome: Outcome) -> None:
        """Enter what became of one photo."""
        if outcome.status == "failed":
            self.failed.append(Failure(outcome.photo, outcome.reason))
        else:
            getattr(self, outcome.status).extend(outcome.results)


def cut_out_all(
    remover: "BackgroundRemover",
    jobs: Mapping[Path, Path],
    options: Options,
    *,
    overwrite: bool = False,
    workers: int | None = None,
    on_photo: Callable[[int, int, Path], None] | None = None,
) -> BatchReport:
    """Cut out the photos of `jobs` (photo to result); see `outcomes` and `BackgroundRemover.batch_process`.

    Raises:
        ModelError: the model is at fault, so no photo would go better.
    """
    report = BatchReport()
    for done, outcome in enumerate(outcomes(remover, jobs, options, overwrite=overwrite, workers=workers), start=1):
        report.add(outcome)
        if on_photo:
            on_photo(done, len(jobs), outcome.photo)
    return report


def outcomes(
    remover: "BackgroundRemover",
    jobs: Mapping[Path, Path],
    options: Options,
    *,
    overwrite: bool = False,
    workers: int | None = None,
) -> Iterator[Outcome]:
    """Cut out the photos of `jobs` (photo to result), several at once, and tell what became of each, in their order.

    Each worker takes a photo from file to file on one core: while one decodes or packs, the others' networks compute,
    and memory holds one photo a worker. Closing the iterator drops what has not begun; what has is finished.

    Args:
        remover: shared by the workers; one without fixed threads gets a copy whose threads share the cores.
        jobs: photo to result.
        options: what to make.
        overwrite: make those again that exist already.
        workers: photos at once; None = one a core.

    Raises:
        ModelError: the model is at fault, so no photo would go better.
    """
    cores = usable_cores()
    workers = min(workers or cores, max(1, len(jobs)))
    if workers > 1 and remover.threads is None:
        remover = remover.with_threads(max(1, cores // workers))
    photos = frozenset(photo.resolve() for photo in jobs)

    def work(photo: Path, result: Path) -> Outcome:
        return _cut_out(remover, photo, result, options, overwrite, photos)

    if workers == 1:
        yield from (work(*job) for job in jobs.items())
        return
    waiting, begun = iter(jobs.items()), deque()
    pool = ThreadPoolExecutor(workers, thread_name_prefix="recorte")
    try:
        while True:
            # A few ahead, so that a photo that takes long keeps nobody waiting, and few enough to stop soon.
            while len(begun) < 3 * workers and (job := next(waiting, None)):
                begun.append(pool.submit(work, *job))
            if not begun:
                return
            yield begun.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def usable_cores() -> int:
    """Count the processor's cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _cut_out(
    remover: "BackgroundRemover",
    photo: Path,
    result: Path,
    options: Options,
    overwrite: bool,
    photos: Collection[Path],
) -> Outcome:
    first = options.targets(result, 1)[0]
    if first.resolve() in photos:
        return Outcome(photo, "failed", [], f"{photo}: its cut-out {first} would replace one of the photos")
    if first.exists() and not overwrite:
        return Outcome(photo, "skipped", [first])
    try:
        made = remover.remove_with(options, photo, result, overwrite=overwrite)
    except ModelError:
        raise
    except RecorteError as error:
        reason = str(error)
        return Outcome(photo, "failed", [], reason if str(photo) in reason else f"{photo}: {reason}")
    except Exception as error:  # one odd photo must not end a night's work
        return Outcome(photo, "failed", [], f"{photo}: {type(error).__name__}: {error}")
    return Outcome(photo, "written", options.targets(result, len(made) if options.people == "each" else 1))
