"""What `train.log` must have beside the run's own lines, for whoever reads it days later."""

import contextlib
import logging
import os
import shlex
import socket
import sys
from collections.abc import Iterator

import recorte
from recorte.errors import RecorteError

log = logging.getLogger(__name__)


@contextlib.contextmanager
def everything_in_the_log() -> Iterator[None]:
    """Log how the block was started, its warnings, and the traceback of an exception that nobody expected.

    The traceback goes into the log's file alone, since Python shows it anyway; the errors of Recorte are told
    elsewhere, without one.
    """
    log.info(
        "Recorte %s, process %d on %s: %s", recorte.__version__, os.getpid(), socket.gethostname(), shlex.join(sys.argv)
    )
    logging.captureWarnings(True)
    try:
        yield
    except Exception as error:
        if not isinstance(error, RecorteError) and not isinstance(error.__cause__, RecorteError):
            _into_the_file("Failed", error)
        raise
    finally:
        logging.captureWarnings(False)


def _into_the_file(message: str, error: Exception) -> None:
    trace = type(error), error, error.__traceback__
    record = log.makeRecord(log.name, logging.ERROR, __file__, 0, message, (), trace)
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.FileHandler):
            handler.handle(record)
