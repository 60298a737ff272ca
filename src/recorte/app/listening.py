"""Addresses that the page and the service listen at."""

import socket

from recorte.errors import RecorteError


def free_port(host: str, port: int) -> int:
    """Make sure that an address can be listened at, and choose a port where none is given.

    Raises:
        RecorteError: it cannot.
    """
    with listen(host, port) as listening:
        return int(listening.getsockname()[1])


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
