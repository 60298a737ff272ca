"""The npm package, packed, and used from its tarball in node; and the graph that it and the page bring."""

import subprocess
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from PIL import Image
from playwright.sync_api import Browser, expect

from page_browser import static_host, visitor
from recorte import BackgroundRemover

PACKAGE = Path(__file__).parents[2] / "web/package"
PROGRAM = """
import { openAsBlob } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { cutOut } from 'recorte';

const photo = process.argv[2];
const address = pathToFileURL(photo);
for (const [number, source] of [photo, address, address.href, await openAsBlob(photo)].entries()) {
  await writeFile(`${number}.png`, Buffer.from(await (await cutOut(source)).arrayBuffer()));
}
for (const wrong of ['package.json', 'nowhere.png']) await cutOut(wrong).catch((error) => console.log(error.message));
"""

BROWSERS = """
import { cutOut } from 'recorte';

const canvas = document.createElement('canvas'), address = new URL('photo.png', location.href);
const blob = await (await fetch(address)).blob(), bitmap = await createImageBitmap(blob);
Object.assign(canvas, { width: bitmap.width, height: bitmap.height }).getContext('2d').drawImage(bitmap, 0, 0);
const pixels = canvas.getContext('2d').getImageData(0, 0, bitmap.width, bitmap.height);
for (const source of [blob, address.href, canvas, pixels]) {
  const image = document.createElement('img');
  image.src = URL.createObjectURL(await cutOut(source));
  image.alt = 'cut out';
  document.body.append(image);
}
await cutOut(new Blob(['no image'])).catch((error) => { document.title = error.message; });
"""
ALPHAS = """(images) => images.map((image) => {
  const context = new OffscreenCanvas(image.width, image.height).getContext('2d');
  context.drawImage(image, 0, 0);
  return [...context.getImageData(0, 0, image.width, image.height).data].filter((_, at) => at % 4 === 3);
})"""

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def tarball(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tarball")
    subprocess.run(["npm", "pack", "--silent", "--pack-destination", folder], cwd=PACKAGE, check=True)
    (found,) = folder.glob("recorte-*.tgz")
    assert found.stat().st_size < 10e6
    return found


def test_the_tarball_cuts_out_in_a_browser(tarball: Path, browser: Browser, astronaut: Path, tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "main.js").write_text(BROWSERS)
    (tmp_path / "index.html").write_text('<title>Mine</title><script type="module" src="main.js"></script>')
    subprocess.run(["npm", "install", "--silent", tarball, "vite"], cwd=tmp_path, check=True)
    command = ["npx", "vite", "build", "--base", "./", "--target", "esnext"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    (tmp_path / "dist/photo.png").write_bytes(astronaut.read_bytes())
    wanted = BackgroundRemover().cut_out(skimage.data.astronaut())[..., 3]
    with static_host(tmp_path / "dist") as (address, _), visitor(browser, address) as page:
        page.goto(address)
        expect(page).to_have_title("this is no image that the browser can read; JPEG, PNG and WebP are")
        images = page.get_by_alt_text("cut out")
        expect(images).to_have_count(4)
        for alpha in images.evaluate_all(ALPHAS):
            difference = np.abs(np.array(alpha).reshape(wanted.shape) - wanted.astype(int))
            assert np.percentile(difference, 99.9) <= 2


def test_the_tarball_cuts_out_in_node(tarball: Path, astronaut: Path, tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "cut.js").write_text(PROGRAM)
    subprocess.run(["npm", "install", "--silent", tarball], cwd=tmp_path, check=True)
    command = ["node", "cut.js", str(astronaut)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    no_image, nowhere = done.stdout.splitlines()
    assert no_image.startswith("this is no image") and "nowhere.png" in nowhere
    wanted = BackgroundRemover().cut_out(skimage.data.astronaut())
    for number in range(4):
        cutout = np.asarray(Image.open(tmp_path / f"{number}.png"))
        assert cutout.shape == wanted.shape
        assert np.percentile(np.abs(cutout[..., 3].astype(int) - wanted[..., 3]), 99.9) <= 2
    assert not (PACKAGE / "model.onnx").exists()
