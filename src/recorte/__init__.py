"""Recorte trains, measures and uses models that remove the background from photographs of people."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from recorte.removal.remover import BackgroundRemover

    __version__: str

__all__ = ["BackgroundRemover", "__version__"]


def __getattr__(name: str) -> object:
    # Lazily, so that importing any one room of the package stays as quick as that room is.
    if name == "BackgroundRemover":
        from recorte.removal.remover import BackgroundRemover

        return BackgroundRemover
    if name == "__version__":
        from importlib.metadata import version

        return version("recorte")
    raise AttributeError(f"module 'recorte' has no attribute {name!r}")
