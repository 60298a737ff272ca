"""A whole run: which photos there are, what is done already, and the rest over the cluster."""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import pyarrow as pa
import ray
from ray.data import ActorPoolStrategy

from recorte.bulk.cluster import cluster, cores, machines
from recorte.bulk.cutting import Cutting, Job
from recorte.bulk.desk import open_desk
from recorte.bulk.lock import Lock
from recorte.bulk.naming import as_text, is_text
from recorte.bulk.progress import Account
from recorte.bulk.sources import Photos, find_photos
from recorte.bulk.table import Table
from recorte.errors import RecorteError
from recorte.places import Place
from recorte.removal.files.output import suffix_of
from recorte.removal.network import find_model
from recorte.removal.options import Options, Showing
from recorte.removal.presets import merged, read_preset

BLOCK = 16
"""Photos that a worker is handed at a time, and has to do again, at most, if it dies."""

ROUND = 5_000
"""Photos a core that are handed to Ray at a time: so much is in memory, and has to be waved through by a stop."""

ENOUGH = 100
"""Photos after which the share of failures counts."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a user asks for.

    Attributes:
        source: a folder or a table of addresses.
        target: a folder.
        column: of a table.
        kind: of the results' files; None = as a preset says, else png.
        model: as `BackgroundRemover` takes it.
        making: further arguments of `BackgroundRemover`.
        showing: what the result shows, as `Options.read` takes it; what was not asked for is left out.
        report: say how good each cut-out is likely to be.
        address: of a cluster; None = this machine.
        least: workers, at least.
        most: workers, at most; None = as many as there are cores.
        most_failures: share of failures that stops everything.
        as_json: a line of JSON for each photo.
    """

    source: str
    target: str
    column: str
    kind: str | None
    model: Path | None
    making: Mapping[str, Any]
    showing: Mapping[str, Any]
    report: bool
    address: str | None
    least: int
    most: int | None
    most_failures: float
    as_json: bool


def run(wishes: Wishes, stopped: Callable[[], bool], say: Callable[[str], None]) -> tuple[Account, Photos, int]:
    """Cut out every photo of a source that has no result yet.

    Args:
        wishes: what is asked for.
        stopped: whether to stop; photos in hand are finished.
        say: takes sentences for a person.

    Returns:
        The counts, the photos, and how many are left because it stopped.

    Raises:
        RecorteError: a mistake in what was asked, a model that cannot be opened, a store that is full or cannot be
            written to, too many failures. What is done stays, and the same command goes on.
    """
    source, target = Place.of(wishes.source), Place.of(wishes.target)
    if source.holds(target) or target.holds(source):
        raise RecorteError(f"{wishes.target}: lies in {wishes.source}, or the other way round; name another -o")
    options = Options.read(cast(Showing, wishes.showing))
    suffix = suffix_of(wishes.kind, None, options)
    kind = suffix.removeprefix(".")
    model = None if wishes.model is None else _files(find_model(wishes.model))
    tree = None if source.address.lower().endswith((".csv", ".parquet")) else source
    job = Job(tree, target, options, kind, dict(wishes.making), model, wishes.report)
    job.open()  # so that a model that cannot be opened is told before anything else
    photos = find_photos(source, wishes.column, suffix)
    table = Table(target)
    with Lock(target) as lock:
        table.check(_identity(wishes, source, job))
        todo, there = _left(job, photos, table)
        if there:
            say(f"{there:,} of {len(photos.names):,} photos are done already")
        with Account(len(todo), wishes.as_json, machines) as account:
            if todo:
                with cluster(wishes.address) as dashboard:
                    if dashboard:
                        say(f"Ray's dashboard: http://{dashboard}")
                    _Round(wishes, job, photos, table, account, lock, stopped).run(todo)
            table.write(at_once=True)
    return account, photos, len(todo) - account.done


def _files(network: Path) -> dict[str, bytes]:
    """Read the files of a model, which workers elsewhere do not have."""
    beside = network.with_name("model.json")
    return {path.name: path.read_bytes() for path in (network, beside) if path.is_file()}


def _identity(wishes: Wishes, source: Place, job: Job) -> dict[str, Any]:
    """What must be the same for a run to go on with the table of another."""
    shown: dict[str, Any] = {"source": source.address, "format": job.kind, "report": wishes.report}
    given = dict(wishes.showing)
    preset = given.pop("preset", None)  # what it says counts, not its name: its file may have changed
    made = {**(merged(read_preset(preset), given) if preset else given), **wishes.making}
    if isinstance(job.options.background, np.ndarray):  # so may a picture
        made["picture"] = hashlib.sha256(job.options.background.tobytes()).hexdigest()[:16]
    model = hashlib.sha256(find_model(wishes.model).read_bytes()).hexdigest()[:16]
    return shown | made | {"model": model}


