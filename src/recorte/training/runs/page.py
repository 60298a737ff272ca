"""The list of runs, in the terminal and as a page for the browser."""

import html
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from rich.table import Table
from rich.text import Text

from recorte.model.figures import MAIN, figure_of
from recorte.training.runs.cells import state_cell, time_cell, value_cell
from recorte.training.runs.listing import Run

PLAIN = ("hardware", "data", "data.root", "model.encoder", "run_dir", "resume", "trainer.max_epochs")
"""Keys that have a column of their own, or that say nothing about a run."""
PLOTS = ("sample_predictions", "training_curves", "metrics_evolution")
COLOURS = {"running": "cyan", "finished": "green", "interrupted": "yellow", "failed": "red"}

STYLE = """
:root { color-scheme: light dark }
body { font: 14px/1.4 system-ui, sans-serif; margin: 1.5rem }
table { border-collapse: collapse }
th, td { padding: .4rem .5rem; text-align: left; vertical-align: top; border-bottom: 1px solid #8884 }
th { cursor: pointer; position: sticky; top: 0; background: Canvas; white-space: nowrap }
th.sorted::after { content: " ▾" }
th.sorted.up::after { content: " ▴" }
td:first-child, .plots { white-space: nowrap }
.number { text-align: right; font-variant-numeric: tabular-nums }
.running { color: #08a } .finished { color: #2a2 } .interrupted { color: #b80 } .failed { color: #d33 }
.reason, .settings { min-width: 8rem; max-width: 20rem; overflow-wrap: anywhere; font-size: 12px }
img { width: 64px; height: 44px; object-fit: cover; object-position: top left; border-radius: 4px; margin-right: 4px }
"""
# Sorts by the column that is clicked on; cells may carry the value to sort by.
SCRIPT = """
document.querySelectorAll("th").forEach((head, place) => head.addEventListener("click", () => {
  const up = head.classList.contains("sorted") && !head.classList.contains("up");
  document.querySelectorAll("th").forEach(other => other.classList.remove("sorted", "up"));
  head.classList.add("sorted");
  head.classList.toggle("up", up);
  const value = row => { const cell = row.cells[place]; return cell.dataset.value ?? cell.textContent };
  const body = document.querySelector("tbody");
  const known = row => value(row) !== "" && value(row) !== "-";
  const order = (a, b) => value(a) - value(b) || value(a).localeCompare(value(b), undefined, { numeric: true });
  const compare = (a, b) => known(b) - known(a) || (up ? order(a, b) : order(b, a));
  [...body.rows].sort(compare).forEach(row => body.append(row));
}));
"""


def table_of(runs: Sequence[Run], root: Path) -> Table:
    """Make a table for the terminal."""
    table = Table()
    for name in ("run", "state", "data", "encoder"):
        table.add_column(name, overflow="fold")
    for name in ("epochs", *MAIN, "time"):
        table.add_column(name.replace("_", "\n"), justify="right", no_wrap=True)
    table.add_column("settings", overflow="fold")
    for run in runs:
        figures = (figure_of(name).text(run.figures.get(name)) for name in MAIN)
        state = Text(state_cell(run), style=COLOURS[run.state])
        before = map(Text, (_data(run), _encoder(run), _epochs(run)))
        table.add_row(Text(_name(run, root)), state, *before, *figures, time_cell(run), Text(_settings(run)))
    return table


def page_of(runs: Sequence[Run], root: Path) -> str:
    """Make a page that needs nothing but the runs' own plots, which it links to.

    Args:
        runs: below `root`.
        root: the folder that the page is for.
    """
    heads = ("run", "state", "data", "encoder", "epochs", *MAIN, "time", "settings", "plots")
    numbers = ("epochs", *MAIN, "time")
    head = "".join(f"<th{' class=number' if name in numbers else ''}{_meaning(name)}>{name}</th>" for name in heads)
    rows = "\n".join(_row(run, root) for run in runs)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<meta charset="utf-8">\n<title>Runs</title>\n'
        f"<style>{STYLE}</style>\n<h1>{len(runs)} runs</h1>\n"
        f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table>\n<script>{SCRIPT}</script>\n</html>\n"
    )


def _row(run: Run, root: Path) -> str:
    reason = f'<div class="reason">{html.escape(run.reason)}</div>' if run.reason else ""
    folder = quote(run.folder.relative_to(root).as_posix())
    cells = [
        f'<td data-value="{run.started.isoformat()}"><a href="{folder}/">{html.escape(_name(run, root))}</a></td>',
        f'<td><span class="{run.state}">{run.state}</span>{reason}</td>',
        f"<td>{html.escape(_data(run))}</td>",
        f"<td>{html.escape(_encoder(run))}</td>",
        f'<td class="number">{_epochs(run)}</td>',
        *(_figure(name, run.figures.get(name)) for name in MAIN),
        f'<td class="number" data-value="{run.seconds:.0f}">{time_cell(run)}</td>',
        f'<td class="settings">{html.escape(_settings(run))}</td>',
        f"<td class=plots>{''.join(_plot(run, folder, name) for name in PLOTS)}</td>",
    ]
    return f"<tr>{''.join(cells)}</tr>"


def _meaning(head: str) -> str:
    if head not in MAIN:
        return ""
    figure = figure_of(head)
    return f' title="{html.escape(f"{figure.meaning}; best: {figure.best}")}"'


def _figure(name: str, value: float | None) -> str:
    figure = figure_of(name)
    rank = "" if value is None else f' data-value="{figure.rank(value)}"'  # a first click sorts the best to the top
    return f'<td class="number"{rank}>{figure.text(value)}</td>'


def _plot(run: Run, folder: str, name: str) -> str:
    if not (run.folder / "plots" / f"{name}.png").is_file():
        return ""
    address = f"{folder}/plots/{name}.png"
    title = name.replace("_", " ")
    return f'<a href="{address}" title="{title}"><img src="{address}" alt="{title}" loading="lazy"></a>'


def _name(run: Run, root: Path) -> str:
    return run.folder.relative_to(root).as_posix()


def _data(run: Run) -> str:
    sources = run.setting("data.sources")
    return ", ".join(map(str, sources)) if isinstance(sources, dict) else "-"


def _encoder(run: Run) -> str:
    return str(run.setting("model.encoder") or "-")


def _epochs(run: Run) -> str:
    return f"{run.epochs}/{run.setting('trainer.max_epochs') or '?'}"


def _settings(run: Run) -> str:
    """Tell what the command line set, but for what has a column of its own."""
    parts = (text.partition("=") for text in run.overrides)
    return " ".join(f"{key}={value_cell(value)}" for key, _, value in parts if key not in PLAIN)
