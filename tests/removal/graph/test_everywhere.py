"""docs/everywhere.md, followed: programs in several languages that know nothing of Recorte."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage import data

from recorte import BackgroundRemover

PAGE = Path(__file__).parents[3] / "docs/everywhere.md"


@pytest.fixture
def home(tmp_path: Path, cutout_onnx: Path) -> Path:
    """A folder with the file and a photo in it, and nothing of Recorte."""
    shutil.copy(cutout_onnx, tmp_path / "cutout.onnx")
    exif = Image.Exif()
    exif[0x0112] = 8  # lies on its side
    Image.fromarray(data.astronaut()).rotate(-90).save(tmp_path / "photo.jpg", quality=95, exif=exif)
    return tmp_path


def program(language: str) -> str:
    (found,) = re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(found.splitlines()) <= 20
    return str(found)


def check(home: Path) -> None:
    cutout = np.asarray(Image.open(home / "cutout.png"))
    wanted = np.asarray(BackgroundRemover(looks=1).remove_background(home / "photo.jpg"))
    assert cutout.shape == wanted.shape
    assert np.percentile(np.abs(cutout[..., 3].astype(int) - wanted[..., 3]), 99) <= 4  # decoders of JPEG differ


def test_python_without_recorte(home: Path) -> None:
    without = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    subprocess.run([sys.executable, "-c", program("python")], cwd=home, env=without, check=True)
    check(home)


@pytest.mark.long
def test_node(home: Path) -> None:
    without = os.environ | {"ONNXRUNTIME_NODE_INSTALL": "skip"}  # the CPU's library is in the package
    (home / "package.json").write_text('{"type": "module"}')
    subprocess.run(["npm", "install", "--silent", "onnxruntime-node", "sharp"], cwd=home, env=without, check=True)
    (home / "cut.js").write_text(program("js"))
    subprocess.run(["node", "cut.js"], cwd=home, check=True)
    check(home)
