"""The npm package, packed, and used from its tarball in node; and the graph that it and the page bring."""

import subprocess
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from PIL import Image

from recorte import BackgroundRemover
from recorte.removal.network import Network

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

pytestmark = pytest.mark.long


def test_the_tarball_cuts_out_in_node(astronaut: Path, tmp_path: Path) -> None:
    command = ["npm", "pack", "--silent", "--pack-destination", tmp_path]
    subprocess.run(command, cwd=PACKAGE, check=True)
    (tarball,) = tmp_path.glob("recorte-*.tgz")
    assert tarball.stat().st_size < 10e6
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


@pytest.mark.filterwarnings("ignore")
def test_the_graph_of_the_last_steps_is_the_one_that_is_written_now() -> None:
    from recorte.removal.graph.export import last_steps

    network = Network()
    made = last_steps(network.image_size, network.sure).SerializeToString(deterministic=True)
    assert made == (PACKAGE / "finish.onnx").read_bytes()
