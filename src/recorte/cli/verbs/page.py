"""`recorte app`: the web page."""

from recorte.cli.options import Host, Model, Port


def page(
    host: Host = "127.0.0.1",
    port: Port = 8501,
    model: Model = None,
) -> None:  # fmt: skip
    """Show a page in the browser where photos are dropped and cut out. Ctrl-C stops it."""
    from recorte.cli.extras import need

    need("streamlit", "app", "The web page")
    from recorte.app.page.launch import run
    from recorte.removal.network import find_model

    # A mistake is told here and now, not to the first visitor.
    run(host, port, None if model is None else find_model(model))
