"""`recorte serve`: the HTTP service."""

import os
from typing import Annotated

import typer

from recorte.app.service.settings import LogLevel
from recorte.cli.options import Host, Model, Port, Provider

# Host and port have no variables of their own: where a service is called recorte, Kubernetes sets RECORTE_PORT for
# every container beside it, to something else.


def serve(
    host: Host = "127.0.0.1",
    port: Port = 8000,
    model: Model = None,
    provider: Provider = None,
    workers: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", envvar="RECORTE_WORKERS", show_default=False,
                     help="Photos at once; else one a core."),
    ] = None,
    queue: Annotated[
        int, typer.Option(min=0, metavar="N", envvar="RECORTE_QUEUE", help="Requests that may wait.")
    ] = 64,
    megabytes: Annotated[
        float,
        typer.Option(min=0.001, metavar="N", envvar="RECORTE_MEGABYTES",
                     help="The largest file, or photo and background together."),
    ] = 25,
    megapixels: Annotated[
        float, typer.Option(min=0.001, metavar="N", envvar="RECORTE_MEGAPIXELS", help="The largest photo.")
    ] = 50,
    seconds: Annotated[
        float,
        typer.Option(min=0.01, metavar="N", envvar="RECORTE_SECONDS", help="The longest that a request may take."),
    ] = 60,
    origin: Annotated[
        list[str] | None,
        typer.Option(metavar="ORIGIN", envvar="RECORTE_ORIGIN", show_default=False,
                     help="Let pages of this origin ask (CORS), such as https://example.org, or * for all; can be "
                          "given several times (in the variable: with spaces between)."),
    ] = None,
    api_key: Annotated[
        str | None,
        typer.Option(metavar="KEY", envvar="RECORTE_API_KEY", show_default=False,
                     help="Take photos only with this key in the header X-Api-Key. Better by its variable: other "
                          "users of a machine see options."),
    ] = None,
    root_path: Annotated[
        str,
        typer.Option(metavar="PATH", envvar="RECORTE_ROOT_PATH", show_default=False,
                     help="The path at which a proxy shows the service, such as /recorte."),
    ] = "",
    access_log: Annotated[
        bool,
        typer.Option("--access-log", envvar="RECORTE_ACCESS_LOG", show_default=False,
                     help="Print a line for each request."),
    ] = False,
    log_level: Annotated[
        LogLevel, typer.Option(envvar="RECORTE_LOG_LEVEL", help="Tell on stderr what is at least this.")
    ] = "warning",
) -> None:  # fmt: skip
    """Serve cut-outs over HTTP: POST /cutout, GET /health, /metrics and /docs. SIGTERM or Ctrl-C stops it."""
    from recorte.cli.extras import need

    need("fastapi", "service", "The service")
    from recorte import BackgroundRemover
    from recorte.app.limits import Limits
    from recorte.app.service.server import serve
    from recorte.app.service.settings import Settings

    if not api_key and "RECORTE_API_KEY" in os.environ:
        api_key = ""  # a secret that did not arrive must not open the door
    limits = Limits(bytes=round(megabytes * 1e6), pixels=round(megapixels * 1e6), seconds=seconds, queue=queue)
    settings = Settings(tuple(origin or ()), api_key, root_path, access_log, log_level)
    serve(BackgroundRemover(model, threads=1, providers=provider), host, port, limits, workers, settings)
