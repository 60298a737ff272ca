"""The model that the page cuts out with, one for all visitors."""

import contextlib
from pathlib import Path

from recorte.files import write_whole
from recorte.home import TAKEN, home, model_named, model_names

BUNDLED = TAKEN[0]


class InUse:
    """The model in use: the one that the page was started with, until a visitor chooses another.

    What was chosen is in use again when a page starts without a model of its own.

    Args:
        given: the model's file with which the page was started, if any.
    """

    def __init__(self, given: str | None) -> None:
        self._given = given
        self._chosen = _name_of(given) if given else _remembered()

    def names(self) -> list[str]:
        """List what can be chosen: the bundled model, those that were taught, and one that is elsewhere by its path."""
        names = [BUNDLED, *model_names()]
        given = _name_of(self._given) if self._given else BUNDLED
        return names if given in names else [*names, given]

    @property
    def name(self) -> str:
        """The one in use; of one that is gone, the bundled one takes the place."""
        return self._chosen if self._chosen in self.names() else BUNDLED

    @property
    def path(self) -> Path | None:
        """The one in use, as `BackgroundRemover` takes it."""
        name = self.name
        return None if name == BUNDLED else model_named(name) or Path(name)

    def choose(self, name: str) -> None:
        """Use another one, now and later.

        Raises:
            DiskFullError: it is in use, but not when the page is started again.
        """
        self._chosen = name
        write_whole(home() / "in_use.txt", name)


def label(name: str) -> str:
    """Say in short which model is elsewhere: the name of its folder, or of its run's."""
    path = Path(name)
    parts = [part for part in path.parts if part not in ("model.onnx", "best_model")]
    return parts[-1] if parts else name


def _name_of(file: str) -> str:
    """Give the name of a taught model by its file, else the file's path."""
    folder = Path(file).parent
    return folder.name if model_named(folder.name) == folder else file


def _remembered() -> str:
    with contextlib.suppress(OSError, UnicodeError):
        return (home() / "in_use.txt").read_text(encoding="utf-8")
    return BUNDLED
