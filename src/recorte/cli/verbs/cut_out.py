"""`recorte photo.jpg`: what the command does when no other is named."""

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from recorte.cli.options import Background, Model
from recorte.cli.photos.cutter import Wishes
from recorte.cli.photos.run import run
from recorte.cli.show import MISTAKE, OUTPUT_FULL, SOME_FAILED, complain
from recorte.errors import RecorteError
from recorte.files import FULL


class Kind(StrEnum):
    """Formats of results, by their suffixes; typer reads lists of such alone."""

    PNG = "png"
    WEBP = "webp"
    TIF = "tif"
    TIFF = "tiff"
    JPG = "jpg"
    JPEG = "jpeg"


def _show_version(wanted: bool) -> None:
    if wanted:
        from recorte import __version__

        typer.echo(f"recorte {__version__}")
        raise typer.Exit


def _commands(ctx: typer.Context, incomplete: str) -> list[str]:
    """What else than a photo the first word may be, for the shell's completion; photos it completes itself."""
    commands = getattr(ctx.command, "door", None)
    if commands is None or ctx.params.get("photos"):
        return []
    return [
        name
        for name, command in commands.command.commands.items()
        if not command.hidden and name.startswith(incomplete)
    ]


def _option(*names: str, help: str, metavar: str | None = None, **more: Any) -> Any:
    return typer.Option(*names, help=help, metavar=metavar, show_default=False, **more)


def _give_up(error: OSError) -> int:
    """Tell of what the system refused, and give the exit status."""
    if error.errno in FULL and not error.filename:  # files have theirs told as DiskFullError
        complain(OUTPUT_FULL)
        # Python would try again at its end to write what is left, in vain, and give a status of its own.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return SOME_FAILED
    complain(f"{error.filename}: {error.strerror}" if error.filename else error)  # a name that is too long, say
    return MISTAKE


def _one_kind(kinds: list[Kind]) -> str | None:
    """Give the format that was asked for.

    Raises:
        RecorteError: several were.
    """
    if len({*kinds}) > 1:
        raise RecorteError(f"--format is given as {' and '.join(dict.fromkeys(kinds))}; name one of them")
    return kinds[0].value if kinds else None


def _kind_of(preset: str | None) -> str | None:
    """Give the format that a preset asks for, if it does."""
    if preset is None:
        return None
    from recorte.removal.presets import read_preset

    kind = read_preset(preset).get("format")
    return None if kind is None else str(kind)


def cut_out(
    photos: Annotated[
        list[Path],
        typer.Argument(
            help="Photos, folders of photos, patterns in quotes ('holiday/*.jpg'), or - for standard input.",
            metavar="PHOTO", show_default=False, autocompletion=_commands,
            readable=False,  # else one photo without permission would stop them all, before any is begun
        ),
    ],
    output: Annotated[
        str | None,
        _option(
            "--output", "-o", metavar="PATH",
            help="The cut-out's file (.png, .webp, .tif; with --background or --mask .jpg too), a folder for "
            "several, or - for standard output. Without it: beside the photo, as photo-cutout.png.",
        ),
    ] = None,
    kinds: Annotated[
        list[Kind] | None,
        _option("--format", help="Of what lies in a folder, goes to a pipe or has no name; as a rule png."),
    ] = None,
    model: Model = None,
    background: Background = None,
    mask: Annotated[bool, typer.Option("--mask", help="Write the mask: white people on black.")] = False,
    crop: Annotated[bool, typer.Option("--crop", help="Crop to the people.")] = False,
    people: Annotated[
        Literal["all", "largest", "each"] | None,
        _option("--people", help="All people, the largest alone, or each in a file (photo-cutout-1.png).")
    ] = None,
    size: Annotated[
        str | None,
        _option("--size", metavar="WxH", help="Of the result: 1000x1000; or one side alone: 1000x, x1000."),
    ] = None,
    margin: Annotated[
        str | None,
        _option("--margin", metavar="SHARE", help="Room around the people, such as 8%; in a size they fill the rest."),
    ] = None,
    align: Annotated[
        Literal["centre", "bottom"] | None,
        _option("--align", help="Where people stand in a size of two sides; as a rule in its centre.")
    ] = None,
    shadow: Annotated[bool, typer.Option("--shadow", help="Lay a soft shadow below the feet.")] = False,
    quality: Annotated[
        int | None, _option("--quality", metavar="N", help="Of JPEG (as a rule 92) and WebP (else lossless): 1 to 100.")
    ] = None,
    preset: Annotated[
        str | None,
        _option("--preset", metavar="NAME", help="All this in one word, such as amazon, or a YAML file of your own."),
    ] = None,
    keep: Annotated[
        list[str] | None,
        _option(
            "--keep", metavar="X,Y",
            help="Mend it: what is at this pixel is a person's; or in this box: X0,Y0,X1,Y1. May be repeated.",
        ),
    ] = None,
    drop: Annotated[
        list[str] | None, _option("--drop", metavar="X,Y", help="Mend it: what is there is background. As --keep.")
    ] = None,
    correct: Annotated[
        Path | None,
        _option("--correct", metavar="FILE", help="Mend it as before: the .correct.json beside an earlier cut-out."),
    ] = None,
    tta: Annotated[
        bool, typer.Option("--tta", help="Take the mean with the mirror image, in twice the network's time.")
    ] = False,
    looks: Annotated[
        int,
        _option(
            "--looks", metavar="N", min=1, max=4,
            help="How often to look, at most: at the whole photo, then closer at people who fill a part of it.",
        ),
    ] = 4,
    refine: Annotated[
        bool, typer.Option("--refine/--no-refine", help="Fit the edges to the photo's own.", show_default=False)
    ] = True,
    colours: Annotated[
        bool,
        typer.Option("--colours/--no-colours", help="Take the old background out of the edges.", show_default=False),
    ] = True,
    watch: Annotated[
        bool, typer.Option("--watch", help="Stay, and cut out photos as they arrive in the folder; Ctrl-C ends it.")
    ] = False,
    jobs: Annotated[
        int | None, _option("--jobs", "-j", metavar="N", min=1, help="Photos at a time; as a rule by the cores.")
    ] = None,
    report: Annotated[bool, typer.Option("--report", help="Say how good each cut-out is likely to be.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="For each photo a line of JSON: photo, result, status, seconds, error.")
    ] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace cut-outs that exist already.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and stop.")
    ] = False,
) -> None:  # fmt: skip
    """Cut the people out of photographs.

    recorte photo.jpg -o person.png

    recorte holiday/ -o cut/

    cat photo.jpg | recorte - > person.png
    """
    showing = {"background": background, "mask": mask, "crop": crop, "people": people, "size": size, "margin": margin,
               "align": align, "shadow": shadow, "quality": quality, "preset": preset}  # fmt: skip
    wishes = Wishes(
        output=output, overwrite=overwrite, watch=watch, jobs=jobs, report=report, as_json=as_json,
        kind=_one_kind(kinds or []), usual_kind=_kind_of(preset),
        model=model, making={"refine": refine, "colours": colours, "tta": tta, "looks": looks},
        showing={name: value for name, value in showing.items() if value is not None and value is not False},
        keep=keep or [], drop=drop or [], correct=correct,
    )  # fmt: skip
    try:
        status = run(photos, wishes)
    except BrokenPipeError:  # whoever read our output has read enough
        raise
    except OSError as error:
        status = _give_up(error)
    raise typer.Exit(status)
