"""Running the service: its address, its log, and an end that leaves nothing undone."""

import contextlib
import copy
import logging
from types import FrameType
from typing import TYPE_CHECKING, Any

import uvicorn
from uvicorn.config import LOGGING_CONFIG

from recorte.app.limits import Limits
from recorte.app.listening import listen, shown
from recorte.app.service.service import create_app
from recorte.app.service.settings import Settings
from recorte.app.service.workers import Workers

if TYPE_CHECKING:
    from recorte import BackgroundRemover


def serve(
    remover: "BackgroundRemover",
    host: str,
    port: int,
    limits: Limits | None = None,
    workers: int | None = None,
    settings: Settings | None = None,
) -> None:
    """Serve until SIGTERM or Ctrl-C, then finish what was taken in.

    Raises:
        RecorteError: the address cannot be listened on.
    """
    import cv2

    cv2.setNumThreads(1)  # every core has its own photo
    settings = settings or Settings()
    app = create_app(remover, limits, workers, settings)
    listening = listen(host, port)
    print(f"Recorte serves at http://{shown(host)}:{listening.getsockname()[1]} (Ctrl-C stops it)", flush=True)
    config = uvicorn.Config(app, log_config=_logs(settings), access_log=settings.access_log, server_header=False)
    with contextlib.suppress(KeyboardInterrupt):
        _Server(config, app.state.workers).run([listening])


class _Server(uvicorn.Server):
    """Stops by finishing: what was taken in is done, and whoever asks meanwhile is told so."""

    def __init__(self, config: uvicorn.Config, crew: Workers) -> None:
        super().__init__(config)
        self._crew = crew

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to stop; a second signal closes the door at once, and what was taken in is finished all the same."""
        if self._crew.stopping:
            super().handle_exit(sig, frame)
        self._crew.stopping = True

    async def on_tick(self, counter: int) -> bool:
        """Tell uvicorn, ten times a second, whether it is time to go."""
        return await super().on_tick(counter) or (self._crew.stopping and self._crew.taken == 0)


class WithoutQuery(logging.Filter):
    """Cuts the query off an address in the access log: nobody knows what a client writes there."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the record that uvicorn made of a request; it is logged always."""
        if isinstance(record.args, tuple) and len(record.args) == 5:
            client, method, path, version, status = record.args
            record.args = client, method, str(path).partition("?")[0], version, status
        return True


def _logs(settings: Settings) -> dict[str, Any]:
    """uvicorn's own logging, with a level of its own for requests, which it would fall silent with the others'."""
    logs: dict[str, Any] = copy.deepcopy(LOGGING_CONFIG)
    level = settings.log_level.upper()
    logs["filters"] = {"without_query": {"()": WithoutQuery}}
    logs["handlers"]["access"]["filters"] = ["without_query"]
    logs["loggers"]["recorte"] = {"handlers": ["default"], "propagate": False}
    logs["loggers"]["python_multipart"] = {"level": "CRITICAL"}  # damaged forms, of which whoever sent them is told
    for name in ("recorte", "uvicorn", "uvicorn.error"):
        logs["loggers"][name]["level"] = level
    return logs
