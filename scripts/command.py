"""Running a script's `main` as a command line."""

import sys
from collections.abc import Callable

import typer

from recorte.errors import RecorteError


def run(main: Callable[..., None]) -> None:
    """Run a function with typer; a mistake of the user is told in one message, with status 2."""
    try:
        typer.run(main)
    except RecorteError as error:
        print(f"Error: {error}", file=sys.stderr)
        sys.exit(2)
