import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from recorte.letterbox import PADDING_COLOUR, Letterbox
from recorte.photo import read_mask
from recorte.removal.network import Network

SCRIPT = Path(__file__).parents[2] / "scripts/teach.py"


def teach(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_masks_are_means_over_sizes_and_the_mirror_image(tmp_path: Path, best_model: Path) -> None:
    photo = np.random.default_rng(0).integers(0, 256, (60, 90, 3), dtype=np.uint8)
    (tmp_path / "photos/sub").mkdir(parents=True)
    Image.fromarray(photo).save(tmp_path / "photos/sub/a.png")
    options = ("--model", best_model, "--sizes", 64, "--sizes", 96)
    answer = teach(tmp_path / "photos", tmp_path / "masks", *options)
    assert answer.returncode == 0, answer.stderr
    network, found = Network(best_model), []
    for size in (64, 96):
        box = Letterbox(60, 90, size)
        found.append(box.restore(network.alpha(box.apply(photo, PADDING_COLOUR))))
        mirrored = np.ascontiguousarray(photo[:, ::-1])
        found.append(box.restore(network.alpha(box.apply(mirrored, PADDING_COLOUR)))[:, ::-1])
    mask = read_mask(tmp_path / "masks/sub/a.png")
    assert np.abs(mask - 255 * np.mean(found, axis=0)).max() <= 0.51
    assert np.abs(mask - 255 * found[0]).max() > 10
    (tmp_path / "masks/sub/a.png").write_bytes(b"there already")
    assert "0 masks written" in teach(tmp_path / "photos", tmp_path / "masks", *options).stdout
    assert (tmp_path / "masks/sub/a.png").read_bytes() == b"there already"


def test_a_mistake_is_told_in_one_message(tmp_path: Path) -> None:
    answer = teach(tmp_path / "nowhere", tmp_path / "masks")
    assert answer.returncode == 2
    assert answer.stderr.startswith("Error: ") and "nowhere: no such folder" in answer.stderr
    assert "Traceback" not in answer.stderr
