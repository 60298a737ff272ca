"""What one worker does: read photos, cut people out, write results; all three at once."""

import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

import cv2
import pyarrow as pa
import ray
from fsspec.core import url_to_fs

from recorte.bulk.naming import as_text
from recorte.errors import DiskFullError, ModelError, PhotoError, RecorteError
from recorte.photo import name_of
from recorte.places import Place, reason_of
from recorte.removal.files.report import Aside
from recorte.removal.files.single import remove
from recorte.removal.options import Options
from recorte.removal.quality import JudgingPipeline
from recorte.removal.remover import BackgroundRemover

AT_ONCE = 3
"""Photos that a worker has in memory: while one is cut out, the next is read and the last one written."""

MOST_TRIES = 2
"""How often a block is begun before its photos are suspected of ending the process."""


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be done with each photo.

    Attributes:
        source: what the photos' names are below; None: they are whole addresses.
        target: where results go.
        options: what a result shows.
        kind: of the results' files, as `BackgroundRemover` takes it.
        making: arguments of `BackgroundRemover`.
        model: the files of a model by their names; None = the bundled one of each machine.
        report: say how good each cut-out is likely to be.
    """

    source: Place | None
    target: Place
    options: Options
    kind: str
    making: dict[str, Any]
    model: dict[str, bytes] | None
    report: bool

    def open(self) -> BackgroundRemover:
        """Open the model, with one thread.

        Raises:
            ModelError: it cannot be opened.
        """
        cv2.setNumThreads(1)
        if self.model is None:
            return self._judging(BackgroundRemover(None, 1, **self.making))
        with tempfile.TemporaryDirectory(prefix="recorte-") as folder:
            for name, content in self.model.items():
                Path(folder, name).write_bytes(content)
            whole = len(self.model) > 1
            return self._judging(BackgroundRemover(folder if whole else Path(folder, *self.model), 1, **self.making))

    def _judging(self, remover: BackgroundRemover) -> BackgroundRemover:
        if self.report:
            remover.pipeline = JudgingPipeline.like(remover.pipeline)
        return remover

    def files(self, result: str, count: int) -> list[str]:
        """Name the files of a result."""
        return [path.as_posix() for path in self.options.targets(result, count)]


class Cutting:
    """One worker: an actor of Ray's that holds a model.

    Args:
        job: what is to be done.
        desk: the actor `Desk`.
    """

    def __init__(self, job: Job, desk: Any) -> None:
        self._job = job
        self._remover = job.open()
        self._desk = desk
        self._stopping = desk.wait.remote()
        self._one = Lock()

    def __call__(self, photos: pa.Table) -> Iterator[pa.Table]:
        """Cut out the photos of a block: columns `block`, `source` and `result`; what is left undone has no row."""
        rows = photos.to_pylist()
        tries, suspects = ray.get(self._desk.begin.remote(rows[0]["block"]))
        careful = tries > MOST_TRIES

        def one(row: dict[str, Any]) -> dict[str, Any] | None:
            return None if self._stopped else self._one_photo(row, again=tries > 1, careful=careful, suspects=suspects)

        with ThreadPoolExecutor(1 if careful else AT_ONCE) as pool:
            made = [row for row in pool.map(one, rows) if row]
        schema = pa.schema([("photo", pa.string()), ("result", pa.string()), ("status", pa.string()),
                            ("seconds", pa.float64()), ("error", pa.string()), ("score", pa.int16()),
                            ("fatal", pa.bool_())])  # fmt: skip
        yield pa.Table.from_pylist(made, schema=schema)

    @property
    def _stopped(self) -> bool:
        return bool(ray.wait([self._stopping], timeout=0)[0])

    def _one_photo(self, row: dict[str, Any], again: bool, careful: bool, suspects: set[str]) -> dict[str, Any]:
        photo, result = row["source"], row["result"]
        answer = {"photo": photo, "result": result, "status": "written", "seconds": 0.0, "fatal": False}
        address = self._job.source.full(photo) if self._job.source else photo
        if photo in suspects:
            why = "the process that cut it out ended each time, for lack of memory perhaps"
            return answer | {"status": "failed", "error": f"{address}: {why}"}
        if careful:
            ray.get(self._desk.suspect.remote(row["block"], photo))
        started, waited, score = time.perf_counter(), 0.0, None
        try:
            # After a worker died, what it had written is not made again.
            if not (again and self._job.target.exists(self._job.files(result, 1)[0])):
                content = self._read(photo, address)
                asked = time.perf_counter()
                with self._one:
                    waited = time.perf_counter() - asked
                    contents, score = self._cut_out(content, address)
                self._write(result, contents)
        except (DiskFullError, ModelError) as trouble:
            answer |= {"status": "failed", "error": str(trouble), "fatal": True}
        except RecorteError as trouble:
            answer |= {"status": "failed", "error": str(trouble), "fatal": not isinstance(trouble, PhotoError)}
        except Exception as trouble:  # no memory for a giant, say
            answer |= {"status": "failed", "error": f"{address}: {type(trouble).__name__}: {trouble}"}
        if careful:
            ray.get(self._desk.clear.remote(row["block"], photo))
        answer["error"] = answer.get("error") and as_text(answer["error"])
        return answer | {"seconds": time.perf_counter() - started - waited, "score": score}

    def _read(self, photo: str, address: str) -> bytes:
        try:
            if self._job.source:
                return self._job.source.read(photo)
            fs, path = url_to_fs(address)
            return bytes(fs.cat_file(path))
        except Exception as error:  # each file system has exceptions of its own
            raise PhotoError(f"{address}: cannot be read: {reason_of(error, address)}") from None

    def _cut_out(self, content: bytes, address: str) -> tuple[list[bytes], int | None]:
        try:
            made = remove(self._remover.pipeline, self._job.options, content, kind=self._job.kind, aside=Aside())
        except PhotoError as error:
            raise PhotoError(str(error).replace(name_of(content), address, 1)) from None
        pipeline = self._remover.pipeline
        score = pipeline.judge_last().score if isinstance(pipeline, JudgingPipeline) else None
        contents = made if isinstance(made, list) else [made]
        return [content for content in contents if isinstance(content, bytes)], score

    def _write(self, result: str, contents: list[bytes]) -> None:
        target = self._job.target
        # The first one last: that it is there means that all are.
        for name, content in reversed([*zip(self._job.files(result, len(contents)), contents, strict=True)]):
            try:
                target.write(name, content)
            except DiskFullError:
                raise
            except Exception as error:  # no photo would go better
                raise RecorteError(
                    f"{target.full(name)}: cannot be written: {reason_of(error, target.address)}"
                ) from None
