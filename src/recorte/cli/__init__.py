"""The command `recorte`: cutting people out of photographs, and a few commands of other names beside that.

Whatever takes long to import (NumPy, OpenCV, ONNX Runtime) is imported where it is used, so that help, a version
and most mistakes are answered at once.
"""

import importlib
import os
import sys
import warnings

import typer

STOPPED = 130
"""The exit status of what Ctrl-C stopped, as shells have it."""

COMMANDS = {"app": "recorte.cli.page", "info": "recorte.cli.info", "serve": "recorte.cli.serve"}
"""Every other command by its name: a module whose `run` is a Typer command, imported when it is called."""


def main() -> None:
    """Run the command `recorte`. A photo that is named like one of the other commands is `./info`."""
    if not sys.warnoptions:
        warnings.simplefilter("ignore")  # Pillow's remarks on odd photos, which are read all the same
    sys.stdout.reconfigure(errors="backslashreplace")  # file names need not be valid text
    words = sys.argv[1:] or os.environ.get("COMP_WORDS", "").split()[1:]  # of shells that ask for completion
    name = words[0] if words and words[0] in COMMANDS else None
    module = importlib.import_module(COMMANDS.get(name, "recorte.cli.cut_out"))
    app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)
    app.command(no_args_is_help=name is None)(module.run)
    if name and sys.argv[1:]:
        del sys.argv[1]
    try:
        app(prog_name=f"recorte {name}" if name and sys.argv[0] else "recorte", standalone_mode=True)
    except KeyboardInterrupt:
        raise SystemExit(STOPPED) from None
