"""Code of one's own, outside of the package: where it is, and which classes a file of a model may name."""

import importlib
import importlib.util
import sys
from pathlib import Path

from recorte.errors import ModelError

_FOLDERS: list[Path] = []


def use_code_of(folder: Path) -> None:
    """Let Python import from a folder that the user has named, after all that is installed, and trust what is there."""
    folder = folder.absolute()
    _FOLDERS.append(folder)
    if str(folder) not in sys.path:
        sys.path.append(str(folder))


def trusted_class(name: str) -> type:
    """Give the class that a file of a model names, without running code that nobody asked for.

    A model may come from a stranger, and to import a module is to run it. So its class must be of our networks, in a
    folder that the user has named, or in a module that is imported already.

    Args:
        name: dotted, such as `recorte.model.attention_unet.AttentionUNet`.

    Raises:
        ModelError: code from elsewhere, or no such class.
    """
    module, _, attribute = name.rpartition(".")
    if not (module in sys.modules or module.startswith("recorte.model.") or _is_in_own_folder(module)):
        raise ModelError(
            f"it needs {name}, code that is not Recorte's, and which is not run unless you ask for it: give "
            f"--config-dir=<the folder that has it>, or import {module or name} before"
        )
    try:
        found = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise ModelError(f"it needs {name}, which is not there: {error}") from None
    if not isinstance(found, type):
        raise ModelError(f"it needs {name}, which is no class")
    return found


def _is_in_own_folder(module: str) -> bool:
    top = module.partition(".")[0]
    spec = importlib.util.find_spec(top) if top else None
    if spec is None:
        return False
    places = [spec.origin] if spec.origin else list(spec.submodule_search_locations or [])
    return bool(places) and all(any(Path(p).is_relative_to(folder) for folder in _FOLDERS) for p in places)
