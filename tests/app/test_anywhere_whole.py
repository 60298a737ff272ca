"""The page without a server for everybody: what axe-core finds, languages, sizes, and every file that it gives."""

import base64
import io
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, expect

from page_browser import static_host, visitor

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("axe")
    subprocess.run(["npm", "install", "--silent", "axe-core"], cwd=folder, check=True)
    return (folder / "node_modules/axe-core/axe.min.js").read_text()


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("locale", "ready", "correct"), [("en-GB", "Ready", "Correct"), ("es-ES", "Listo", "Corregir")], ids=["en", "es"]
)
def test_axe_finds_nothing(
    axe: str,
    site: Path,
    browser: Browser,
    astronaut: Path,
    width: int,
    scheme: str,
    locale: str,
    ready: str,
    correct: str,
) -> None:
    how = {"viewport": {"width": width, "height": 844}, "color_scheme": scheme, "locale": locale}
    with static_host(site) as (address, _), visitor(browser, address, **how) as page:
        page.goto(address)
        expect(page.get_by_role("status").get_by_text(ready, exact=True)).to_be_visible()
        page.evaluate(f"() => {{ {axe} }}")
        for shown in ("empty", "cards", "editor"):
            if shown == "cards":
                page.locator("#photos").set_input_files([astronaut, Path(__file__)])
                expect(page.locator(".done:visible, .failed:visible")).to_have_count(2)
            elif shown == "editor":
                page.get_by_role("button", name=f"{correct}: astronaut.png").click()
                expect(page.locator("dialog.editor")).to_have_attribute("data-shown", "0")
            found = page.evaluate(
                "async () => (await axe.run({ preload: false })).violations.map((one) => [one.id, one.nodes[0].html])"
            )
            assert found == [], shown
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_backgrounds_kinds_and_crop(site: Path, browser: Browser, astronaut: Path, tmp_path: Path) -> None:
    Image.new("RGB", (90, 60), (0, 128, 0)).save(tmp_path / "green.png")
    with static_host(site) as (address, _), visitor(browser, address) as page:
        page.goto(address)
        page.locator("#photos").set_input_files(astronaut)
        expect(page.locator(".done:visible")).to_have_count(1)

        def saved(name: str) -> np.ndarray:
            with page.expect_download() as download:
                page.get_by_role("button", name="Save: astronaut.png").click()
            assert download.value.suggested_filename == name
            return np.asarray(Image.open(download.value.path()))

        webp = page.get_by_label("WebP", exact=True)
        webp.check(force=True)
        assert saved("astronaut-cutout.webp").shape == (512, 512, 4)
        page.get_by_label("Colour", exact=True).first.check(force=True)
        page.locator("#colour").fill("#0000ff")
        page.get_by_label("JPEG", exact=True).check(force=True)
        blue = saved("astronaut-cutout.jpg")
        assert blue[20, 480].tolist() == pytest.approx([0, 0, 255], abs=4)
        page.get_by_label("Picture", exact=True).check(force=True)
        page.locator("#picture").set_input_files(tmp_path / "green.png")
        page.get_by_label("PNG", exact=True).check(force=True)
        assert saved("astronaut-cutout.png")[20, 480, :3].tolist() == [0, 128, 0]
        page.get_by_label("Blurred").check(force=True)
        page.get_by_label("Crop to the people").check()
        cropped = saved("astronaut-cutout.png")
        assert cropped.shape[0] <= 512 and 200 < cropped.shape[1] < 500
        slider = page.get_by_label("Slide between photo and cut-out")
        slider.focus()
        page.keyboard.press("End")
        expect(slider).to_have_value("100")


PASTE = """(content) => {
  const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0)), pasted = new DataTransfer();
  pasted.items.add(new File([bytes], 'pasted.png', { type: 'image/png' }));
  document.body.dispatchEvent(new ClipboardEvent('paste', { clipboardData: pasted, bubbles: true }));
}"""
COPIED = """async () => {
  const [item] = await navigator.clipboard.read(), picture = await item.getType('image/png');
  return btoa(String.fromCharCode(...new Uint8Array(await picture.arrayBuffer()).slice(0, 64)));
}"""


def test_a_photo_is_pasted_and_a_cut_out_copied(site: Path, browser: Browser, astronaut: Path) -> None:
    granted = ["clipboard-read", "clipboard-write"]
    with static_host(site) as (address, _), visitor(browser, address, permissions=granted) as page:
        page.goto(address)
        page.evaluate(PASTE, base64.b64encode(astronaut.read_bytes()).decode())
        page.get_by_role("button", name="Copy: pasted.png").click()
        expect(page.get_by_text("Copied", exact=True)).to_be_visible()
        start = io.BytesIO(base64.b64decode(page.evaluate(COPIED)))
        assert Image.open(start).size == (512, 512)
        page.evaluate("() => { delete window.ClipboardItem; }")  # as in browsers that have none
        page.get_by_role("button", name="Copy: pasted.png").click()
        expect(page.get_by_text("This browser does not let the page copy pictures.")).to_be_visible()
