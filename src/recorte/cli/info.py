"""`recorte info`: which model, on what, with which versions."""

import json as json_format
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated

import typer

from recorte.cli.speech import MISTAKE, complain
from recorte.errors import RecorteError

PACKAGES = ("recorte", "onnxruntime", "opencv-python-headless", "pillow", "numpy", "pillow-heif")


def run(
    model: Annotated[
        Path | None,
        typer.Option("--model", "-m", metavar="PATH", show_default=False, help="Another model than Recorte's own."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Say which model is used, where it comes from, what it runs on, and the versions of what does the work."""
    try:
        facts = describe(model)
    except RecorteError as error:
        complain(error)
        raise typer.Exit(MISTAKE) from None
    if json:
        typer.echo(json_format.dumps(facts))
        return
    wide = max(len(name) for name in facts)
    for name, value in facts.items():
        typer.echo(f"{name:{wide}}  {value}")


def describe(model: Path | None) -> dict[str, str | int | float | None]:
    """Give the facts by their names.

    Raises:
        ModelError: the model cannot be used.
    """
    from PIL import features

    from recorte.removal.network import Network

    network = Network(model)
    description = network.description
    origin, metrics = description.get("origin", {}), description.get("metrics", {})
    facts: dict[str, str | int | float | None] = {
        "model": str(network.path),
        "MB": round(network.path.stat().st_size / 1e6, 1),
        "image size": network.image_size,
        "encoder": description.get("network", {}).get("encoder"),
        "trained on": ", ".join(f"{count:,} {name}" for name, count in origin.get("data", {}).items()) or None,
        "epochs": origin.get("epochs"),
        "commit": origin.get("commit"),
        "photo IoU": metrics.get("photo_iou"),
        "provider": ", ".join(network.providers),
        "AVIF": "read" if features.check("avif") else "not read: this Pillow was built without it",
        "python": platform.python_version(),
    }
    return facts | {name: _version(name) for name in PACKAGES}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
