"""What a study of a card finds, row by row: as text to look at, as JSON, whole on disk after every row."""

import dataclasses
import io
import json
from pathlib import Path
from typing import Any, Literal

from rich.console import Console
from rich.table import Table

from recorte.files import write_whole

State = Literal["ok", "off", "failed", "left out", "found"]


@dataclasses.dataclass(frozen=True)
class Row:
    """One thing that was found.

    Attributes:
        check: which check found it.
        what: in words.
        value: what was found.
        expected: what it should be; empty of what only is as it is.
        state: `ok` or `off` of what should be something, `found` of what only is; `failed` of a check that broke,
            `left out` of one that could not be made here.
        how: `measured` on this machine, or `computed`.
        note: why, or of what.
    """

    check: str
    what: str
    value: str = ""
    expected: str = ""
    state: State = "found"
    how: Literal["measured", "computed", "-"] = "measured"
    note: str = ""


def within(check: str, what: str, value: float, most: float, note: str = "") -> Row:
    """Give the row of a difference that must not be more than `most`."""
    return Row(check, what, f"{value:.1e}", f"<= {most:.0e}", "ok" if value <= most else "off", note=note)


class Findings:
    """Rows, written anew whenever there is one more.

    Args:
        folder: for `card.json` and `card.txt`.
        facts: of the machine and the settings, which stand above the rows.
    """

    def __init__(self, folder: Path, facts: dict[str, Any]) -> None:
        self.folder, self.facts, self.rows = folder, facts, list[Row]()
        self._write()

    def add(self, row: Row) -> None:
        """Take a row, and put all on disk."""
        self.rows.append(row)
        self._write()
        print(f"{row.state:>8}  {row.check}: {row.what} {row.value}  {row.note}".rstrip(), flush=True)

    def table(self) -> str:
        """Give the rows as text, 160 characters wide."""
        table = Table("check", "what", "value", "expected", "", "how", "note", title="What the card does")
        for row in self.rows:
            table.add_row(row.check, row.what, row.value, row.expected, row.state, row.how, row.note)
        text = io.StringIO()
        Console(width=160, file=text).print(table)
        return "".join(f"{name}: {fact}\n" for name, fact in self.facts.items()) + text.getvalue()

    def _write(self) -> None:
        content = {**self.facts, "rows": [dataclasses.asdict(row) for row in self.rows]}
        write_whole(self.folder / "card.json", json.dumps(content, indent=1) + "\n")
        write_whole(self.folder / "card.txt", self.table())
