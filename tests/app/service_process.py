"""The service as a user runs it: a process of its own on a free port, spoken to over HTTP."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

START = """
import sys
from recorte import BackgroundRemover
from recorte.app.limits import Limits
from recorte.app.service import serve
serve(BackgroundRemover(sys.argv[1], threads=1), "127.0.0.1", 0, Limits(**eval(sys.argv[2])), int(sys.argv[3]))
"""


@contextmanager
def running(model: Path, workers: int = 2, **limits: float) -> Iterator[tuple[httpx.Client, subprocess.Popen[str]]]:
    """A client of a service with these limits, and the process, which is ended with the block."""
    command = [sys.executable, "-c", START, model, repr(limits), str(workers)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            line = process.stdout.readline()
            address = re.search(r"http://127\.0\.0\.1:\d+", line)
            assert address, line + process.stderr.read()
            with httpx.Client(base_url=address[0], timeout=60) as client:
                yield client, process
        finally:
            process.kill()
