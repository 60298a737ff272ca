"""Correcting by touches on the page without a server: its steps, in JavaScript, and the editor of `recorte app`."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from page_browser import static_host, visitor
from recorte import BackgroundRemover
from recorte.removal.correct.touches import Stroke, Touch, painted

pytestmark = pytest.mark.long
STROKES = [
    (True, [(420, 250), (425, 268)], 9.5),  # a model of a shuttle
    (True, [(430, 480), (470, 470), (440, 440)], 14),  # a helmet
    (False, [(260, 330), (262, 340)], 11),  # and none of the suit's collar
]
PROGRAM = """
import * as ort from 'onnxruntime-web/wasm';
import { readFileSync, writeFileSync } from 'node:fs';
const [, , site, touches] = process.argv, size = 512;
const { mend } = await import(`${site}/correct/method.js`), { painted } = await import(`${site}/correct/areas.js`);
const { opened } = await import(`${site}/recorte/src/engine.js`);
ort.env.wasm.numThreads = 1;
const [thing, refine] = await Promise.all(['thing', 'refine'].map((name) =>
  opened(ort, readFileSync(new URL(`${site}/correct/${name}.onnx`)))));
const photo = { data: readFileSync('photo'), width: size, height: size }, alpha = new Uint8Array(readFileSync('alpha'));
const all = JSON.parse(touches), scale = 0.25;
for (let count = 1; count <= all.length; count++) {
  writeFileSync(`painted-${count - 1}`, painted(all[count - 1].stroke, size * scale, size * scale, { scale }));
  await mend({ ort, thing, refine }, photo, alpha, all.slice(0, count));
  writeFileSync(`mended-${count - 1}`, alpha);
}
"""


def test_touches_do_in_javascript_what_they_do_in_python(site: Path, tmp_path: Path) -> None:
    photo, remover = skimage.data.astronaut(), BackgroundRemover()
    alpha = remover.cut_out(photo)[..., 3]
    (tmp_path / "photo").write_bytes(np.dstack([photo, np.full(alpha.shape, 255, np.uint8)]).tobytes())
    (tmp_path / "alpha").write_bytes(alpha.tobytes())
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "mend.js").write_text(PROGRAM)
    (site / "package.json").write_text('{"type": "module"}')
    subprocess.run(["npm", "install", "--silent", "onnxruntime-web@1.30.0"], cwd=tmp_path, check=True)
    given = json.dumps([{"keep": keep, "stroke": {"points": points, "radius": r}} for keep, points, r in STROKES])
    subprocess.run(["node", "mend.js", site.as_uri(), given], cwd=tmp_path, check=True)
    (site / "package.json").unlink()
    touches, last = [Touch.of(keep, Stroke(points, radius)) for keep, points, radius in STROKES], alpha
    for number, touch in enumerate(touches):
        wanted = painted(touch, (128, 128), 512, 0.25)
        found = np.fromfile(tmp_path / f"painted-{number}", np.uint8).reshape(wanted.shape)
        assert (wanted != found).sum() <= 0.05 * wanted.sum()  # OpenCV's rounding of corners apart
        mended = np.fromfile(tmp_path / f"mended-{number}", np.uint8).reshape(alpha.shape)
        right = remover.correct(photo, alpha / np.float32(255), touches=touches[: number + 1])
        assert (mended != last).sum() > 500
        person, expected = mended > 127, right > 0.5
        assert (person & expected).sum() >= 0.98 * (person | expected).sum()
        assert np.abs(mended / 255 - right).mean() < 0.005
        last = mended


KEPT = """async () => {
  while (!await caches.match('correct/thing.onnx')) await new Promise((resolve) => { setTimeout(resolve, 50); });
}"""


def shown(page: Page, touches: int) -> None:
    expect(page.locator("dialog.editor")).to_have_attribute("data-shown", str(touches))


def test_a_cut_out_is_corrected_without_a_network(site: Path, browser: Browser, astronaut: Path) -> None:
    with static_host(site) as (address, turn_off), visitor(browser, address) as page:
        page.goto(address)
        expect(page.get_by_role("status").get_by_text("Ready", exact=True)).to_be_visible()
        page.evaluate(KEPT)
        turn_off()
        page.locator("#photos").set_input_files(astronaut)
        correct = page.get_by_role("button", name="Correct: astronaut.png")
        correct.click()
        shown(page, 0)
        canvas = page.locator("dialog.editor canvas").bounding_box()
        assert canvas
        x, y = canvas["x"] + canvas["width"] / 2 + 0.32 * canvas["height"], canvas["y"] + canvas["height"] / 2
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + 8, y + 16)
        page.mouse.up()
        shown(page, 1)
        page.keyboard.press("Control+z")
        shown(page, 0)
        page.keyboard.press("Control+Shift+z")
        shown(page, 1)
        before = page.get_by_alt_text("The cut-out of astronaut.png").get_attribute("src")
        page.get_by_role("button", name="Done").click()
        expect(page.get_by_alt_text("The cut-out of astronaut.png")).not_to_have_attribute("src", str(before))
        with page.expect_download() as download:
            page.get_by_role("button", name="Save: astronaut.png").click()
        alpha = np.asarray(Image.open(download.value.path()))[..., 3]
        first = BackgroundRemover().cut_out(skimage.data.astronaut())[..., 3]
        assert (alpha > 127).sum() > (first > 127).sum() + 500
        assert np.abs(alpha[:, :250].astype(int) - first[:, :250]).max() <= 4  # far from the touch nothing changes
        page.get_by_label("Español").check()
        page.get_by_role("button", name="Corregir: astronaut.png").click()
        shown(page, 1)
        page.get_by_role("button", name="Deshacer").click()  # what was done before is undone
        shown(page, 0)
