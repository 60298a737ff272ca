"""Write the whole way from a photo to its cut-out as one ONNX file, for other languages; see docs/everywhere.md.

`python scripts/export.py model=bundled target=cutout.onnx`
"""

from pathlib import Path
from typing import Annotated

import typer

from recorte.cli.script import run
from recorte.errors import RecorteError

KEYS = {"model": "a run's folder, its best_model/, an .onnx file, or bundled", "target": "the .onnx file to write"}


def main(
    words: Annotated[
        list[str], typer.Argument(metavar="model=... target=...", help="; ".join(map(": ".join, KEYS.items())))
    ],
) -> None:
    """Write the whole way from a photo to its cut-out as one ONNX graph."""
    given = dict(word.partition("=")[::2] for word in words)
    problems = [f"{word}: there is no such key" for word in given.keys() - KEYS]
    problems += [f"{key}= is missing: {what}" for key, what in KEYS.items() if not given.get(key)]
    if problems:
        raise RecorteError("; ".join(sorted(problems)) + ". For example: model=bundled target=cutout.onnx")
    from recorte.removal.graph.export import write_cutout

    model = None if given["model"] == "bundled" else given["model"]
    size = write_cutout(model, Path(given["target"]))
    print(f"{given['target']}: {size / 1e6:.1f} MB; photo uint8 (H, W, 3) in, cutout uint8 (H, W, 4) and alpha out")


if __name__ == "__main__":
    run(main)
