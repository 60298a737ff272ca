"""The page without a server: a folder of files for any static host."""

import hashlib
import json
from base64 import b64encode
from pathlib import Path

import recorte
from recorte.errors import RecorteError
from recorte.files import write_whole
from recorte.messages import MESSAGES
from recorte.removal.correct.follow import WEIGHTS
from recorte.removal.network import BUNDLED_WEIGHTS

_INSTALLED = Path(recorte.__file__).parent / "web"
WEB = _INSTALLED if _INSTALLED.is_dir() else Path(__file__).parents[3] / "web"
STATIC = Path(__file__).parent / "page/static"
"""Fonts and the icon, which `recorte app` has too."""

EDITOR = Path(__file__).parent / "page/correcting"
"""In which `recorte app` and this page correct."""

BLANKS = "const VERSION = '', FILES = {}, REST = {}"
"""Of the service worker, filled in here: which files it keeps, what they must be, and a name that changes with them."""

REST = ("correct/thing.onnx", "ort/")
"""What the service worker keeps once it is asked for: which build of ONNX Runtime a browser takes shows late."""


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
    files = {name: path.read_bytes() for name, path in _sources().items()} | _put_together()
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
    first, rest = ({name: kept[name] for name in kept if name.startswith(REST) is later} for later in (False, True))
    filled = f"const VERSION = 'recorte-{version}', FILES = {json.dumps(first, indent=2)}, REST = {json.dumps(rest)}"
    return files["sw.js"].decode().replace(BLANKS, filled).encode()


def _put_together() -> dict[str, bytes]:
    """Give the editor's scripts as one module, as `recorte app` has them, and its words."""
    scripts = [(EDITOR / f"{name}.js").read_text(encoding="utf-8") for name in ("view", "picture", "hands", "editor")]
    editors = [key for key in MESSAGES if key.startswith("edit_")]
    words = {key.removeprefix("edit_"): MESSAGES[key] for key in [*editors, "touch_refused"]}
    text = f"export const WORDS = {json.dumps(words, indent=2, ensure_ascii=False)};\n"
    return {"correct/editor.js": "\n".join(scripts).encode(), "correct/words.js": text.encode()}


def _sources() -> dict[str, Path]:
    """Every file of the page by the name that it has there."""
    pages = WEB / "page"
    found = {path.relative_to(pages).as_posix(): path for path in pages.rglob("*") if path.is_file()}
    found |= {f"ort/{path.name}": path for path in (WEB / "ort").iterdir() if path.suffix != ".md"}
    found |= {f"recorte/src/{name}.js": WEB / f"package/src/{name}.js" for name in ("engine", "letterbox", "looks")}
    found |= {f"fonts/{path.name}": path for path in (STATIC / "fonts").iterdir()}
    found |= {f"recorte/{name}.onnx": WEB / f"package/{name}.onnx" for name in ("finish", "colours")}
    found |= {f"correct/{path.name}": path for path in (EDITOR / "editor.html", EDITOR / "editor.css", WEIGHTS)}
    found["model.onnx"] = BUNDLED_WEIGHTS / "model.onnx"
    found["icon.png"] = STATIC / "icon.png"
    return found
