"""Teaching on the page, in a real browser: a tiny network, and three drawings that were put aside."""

import json
import os
import signal
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from cli_process import files
from commands import write_lessons
from page_browser import downloaded, give, page_server
from recorte.app.page.teaching import report
from recorte.app.page.teaching.in_use import BUNDLED, InUse
from recorte.home import models
from recorte.teaching.background import State
from tiny_models import write_best_model, write_teachable

pytestmark = pytest.mark.slow
STATE = "teaching/.background/state.json"


@pytest.fixture(scope="module")
def own_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def address(own_home: Path, aside: Path) -> Iterator[str]:
    write_lessons(aside, 3)
    with page_server(own_home, "--aside", aside) as address:
        yield address


def write_state(home: Path, stage: str, **more: object) -> None:
    (home / STATE).parent.mkdir(parents=True, exist_ok=True)
    (home / STATE).write_text(json.dumps(asdict(State(stage, "mine", **more))))


def expect_in_use(page: Page, key: str, shown: str) -> None:
    expect(page.locator(f".st-key-model-{key} [role=combobox]")).to_have_value(shown)


def choose(page: Page, key: str, model: str) -> None:
    page.locator(f".st-key-model-{key} [role=combobox]").click()
    page.get_by_role("option", name=model).click()


def test_what_was_taught_is_used_changed_back_and_thrown_away(
    page: Page, address: str, own_home: Path, aside: Path
) -> None:
    expect(page.get_by_text(f"learn from the 3 photos in {aside}")).to_be_visible()
    mine = write_best_model(own_home / "models/mine")
    shown = [{"name": "<i>a</i>.png", "before": 0.4, "after": 0.75}]
    (mine / "teaching.json").write_text(json.dumps({"shown": shown}))
    (mine / "before_after").mkdir()
    Image.new("RGB", (400, 60), "red").save(mine / "before_after/0.webp")
    taught = {"photos": 2, "before": {"judged": 0.4, "drawn": 0.52}, "after": {"judged": 0.75, "drawn": 0.5}}
    write_state(own_home, "done", **taught)
    page.goto(address)
    expect(page.get_by_text("Learned from 2 photos. The new model is called mine")).to_be_visible()
    rows = [row.inner_text().split("\t") for row in page.locator(".taught tbody tr").all()]
    assert rows == [["Your photos that judge", "40.0", "75.0", "+35.0"], ["Drawn figures", "52.0", "50.0", "-2.0"]]
    assert page.locator(".taught-photo h3").inner_text() == "<i>a</i>.png"
    widths = page.locator(".taught-photo img").evaluate_all("images => images.map(image => image.naturalWidth)")
    assert widths == [400, 400]
    expect_in_use(page, BUNDLED, "The one that comes with Recorte")

    give(page, [aside / "photos/0.png"])
    expect(page.locator(".card-head")).to_have_count(1)
    before = downloaded(page, "Mask")[1]
    page.get_by_role("button", name="Use it").click()
    expect_in_use(page, "mine", "mine")
    expect(page.locator(".taught")).to_have_count(0)
    assert (own_home / "in_use.txt").read_text() == "mine"
    expect(page.locator(".card-head")).to_have_count(1)
    assert downloaded(page, "Mask")[1] != before  # it is cut out anew
    choose(page, "mine", "The one that comes with Recorte")
    expect_in_use(page, BUNDLED, "The one that comes with Recorte")
    assert (own_home / "in_use.txt").read_text() == BUNDLED
    expect(page.locator(".card-head")).to_have_count(1)
    assert downloaded(page, "Mask")[1] == before

    write_state(own_home, "done", **taught)
    page.goto(address)
    expect(page.locator(".card-head")).to_have_count(1)  # the photo is kept, and comes a moment after the page
    page.get_by_role("button", name="Throw it away").click()
    expect(page.get_by_role("button", name="Teach it these photos")).to_be_visible()
    assert list((own_home / "models").iterdir()) == []


def test_ends_that_bring_no_model(page: Page, address: str, own_home: Path) -> None:
    for stage, words in (("learning", "was ended from outside; nothing was changed"), ("failed", "Not done: no room")):
        write_state(own_home, stage, reason="no room")
        page.goto(address)
        expect(page.locator(".st-key-teaching").get_by_role("alert")).to_contain_text(words)
        expect(page.get_by_role("button", name="Teach it these photos")).to_be_enabled()


def test_without_what_training_needs_the_page_says_what_to_install(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    aside = write_lessons(tmp_path / "aside", 3)
    (tmp_path / "sitecustomize.py").write_text("import sys\n\nsys.modules['torch'] = None  # as if it were not there\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    with page_server(tmp_path, "--aside", aside) as address, browser.new_page(locale="en-GB") as page:
        page.goto(address)
        expect(page.get_by_text("pip install 'recorte[train]'")).to_be_visible()
        expect(page.get_by_role("button", name="Teach it these photos")).to_be_disabled()


@pytest.mark.long
def test_killed_then_taught_whole(page: Page, browser: Browser, address: str, own_home: Path, aside: Path) -> None:
    write_teachable(own_home / "models/tiny")
    put_aside = files(aside)
    page.goto(address)
    choose(page, BUNDLED, "tiny")
    expect_in_use(page, "tiny", "tiny")
    page.get_by_role("button", name="Teach it these photos").click()
    stop = page.get_by_role("button", name="Stop", exact=True)
    expect(stop).to_be_enabled()
    os.kill(json.loads((own_home / STATE).read_text())["process"], signal.SIGKILL)
    expect(page.get_by_role("alert")).to_contain_text("was ended from outside; nothing was changed")
    assert [path.name for path in (own_home / "models").iterdir()] == ["tiny"]

    page.get_by_role("button", name="Teach it these photos").click()
    expect(stop).to_be_enabled()
    stop.click()
    expect(page.get_by_text("The teaching was stopped; nothing was changed.")).to_be_visible(timeout=300_000)

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
    facts = json.loads((own_home / "models/mine/teaching.json").read_text())
    expect(page.locator(".taught tbody tr").nth(0)).to_contain_text(f"{100 * facts['after']['judged']:.1f}")
    widths = page.locator(".taught-photo img").evaluate_all("images => images.map(image => image.naturalWidth)")
    assert widths == [4 * 64, 4 * 64]
    expect_in_use(page, "tiny", "tiny")
    assert files(aside) == put_aside
    page.get_by_role("button", name="Use it").click()
    expect_in_use(page, "mine", "mine")
    choose(page, "mine", "The one that comes with Recorte")
    expect_in_use(page, BUNDLED, "The one that comes with Recorte")
    give(page, [aside / "photos/0.png"])
    expect(page.locator(".card-head")).to_have_count(1)


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
