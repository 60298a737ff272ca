"""The command `recorte`: cutting people out of photographs.

Whatever takes long to import (NumPy, OpenCV, ONNX Runtime) is imported where it is used, so that help, a version
and most mistakes are answered at once.
"""

import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from recorte.errors import PhotoError, RecorteError

if TYPE_CHECKING:
    from recorte.removal.folder import BatchReport
    from recorte.removal.remover import BackgroundRemover

app = typer.Typer(rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False)

SOME_FAILED = 1
MISTAKE = 2


def main() -> None:
    """Run the command `recorte`."""
    if not sys.warnoptions:
        warnings.simplefilter("ignore")  # Pillow's remarks on odd photos, which are read all the same
    sys.stdout.reconfigure(errors="backslashreplace")  # file names need not be valid text
    app(prog_name="recorte")


def _show_version(wanted: bool) -> None:
    if wanted:
        from recorte import __version__

        typer.echo(f"recorte {__version__}")
        raise typer.Exit


@app.command(no_args_is_help=True)
def cut_out(
    photos: Annotated[
        list[Path], typer.Argument(help="Photos, or one folder of photos.", metavar="PHOTO", show_default=False)
    ],
    output: Annotated[
        str | None,
        typer.Option(
            "--output", "-o", metavar="PATH", show_default=False,
            help="The cut-out's file (.png, .webp, .tif), or a folder for several. "
            "Without it: beside the photo, as photo-cutout.png.",
        ),
    ] = None,
    model: Annotated[
        Path | None,
        typer.Option(
            "--model", "-m", metavar="PATH", show_default=False,
            help="A best_model folder, the folder of a training run, or an .onnx file.",
        ),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace cut-outs that exist already.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and stop.")
    ] = False,
) -> None:  # fmt: skip
    """Cut the people out of photographs.

    recorte photo.jpg -o person.png

    recorte holiday/ -o cut/
    """
    try:
        status = _run(list(dict.fromkeys(photos)), output, model, overwrite)
    except RecorteError as error:
        _complain(error)
        status = MISTAKE
    raise typer.Exit(status)


def _run(photos: list[Path], output: str | None, model: Path | None, overwrite: bool) -> int:
    missing = [str(photo) for photo in photos if not photo.exists()]
    if missing:
        raise PhotoError(f"{', '.join(missing)}: no such file or folder")
    if any(photo.is_dir() for photo in photos) and (len(photos) > 1 or output is None):
        raise RecorteError("a folder is cut out alone and needs a folder for the results: recorte holiday/ -o cut/")
    if len(photos) == 1 and not photos[0].is_dir():
        return _cut_out_one(photos[0], _target(photos[0], output), model, overwrite)
    return _cut_out_many(photos, output, model, overwrite)


def _target(photo: Path, output: str | None) -> Path:
    if output is None:
        return photo.with_name(f"{photo.stem}-cutout.png")
    if output.endswith(("/", "\\")) or Path(output).is_dir():
        return Path(output, f"{photo.stem}.png")
    return Path(output)


def _cut_out_one(photo: Path, target: Path, model: Path | None, overwrite: bool) -> int:
    from recorte.removal.output import check_target

    check_target(target, photo, overwrite)
    try:
        _remover(model).remove_background(photo, target, overwrite=overwrite)
    except PhotoError as error:
        _complain(error)
        return SOME_FAILED
    typer.echo(f"Wrote {target}")
    return 0


def _cut_out_many(photos: list[Path], output: str | None, model: Path | None, overwrite: bool) -> int:
    from recorte.removal.folder import cut_out_all, plan_folder, plan_photos

    folder = None if output is None else Path(output)
    if folder and folder.suffix.lower() in (".png", ".webp", ".tif", ".tiff") and not folder.is_dir():
        raise RecorteError(f"{output}: several photos need a folder for their cut-outs, not a file: -o cut/")
    jobs = plan_folder(photos[0], folder) if folder and photos[0].is_dir() else plan_photos(photos, folder)
    remover = _remover(model)
    with _progress() as on_photo:
        report = cut_out_all(remover, jobs, overwrite=overwrite, on_photo=on_photo)
    return _summarise(report)


def _remover(model: Path | None) -> "BackgroundRemover":
    from recorte import BackgroundRemover

    return BackgroundRemover(model)


@contextmanager
def _progress() -> Iterator[Callable[[int, int, Path], None] | None]:
    """Show a bar on stderr if that is a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=None)
        yield lambda done, total, photo: progress.update(
            task, completed=done, total=total, description=escape(photo.name)
        )


def _summarise(report: "BatchReport") -> int:
    for failure in report.failed:
        _complain(failure.reason)
    counts = [f"{len(report.written)} written"]
    if report.skipped:
        counts.append(f"{len(report.skipped)} skipped (cut out already; --overwrite makes them again)")
    if report.failed:
        counts.append(f"{len(report.failed)} failed")
    typer.echo(", ".join(counts))
    return SOME_FAILED if report.failed else 0


def _complain(message: object) -> None:
    typer.echo(typer.style("Error: ", fg="red") + str(message), err=True)
