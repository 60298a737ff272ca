"""`recorte photo.jpg`: what the command does when no other is named."""

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from recorte.cli.options import (
    Align,
    Background,
    Colours,
    Crop,
    Kinds,
    Looks,
    Margin,
    Mask,
    Mirrored,
    Model,
    People,
    Preset,
    Provider,
    Quality,
    Refine,
    Report,
    Shadow,
    Size,
    asked_for,
    kind_of,
    one_kind,
)
from recorte.cli.photos.cutter import Wishes
from recorte.cli.photos.run import run
from recorte.cli.show import MISTAKE, OUTPUT_FULL, SOME_FAILED, complain
from recorte.files import FULL


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
    kinds: Kinds = None,
    model: Model = None,
    background: Background = None,
    mask: Mask = False,
    crop: Crop = False,
    people: People = None,
    size: Size = None,
    margin: Margin = None,
    align: Align = None,
    shadow: Shadow = False,
    quality: Quality = None,
    preset: Preset = None,
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
    tta: Mirrored = False,
    looks: Looks = 4,
    provider: Provider = None,
    refine: Refine = True,
    colours: Colours = True,
    watch: Annotated[
        bool, typer.Option("--watch", help="Stay, and cut out photos as they arrive in the folder; Ctrl-C ends it.")
    ] = False,
    jobs: Annotated[
        int | None, _option("--jobs", "-j", metavar="N", min=1, help="Photos at a time; as a rule by the cores.")
    ] = None,
    report: Report = False,
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
    showing = asked_for(
        background=background, mask=mask, crop=crop, people=people, size=size, margin=margin, align=align,
        shadow=shadow, quality=quality, preset=preset,
    )  # fmt: skip
    wishes = Wishes(
        output=output, overwrite=overwrite, watch=watch, jobs=jobs, report=report, as_json=as_json,
        kind=one_kind(kinds), usual_kind=kind_of(preset),
        model=model,
        making={"refine": refine, "colours": colours, "tta": tta, "looks": looks, "providers": provider},
        showing=showing,
        keep=keep or [], drop=drop or [], correct=correct,
    )  # fmt: skip
    try:
        status = run(photos, wishes)
    except BrokenPipeError:  # whoever read our output has read enough
        raise
    except OSError as error:
        status = _give_up(error)
    raise typer.Exit(status)
