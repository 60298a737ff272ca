"""`recorte app --static`: the page that needs no server, as its visitor sees it."""

import base64
from pathlib import Path

import numpy as np
import skimage.data
from PIL import Image
from playwright.sync_api import Browser, Frame, Page, expect

from cli_process import expect_mistake, files, recorte
from page_browser import static_host, visitor
from recorte import BackgroundRemover

DROP = """([name, content]) => {
  const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
  const dropped = new DataTransfer();
  dropped.items.add(new File([bytes], name, { type: 'image/png' }));
  const how = { dataTransfer: dropped, bubbles: true, cancelable: true };
  document.querySelector('#drop').dispatchEvent(new DragEvent('drop', how));
}"""


def drop(page: Page, photo: Path) -> None:
    page.evaluate(DROP, [photo.name, base64.b64encode(photo.read_bytes()).decode()])


def test_a_photo_is_cut_out_in_the_browser_without_a_network(
    site: Path, browser: Browser, astronaut: Path, tmp_path: Path
) -> None:
    with static_host(site) as (address, turn_off), visitor(browser, address) as page:
        visits: list[Frame] = []
        with page.expect_event("framenavigated", lambda frame: visits.append(frame) or len(visits) == 2):
            page.goto(address)  # it loads itself once more, isolated from other origins
        expect(page.get_by_role("status").get_by_text("Ready", exact=True)).to_be_visible()
        turn_off()
        page.reload()
        drop(page, astronaut)
        expect(page.get_by_alt_text("The cut-out of astronaut.png")).to_be_visible()
        with page.expect_download() as download:
            page.get_by_role("button", name="Save: astronaut.png").click()
        assert page.evaluate("crossOriginIsolated")
        assert download.value.suggested_filename == "astronaut-cutout.png"
        download.value.save_as(tmp_path / "cutout.png")
    cutout = np.asarray(Image.open(tmp_path / "cutout.png"))
    wanted = BackgroundRemover().cut_out(skimage.data.astronaut())
    assert cutout.shape == wanted.shape
    assert np.percentile(np.abs(cutout[..., 3].astype(int) - wanted[..., 3]), 99.9) <= 2
    shown, expected = (picture[..., :3] * (picture[..., 3:] / 255) for picture in (cutout, wanted))
    assert np.percentile(np.abs(shown - expected), 99.9) <= 2


def test_a_folder_with_something_in_it_and_a_model_are_refused(site: Path, tmp_path: Path) -> None:
    before = files(site)
    expect_mistake(recorte("app", "--static", site), str(site), "not empty")
    assert files(site) == before
    expect_mistake(recorte("app", "--static", site / "index.html"), "index.html", "is a file")
    expect_mistake(recorte("app", "--static", tmp_path / "new", "--model", "mine"), "leave out --model")
    assert not (tmp_path / "new").exists()
