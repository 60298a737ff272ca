"""The page without a server: a folder of files for any static host."""

import hashlib
import json
from pathlib import Path

import recorte
from recorte.errors import RecorteError
from recorte.files import write_whole
from recorte.removal.network import BUNDLED_WEIGHTS

_INSTALLED = Path(recorte.__file__).parent / "web"
WEB = _INSTALLED if _INSTALLED.is_dir() else Path(__file__).parents[3] / "web"
STATIC = Path(__file__).parent / "page/static"
"""Fonts and the icon, which `recorte app` has too."""

BLANKS = "const VERSION = '', FILES = []"
"""Of the service worker, filled in here: which files it keeps, and a name that changes with them."""


def write_page(folder: Path) -> int:
    """Write the page into a folder, which must be empty or not there yet.

    Returns:
        How many bytes it has in all, which a first visit loads.

    Raises:
        RecorteError: there is something in the folder, or it is a file.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise RecorteError(f"--static {folder}: is not empty; give a folder that is, or is not there yet")
    files = {name: path.read_bytes() for name, path in _sources().items()}
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(name.encode() + hashlib.sha256(files[name]).digest())
    kept = ["./", *sorted(name for name in files if name not in ("index.html", "sw.js"))]
    filled = f"const VERSION = 'recorte-{digest.hexdigest()[:16]}', FILES = {json.dumps(kept)}"
    files["sw.js"] = files["sw.js"].decode().replace(BLANKS, filled).encode()
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        write_whole(folder / name, content)
    return sum(map(len, files.values()))


def _sources() -> dict[str, Path]:
    """Every file of the page by the name that it has there."""
    found = {path.name: path for path in (WEB / "page").iterdir()}
    found |= {f"ort/{path.name}": path for path in (WEB / "ort").iterdir()}
    found |= {f"recorte/src/{name}.js": WEB / f"package/src/{name}.js" for name in ("engine", "letterbox", "looks")}
    found |= {f"fonts/{path.name}": path for path in (STATIC / "fonts").iterdir()}
    found["recorte/finish.onnx"] = WEB / "package/finish.onnx"
    found["model.onnx"] = BUNDLED_WEIGHTS / "model.onnx"
    found["icon.png"] = STATIC / "icon.png"
    return found
