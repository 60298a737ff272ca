"""Options that several commands have."""

from pathlib import Path
from typing import Annotated

import typer

Model = Annotated[
    Path | None,
    typer.Option(
        "--model", "-m", metavar="MODEL", show_default=False,
        help="A best_model folder, the folder of a training run, an .onnx file, or the name of a taught model, instead "
        "of the bundled one.",
    ),
]  # fmt: skip
Background = Annotated[
    str | None,
    typer.Option(
        "--background", "-b", metavar="WHAT", show_default=False,
        help="What goes behind the people: a colour (white, '#ff8800'), a picture's path, or blur.",
    ),
]  # fmt: skip
Host = Annotated[str, typer.Option(metavar="ADDRESS", help="Listen here; 0.0.0.0 lets other machines in.")]
Port = Annotated[int, typer.Option(min=0, max=65535, metavar="NUMBER", help="Listen here; 0: at a free one.")]
