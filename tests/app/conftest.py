from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
import skimage.data
from PIL import Image
from playwright.sync_api import Browser, Error

from cli_process import recorte
from page_browser import chromium


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Function, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Tell with a failure what the page showed, since it may never be seen again."""
    report = yield
    page = item.funcargs.get("page")
    if report.failed and report.when == "call" and page:
        try:
            report.sections.append(("What the page shows", page.locator("body").inner_text(timeout=5_000)))
        except Error as error:
            report.sections.append(("What the page shows", str(error)))
    return report


@pytest.fixture(scope="package")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("static") / "site"
    done = recorte("app", "--static", folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("MB; any web server can show it\n")
    return folder


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="package")
def astronaut(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("photos") / "astronaut.png"
    Image.fromarray(skimage.data.astronaut()).save(path)
    return path