def _left(job: Job, photos: Photos, table: Table) -> tuple[list[int], int]:
    """Find the numbers of photos that have no result; what has one and no row gets its row.

    Returns:
        The numbers, and how many are done.
    """
    first = photos.results
    if job.options.people == "each":
        first = [job.files(result, 1)[0] for result in photos.results]
    # A byte a photo rather than sets of names: of a million, each of those takes a hundred megabytes.
    numbers = {one: number for number, one in enumerate(first)}
    there = bytearray(len(first))
    for name in job.target.names():
        if (number := numbers.get(name)) is not None:
            there[number] = True
    if first is not photos.results:
        numbers = {result: number for number, result in enumerate(photos.results)}
    done = table.clear(numbers, there)
    for number, (has_result, has_row) in enumerate(zip(there, done, strict=True)):
        if has_result and not has_row:
            table.add(_row(job, photos, photos.names[number], photos.results[number], "skipped"))
    table.write(at_once=True)
    todo = [number for number, has_result in enumerate(there) if not has_result]
    return todo, len(there) - len(todo)


def _row(job: Job, photos: Photos, photo: str, result: str, status: str, **more: Any) -> dict[str, Any]:
    row = {"source": photos.address(photo), "result": as_text(job.target.full(result)), "status": status}
    return row | {"seconds": 0.0, "error": None, "score": None} | more


class _Round:
    """Hands photos to the cluster and takes in what became of them."""

    def __init__(
        self, wishes: Wishes, job: Job, photos: Photos, table: Table, account: Account, lock: Lock,
        stopped: Callable[[], bool],
    ) -> None:  # fmt: skip
        self._wishes, self._job, self._photos = wishes, job, photos
        self._table, self._account, self._lock, self._stopped = table, account, lock, stopped

    def run(self, todo: Sequence[int]) -> None:
        """Make these photos, by their numbers.

        Raises:
            RecorteError: no photo would go better, or too many fail.
        """
        self._desk = open_desk()
        self._ended: str | None = None
        todo = self._without_odd_names(todo)
        size = ROUND * max(1, cores())
        for start in range(0, len(todo), size):
            try:
                for rows in self._blocks(todo[start : start + size]):
                    self._take(rows)
            except ray.exceptions.RayError as error:
                raise RecorteError(f"the workers cannot go on: {_reason(error)}") from error
            finally:
                self._table.write(at_once=True)
            if self._ended:
                raise RecorteError(self._ended)
            if self._stopped():
                return

    def _without_odd_names(self, todo: Sequence[int]) -> list[int]:
        """Let the photos fail whose names are no text, and give the others."""
        names, results = self._photos.names, self._photos.results
        for number in todo:
            if not is_text(names[number]):
                error = f"{self._photos.address(names[number])}: its name is no text (UTF-8), which a table cannot hold"
                error += "; rename it"
                self._add(_row(self._job, self._photos, names[number], results[number], "failed", error=error))
        return [number for number in todo if is_text(names[number])]

    def _add(self, row: Mapping[str, Any]) -> None:
        self._table.add(row)
        self._account.add(row)

    def _blocks(self, numbers: Sequence[int]) -> Iterator[list[dict[str, Any]]]:
        names, results = self._photos.names, self._photos.results
        blocks = [
            pa.table(
                {
                    "block": [part[0]] * len(part),
                    "source": [names[number] for number in part],
                    "result": [results[number] for number in part],
                }
            )
            for part in (numbers[start : start + BLOCK] for start in range(0, len(numbers), BLOCK))
        ]
        most = self._wishes.most
        begin = max(self._wishes.least, min(len(blocks), cores(), most or cores()))
        pool = ActorPoolStrategy(min_size=self._wishes.least, max_size=most, initial_size=begin)
        made = ray.data.from_arrow(blocks).map_batches(
            Cutting, batch_size=None, batch_format="pyarrow", compute=pool, num_cpus=1,
            fn_constructor_args=(self._job, self._desk),
        )  # fmt: skip
        for block in made.iter_batches(batch_size=None, batch_format="pyarrow", prefetch_batches=0):
            yield cast(pa.Table, block).to_pylist()

    def _take(self, rows: Sequence[Mapping[str, Any]]) -> None:
        for row in rows:
            told = {key: row[key] for key in ("seconds", "error", "score")}
            told["seconds"] = round(told["seconds"], 3)
            whole = _row(self._job, self._photos, row["photo"], row["result"], row["status"], **told)
            if row["fatal"]:
                self._end(row["error"])
            else:
                self._add(whole)
        failed, done = self._account.counts["failed"], self._account.done
        if done >= ENOUGH and failed > self._wishes.most_failures * done:
            share = self._wishes.most_failures
            self._end(f"{failed:,} of {done:,} photos failed, more than --most-failures {share:g}; "
                      f"the last one: {self._account.errors[-1]}")  # fmt: skip
        if self._lock.lost:
            self._end(f"{self._job.target.address}: another run took over, since this one was silent for a minute")
        if self._stopped():
            self._desk.stop.remote()
        self._table.write()
        self._account.show()

    def _end(self, why: str) -> None:
        self._ended = self._ended or why
        self._desk.stop.remote()


def _reason(error: Exception) -> str:
    """Find the error itself among the lines of its trace and the advice that Ray puts behind it."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    errors = [line for line in lines if re.match(r"[\w.]+(Error|Exception)\b", line)]
    return (errors or lines or [type(error).__name__])[-1]
