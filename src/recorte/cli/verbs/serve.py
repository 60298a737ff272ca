"""`recorte serve`: the HTTP service."""

from typing import Annotated

import typer

from recorte.cli.options import Host, Model, Port


def serve(
    host: Host = "127.0.0.1",
    port: Port = 8000,
    model: Model = None,
    workers: Annotated[
        int | None, typer.Option(min=1, metavar="N", show_default=False, help="Photos at once; else one a core.")
    ] = None,
    queue: Annotated[int, typer.Option(min=0, metavar="N", help="Requests that may wait.")] = 16,
    megabytes: Annotated[float, typer.Option(min=0.001, metavar="N", help="The largest file.")] = 25,
    megapixels: Annotated[float, typer.Option(min=0.001, metavar="N", help="The largest photo.")] = 50,
    seconds: Annotated[float, typer.Option(min=0.01, metavar="N", help="The longest that a request may take.")] = 60,
) -> None:  # fmt: skip
    """Serve cut-outs over HTTP: POST /cutout, GET /health, /metrics and /docs. SIGTERM or Ctrl-C stops it."""
    from recorte.cli.extras import need

    need("fastapi", "service", "The service")
    from recorte import BackgroundRemover
    from recorte.app.limits import Limits
    from recorte.app.service import service

    limits = Limits(bytes=round(megabytes * 1e6), pixels=round(megapixels * 1e6), seconds=seconds, queue=queue)
    service.serve(BackgroundRemover(model, threads=1), host, port, limits, workers)
