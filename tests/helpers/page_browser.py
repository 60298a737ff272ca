"""The page as a visitor sees it: its server as a process of its own, and a real Chromium without a screen."""

import functools
import http.server
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
PATIENCE = 60_000
"""Milliseconds: other work may slow the machine down."""
expect.set_options(timeout=PATIENCE)


@contextmanager
def page_server(home: Path, *options: str | Path) -> Iterator[str]:
    """The address of a page that runs with these options, for a user whose own folder is `home`."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "recorte", "app", "--port", str(port), *options]
    # What it prints goes where pytest tells it with a failure: a page shows a visitor no traceback.
    with subprocess.Popen(command, env=os.environ | {"RECORTE_HOME": str(home)}) as process:
        try:
            address = f"http://127.0.0.1:{port}"
            with httpx.Client(transport=httpx.HTTPTransport(retries=8)) as client:  # waits longer from try to try
                assert client.get(f"{address}/_stcore/health", timeout=30).text == "ok"
            yield address
        finally:
            process.kill()


@contextmanager
def chromium(*options: str) -> Iterator[Browser]:
    """The Chromium of this machine; a machine without one fails the test, since the page would go untested."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.fail("no Chromium here to test the page in: `make chromium` as root, or apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=found, args=["--no-sandbox", *(options or ["--disable-gpu"])]
        )
        browser.on("context", lambda context: context.set_default_timeout(PATIENCE))
        try:
            yield browser
        finally:
            browser.close()


def give(page: Page, photos: list[Path], uploader: str = "photos") -> None:
    """Give the page photos."""
    page.locator(f".st-key-{uploader} input[type=file]").set_input_files(photos)


def downloaded(page: Page, button: str, number: int = 0) -> tuple[str, bytes]:
    """Press a button, and give the name and content of the file that comes.

    Not before the page stands still: what a run leaves behind goes at its end, and the button would move away.
    """
    expect(page.locator("[data-test-script-state=notRunning]")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name=re.compile(f"{button}$")).nth(number).click()
    return download.value.suggested_filename, download.value.path().read_bytes()


class Quiet(http.server.SimpleHTTPRequestHandler):
    """What `python -m http.server` answers with, without its log."""

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def static_host(folder: Path) -> Iterator[tuple[str, Callable[[], None]]]:
    """The address of a plain static host, and what turns it off."""
    handler = functools.partial(Quiet, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()

        def turn_off() -> None:
            server.shutdown()
            server.server_close()

        yield f"http://127.0.0.1:{server.server_port}/", turn_off
        server.shutdown()


@contextmanager
def visitor(browser: Browser, address: str, **how: Any) -> Iterator[Page]:
    """Somebody with a desk and an English browser: no page there asks other origins for anything, or breaks a rule."""
    options = {"locale": "en-GB", "viewport": {"width": 1280, "height": 900}} | how
    with browser.new_context(**options) as context:
        page, asked, wrong = context.new_page(), [], []

        def told(message: ConsoleMessage) -> None:
            if message.type == "error" and not message.text.startswith("Failed to load resource"):
                wrong.append(message.text)

        context.on("request", lambda request: asked.append(request.url))
        page.on("console", told)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        yield page
        assert [url for url in asked if not url.startswith((address, f"blob:{address}"))] == []
        assert wrong == []
