"""`recorte app`: the web page."""

from pathlib import Path
from typing import Annotated

import typer


def page(
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Listen here; 0.0.0.0 lets other machines in.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, metavar="NUMBER", help="Listen here; 0: at a free one.")
    ] = 8501,
    model: Annotated[
        Path | None,
        typer.Option("--model", "-m", metavar="PATH", show_default=False, help="Another model than Recorte's own."),
    ] = None,
) -> None:  # fmt: skip
    """Show a page in the browser where photos are dropped and cut out. Ctrl-C stops it."""
    from recorte.cli.extras import need

    need("streamlit", "app", "The web page")
    from recorte.app.launch import run
    from recorte.removal.network import find_model

    if model is not None:
        find_model(model)  # a mistake is told here and now, not to the first visitor
    run(host, port, model and model.absolute())
