"""`recorte info`: which model, what computes it, and which versions."""

import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import typer

from recorte.cli.options import Model, Provider
from recorte.cli.show import MISTAKE
from recorte.errors import RecorteError

LIBRARIES = {"OpenCV": "opencv-python-headless", "Pillow": "pillow", "NumPy": "numpy"}


def info(
    model: Model = None,
    provider: Provider = None,
) -> None:  # fmt: skip
    """Show the model, what computes it, and the versions."""
    import onnxruntime

    from recorte import __version__

    wrong = _wrong_provider(provider)  # told among all else, which whoever helps needs to know
    lines = _describe_model(model, "cpu" if wrong else provider)
    lines |= {"Computed by": wrong} if wrong else {}
    lines |= {"Recorte": __version__, "Python": f"{platform.python_version()} on {platform.platform(terse=True)}"}
    lines["ONNX Runtime"] = onnxruntime.__version__  # of whichever build
    lines |= {name: _version_of(package) for name, package in LIBRARIES.items()}
    width = max(map(len, lines)) + 2
    for name, value in lines.items():
        typer.echo(f"{name:{width}}{value}")
    if wrong:
        raise typer.Exit(MISTAKE)


def _wrong_provider(provider: str | None) -> str | None:
    from recorte.removal.network.providers import chosen

    try:
        chosen(provider)
    except RecorteError as error:
        return str(error)
    return None


def _describe_model(model: Path | None, provider: str | None) -> dict[str, str]:
    import json

    from recorte.home import model_names
    from recorte.removal.network import Network
    from recorte.removal.network.providers import both_builds, there
    from recorte.removal.presets import preset_names

    network = Network(model, providers=provider)
    try:
        description = json.loads(network.path.with_name("model.json").read_text(encoding="utf-8"))
    except FileNotFoundError:  # an .onnx file that was given alone
        description = {}
    size = f"{network.path.stat().st_size / 1e6:.1f} MB, sees {network.image_size} x {network.image_size} pixels"
    return {
        "Model": str(network.path),
        "Size": size,
        "Origin": _origin(description) or "not known",
        "Computed by": ", ".join(network.providers),
        "Providers": both_builds() or ", ".join(there()),
        "Taught models": ", ".join(model_names()) or "none",
        "Presets": ", ".join(preset_names()),
    }


def _origin(description: dict[str, Any]) -> str:
    """Say in a few words what `model.json` knows of the network and its training."""
    network, origin = description.get("network") or {}, description.get("origin") or {}
    words = [str(network["encoder"])] if "encoder" in network else []
    if isinstance(origin.get("data"), dict):
        words.append("trained on " + ", ".join(f"{count} {name}" for name, count in origin["data"].items()))
    if "epochs" in origin:
        words.append(f"{origin['epochs']} epochs")
    if "recorte" in origin:
        words.append(f"Recorte {origin['recorte']}")
    if origin.get("commit"):
        words.append(f"commit {str(origin['commit'])[:7]}")
    return ", ".join(words)


def _version_of(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:  # installed under another name, such as opencv-python
        return "not known"
