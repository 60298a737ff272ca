"""Bad input on the page without a server: a sentence on its card, and the others go on."""

import io
import shutil
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
import skimage.data
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from page_browser import static_host, visitor

pytestmark = pytest.mark.long
NO_PHOTO, ANIMATION = "It is not a photo, or of a kind that this browser cannot read (HEIC, say)", "It is an animation"


def card(page: Page, name: str) -> Locator:
    return page.locator(".card").filter(has=page.get_by_role("heading", name=name, exact=True))


def give(page: Page, *photos: Path) -> None:
    page.locator("#photos").set_input_files(photos)


def bad_photos(folder: Path) -> dict[Path, str]:
    """Files that are refused, and words of the sentence that each must get."""
    person = Image.fromarray(skimage.data.astronaut())
    jpeg, moving = io.BytesIO(), [person.resize((80, 80)), person.rotate(90).resize((80, 80))]
    person.save(jpeg, "JPEG")
    pillow_heif.from_pillow(person.resize((64, 64))).save(folder / "phone.heic")
    for kind in ("gif", "webp", "png"):
        moving[0].save(folder / f"moving.{kind}", save_all=True, append_images=moving[1:])
    Image.fromarray(np.zeros((10_000, 10_000), bool)).save(folder / "huge.png")
    contents = {"notes.txt": b"no photo", "page.png": b"<html>", "empty.jpg": b"", "cut.jpg": jpeg.getvalue()[:300]}
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    words = dict.fromkeys(contents, NO_PHOTO) | {f"moving.{kind}": ANIMATION for kind in ("gif", "webp", "png")}
    words |= {"phone.heic": NO_PHOTO, "huge.png": "more than 50 megapixels"}
    return {folder / name: sentence for name, sentence in words.items()}


def test_what_is_no_photo_is_said_on_its_card_and_the_others_go_on(
    site: Path, browser: Browser, astronaut: Path, tmp_path: Path
) -> None:
    bad = bad_photos(tmp_path)
    with static_host(site) as (address, _), visitor(browser, address) as page:
        page.goto(address)
        give(page, *bad, astronaut)
        expect(page.get_by_alt_text("The cut-out of astronaut.png")).to_be_visible()
        for photo, words in bad.items():
            alert = card(page, photo.name).get_by_role("alert")
            expect(alert).to_contain_text("This photo could not be cut out.")
            expect(alert).to_contain_text(words)
        page.get_by_role("button", name="Remove: notes.txt").click()
        expect(page.locator(".card")).to_have_count(len(bad))
        page.get_by_label("Español").check()
        expect(card(page, "huge.png").get_by_role("alert")).to_contain_text("Tiene más de 50 megapíxeles")


def test_photos_without_people_and_small_ones(site: Path, browser: Browser, tmp_path: Path) -> None:
    Image.fromarray(skimage.data.coffee()).save(tmp_path / "coffee.png")
    Image.new("RGB", (1, 1)).save(tmp_path / "dot.png")
    Image.new("L", (700, 3)).save(tmp_path / "line.gif")
    with static_host(site) as (address, _), visitor(browser, address) as page:
        page.goto(address)
        give(page, *tmp_path.iterdir())
        for name in ("coffee.png", "dot.png", "line.gif"):
            expect(card(page, name).get_by_text("Nobody was found in this photo.")).to_be_visible()


@pytest.mark.parametrize("name", ["model.onnx", "recorte/finish.onnx", "ort/ort.wasm.packed"])
def test_a_model_file_that_is_cut_off_is_said_and_fetched_anew(
    name: str, site: Path, browser: Browser, astronaut: Path, tmp_path: Path
) -> None:
    broken = shutil.copytree(site, tmp_path / "broken")
    whole = (broken / name).read_bytes()
    (broken / name).write_bytes(whole[: len(whole) // 2])
    sentence = "The network did not arrive whole; load the page again."
    with static_host(broken) as (address, _), visitor(browser, address) as page:
        page.goto(address)
        expect(page.get_by_role("status").get_by_text(sentence)).to_be_visible()
        give(page, astronaut)
        expect(card(page, "astronaut.png").get_by_role("alert")).to_contain_text(sentence)
        (broken / name).write_bytes(whole)
        page.reload()
        give(page, astronaut)
        expect(page.get_by_alt_text("The cut-out of astronaut.png")).to_be_visible()


def test_a_browser_without_webassembly_is_told(site: Path, browser: Browser, tmp_path: Path) -> None:
    old = shutil.copytree(site, tmp_path / "old")
    (old / "worker.js").write_text("delete self.WebAssembly;\n" + (old / "worker.js").read_text())
    with static_host(old) as (address, _), visitor(browser, address) as page:
        page.goto(address)
        expect(page.get_by_role("status").get_by_text("it has no WebAssembly")).to_be_visible()


def lose(page: Page) -> None:
    """End the page's worker by a mistake in it, as soon as it has a moment."""
    (worker,) = (one for one in page.workers if one.url.endswith("/worker.js"))
    worker.evaluate("() => { setTimeout(() => { throw new Error('lost'); }); }")


def test_a_worker_that_is_lost_costs_one_photo(site: Path, browser: Browser, astronaut: Path, tmp_path: Path) -> None:
    names = ("second", "third", "fourth")
    photos = [astronaut, *(Path(shutil.copy(astronaut, tmp_path / f"{name}.png")) for name in names)]
    with static_host(site) as (address, _), browser.new_context(locale="en-GB") as context:
        page = context.new_page()
        page.goto(address)
        expect(page.get_by_role("status").get_by_text("Ready", exact=True)).to_be_visible()
        give(page, *photos[:3])
        lose(page)
        expect(page.get_by_role("alert").get_by_text("The browser stopped the work")).to_have_count(1)
        expect(page.locator(".done:visible")).to_have_count(2)
        lose(page)  # with nothing to do
        give(page, photos[3])
        expect(page.get_by_alt_text("The cut-out of fourth.png")).to_be_visible()


def test_a_photo_for_which_memory_does_not_suffice_is_told(
    site: Path, browser: Browser, astronaut: Path, tmp_path: Path
) -> None:
    small = shutil.copytree(site, tmp_path / "small")
    little = """const { getImageData } = OffscreenCanvasRenderingContext2D.prototype;
    OffscreenCanvasRenderingContext2D.prototype.getImageData = function (x, y, width, height) {
      if (width > 600) throw new RangeError('Out of memory at ImageData creation');
      return getImageData.call(this, x, y, width, height);
    };
    """
    (small / "worker.js").write_text(little + (small / "worker.js").read_text())
    Image.fromarray(skimage.data.astronaut()).resize((700, 700)).save(tmp_path / "large.png")
    with static_host(small) as (address, _), visitor(browser, address) as page:
        page.goto(address)
        give(page, tmp_path / "large.png", astronaut)
        expect(card(page, "large.png").get_by_role("alert")).to_contain_text(
            "has not enough memory for it; scale it down"
        )
        expect(page.get_by_alt_text("The cut-out of astronaut.png")).to_be_visible()
