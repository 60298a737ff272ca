"""Which photos there are: a tree of files, or a table of addresses."""

import posixpath
from collections import Counter
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv, parquet

from recorte.bulk.naming import as_text, made_before, name_results
from recorte.errors import PhotoError, RecorteError
from recorte.listing import EARLIER, EXTENSIONS, SOME, kind_of
from recorte.places import Place, told

TABLES = (".parquet", ".csv")


@dataclass(slots=True)
class Photos:
    """Photos and their results.

    Attributes:
        place: what the names are below; None: they are whole addresses.
        names: of the photos.
        results: for each the name of its result, below the target.
        left_out: how many files were of no kind that is read, by their suffix.
    """

    place: Place | None
    names: list[str]
    results: list[str]
    left_out: Counter[str] = field(default_factory=Counter)

    def address(self, name: str) -> str:
        """Give the whole address of a photo, as a table can hold it."""
        return as_text(self.place.full(name) if self.place else name)


def is_table(source: str) -> bool:
    """Tell whether a source is a table of addresses, by its name."""
    return source.lower().endswith(TABLES)


def find_photos(source: Place, column: str, ending: str) -> Photos:
    """Find every photo of a source, in order, and where below the target its result goes.

    Args:
        source: a folder, whose tree is kept, or a table.
        column: of the table, in which addresses are; those without a beginning like `s3://` are paths, seen from the
            table's folder. The tree of a table begins with bucket or host.
        ending: of the results.

    Raises:
        PhotoError: there are none.
        RecorteError: the source cannot be listed or read, a column is not there or has no addresses, or two photos
            would have one result.
    """
    return _of_table(source, column, ending) if is_table(source.address) else _of_tree(source, ending)


def _of_tree(source: Place, ending: str) -> Photos:
    names, left_out = [], Counter[str]()
    for name in source.names():
        kind = kind_of(name)
        if kind in EXTENSIONS:
            names.append(name)
        else:
            left_out[kind] += 1
    if not names:
        others = ", ".join(f"{count} {kind}" for kind, count in left_out.most_common(3))
        raise PhotoError(f"{source.address}: no photos in it ({SOME})" + (f", but {others}" if others else ""))
    names.sort()
    if made := made_before(names):
        names = [name for name in names if name not in made]
        left_out[EARLIER] += len(made)
    return Photos(source, names, name_results(names, ending), left_out)


def _of_table(source: Place, column: str, ending: str) -> Photos:
    addresses = _read_column(source, column)
    folder = source.address.rpartition("/")[0] or "."
    addresses = [one if "://" in one or one.startswith("/") else f"{folder}/{one}" for one in addresses]
    addresses = sorted(dict.fromkeys(addresses))
    places = [_below(address) for address in addresses]
    counts = Counter(places)
    if clash := next((place for place, count in counts.items() if count > 1), None):
        both = [address for address, place in zip(addresses, places, strict=True) if place == clash]
        raise RecorteError(f"{', '.join(both)}: their results would have one name; cut them out in two runs")
    return Photos(None, addresses, name_results(places, ending))


def _below(address: str) -> str:
    """Give the place of an address in a tree: bucket or host first, nothing that leads upwards."""
    return posixpath.normpath("/" + address.partition("://")[2 if "://" in address else 0].partition("?")[0]).strip("/")


def _read_column(source: Place, column: str) -> list[str]:
    with told(source.address, "this table cannot be read"), source.fs.open(source.root, "rb") as file:
        if source.address.lower().endswith(".csv"):
            read = csv.open_csv(file)
            there = read.schema.names
            table = read.read_all() if column in there else None
        else:
            there = parquet.read_schema(file).names
            table = parquet.read_table(file, columns=[column]) if column in there else None
    if table is None:
        raise RecorteError(
            f"{source.address}: it has no column {column!r} but {', '.join(there)}; name the addresses' with --column"
        )
    values = table.column(column)
    if not pa.types.is_string(values.type) and not pa.types.is_large_string(values.type):
        raise RecorteError(f"{source.address}: the column {column!r} holds {values.type}, not addresses")
    empty = pc.index(pc.equal(pc.fill_null(values, ""), ""), True).as_py()
    if empty >= 0:
        raise RecorteError(f"{source.address}: row {empty + 1} of the column {column!r} is empty; leave it out")
    found: list[str] = values.to_pylist()
    if not found:
        raise PhotoError(f"{source.address}: no rows in it")
    return found
