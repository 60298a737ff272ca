"""`recorte app`: the web page."""

from ipaddress import ip_address
from pathlib import Path
from typing import Annotated

import typer

from recorte.cli.options import Host, Model, Port
from recorte.errors import RecorteError


def page(
    host: Host = "127.0.0.1",
    port: Port = 8501,
    model: Model = None,
    aside: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", show_default=False,
                     help="Where photos that were corrected may be put aside, with their masks, to train on later; "
                          "else a folder of your own, or none where other machines are let in."),
    ] = None,
    static: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", show_default=False,
                     help="Write a page that needs no server, for any static host, into this folder, and end."),
    ] = None,
) -> None:  # fmt: skip
    """Show a page in the browser where photos are dropped and cut out. Ctrl-C stops it."""
    if static is not None:
        from recorte.app.anywhere import write_page

        if model is not None:
            raise RecorteError("--static writes a page with the model that Recorte ships; leave out --model")
        print(f"{static}: {write_page(static) / 1e6:.1f} MB; any web server can show it")
        return
    from recorte.cli.extras import need

    need("streamlit", "app", "The web page")
    from recorte.app.page.launch import run
    from recorte.home import home
    from recorte.removal.network import find_model
    from recorte.removal.network.providers import chosen

    # A mistake is told here and now, not to the first visitor.
    chosen(None)
    found = None if model is None else find_model(model)
    if aside is None and _only_here(host):  # strangers fill nobody's disk unasked
        aside = home() / "corrected"
    if aside is not None and aside.exists() and not aside.is_dir():
        raise RecorteError(f"--aside {aside}: is a file, not a folder; give a folder, which need not be there yet")
    run(host, port, found, None if aside is None else aside.absolute())


def _only_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
