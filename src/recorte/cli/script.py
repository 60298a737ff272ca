"""Running a script's `main` as a command line."""

import sys
from collections.abc import Callable

import typer
from typer.core import TyperCommand

from recorte.cli.usage import Brief
from recorte.errors import RecorteError, within_limits


class _Script(Brief, TyperCommand):
    """A script's one command."""


def run(main: Callable[..., None]) -> None:
    """Run a function with typer; a mistake of the user, or a file that the system refuses, is told with status 2."""
    app = typer.Typer(add_completion=False)
    app.command(cls=_Script)(main)
    try:
        app()
    except RecorteError as error:
        print(f"Error: {error}", file=sys.stderr)
        sys.exit(2)
    except OSError as error:
        reason = f"{error.filename}: {error.strerror}" if error.filename else str(error)
        print(within_limits(f"Error: {reason}"), file=sys.stderr)
        sys.exit(2)
