"""What typer says of a command line that it cannot take: no longer than any other message."""

from typing import TYPE_CHECKING, Any

from recorte.errors import within_limits

if TYPE_CHECKING:
    from typer.core import TyperCommand as _Command
else:
    _Command = object


class Brief(_Command):
    """Put before the class of a command: keeps what its mistakes say within limits."""

    # Contexts and errors are Any: whether they are Click's, or of Typer's own copy of it, its version decides.

    def make_context(self, *given: Any, **extra: Any) -> Any:
        """Read the arguments."""
        try:
            return super().make_context(*given, **extra)
        except Exception as error:
            _shorten(error)
            raise

    def invoke(self, ctx: Any) -> Any:
        """Run the command, or the one below that was asked for."""
        try:
            return super().invoke(ctx)
        except Exception as error:
            _shorten(error)
            raise


def _shorten(error: Any) -> None:
    if hasattr(error, "format_message"):
        text = within_limits(error.format_message())
        error.format_message = lambda: text
