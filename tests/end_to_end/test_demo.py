"""`make demo`: whole as it is, and quickly with a training that changes nothing."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import load_file

from commands import Answer, run
from recorte.removal.network import BUNDLED_WEIGHTS

NOTHING_LEARNED = ["optimizer.lr=1e-12", "trainer.max_epochs=1", "data.image_size=64"]


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Answer]:
    """The folder of a demo, and what it said."""
    cwd = tmp_path_factory.mktemp("demo")
    answer = run("demo", cwd, *NOTHING_LEARNED)
    assert answer.returncode == 0, answer.stderr
    (folder,) = (cwd / "outputs").iterdir()
    return folder, answer


@pytest.mark.slow
def test_it_shows_a_sheet_and_says_what_to_do_next(shown: tuple[Path, Answer]) -> None:
    folder, answer = shown
    assert f"Look at {Path(*folder.parts[-2:])}/before_after.png" in answer.stdout
    assert re.search(r"Mean IoU of the 6 drawings: 0\.\d\d before, [01]\.\d\d after", answer.stdout)
    for command in ("recorte photo.jpg", "recorte app", "train.py experiment=finetune data=folder data.root="):
        assert f" .venv/bin/{command}" in answer.stdout or f" scripts/{command}" in answer.stdout
    with Image.open(folder / "before_after.png") as sheet:
        assert sheet.width > 1800 and sheet.height > 900
        pixels = np.asarray(sheet.convert("L"))
    assert (pixels[:20] == 255).all() and (pixels[-20:] == 255).all()  # nothing is cut off at its borders
    for name in ("photos", "before", "after"):
        assert len(list((folder / name).glob("*.png"))) == 7
    assert len(list((folder / "lessons/train/masks").iterdir())) == 20


@pytest.mark.slow
def test_training_starts_from_the_weights_that_ship(shown: tuple[Path, Answer]) -> None:
    folder, answer = shown
    assert "Starting from the weights of" in answer.stdout + answer.stderr
    bundled, tuned = (
        load_file(place / "model.safetensors") for place in (BUNDLED_WEIGHTS, folder / "run" / "best_model")
    )
    assert bundled.keys() == tuned.keys()
    kernels = [name for name, value in bundled.items() if value.ndim > 1]
    assert len(kernels) > 50
    for name in kernels:  # at such a rate nothing moves
        np.testing.assert_allclose(tuned[name], bundled[name].astype(np.float32), atol=1e-6)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_it_teaches(tmp_path: Path) -> None:
    answer = run("demo", tmp_path)
    assert answer.returncode == 0, answer.stderr
    before, after = map(float, re.search(r"(\d\.\d\d) before, (\d\.\d\d) after", answer.stdout).groups())
    assert after > before + 0.1
    (page,) = tmp_path.glob("outputs/*/run/best_model/model.json")
    assert json.loads(page.read_text())["metrics"]["photo_iou"] > 0.6
