"""Presets: what a shop or a page wants of all its pictures, in one word. Each is a small YAML file.

A new one is a file beside this one, or in the folder `presets` of the user's own (see `recorte.home`).
"""

import contextlib
import os
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from recorte.errors import RecorteError
from recorte.home import home
from recorte.listing import shortened

BUNDLED = Path(__file__).parent
SUFFIXES = (".yaml", ".yml")

KEYS = ("size", "margin", "align", "background", "shadow", "crop", "people", "mask", "threshold", "grow", "format",
        "quality")  # fmt: skip
"""What a preset may say: options by their names, as the command has them."""

NOT_OF_MASKS = ("background", "shadow")


def preset_names() -> list[str]:
    """List the presets that have a name: those that come with Recorte, and the user's own."""
    return sorted(_named())


def read_preset(preset: str | os.PathLike[str]) -> dict[str, Any]:
    """Read a preset by its name, or by the path of its file.

    Returns:
        What it says, by `KEYS`; values are not looked at.

    Raises:
        RecorteError: there is none, or its file cannot be understood, or has keys that are not known.
    """
    path = _find(preset)
    import yaml

    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        reason = " ".join(str(getattr(error, "strerror", None) or error).split())
        raise RecorteError(f"preset {path}: cannot be read as YAML ({reason[:200]})") from None
    if not isinstance(content, Mapping):
        raise RecorteError(f"preset {path}: must have lines such as size: 1000x1000; there are {', '.join(KEYS)}")
    unknown = [str(key)[:40] for key in content if key not in KEYS]
    if unknown:
        raise RecorteError(f"preset {path}: unknown key {', '.join(map(_with_near, unknown[:5]))}; there are "
                           f"{', '.join(KEYS)}")  # fmt: skip
    if empty := [key for key, value in content.items() if value is None]:
        raise RecorteError(f"preset {path}: {', '.join(empty)} has no value (colours need quotes: '#ffcc00')")
    values = dict(content)
    behind = values.get("background")
    if isinstance(behind, str) and (path.parent / behind).is_file():  # beside the preset, wherever one works
        values["background"] = str(path.parent / behind)
    return values


def merged(preset: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Give the options of a preset with those that were given beside it, which count more; no format among them."""
    passed_over = NOT_OF_MASKS if given.get("mask") else ()
    values = {key: value for key, value in preset.items() if key != "format" and key not in passed_over}
    return values | dict(given)


def _named() -> dict[str, Path]:
    there = sorted(BUNDLED.glob("*.y*ml"))
    with contextlib.suppress(OSError):  # one may not look into somebody else's folder
        there += sorted((home() / "presets").glob("*.y*ml"))
    return {path.stem: path for path in there if path.suffix in SUFFIXES}


def _find(preset: str | os.PathLike[str]) -> Path:
    if not isinstance(preset, str | os.PathLike):
        raise RecorteError(f"a preset must be a name or the path of a YAML file, not {type(preset).__name__}")
    named, text = _named(), os.fspath(preset)
    if text in named:
        return named[text]
    if text.endswith(SUFFIXES):
        if not os.path.isfile(text):  # noqa: PTH113, a Path fails on a name that is too long
            raise RecorteError(f"preset {shortened(text)}: no such file")
        return Path(text)
    close = get_close_matches(text, named, 1)
    door = f"did you mean {close[0]}? There" if close else "there"
    raise RecorteError(f"preset {shortened(text)}: no such one; {door} are {', '.join(named)}, or give the path "
                       "of a YAML file of your own")  # fmt: skip


def _with_near(key: str) -> str:
    close = get_close_matches(key, KEYS, 1)
    return f"{key} (did you mean {close[0]}?)" if close else key
