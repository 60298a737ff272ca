"""What a visit to the page has beside cutting out: a reload, the clipboard, sizes, formats; and what axe-core says."""

import io
import subprocess
from pathlib import Path

import pytest
import skimage.data
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from page_browser import downloaded, give

PASTE = """async (content) => {
  const given = new DataTransfer();
  given.items.add(new File([Uint8Array.from(content)], "pasted.png", { type: "image/png" }));
  document.dispatchEvent(new ClipboardEvent("paste", { clipboardData: given, bubbles: true, cancelable: true }));
}"""


@pytest.mark.long
def test_pasted_made_of_a_size_copied_and_still_there(page: Page, photos: Path) -> None:
    content = io.BytesIO()
    Image.fromarray(skimage.data.astronaut()[:256, 100:400]).save(content, "PNG")
    page.evaluate(PASTE, [*content.getvalue()])
    expect(page.get_by_role("heading", name="pasted.png")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.get_by_text("White", exact=True).click()
    page.get_by_role("button", name="Size and format").click()
    page.get_by_text("JPEG", exact=True).click()
    page.get_by_label("Size in pixels").fill("640x480")
    page.get_by_label("Size in pixels").press("Enter")
    expect(page.get_by_text("JPEG, 640 x 480, over white")).to_be_attached()
    page.keyboard.press("Escape")
    name, file = downloaded(page, "Cut-out")
    with Image.open(io.BytesIO(file)) as image:
        assert (name, image.format, image.size) == ("pasted-cutout.jpg", "JPEG", (640, 480))
    ratio = page.locator(".pair").evaluate("pair => pair.clientWidth / pair.clientHeight")
    assert ratio == pytest.approx(640 / 480, abs=0.01)  # what is shown is what comes

    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Look closely").click()
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("status").get_by_text("Copied")).to_be_visible()
    size = """async () => {
      const [item] = await navigator.clipboard.read();
      const picture = await createImageBitmap(await item.getType("image/png"));
      return [picture.width, picture.height];
    }"""
    assert page.evaluate(size) == [640, 480]
    page.keyboard.press("Escape")

    page.reload()
    expect(page.get_by_role("heading", name="pasted.png")).to_be_visible()
    with page.context.browser.new_context() as other:  # another visitor has it not
        theirs = other.new_page()
        theirs.goto(page.url)
        expect(theirs.get_by_text("At full size")).to_be_visible()
        expect(theirs.locator(".card-head")).to_have_count(0)
    page.get_by_role("button", name="Take pasted.png away").click()
    expect(page.get_by_text("At full size")).to_be_visible()


@pytest.mark.long
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(
    browser: Browser, address: str, photos: Path, tmp_path: Path, width: int, scheme: str
) -> None:
    subprocess.run(["npm", "install", "--silent", "axe-core"], cwd=tmp_path, check=True)
    axe = (tmp_path / "node_modules/axe-core/axe.min.js").read_text()

    def violations() -> list[object]:
        expect(page.locator("[data-test-script-state=notRunning]")).to_be_visible()
        page.evaluate(f"() => {{ {axe} }}")
        one = "one => [one.id, one.nodes[0].html, one.nodes[0].failureSummary]"
        found: list[object] = page.evaluate(f"async () => (await axe.run()).violations.map({one})")
        return found

    how = {"color_scheme": scheme, "viewport": {"width": width, "height": 844}, "locale": "es-ES"}
    with browser.new_context(**how) as visitor:
        page = visitor.new_page()
        page.goto(address)
        expect(page.get_by_text("A tamaño completo")).to_be_visible()
        expect(page.locator("html")).to_have_attribute("lang", "es")
        assert violations() == []
        give(page, [photos / "astronaut.jpg"])
        expect(page.locator(".card-head")).to_have_count(1)
        page.get_by_text("Paso a paso").click()
        page.get_by_text("Color propio").click()
        assert violations() == []
        page.get_by_role("button", name="Tamaño y formato").click()
        expect(page.get_by_label("Tamaño en píxeles")).to_be_visible()
        assert violations() == []
        page.keyboard.press("Escape")
        page.get_by_role("button", name="Ver de cerca").click()
        expect(page.get_by_role("button", name="Copiar")).to_be_visible()
        assert violations() == []
        page.keyboard.press("Escape")
        give(page, [photos / name for name in ("broken.jpg", "page.png", "coffee.png")])
        expect(page.locator(".card-head")).to_have_count(2)
        expect(page.get_by_role("alert")).to_have_count(2)
        assert violations() == []
