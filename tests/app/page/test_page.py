import io
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, WebSocket, expect

from page_browser import downloaded, give

pytestmark = pytest.mark.slow


def test_photos_go_in_and_cutouts_come_out(page: Page, photos: Path) -> None:
    give(page, [photos / name for name in ("astronaut.jpg", "broken.jpg", "page.png", "coffee.png")])
    expect(page.locator("[class*=st-key-card-]")).to_have_count(4)
    failed = page.get_by_role("alert")
    expect(failed).to_have_count(2)
    expect(failed.nth(0)).to_contain_text("broken.jpg")
    expect(failed.nth(0)).to_contain_text("truncated or damaged")
    expect(failed.nth(1)).to_contain_text("not a photo, or of a kind that cannot be read")
    expect(page.get_by_role("paragraph").filter(has_text="Nobody found")).to_be_visible()
    for number in range(2):  # four cards are small: their reports are folded
        page.get_by_text("Report and steps").nth(number).click()
    expect(page.get_by_text("The person is cut at the bottom border.")).to_be_visible()
    expect(page.get_by_role("listitem").filter(has_text="Nobody found")).to_be_visible()
    assert int(page.locator(".score b").nth(0).inner_text()) > 60
    assert page.locator(".places span").count() == 18

    name, content = downloaded(page, "Cut-out")
    assert name == "astronaut-cutout.png"
    with Image.open(io.BytesIO(content)) as image:
        assert (image.format, image.mode, image.size) == ("PNG", "RGBA", (512, 512))
        cutout = np.asarray(image)
    assert cutout[150, 220, 3] == 255  # her face
    assert cutout[20, 490, 3] == 0
    name, content = downloaded(page, "Mask")
    assert name == "astronaut-mask.png"
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(content))), cutout[..., 3])
    name, content = downloaded(page, "All as a ZIP")
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        assert sorted(file.namelist()) == [
            "astronaut-cutout.png", "astronaut-mask.png", "coffee-cutout.png", "coffee-mask.png",
        ]  # fmt: skip
        assert np.array_equal(np.asarray(Image.open(file.open("astronaut-cutout.png"))), cutout)


def test_options_steps_and_the_slider(page: Page, photos: Path) -> None:
    give(page, [photos / "astronaut.jpg"])
    page.get_by_text("Step by step").click()
    expect(page.locator(".steps img")).to_have_count(6)
    widths = page.locator(".steps img").evaluate_all("images => images.map(image => image.naturalWidth)")
    assert min(widths) > 300
    slider = page.get_by_role("slider", name="Slide between photo and cut-out: astronaut.jpg")
    slider.focus()
    slider.press("End")
    at = "pair => pair.style.getPropertyValue('--at')"
    assert page.locator(".pair").evaluate(at) == "100%"

    def result(described: str) -> Image.Image:
        expect(page.get_by_text(f"PNG, {described}")).to_be_visible()
        return Image.open(io.BytesIO(downloaded(page, "Cut-out")[1]))

    page.get_by_text("Own colour", exact=True).click()
    coloured = result("512 x 512, over a colour")
    assert (coloured.mode, coloured.size) == ("RGB", (512, 512))
    assert coloured.getpixel((490, 20)) == (0xF2, 0xC1, 0x4E)
    page.get_by_text("Picture", exact=True).click()
    assert result("512 x 512, transparent").mode == "RGBA"  # until there is a picture
    assert page.locator(".pair").evaluate(at) == "100%"  # it stays where it was pulled to
    give(page, [photos / "coffee.png"], "picture")
    behind = Image.open(photos / "coffee.png").resize((768, 512), Image.Resampling.BILINEAR)
    pixels = [result("512 x 512, over a picture").getpixel((490, 20)), behind.getpixel((490 + 128, 20))]
    assert np.abs(np.subtract(*pixels, dtype=int)).max() < 12  # it fills the photo, from the middle of the picture
    page.get_by_text("Transparent", exact=True).click()
    page.get_by_text("Crop to the people").click()
    expect(page.get_by_text(re.compile(r"PNG, [34]\d\d x \d{3}, transparent"))).to_be_visible()
    size = re.search(r"PNG, (\d+) x (\d+)", page.locator("[data-testid=stMain]").inner_text()).groups()
    cropped = result(f"{size[0]} x {size[1]}, transparent")
    assert (cropped.mode, cropped.size) == ("RGBA", (int(size[0]), int(size[1])))


