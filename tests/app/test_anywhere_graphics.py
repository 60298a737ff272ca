"""The page without a server where there is WebGPU: here a graphics card that Chromium computes itself."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from PIL import Image
from playwright.sync_api import Browser, expect

from page_browser import chromium, static_host, visitor
from recorte import BackgroundRemover

pytestmark = pytest.mark.long
A_REAL_ONE = "Object.defineProperty(GPUAdapterInfo.prototype, 'isFallbackAdapter', { get: () => false });\n"
LOST = "GPUAdapter.prototype.requestDevice = async () => { throw new Error('lost'); };\n"


@pytest.fixture(scope="module")
def graphics() -> Iterator[Browser]:
    with chromium("--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader", "--enable-features=Vulkan") as browser:
        yield browser


@pytest.mark.parametrize(
    ("patch", "build"), [(A_REAL_ONE, "jspi"), (A_REAL_ONE + LOST, "wasm"), ("", "wasm")], ids=["works", "lost", "none"]
)
def test_a_graphics_card_computes_the_network_where_it_can(
    patch: str, build: str, site: Path, graphics: Browser, astronaut: Path, tmp_path: Path
) -> None:
    home = shutil.copytree(site, tmp_path / "site")
    (home / "worker.js").write_text(patch + (home / "worker.js").read_text())
    wanted = BackgroundRemover().cut_out(skimage.data.astronaut())[..., 3].astype(int)
    with static_host(home) as (address, _), visitor(graphics, address) as page:
        builds: set[str] = set()
        page.context.on("request", lambda request: builds.update([request.url] * request.url.endswith(".packed")))
        page.goto(address)
        page.locator("#photos").set_input_files(astronaut)
        expect(page.get_by_alt_text("The cut-out of astronaut.png")).to_be_visible(timeout=400_000)
        with page.expect_download() as download:
            page.get_by_role("button", name="Save: astronaut.png").click()
        alpha = np.asarray(Image.open(download.value.path()))[..., 3]
    assert builds == {f"{address}ort/ort.{build}.packed"}
    assert np.percentile(np.abs(alpha - wanted), 99.9) <= 2
