"""The subcommands `recorte app` and `recorte serve`. Nothing heavy is imported before they run."""

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from recorte.errors import RecorteError

Host = Annotated[str, typer.Option(help="Address to listen at; 0.0.0.0 lets other machines in.", metavar="ADDRESS")]
Port = Annotated[int, typer.Option(min=0, max=65535, help="Port to listen at; 0 takes a free one.", metavar="NUMBER")]
Model = Annotated[
    Path | None,
    typer.Option(
        "--model", "-m", metavar="PATH", show_default=False,
        help="A best_model folder, the folder of a training run, or an .onnx file.",
    ),
]  # fmt: skip


def page(host: Host = "127.0.0.1", port: Port = 8501, model: Model = None) -> None:
    """Show the web page in a browser: photos in, cut-outs out."""
    _need("streamlit", "app", "The web page")
    from recorte.app.launch import run
    from recorte.removal.network import find_model

    if model is not None:
        find_model(model)  # a mistake is told here and now, not to the first visitor
    run(host, port, model and model.absolute())


def serve(
    host: Host = "127.0.0.1",
    port: Port = 8000,
    model: Model = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Photos at once.", show_default="one a core")] = None,
    queue: Annotated[int, typer.Option(min=0, help="Requests that may wait.")] = 16,
    megabytes: Annotated[float, typer.Option(min=0.001, help="The largest file.")] = 25,
    megapixels: Annotated[float, typer.Option(min=0.001, help="The largest photo.")] = 50,
    seconds: Annotated[float, typer.Option(min=0.01, help="The longest that a request may take.")] = 60,
) -> None:
    """Serve cut-outs over HTTP: POST /cutout, GET /health, /metrics and /docs."""
    _need("fastapi", "service", "The service")
    from recorte import BackgroundRemover
    from recorte.app.limits import Limits
    from recorte.app.service import serve

    limits = Limits(bytes=round(megabytes * 1e6), pixels=round(megapixels * 1e6), seconds=seconds, queue=queue)
    serve(BackgroundRemover(model, threads=1), host, port, limits, workers)


def _need(package: str, extra: str, what: str) -> None:
    if find_spec(package) is None:
        raise RecorteError(f"{what} needs packages that are not installed: pip install 'recorte[{extra}]'")