def test_two_languages(page: Page, browser: Browser, address: str, photos: Path) -> None:
    give(page, [photos / "astronaut.jpg", photos / "broken.jpg"])
    expect(page.get_by_role("alert")).to_contain_text("truncated or damaged")
    page.get_by_text("Español").click()
    expect(page.get_by_text("La persona está cortada por el borde inferior.")).to_be_visible()
    expect(page.get_by_role("alert")).to_contain_text("incompleto o dañado")
    expect(page.get_by_role("button", name="Recorte")).to_be_visible()
    shown = page.locator("[data-testid=stMain]").inner_text()
    for word in ("The person", "Cut-out", "Mask", "Background", "Crop", "Coverage", "Step by", "photos"):
        assert word not in shown
    assert downloaded(page, "Recorte")[0] == "astronaut-cutout.png"
    with browser.new_context(locale="es-ES") as other:  # who sees neither photo nor choice of the first
        theirs = other.new_page()
        theirs.goto(address)
        expect(theirs.get_by_text("A tamaño completo")).to_be_visible()
        expect(theirs.locator("[class*=st-key-card-]")).to_have_count(0)


@pytest.mark.parametrize(("locale", "steps"), [("en-GB", "Step by step"), ("es-ES", "Paso a paso")])
def test_a_part_of_the_page_that_comes_late(
    browser: Browser, address: str, photos: Path, locale: str, steps: str
) -> None:
    with browser.new_context(locale=locale) as visitor:
        page, sent, held, let_go = visitor.new_page(), [], [], []

        def received(message: str | bytes) -> None:
            if len(sent) > 1 and "Español".encode() in message:  # the page again, since it knows which visit this is
                while held:
                    let_go.append(held.pop())
                    let_go[-1].continue_()

        def opened(socket: WebSocket) -> None:
            socket.on("framesent", lambda message: sent.append(message))
            socket.on("framereceived", received)

        page.on("websocket", opened)
        page.route("**/ButtonGroup.*.js", lambda route: held.append(route))  # in which the language is chosen
        page.goto(address)
        expect(page.get_by_text("Español")).to_be_visible()
        assert let_go  # else nothing came late, and this test tells nothing
        give(page, [photos / "astronaut.jpg"])
        expect(page.get_by_text(steps)).to_be_visible()


def test_a_phone_scrolls_down_only(browser: Browser, address: str, photos: Path) -> None:
    width = "[document.documentElement.scrollWidth, document.querySelector('[data-testid=stMain]').scrollWidth]"
    for screen in (390, 320):
        with browser.new_context(viewport={"width": screen, "height": 800}, has_touch=True) as visitor:
            page = visitor.new_page()
            page.goto(address)
            expect(page.get_by_text("At full size")).to_be_visible()
            assert max(page.evaluate(width)) <= screen
            give(page, [photos / "astronaut.jpg", photos / "broken.jpg"])
            page.get_by_text("Step by step").click()
            expect(page.locator(".steps img").last).to_be_visible()
            assert max(page.evaluate(width)) <= screen
            boxes = [page.locator(one).first.bounding_box() for one in (".pair", ".figures", ".maps", ".steps")]
            assert all(box["x"] >= 0 and box["x"] + box["width"] <= screen for box in boxes)


def test_more_photos_than_allowed(page: Page, tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.png" for number in range(13)]
    for path in paths:
        Image.new("RGB", (40, 30), "grey").save(path)
    give(page, paths)
    expect(page.get_by_text("13 photos are too many at once: here are the first 12.")).to_be_visible()
    expect(page.locator("[class*=st-key-card-]")).to_have_count(12)
