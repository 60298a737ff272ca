from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
import skimage.data
from PIL import Image
from playwright.sync_api import Browser, Error, Page, expect

from page_browser import page_server


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Function, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Tell with a failure what the page showed, since it may never be seen again."""
    report = yield
    page = item.funcargs.get("page")
    if report.failed and report.when == "call" and page:
        try:
            shown = page.locator("body").inner_text(timeout=5_000)
        except Error as error:
            shown = str(error)
        report.sections.append(("What the page shows", shown))
    return report


@pytest.fixture(scope="module")
def aside(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder into which the page puts aside."""
    return tmp_path_factory.mktemp("aside") / "corrected"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, aside: Path) -> Iterator[str]:
    with page_server(tmp_path_factory.mktemp("home"), "--aside", aside) as address:
        yield address


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    Image.fromarray(skimage.data.astronaut()).save(folder / "astronaut.jpg", quality=95)
    Image.fromarray(skimage.data.coffee()).save(folder / "coffee.png")
    (folder / "broken.jpg").write_bytes((folder / "astronaut.jpg").read_bytes()[:20_000])
    (folder / "page.png").write_text("<html>")
    return folder


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """A visitor with a desk and an English browser, on a page that asks nobody else for anything."""
    with browser.new_context(locale="en-GB", viewport={"width": 1280, "height": 900}) as visitor:
        page, asked = visitor.new_page(), []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(address)
        expect(page.get_by_text("At full size")).to_be_visible()
        yield page
        assert [url for url in asked if not url.startswith((address, "data:", "blob:"))] == []
