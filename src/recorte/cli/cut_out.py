"""`recorte photo.jpg`: cutting out one photo, many, a folder that is watched, or what comes through a pipe."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from recorte.cli.inputs import Inputs, find_inputs, plan
from recorte.cli.quality import as_text, judge_photo
from recorte.cli.speech import MISTAKE, SOME_FAILED, complain, progress, summarise, tell
from recorte.errors import PhotoError, RecorteError

if TYPE_CHECKING:
    from recorte.removal.options import Options
    from recorte.removal.remover import BackgroundRemover

PIPE = "-"

FORMATS = {"png": ".png", "webp": ".webp", "tif": ".tif", "jpg": ".jpg"}

STOPPED = 130

More = typer.Option(show_default=False)


def _show_version(wanted: bool) -> None:
    if wanted:
        from recorte import __version__

        typer.echo(f"recorte {__version__}")
        raise typer.Exit


@dataclass(frozen=True, slots=True)
class Wish:
    """What the user asked for, but for the photos."""

    output: str | None
    model: Path | None
    background: str | None
    mask: bool
    crop: bool
    people: Literal["all", "largest", "each"]
    format: Literal["png", "webp", "tif", "jpg"]
    overwrite: bool
    jobs: int | None
    report: bool
    json: bool
    switches: dict[str, bool]

    @property
    def suffix(self) -> str:
        """Of results whose names the user did not give."""
        return FORMATS[self.format]

    @property
    def ending(self) -> str:
        """Of a result beside its photo."""
        return "-mask" if self.mask else "-cutout"

    def options(self) -> "Options":
        """Check what the results are to show."""
        from recorte.removal.options import Options
        from recorte.removal.output import suffix_of

        options = Options.of(self.background, self.mask, self.crop, self.people)
        if self.output in (None, PIPE) or not Path(self.output).suffix:
            suffix_of(self.suffix[1:], None, options.transparent)
        return options

    def remover(self) -> "BackgroundRemover":
        """Open the model."""
        from recorte import BackgroundRemover

        return BackgroundRemover(self.model, **self.switches)


def run(
    photos: Annotated[
        list[str],
        typer.Argument(
            help="Photos, folders, patterns such as 'holiday/**/*.jpg', or - for standard input.",
            metavar="PHOTO", show_default=False,
        ),
    ],
    output: Annotated[
        str | None,
        typer.Option(
            "--output", "-o", metavar="PATH", show_default=False,
            help="The result's file (.png, .webp, .tif, .jpg), a folder for several, or - for standard output. "
            "Without it: beside the photo, as photo-cutout.png.",
        ),
    ] = None,
    background: Annotated[
        str | None,
        typer.Option(
            "--background", "-b", metavar="WHAT", show_default=False,
            help="Put this behind the people: a colour (white, '#ffcc00'), a picture's file, or blur: the photo's own.",
        ),
    ] = None,
    mask: Annotated[bool, typer.Option("--mask", help="Write the alpha instead, a grey picture.")] = False,
    crop: Annotated[bool, typer.Option("--crop", help="Only the part of the photo that holds people.")] = False,
    people: Annotated[
        Literal["all", "largest", "each"],
        typer.Option("--people", help="All of them, or where they stand apart: the largest, or each in a file."),
    ] = "all",
    format: Annotated[
        Literal["png", "webp", "tif", "jpg"],
        typer.Option("--format", "-f", help="Of results whose names are not given; jpg needs --background or --mask."),
    ] = "png",
    model: Annotated[
        Path | None,
        typer.Option(
            "--model", "-m", metavar="PATH", show_default=False,
            help="A best_model folder, the folder of a training run, or an .onnx file.",
        ),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace results that exist already.")] = False,
    tta: Annotated[bool, typer.Option("--tta", help="Look at the mirrored photo too: better, slower.")] = False,
    no_refine: Annotated[bool, typer.Option("--no-refine", help="Do not follow the photo's own edges.")] = False,
    no_colours: Annotated[
        bool, typer.Option("--no-colours", help="Leave the old background's colour in soft edges.")
    ] = False,
    jobs: Annotated[
        int | None, typer.Option("--jobs", "-j", min=1, metavar="N", help="Photos at once; one a core if not given.",
                                 show_default=False)
    ] = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Cut out what comes into the folder, until Ctrl-C.")
    ] = False,
    report: Annotated[bool, typer.Option("--report", help="Say how good each cut-out is likely to be.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Say what became of each photo as a line of JSON.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and stop.")
    ] = False,
) -> None:  # fmt: skip
    """Cut the people out of photographs.

    recorte photo.jpg -o person.png

    recorte holiday/ -o cut/

    Other commands: recorte app, recorte serve, recorte info
    """
    switches = {"refine": not no_refine, "colours": not no_colours, "tta": tta}
    wish = Wish(output, model, background, mask, crop, people, format, overwrite, jobs, report, json, switches)
    try:
        status = _run(photos, wish, watch)
    except RecorteError as error:
        complain(error)
        status = MISTAKE
    raise typer.Exit(status)


def _run(arguments: list[str], wish: Wish, watch: bool) -> int:
    if PIPE in arguments or wish.output == PIPE:
        return _pipe(arguments, wish, watch)
    inputs = find_inputs(arguments)
    if watch:
        from recorte.cli.watch import watch_folder

        return watch_folder(inputs, wish)
    if inputs.several:
        return _cut_out_many(inputs, wish)
    photo = next(iter(inputs.photos))
    return _cut_out_one(photo, _target(photo, wish), wish)


def _target(photo: Path, wish: Wish) -> Path:
    if wish.output is None:
        return photo.with_name(f"{photo.stem}{wish.ending}{wish.suffix}")
    if wish.output.endswith(("/", "\\")) or Path(wish.output).is_dir():
        return Path(wish.output, f"{photo.stem}{wish.suffix}")
    return Path(wish.output)


def _cut_out_one(photo: Path, target: Path, wish: Wish) -> int:
    from recorte.removal.folder import Outcome
    from recorte.removal.output import check_target

    options = wish.options()
    check_target(options.targets(target, 1)[0], photo, wish.overwrite, options.transparent)
    try:
        remover = wish.remover()
        made = remover.remove_with(options, photo, target, overwrite=wish.overwrite)
        quality = judge_photo(remover, photo) if wish.report else None
    except PhotoError as error:
        if wish.json:
            tell(Outcome(photo, "failed", [], str(error)), wish.report)
        complain(error)
        return SOME_FAILED
    results = options.targets(target, len(made) if wish.people == "each" else 1)
    if wish.json:
        tell(Outcome(photo, "written", results), wish.report, quality)
    else:
        typer.echo("\n".join(f"Wrote {result}" for result in results))
        if quality:
            typer.echo(as_text(quality))
    return 0


def _cut_out_many(inputs: Inputs, wish: Wish) -> int:
    from recorte.removal.folder import BatchReport, outcomes
    from recorte.removal.output import FORMATS as SUFFIXES

    target = None if wish.output is None else Path(wish.output)
    if target and target.suffix.lower() in SUFFIXES and not target.is_dir():
        raise RecorteError(f"{target}: several photos need a folder for their cut-outs, not a file: -o cut/")
    options = wish.options()
    jobs = plan(inputs, target, wish.ending, wish.suffix)
    report, stopped = BatchReport(), False
    remover = wish.remover()
    work = outcomes(remover, jobs, options, overwrite=wish.overwrite, workers=wish.jobs)
    with progress(len(jobs)) as on_photo:
        try:
            for outcome in work:
                report.add(outcome)
                on_photo(outcome.photo)
                quality = judge_photo(remover, outcome.photo) if wish.report and outcome.status == "written" else None
                if wish.json:
                    tell(outcome, wish.report, quality)
                elif quality:
                    typer.echo(f"{outcome.photo}\n{as_text(quality)}")
        except KeyboardInterrupt:
            stopped = True
            work.close()
    status = summarise(report, wish.json)
    if stopped:
        complain("stopped; the same command goes on where this one ended")
    return STOPPED if stopped else status


def _pipe(arguments: list[str], wish: Wish, watch: bool) -> int:
    """Cut out one photo of which at least one end is a pipe."""
    if len(arguments) > 1 or watch or wish.people == "each":
        raise RecorteError("through a pipe goes one photo: recorte - -o - < photo.jpg > cut.png")
    into = wish.output in (None, PIPE)
    if into and wish.json:
        raise RecorteError("--json and the picture would both go to standard output; name a file with -o")
    if into and sys.stdout.isatty():
        raise RecorteError("a picture is nothing for a terminal; write it to a file: recorte - < photo.jpg > cut.png")
    if arguments[0] != PIPE:
        find_inputs(arguments)
    options = wish.options()
    remover = wish.remover()
    source = sys.stdin.buffer.read() if arguments[0] == PIPE else Path(arguments[0])
    target = None if into else _target(Path("stdin"), wish)
    try:
        kind = wish.suffix[1:] if into else None
        content = remover.remove_with(options, source, target, overwrite=wish.overwrite, kind=kind)
        if wish.report:
            typer.echo(as_text(judge_photo(remover, source)), err=True)
    except PhotoError as error:
        complain(error)
        return SOME_FAILED
    if into:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    else:
        typer.echo(f"Wrote {target}")
    return 0
