"""How the service meets other machines: browsers, clients with a key, proxies, and whoever reads its log."""

import hmac
import re
from dataclasses import dataclass, field
from typing import Literal

from recorte.errors import RecorteError

LogLevel = Literal["critical", "error", "warning", "info", "debug"]

KEY_HEADER = "X-Api-Key"

ORIGIN = re.compile(r"\*|[a-z][a-z0-9+.-]*://[^/\s,?#@]+")
"""As browsers send it: scheme, host and perhaps port; or * for all."""

ROOT_PATH = re.compile(r"(/[\w.~-]+)*")

API_KEY = re.compile(r"[!-~]+")
"""What a header can hold without being quoted."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What is off unless somebody wants it.

    Attributes:
        origins: of pages that browsers let ask the service, such as https://example.org; or * for all.
        api_key: that whoever sends photos has to give in the header X-Api-Key; None: nobody has to.
        root_path: in front of all paths where a proxy shows the service, such as /recorte.
        access_log: a line on stdout for each request, without its query.
        log_level: of what goes to stderr.

    Raises:
        RecorteError: what cannot be, all of it.
    """

    origins: tuple[str, ...] = ()
    api_key: str | None = field(default=None, repr=False)
    root_path: str = ""
    access_log: bool = False
    log_level: LogLevel = "warning"

    def __post_init__(self) -> None:
        problems = [
            f"origin {origin[:100]!r}: must be as browsers send it, scheme, host and perhaps port and nothing behind "
            "them, such as https://example.org; or * for all"
            for origin in self.origins[:2]
            if not ORIGIN.fullmatch(origin)
        ]
        if self.api_key is not None and not API_KEY.fullmatch(self.api_key):
            problems.append("the API key must have at least one character, all of them ASCII, none of them a space")
        if not ROOT_PATH.fullmatch(self.root_path):
            problems.append(f"root path {self.root_path[:100]!r}: must begin with / and not end with it, as /recorte")
        if problems:
            raise RecorteError("; ".join(problems))

    def admits(self, given: str) -> bool:
        """Tell whether a request with this key may pass, in a time that tells nothing of the right one."""
        return self.api_key is None or hmac.compare_digest(given.encode(), self.api_key.encode())
