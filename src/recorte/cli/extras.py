"""Packages that only some commands need."""

from importlib.util import find_spec

from recorte.errors import RecorteError


def need(package: str, extra: str, what: str) -> None:
    """Make sure that a package is there.

    Raises:
        RecorteError: it is not; the message says what brings it.
    """
    if find_spec(package) is None:
        raise RecorteError(f"{what} needs packages that are not installed: pip install 'recorte[{extra}]'")
