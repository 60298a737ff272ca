"""Starting the web page."""

import socket
import sys
from pathlib import Path

from recorte.errors import RecorteError


def run(host: str, port: int, model: Path | None) -> None:
    """Serve the page until Ctrl-C, and show it in a browser where there is a screen.

    Args:
        host: address to listen at.
        port: as it says; 0 takes a free one.
        model: as `BackgroundRemover` takes it.

    Raises:
        RecorteError: the address cannot be listened at.
    """
    from streamlit.web import cli

    page, port = Path(__file__).with_name("page.py"), free_port(host, port)
    # Options of the command line win over whatever Streamlit finds in the user's home. Its own greeting would ask a
    # machine elsewhere for this one's address.
    options = [f"--server.address={host}", f"--server.port={port}", "--logger.hideWelcomeMessage=true"]
    print(f"Recorte's page is at http://{shown(host)}:{port} (Ctrl-C stops it)", flush=True)
    sys.argv = ["streamlit", "run", str(page), *options, "--", *([str(model)] if model else [])]
    cli.main(prog_name="streamlit")


def free_port(host: str, port: int) -> int:
    """Make sure that an address can be listened at, and choose a port where none is given.

    Raises:
        RecorteError: it cannot.
    """
    with listen(host, port) as listening:
        return listening.getsockname()[1]


def listen(host: str, port: int) -> socket.socket:
    """Open a socket that listens.

    Raises:
        RecorteError: the address is taken, or none of this machine's.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family)
    except OSError as error:
        reason = error.strerror or error
        raise RecorteError(f"{host}:{port}: cannot listen here ({reason}); give another --port or --host") from None


def shown(host: str) -> str:
    """An address as it stands in a URL."""
    return f"[{host}]" if ":" in host else host
