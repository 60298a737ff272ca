"""`recorte --watch`: cutting out what comes into a folder."""

import time
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from recorte.cli.inputs import Inputs
from recorte.cli.speech import complain, summarise, tell
from recorte.errors import RecorteError

if TYPE_CHECKING:
    from recorte.cli.cut_out import Wish

SECONDS = 1.0
"""Between two looks into the folder. A photo is taken when it is the same in two of them: then it was copied whole."""

Look = tuple[int, int]
"""A file's size and when it was last changed."""


def watch_folder(inputs: Inputs, wish: "Wish") -> int:
    """Cut out the photos of a folder, and those that come into it, until Ctrl-C; give the exit status.

    Raises:
        RecorteError: it is not one folder, or there is none for the results.
        ModelError: the model is at fault.
    """
    from recorte.removal.folder import BatchReport, outcomes
    from recorte.removal.plan import make_folder, photos_below, plan_folder

    if len(inputs.folders) != 1 or inputs.photos or wish.output is None:
        raise RecorteError("--watch needs one folder, and one for the results: recorte --watch inbox/ -o cut/")
    folder, target, options, remover = inputs.folders[0], Path(wish.output), wish.options(), wish.remover()
    photos_below(folder, target)
    make_folder(target)
    typer.echo(f"Watching {folder}; Ctrl-C ends it.", err=True)
    report, before, done = BatchReport(), {}, {}
    try:
        while True:
            now = {photo: look for photo in photos_below(folder, target) if (look := _look(photo))}
            ready = {photo for photo, look in now.items() if before.get(photo) == look != done.get(photo)}
            before = now
            if not ready:
                time.sleep(SECONDS)
                continue
            plan = {photo: path for photo, path in plan_folder(folder, target, wish.suffix).items() if photo in ready}
            done |= {photo: now[photo] for photo in ready}
            for outcome in outcomes(remover, plan, options, overwrite=wish.overwrite, workers=wish.jobs):
                report.add(outcome)
                if wish.json:
                    tell(outcome)
                elif outcome.status == "written":
                    typer.echo("\n".join(f"Wrote {result}" for result in outcome.results))
                elif outcome.status == "failed":
                    complain(outcome.reason)
    except KeyboardInterrupt:
        return summarise(report, wish.json)


def _look(photo: Path) -> Look | None:
    try:
        found = photo.stat()
    except OSError:  # moved away since it was listed
        return None
    return found.st_size, found.st_mtime_ns
