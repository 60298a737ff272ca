"""`recorte teach`: a model that has learned from one's own photos."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from recorte.cli.options import Model
from recorte.cli.show import STOPPED, complain, plain

if TYPE_CHECKING:
    from recorte.teaching.teach import Progress, Taught

STAGES = {
    "looking": "Looking at the photos",
    "measuring": "Measuring the model as it is",
    "learning": "Learning",
    "finishing": "Exporting, and measuring what was learned",
}
EACH = 20
"""Per cent of the steps, after which a line is printed where there is no terminal."""


def teach(
    folder: Annotated[
        Path,
        typer.Argument(
            help="Has photos/ and masks/ in it, of the same names; or cut-outs made by hand.", metavar="FOLDER",
            show_default=False,
        ),
    ],
    model: Model = None,
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="What the new model is called.")] = "mine",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a model of this name.")] = False,
) -> None:  # fmt: skip
    """Teach a model your photos, three or more, for `recorte -m mine`. Ctrl-C stops it, and nothing is changed."""
    from recorte.cli.extras import need

    need("torch", "train", "Teaching")
    from recorte.teaching.process import lower_priority
    from recorte.teaching.teach import teach

    lower_priority()
    try:
        with _shown() as show:
            taught = teach(folder, model, name, overwrite=overwrite, on_progress=show)
    except KeyboardInterrupt:
        complain("stopped; nothing was changed")
        raise typer.Exit(STOPPED) from None
    _tell(taught)


def _tell(taught: "Taught") -> None:
    from recorte.teaching.facts import SHEET

    if taught.interrupted:
        typer.echo("An earlier teaching of this name had been cut off; this one began anew.")
    sets = {"judged": "photos kept to judge by", "drawn": "drawn figures", "earlier": "photos taught earlier"}
    for key, words in sets.items():
        if key in taught.after:
            typer.echo(f"IoU of {words}: {taught.before[key]:.3f} before, {taught.after[key]:.3f} after")
    if taught.after["judged"] <= taught.before["judged"]:
        typer.echo("The photos that were kept to judge by are cut out no better than before.")
    typer.echo(f"Look at {plain(taught.folder / SHEET)}")
    typer.echo(f"Learned from {taught.photos} photos. Use it: recorte -m {taught.name} photo.jpg")


@contextmanager
def _shown() -> Iterator[Callable[["Progress"], None]]:
    """Give what shows how far it is: a bar on stderr if that is a terminal, else a line now and then."""
    if not sys.stderr.isatty():
        yield _lines()
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    columns = (BarColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda now: bar.update(task, description=_words(now), completed=now.step, total=now.steps or None)


def _lines() -> Callable[["Progress"], None]:
    said = ""

    def show(now: "Progress") -> None:
        nonlocal said
        part = 100 * now.step // now.steps // EACH if now.steps else 0
        if said != (said := f"{now.stage} {part}"):
            typer.echo(_words(now), err=True)

    return show


def _words(now: "Progress") -> str:
    words = STAGES[now.stage]
    if now.steps:
        words += f", step {now.step} of {now.steps}"
    if now.seconds_left is not None:
        minutes = now.seconds_left / 60
        words += f", {minutes:.0f} min left" if minutes >= 1.5 else f", {now.seconds_left:.0f} s left"
    return words
