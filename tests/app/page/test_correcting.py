"""Correcting on the page, in a real browser with a mouse, a keyboard and fingers."""

import io
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from page_browser import downloaded, give

pytestmark = pytest.mark.slow

SIDE = 512
"""Of the photo that is corrected."""
SHUTTLE, PATCH = (395, 200), (215, 380)
"""Places in it: on the model behind her, which the cut-out leaves out, and on her suit."""


def editor(page: Page, button: str = "Correct") -> Locator:
    """Open the editor on the first photo."""
    expect(page.locator("[data-test-script-state=notRunning]")).to_be_visible()
    page.get_by_role("button", name=re.compile(f"{button}$")).first.click()
    dialog = page.locator("dialog")
    expect(dialog).to_be_visible()
    return dialog


def after(dialog: Locator, touches: int) -> None:
    """Wait until the editor shows the photo after so many touches."""
    expect(dialog).to_have_attribute("data-shown", str(touches))


def on_screen(dialog: Locator, place: tuple[float, float]) -> tuple[float, float]:
    """Where a pixel of the photo is, as long as all of the photo is shown."""
    box = dialog.locator("canvas").bounding_box()
    scale = (min(box["width"], box["height"]) - 24) / SIDE
    corner = [box[at] + (box[side] - SIDE * scale) / 2 for at, side in (("x", "width"), ("y", "height"))]
    return corner[0] + place[0] * scale, corner[1] + place[1] * scale


def brush(page: Page, dialog: Locator, place: tuple[int, int]) -> None:
    """Paint down from a place with the mouse."""
    page.mouse.move(*on_screen(dialog, place))
    page.mouse.down()
    page.mouse.move(*on_screen(dialog, (place[0] + 5, place[1] + 30)), steps=5)
    page.mouse.up()


def pixels(content: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(content)))


def test_brushes_undo_and_what_is_downloaded(page: Page, photos: Path, aside: Path) -> None:
    give(page, [photos / "astronaut.jpg", photos / "coffee.png"])
    expect(page.locator(".card-head")).to_have_count(2)
    first = pixels(downloaded(page, "Mask")[1])
    assert first[SHUTTLE[::-1]] == 0
    assert first[PATCH[::-1]] == 255
    dialog = editor(page)
    after(dialog, 0)
    undo, redo = (dialog.get_by_role("button", name=name) for name in ("Undo", "Redo"))
    expect(undo).to_be_disabled()
    brush(page, dialog, SHUTTLE)
    after(dialog, 1)
    dialog.get_by_role("button", name="Drop").click()
    brush(page, dialog, PATCH)
    after(dialog, 2)
    undo.click()
    after(dialog, 1)
    redo.click()
    after(dialog, 2)
    expect(redo).to_be_disabled()
    dialog.get_by_role("button", name="Done").click()
    expect(page.get_by_text("PNG, 512 x 512, transparent, corrected by 2 touches")).to_be_visible()

    mask = pixels(downloaded(page, "Mask")[1])
    assert mask[SHUTTLE[1] + 15, SHUTTLE[0] + 2] == 255
    assert mask[PATCH[1] + 15, PATCH[0] + 2] == 0
    assert np.array_equal(mask[:60], first[:60])  # above the shuttle nothing changes
    assert np.array_equal(pixels(downloaded(page, "Cut-out")[1])[..., 3], mask)
    with zipfile.ZipFile(io.BytesIO(downloaded(page, "All as a ZIP")[1])) as file:
        assert np.array_equal(pixels(file.read("astronaut-mask.png")), mask)

    page.get_by_role("button", name="Put aside for training").click()
    expect(page.get_by_text(f"Put aside as astronaut.jpg in {aside}; photos there: 1.")).to_be_visible()
    assert (aside / "photos/astronaut.jpg").read_bytes() == (photos / "astronaut.jpg").read_bytes()
    assert np.array_equal(pixels((aside / "masks/astronaut.png").read_bytes()), mask)

    dialog = editor(page)  # goes on from where it was
    after(dialog, 2)
    page.keyboard.press("Control+z")
    after(dialog, 1)
    page.keyboard.press("Escape")
    expect(page.get_by_text("corrected by 1 touch")).to_be_visible()
    put = page.get_by_role("button", name="Put aside for training")
    expect(page.locator("[data-test-script-state=notRunning]")).to_be_visible()
    put.click()
    expect(page.get_by_text("with another mask.")).to_be_visible()
    assert np.array_equal(pixels((aside / "masks/astronaut.png").read_bytes()), mask)  # not before it is said
    page.get_by_role("button", name="Replace its mask").click()
    expect(page.get_by_text("was replaced.")).to_be_visible()
    assert pixels((aside / "masks/astronaut.png").read_bytes())[PATCH[::-1]] == 255


def test_the_keyboard_alone(page: Page, photos: Path) -> None:
    give(page, [photos / "astronaut.jpg"])
    dialog = editor(page)
    after(dialog, 0)
    canvas = dialog.locator("canvas")
    expect(canvas).to_be_focused()
    for button in dialog.get_by_role("button").all():
        assert button.get_attribute("aria-label") or button.inner_text()
    page.keyboard.press("2")
    expect(dialog.get_by_role("button", name="Drop")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("+")
    page.keyboard.press("0")
    page.keyboard.press("]")
    page.keyboard.down(" ")  # a stroke to the right from the middle
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.keyboard.up(" ")
    after(dialog, 1)
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(page.get_by_text("corrected by 1 touch")).to_be_visible()
    assert pixels(downloaded(page, "Mask")[1])[SIDE // 2, SIDE // 2 + 5] == 0


def test_fingers_on_a_phone(browser: Browser, address: str, photos: Path) -> None:
    phone = {"viewport": {"width": 390, "height": 800}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}
    with browser.new_context(locale="es-ES", **phone) as visitor:
        page = visitor.new_page()
        page.goto(address)
        give(page, [photos / "astronaut.jpg"])
        dialog = editor(page, "Corregir")
        after(dialog, 0)
        assert dialog.bounding_box() == {"x": 0, "y": 0, "width": 390, "height": 800}
        for one in dialog.locator("button, input, canvas").all():
            box = one.bounding_box()
            assert box["x"] >= 0 and box["x"] + box["width"] <= 390 and box["y"] + box["height"] <= 800
        shown = dialog.inner_text()
        for word in ("Keep", "Drop", "Undo", "Done", "Brush", "fingers"):
            assert word not in shown
        fingers = visitor.new_cdp_session(page)

        def touch(kind: str, *places: tuple[float, float]) -> None:
            points = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(places)]
            fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

        zoom = "dialog => dialog.editor.view.scale"
        whole = dialog.evaluate(zoom)
        touch("touchStart", (150, 300))
        touch("touchStart", (150, 300), (250, 300))
        touch("touchMove", (100, 300), (300, 300))
        touch("touchEnd")
        assert dialog.evaluate(zoom) == pytest.approx(2 * whole, rel=0.05)
        dialog.get_by_role("button", name="Foto entera").click()
        assert dialog.evaluate(zoom) == pytest.approx(whole)
        after(dialog, 0)  # two fingers paint nothing
        touch("touchStart", on_screen(dialog, SHUTTLE))
        touch("touchMove", on_screen(dialog, (SHUTTLE[0] + 5, SHUTTLE[1] + 30)))
        touch("touchEnd")
        after(dialog, 1)
        dialog.get_by_role("button", name="Listo").click()
        expect(page.get_by_text("corregido con 1 toque")).to_be_visible()
        assert pixels(downloaded(page, "Máscara")[1])[SHUTTLE[::-1]] == 255
