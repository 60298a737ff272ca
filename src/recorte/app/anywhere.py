"""The page without a server: a folder of files for any static host."""

import hashlib
import json
from base64 import b64encode
from pathlib import Path

import recorte
from recorte.errors import RecorteError
from recorte.files import write_whole
from recorte.removal.network import BUNDLED_WEIGHTS

_INSTALLED = Path(recorte.__file__).parent / "web"
WEB = _INSTALLED if _INSTALLED.is_dir() else Path(__file__).parents[3] / "web"
STATIC = Path(__file__).parent / "page/static"
"""Fonts and the icon, which `recorte app` has too."""

BLANKS = "const VERSION = '', FILES = {}"
"""Of the service worker, filled in here: which files it keeps, what they must be, and a name that changes with them."""


def write_page(folder: Path) -> int:
    """Write the page into a folder, which must be empty or not there yet.

    Returns:
        How many bytes it has in all; licences apart, a first visit loads them.

    Raises:
        RecorteError: there is something in the folder, or it is a file.
        DiskFullError: no room for one of the files.
    """
    if folder.exists() and not folder.is_dir():
        raise RecorteError(f"--static {folder}: is a file; give a folder that is empty or not there yet")
    if folder.exists() and any(folder.iterdir()):
        raise RecorteError(f"--static {folder}: is not empty; give a folder that is, or is not there yet")
    files = {name: path.read_bytes() for name, path in _sources().items()}
    files["sw.js"] = _service_worker(files)
    for name in sorted(files, key=lambda name: name == "index.html"):  # last, so that half a folder shows no page
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        write_whole(folder / name, files[name], durable=False)
    return sum(map(len, files.values()))


def _service_worker(files: dict[str, bytes]) -> bytes:
    """Give the service worker, which takes nothing but these files as they are now."""
    kept = {
        "./" if name == "index.html" else name: f"sha256-{b64encode(hashlib.sha256(content).digest()).decode()}"
        for name, content in sorted(files.items())
        if name != "sw.js" and not name.endswith(".txt")
    }
    version = hashlib.sha256(files["sw.js"] + json.dumps(kept).encode()).hexdigest()[:16]
    filled = f"const VERSION = 'recorte-{version}', FILES = {json.dumps(kept, indent=2)}"
    return files["sw.js"].decode().replace(BLANKS, filled).encode()


def _sources() -> dict[str, Path]:
    """Every file of the page by the name that it has there."""
    found = {path.name: path for path in (WEB / "page").iterdir()}
    found |= {f"ort/{path.name}": path for path in (WEB / "ort").iterdir() if path.suffix != ".md"}
    found |= {f"recorte/src/{name}.js": WEB / f"package/src/{name}.js" for name in ("engine", "letterbox", "looks")}
    found |= {f"fonts/{path.name}": path for path in (STATIC / "fonts").iterdir()}
    found["recorte/finish.onnx"] = WEB / "package/finish.onnx"
    found["model.onnx"] = BUNDLED_WEIGHTS / "model.onnx"
    found["icon.png"] = STATIC / "icon.png"
    return found
