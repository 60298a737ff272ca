"""List all runs with their best figures: `python scripts/runs.py`; with --html as outputs/index.html too."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from recorte.cli.script import run
from recorte.files import write_whole
from recorte.training.runs.listing import find_runs
from recorte.training.runs.page import page_of, table_of


def main(
    outputs: Annotated[Path, typer.Argument(help="Where to look; sweeps are found too.")] = Path("outputs"),
    html: Annotated[bool, typer.Option("--html", help="Write index.html there, with pictures.")] = False,
) -> None:
    """List all runs below a folder with their best figures, newest first."""
    if not outputs.is_dir():
        raise typer.BadParameter(f"there is no folder {outputs}; give the one that your runs are in")
    runs = find_runs(outputs)
    terminal = Console()
    console = terminal if terminal.is_terminal else Console(width=200)  # a file does not wrap
    console.print(table_of(runs, outputs) if runs else f"No runs are below {outputs}; scripts/train.py makes one")
    if html:
        write_whole(outputs / "index.html", page_of(runs, outputs))
        console.print(f"Written to {outputs / 'index.html'}", soft_wrap=True)


if __name__ == "__main__":
    run(main)
