"""Starting the web page."""

import sys
from pathlib import Path


def run(host: str, port: int, model: Path | None) -> None:
    """Serve the page until Ctrl-C, and show it in a browser where there is a screen.

    Args:
        host: address to listen at.
        port: as it says.
        model: as `BackgroundRemover` takes it.
    """
    from streamlit.web import cli

    page = Path(__file__).with_name("page.py")
    # Options of the command line win over whatever Streamlit finds in the user's home.
    options = [f"--server.address={host}", f"--server.port={port}"]
    sys.argv = ["streamlit", "run", str(page), *options, "--", *([str(model)] if model else [])]
    cli.main(prog_name="streamlit")
