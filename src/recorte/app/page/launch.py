"""Starting the web page."""

import sys
from pathlib import Path

from recorte.app.listening import free_port, shown


def run(host: str, port: int, model: Path | None, aside: Path | None = None) -> None:
    """Serve the page until Ctrl-C, and show it in a browser where there is a screen.

    Args:
        host: address to listen at.
        port: as it says; 0 takes a free one.
        model: as `BackgroundRemover` takes it.
        aside: folder that visitors may put corrected photos into; None: they may not.

    Raises:
        RecorteError: the address cannot be listened at.
    """
    from streamlit.web import cli

    page, port = Path(__file__).with_name("page.py"), free_port(host, port)
    # Options of the command line win over whatever Streamlit finds in the user's home. Its own greeting would ask a
    # machine elsewhere for this one's address.
    options = [f"--server.address={host}", f"--server.port={port}", "--logger.hideWelcomeMessage=true"]
    print(f"Recorte's page is at http://{shown(host)}:{port} (Ctrl-C stops it)", flush=True)
    sys.argv = ["streamlit", "run", str(page), *options, "--", str(model or ""), str(aside or "")]
    cli.main(prog_name="streamlit")
