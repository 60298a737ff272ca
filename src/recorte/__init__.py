"""Recorte trains, measures and uses models that remove the background from photographs of people."""

import os
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Unpack

    from recorte.removal.files.sources import Result, Source
    from recorte.removal.options import Showing
    from recorte.removal.remover import BackgroundRemover

    __version__: str

__all__ = ["BackgroundRemover", "__version__", "remove"]

# Before anything imports ONNX Runtime, whose newer builds tell Microsoft of each use, with a number for the machine.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")


def remove(
    photo: "Source",
    target: "str | os.PathLike[str] | None" = None,
    *,
    overwrite: bool = False,
    kind: str | None = None,
    **showing: "Unpack[Showing]",
) -> "Result | list[Result]":
    """Cut the people out of one photo, with the bundled weights: `BackgroundRemover().remove_background` in one word.

    The first call opens the model, and all that follow use it, in several threads too.

    Args:
        photo: a path, a file's bytes, a file that is open for reading bytes, a Pillow image, or an array.
        target: also write the result there, by its suffix.
        overwrite: replace a `target` that exists.
        kind: give the bytes of a file of this kind: "png", "webp", "tiff" or "jpeg".
        showing: background, mask, crop, people, size, preset and so on; see `recorte.removal.options.Showing`.

    Returns:
        The kind that was given: an array for an array, the bytes of a file (PNG) for bytes and open files, else a
        Pillow image; a list of these for `people="each"`.

    Raises:
        RecorteError: the photo cannot be read, `target` must not be written, or an option is not valid.

    Example:
        >>> recorte.remove("photo.jpg", "cutout.png")
    """
    return _shared().remove_background(photo, target, overwrite=overwrite, kind=kind, **showing)


@cache
def _shared() -> "BackgroundRemover":
    from recorte.removal.remover import BackgroundRemover

    return BackgroundRemover()


def __getattr__(name: str) -> object:
    # Lazily, so that importing any one room of the package stays as quick as that room is.
    if name == "BackgroundRemover":
        from recorte.removal.remover import BackgroundRemover

        return BackgroundRemover
    if name == "__version__":
        from importlib.metadata import version

        return version("recorte")
    raise AttributeError(f"module 'recorte' has no attribute {name!r}")
