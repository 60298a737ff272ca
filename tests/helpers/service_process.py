"""The service as a user runs it, a process of its own on a free port, spoken to over HTTP; and within a test."""

import io
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import numpy as np
from fastapi import FastAPI
from PIL import Image


@contextmanager
def running(
    model: Path, variables: dict[str, str] | None = None, **options: float | str
) -> Iterator[tuple[httpx.Client, subprocess.Popen[str]]]:
    """A client of a service with these options and variables, and the process, which is ended with the block."""
    given = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
    command = [sys.executable, "-m", "recorte", "serve", "--port", "0", "-m", str(model), *given]
    environment = os.environ | (variables or {})
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        try:
            line = process.stdout.readline()
            address = re.search(r"http://127\.0\.0\.1:\d+", line)
            assert address, line + process.stderr.read()
            with httpx.Client(base_url=address[0], timeout=60) as client:
                yield client, process
        finally:
            process.kill()


def in_process(app: FastAPI) -> httpx.AsyncClient:
    """A client that asks an app without a server between them."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test")


def encoded(pixels: np.ndarray, kind: str = "PNG", **options: object) -> bytes:
    """The file of a picture."""
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, kind, **options)
    return content.getvalue()
