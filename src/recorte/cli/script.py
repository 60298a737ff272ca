"""Running a script's `main` as a command line."""

import sys
from collections.abc import Callable

import typer

from recorte.errors import RecorteError


def run(main: Callable[..., None]) -> None:
    """Run a function with typer; a mistake of the user, or a file that the system refuses, is told with status 2."""
    try:
        typer.run(main)
    except RecorteError as error:
        print(f"Error: {error}", file=sys.stderr)
        sys.exit(2)
    except OSError as error:
        print(f"Error: {error.filename}: {error.strerror}" if error.filename else f"Error: {error}", file=sys.stderr)
        sys.exit(2)
