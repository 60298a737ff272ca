"""The table of results: a folder of Parquet files, written as a run goes, from which the next one goes on."""

import io
import json
import secrets
import time
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

from recorte.errors import RecorteError
from recorte.places import Place, told

FOLDER = "recorte-table"
"""Its name in the target."""

RUN = f"{FOLDER}/_run.json"
"""What was asked for. What begins with `_` readers of a folder of Parquet files pass over."""

SCHEMA = pa.schema(
    [
        ("source", pa.string()),
        ("result", pa.string()),
        ("status", pa.string()),
        ("seconds", pa.float64()),
        ("error", pa.string()),
        ("score", pa.int16()),
    ]
)
"""One row a photo; `status` is `written`, `skipped` (it was there already) or `failed`."""

MOST_ROWS = 20_000
"""In one file."""

SECONDS = 20
"""After which rows are written at the latest: what a driver that is killed does not tell of."""


class Table:
    """The table in a target.

    Args:
        target: where the results are.
    """

    def __init__(self, target: Place) -> None:
        self._target = target
        self._rows: list[Mapping[str, Any]] = []
        self._written = time.monotonic()

    def check(self, run: Mapping[str, Any]) -> None:
        """Note what is asked for; or compare it with what was, if the table is there already.

        Raises:
            RecorteError: it is another run's.
        """
        with told(self._target.address, "cannot be used for results"):
            try:
                before = json.loads(self._target.read(RUN))
            except FileNotFoundError:
                self._target.write(RUN, json.dumps(run, indent=1).encode())
                return
            except ValueError:
                raise RecorteError(f"{self._target.full(RUN)}: broken; remove it, or name another -o") from None
        if others := [key for key in {**before, **run} if before.get(key) != run.get(key)]:
            told_of = "; ".join(f"{key} was {_said(before, key)}, is {_said(run, key)}" for key in others)
            raise RecorteError(f"{self._target.address}: holds the table of another run ({told_of}); name another -o")

    def clear(self, numbers: Mapping[str, int], there: Sequence[int]) -> bytearray:
        """Take out the rows of photos that are to be made (again), and say which of the others have one.

        Those are failures, and rows whose results are gone. Each file is replaced as a whole, so that a photo never
        has two rows.

        Args:
            numbers: of the photos, by their results.
            there: for each photo whether the target has its result.
        """
        done = bytearray(len(there))
        start = len(self._target.full(""))
        for name in self._parts():
            with told(self._target.full(name), "cannot be read"):
                part = parquet.read_table(io.BytesIO(self._target.read(name)), schema=SCHEMA)
            failed = pc.equal(part["status"], "failed").to_pylist()
            results = [result[start:] for result in part["result"].to_pylist()]
            kept = []
            for bad, result in zip(failed, results, strict=True):
                number = numbers.get(result, -1)
                keep = number >= 0 and not bad and there[number] > done[number]
                if keep:
                    done[number] = True
                kept.append(keep)
            if not any(kept):
                self._target.remove(name)
            elif not all(kept):
                self._target.write(name, _content(part.filter(pa.array(kept))))
        return done

    def _parts(self) -> list[str]:
        place = Place(self._target.full(FOLDER), self._target.protocol, self._target.path(FOLDER))
        return sorted(f"{FOLDER}/{name}" for name in place.names() if name.endswith(".parquet"))

    def add(self, row: Mapping[str, Any]) -> None:
        """Add the row of one photo; of very many at once a part is written."""
        self._rows.append(row)
        if len(self._rows) >= MOST_ROWS:
            self.write(at_once=True)

    def write(self, at_once: bool = False) -> None:
        """Write the rows that were added, if the last time is long enough ago.

        Raises:
            DiskFullError: there is no room; the next run finds the results all the same.
        """
        if not self._rows or not (at_once or time.monotonic() - self._written > SECONDS):
            return
        moment = time.strftime("%Y%m%dT%H%M%S", time.gmtime())
        name = f"{FOLDER}/{moment}-{secrets.token_hex(3)}.parquet"
        with told(self._target.full(name), "cannot be written"):
            self._target.write(name, _content(pa.Table.from_pylist(self._rows, schema=SCHEMA)))
        self._rows, self._written = [], time.monotonic()


def _said(run: Mapping[str, Any], key: str) -> str:
    return repr(run[key]) if key in run else "not given"


def _content(table: pa.Table) -> bytes:
    file = io.BytesIO()
    parquet.write_table(table, file, compression="zstd")
    return file.getvalue()
