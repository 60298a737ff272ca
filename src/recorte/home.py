"""The user's own folder: models that were taught, each used by its name."""

import os
import re
from difflib import get_close_matches
from pathlib import Path

from recorte.errors import RecorteError

NAME = re.compile(r"\w[\w.-]{0,63}")
TAKEN = ("bundled",)
"""Names that mean other models."""
REPLACED = ".replaced-"
"""What the folder of a model is called for the moment in which a new one takes its place."""


def home() -> Path:
    """Give the folder: `RECORTE_HOME` if that is set, else where programs of this system keep a user's data."""
    given = os.environ.get("RECORTE_HOME")
    if given:
        return Path(given).expanduser().absolute()
    from platformdirs import user_data_path

    return user_data_path("recorte", appauthor=False)


def models() -> Path:
    """Give the folder of the models that were taught; it need not be there."""
    return home() / "models"


def model_names() -> list[str]:
    """List the models that were taught."""
    try:
        return _names()
    except OSError:  # none was taught yet, or one may not look into somebody else's
        return []


def _names() -> list[str]:
    names = {path.name.removeprefix(REPLACED) for path in models().iterdir() if _is_model(path)}
    return sorted(name for name in names if NAME.fullmatch(name))


def model_named(name: str | os.PathLike[str]) -> Path | None:
    """Give the folder of a model by its name; None where no such one was taught."""
    text = os.fspath(name)
    if not NAME.fullmatch(text):
        return None
    places = models() / text, models() / f"{REPLACED}{text}"
    return next((place for place in places if _is_model(place)), None)


def _is_model(folder: Path) -> bool:
    return os.path.isfile(folder / "model.onnx")  # noqa: PTH113, a Path fails in a folder that one may not look into


def resolved(model: str | os.PathLike[str]) -> Path:
    """Give the path that is meant by a path, or else by the name of a model that was taught."""
    path = Path(model)
    # Not Path.exists, which fails on a name that is too long.
    return path if os.path.exists(path) else model_named(model) or path  # noqa: PTH110


def near(name: str | os.PathLike[str]) -> str:
    """Say which models were taught, for a message about one that was not; empty where none was."""
    try:
        names = _names()
    except PermissionError:
        return f"; models that were taught are in {models()}, into which you may not look"
    except OSError:  # none was taught yet
        return ""
    close = get_close_matches(os.fspath(name), names, 1)
    if close:
        return f"; did you mean {close[0]}?"
    return f"; taught are {', '.join(names)}" if names else ""


def check_name(name: str) -> None:
    """Make sure that a model can have this name.

    Raises:
        RecorteError: it cannot.
    """
    if not NAME.fullmatch(name) or name in TAKEN:
        raise RecorteError(
            f"--name {name!r}: a model's name has letters, digits, -, _ and . in it, begins with no dot, is at most 64 "
            f"characters long and not {TAKEN[0]}"
        )
