"""Teaching on the page, in a real browser: a tiny network, and three drawings that were put aside."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from cli_process import files
from commands import write_lessons
from page_browser import give, page_server
from recorte.app.page.teaching import report
from recorte.app.page.teaching.in_use import BUNDLED, InUse
from recorte.home import models
from recorte.teaching.background import State
from tiny_models import write_best_model, write_teachable

pytestmark = pytest.mark.slow
STATE = "teaching/.background/state.json"


@pytest.fixture(scope="module")
def own_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A user's folder in which a model was taught already."""
    place = tmp_path_factory.mktemp("home")
    write_teachable(place / "models/tiny")
    return place


@pytest.fixture(scope="module")
def address(own_home: Path, aside: Path) -> Iterator[str]:
    write_lessons(aside, 3)
    with page_server(own_home, "--aside", aside, "-m", own_home / "models/tiny") as address:
        yield address


def in_use(page: Page) -> str:
    return page.get_by_role("combobox", name="Model in use").input_value()


def test_killed_taught_used_and_changed_back(
    page: Page, browser: Browser, address: str, own_home: Path, aside: Path
) -> None:
    put_aside = files(aside)
    assert in_use(page) == "tiny"
    page.get_by_role("button", name="Teach it these photos").click()
    stop = page.get_by_role("button", name="Stop", exact=True)
    expect(stop).to_be_enabled()
    os.kill(json.loads((own_home / STATE).read_text())["process"], signal.SIGKILL)
    expect(page.get_by_role("alert")).to_contain_text("was ended from outside; nothing was changed")
    assert [path.name for path in (own_home / "models").iterdir()] == ["tiny"]

    page.get_by_role("button", name="Teach it these photos").click()
    expect(stop).to_be_enabled()
    page.goto("about:blank")  # closed, and another visitor comes
    with browser.new_context(locale="es-ES") as visitor:
        other = visitor.new_page()
        other.goto(address)
        expect(other.get_by_role("button", name="Parar", exact=True)).to_be_visible()
        expect(other.get_by_role("button", name="Descartarlo")).to_be_visible(timeout=300_000)
        assert "Learned" not in other.locator(".st-key-teaching").inner_text()
    page.goto(address)
    expect(page.get_by_text("Learned from 2 photos. The new model is called mine")).to_be_visible()
    table = page.locator(".taught tbody tr")
    expect(table).to_have_count(2)
    facts = json.loads((own_home / "models/mine/teaching.json").read_text())
    expect(table.nth(0)).to_contain_text(f"{100 * facts['after']['judged']:.1f}")
    shown = page.locator(".taught-photo img")
    expect(shown).to_have_count(2)
    assert min(shown.evaluate_all("images => images.map(image => image.naturalWidth)")) == 4 * 64
    assert in_use(page) == "tiny"
    assert files(aside) == put_aside

    page.get_by_role("button", name="Use it").click()
    expect(page.locator(".st-key-model-mine")).to_be_visible()
    assert in_use(page) == "mine"
    expect(page.locator(".taught")).to_have_count(0)
    assert (own_home / "in_use.txt").read_text() == "mine"
    page.get_by_role("combobox", name="Model in use").click()
    page.get_by_role("option", name="The one that comes with Recorte").click()
    expect(page.locator(f".st-key-model-{BUNDLED}")).to_be_visible()
    assert in_use(page) == "The one that comes with Recorte"
    assert (own_home / "in_use.txt").read_text() == BUNDLED
    give(page, [aside / "photos/0.png"])
    expect(page.locator(".card-head")).to_have_count(1)  # it works with it


def test_the_model_in_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECORTE_HOME", str(tmp_path / "home"))
    assert (InUse(None).name, InUse(None).path) == (BUNDLED, None)
    mine = write_best_model(models() / "mine")
    elsewhere = write_best_model(tmp_path / "run/best_model") / "model.onnx"
    one = InUse(str(elsewhere))
    assert one.path == elsewhere
    assert one.names() == [BUNDLED, "mine", str(elsewhere)]
    one.choose("mine")
    assert InUse(None).path == one.path == mine
    assert InUse(str(mine / "model.onnx")).name == "mine"
    mine.rename(tmp_path / "gone")
    assert (one.name, one.path) == (BUNDLED, None)


def test_how_a_teaching_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "disk is full" not in report.end(State("cut off", "mine"), "en")
    monkeypatch.setattr(report, "ROOM", 10**18)
    assert "The disk is full" in report.end(State("cut off", "mine"), "en")
    assert "&lt;b&gt;" in report.end(State("failed", "mine", reason="<b>"), "es")
    assert report.end(State("done", "mine"), "en") == ""
