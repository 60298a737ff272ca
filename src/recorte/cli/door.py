"""The door: cutting out photos is what `recorte` does, unless its first word is one of the other commands."""

import io
import sys
import warnings
from importlib.util import find_spec
from itertools import pairwise
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from recorte.cli.show import MISTAKE, complain
from recorte.cli.stop import end_on_sigterm
from recorte.cli.usage import Brief
from recorte.cli.verbs.bulk import bulk
from recorte.cli.verbs.cut_out import cut_out
from recorte.cli.verbs.info import info
from recorte.cli.verbs.page import page
from recorte.cli.verbs.serve import serve
from recorte.cli.verbs.teach import teach
from recorte.cli.verbs.video import video
from recorte.errors import RecorteError

CUT_OUT = "photos"
"""The name of the command that needs no name."""


class _Door(Brief, TyperGroup):
    """Hands everything to `cut_out` that is not for one of the commands; a photo named `info` is `./info`."""

    # Contexts are Any here and below: whether they are Click's, or of Typer's own copy of it, its version decides.

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the command's name before what has none.

        Raises:
            RecorteError: a word is empty that is no option's value.
        """
        own_options = {option for param in self.params for option in param.opts}
        first = args[0].split("=")[0] if args else ""
        if first not in own_options and (first not in self.commands or first == CUT_OUT):
            args = [CUT_OUT, *args]
        params = self.commands[args[0]].params if args and args[0] in self.commands else self.params
        flags = [param for param in params if getattr(param, "is_flag", False)]
        alone = {"-", "--", *(option for flag in flags for option in (*flag.opts, *flag.secondary_opts))}
        if any(not word and (before[:1] != "-" or before in alone) for before, word in pairwise(["", *args])):
            # As a path it would be this folder, with all its photos.
            raise RecorteError("a name is empty, perhaps a variable that is not set; give a photo, folder or pattern")
        return super().parse_args(ctx, args)


class _CutOut(TyperCommand):
    """Appears as `recorte` itself: in its usage no name of a command, in its help all of them."""

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        self.door = parent
        # Without a parent, so that usage and complaints say `recorte` and no more.
        return super().make_context(parent.info_name if parent else info_name, args, **extra)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Name the other commands below the help of this one."""
        commands = [command for command in self.door.command.commands.values() if not command.hidden]
        with formatter.section("Other commands"):
            formatter.write_dl([(f"recorte {command.name}", command.get_short_help_str(100)) for command in commands])
        with formatter.section("Completion in your shell"):
            records = (param.get_help_record(self.door) for param in self.door.command.params)
            formatter.write_dl([record for record in records if record and record[0] != "--help"])


app = typer.Typer(cls=_Door, rich_markup_mode=None, pretty_exceptions_enable=False)
app.command(CUT_OUT, cls=_CutOut, hidden=True, no_args_is_help=True)(cut_out)
# A further command: import its function above, register it here. What it needs it imports when it runs; a mistake of
# the user it raises as a RecorteError.
app.command("info")(info)
app.command("video")(video)
app.command("bulk")(bulk)
app.command("app")(page)
app.command("serve")(serve)
app.command("teach")(teach)


def main() -> None:
    """Run the command `recorte`."""
    if not sys.warnoptions:
        warnings.simplefilter("ignore")  # Pillow's remarks on odd photos, which are read all the same
    if isinstance(sys.stdout, io.TextIOWrapper):  # unless it is closed
        sys.stdout.reconfigure(errors="backslashreplace")  # file names need not be valid text
    end_on_sigterm()
    try:
        app(prog_name="recorte")
    except RecorteError as error:
        complain(error)
        sys.exit(MISTAKE)
    except (ImportError, AttributeError):
        runtime = find_spec("onnxruntime")
        if runtime is not None and runtime.origin is not None:
            raise
        # Of two builds that were installed, the one that is removed takes files of the other along.
        complain("ONNX Runtime, which computes the network, is not installed, or in part alone; "
                 "pip install --force-reinstall onnxruntime")  # fmt: skip
        sys.exit(MISTAKE)
