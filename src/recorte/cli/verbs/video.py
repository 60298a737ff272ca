"""`recorte video`: people cut out of a video."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from recorte.cli.options import Model, Provider
from recorte.cli.show import SOME_FAILED, STOPPED, complain, plain
from recorte.cli.stop import stop_on_ctrl_c
from recorte.errors import DiskFullError, RecorteError


def video(
    source: Annotated[
        Path, typer.Argument(help="The video, or a folder of its frames.", metavar="VIDEO", show_default=False)
    ],
    output: Annotated[
        str | None,
        typer.Option(
            "--output", "-o", metavar="PATH", show_default=False,
            help="A .mov (ProRes 4444) or .webm (VP9), which can be transparent; an .mp4 with --background; an "
            "animation (.gif, .webp, .png); or a name without suffix, for a folder of PNG. Without it: beside the "
            "video, as video-cutout.mov or .mp4, video-mask.mp4 or video-preview.png.",
        ),
    ] = None,
    background: Annotated[
        str | None,
        typer.Option(
            "--background", "-b", metavar="WHAT", show_default=False,
            help="What goes behind the people: a colour (white, '#ff8800'), the path of a picture, a film or an "
            "animation, or blur.",
        ),
    ] = None,
    mask: Annotated[bool, typer.Option("--mask", help="A matte: people white, all else black.")] = False,
    start: Annotated[
        str | None,
        typer.Option("--start", metavar="TIME", help="Begin there: seconds, or 1:23.5.", show_default=False),
    ] = None,
    end: Annotated[
        str | None, typer.Option("--end", metavar="TIME", help="End there: the same.", show_default=False)
    ] = None,
    preview: Annotated[bool, typer.Option("--preview", help="Only one picture, of six frames.")] = False,
    model: Model = None,
    provider: Provider = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a result that exists already.")] = False,
) -> None:  # fmt: skip
    """Cut the people out of a video; stopped, the same command goes on."""
    from recorte.removal.video.reading.files import load_av

    load_av()
    from recorte import BackgroundRemover
    from recorte.removal.video import cut_out_video, preview_video

    ending = (
        "-preview.png" if preview else "-mask.mp4" if mask else f"-cutout{'.mov' if background is None else '.mp4'}"
    )
    target = _target(source, output, ending)
    taken = {"background": background, "mask": mask, "start": start, "end": end, "overwrite": overwrite}
    if preview:
        preview_video(BackgroundRemover(model, providers=provider), source, target, **taken)  # type: ignore[arg-type]
        typer.echo(f"Wrote {plain(target)}")
        return
    try:
        with stop_on_ctrl_c("frame") as stopped, _progress() as show:

            def on_frame(done: int, total: int) -> None:
                show(done, total)
                if stopped():
                    raise KeyboardInterrupt

            remover = BackgroundRemover(model, providers=provider)
            count = cut_out_video(remover, source, target, on_frame=on_frame, **taken)  # type: ignore[arg-type]
    except KeyboardInterrupt:
        complain("stopped; the same command goes on from here")
        raise typer.Exit(STOPPED) from None
    except DiskFullError as error:
        complain(error)
        raise typer.Exit(SOME_FAILED) from None
    typer.echo(f"Wrote {plain(target)}, {count:,} frames")


def _target(source: Path, output: str | None, ending: str) -> Path:
    """Say where the result goes: beside the video unless a place is named.

    Raises:
        RecorteError: the place is none.
    """
    if output is None:
        source = source.absolute() if source.name in ("", "..") else source  # a folder of frames, from inside
        return source.parent / f"{source.stem}{ending}"
    if output in ("", "-"):
        why = "a video cannot go to standard output" if output else "this is no name"
        raise RecorteError(f"-o {output or repr(output)}: {why}; name a file or a folder: -o {ending.lstrip('-')}")
    return Path(output)


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None]]:
    """Give what shows how many frames are done, of how many: a bar on stderr if that is a terminal."""
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("frames"), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total or None)
