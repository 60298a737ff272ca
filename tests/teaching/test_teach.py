"""`recorte teach`, whole, with a tiny network and tiny drawings."""

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import load_file
from skimage.data import astronaut

from cli_process import ENVIRONMENT, expect_mistake, files, recorte_at_home
from commands import write_lessons
from recorte import BackgroundRemover
from recorte.removal.network import Network
from recorte.teaching.lessons import Lessons

pytestmark = pytest.mark.slow


def stopped_while_learning(home: Path, number: signal.Signals, *arguments: str | Path) -> tuple[int, str]:
    """Start the command, send it a signal once it learns, and wait for its end; gives its status and stderr."""
    process = subprocess.Popen(
        [sys.executable, "-m", "recorte", *arguments], env=ENVIRONMENT | {"RECORTE_HOME": str(home)},
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stderr is not None
    said = ""
    while "Learning, step" not in said:
        line = process.stderr.readline()
        assert line, said
        said += line
    os.kill(process.pid, number)
    said += process.communicate()[1]
    return process.returncode, said


def marks(folder: Path) -> dict[str, str]:
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in files(folder)}


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory, start: Path) -> tuple[Path, str]:
    """A home in which a model was taught, and what the command said."""
    place = tmp_path_factory.mktemp("taught")
    lessons, before = write_lessons(place / "lessons", 5), marks(start)
    (place / "home/teaching/mine/run").mkdir(parents=True)  # as a killed process leaves it
    answer = recorte_at_home(place / "home", "teach", lessons, "-m", start)
    assert answer.returncode == 0, answer.stderr
    assert marks(start) == before
    assert re.search(r"Learning, step \d+ of \d+, \d+ s left", answer.stderr)
    return place, answer.stdout


def test_a_model_a_sheet_and_figures(taught: tuple[Path, str], start: Path) -> None:
    place, said = taught
    mine = place / "home/models/mine"
    pictures = ["before_after.png", "before_after/0.webp"]
    assert files(mine) == [*pictures, "model.json", "model.onnx", "model.safetensors", "teaching.json"]
    assert files(place / "home/teaching") == []
    facts = json.loads((mine / "teaching.json").read_text())
    judged = Lessons(place / "lessons").judged
    assert facts["photos"] == 5 - len(judged) and facts["judged_by"] == len(judged) >= 1
    figures = f"{facts['before']['judged']:.3f} before, {facts['after']['judged']:.3f} after"
    assert f"IoU of photos kept to judge by: {figures}" in said and "IoU of drawn figures" in said
    assert "recorte -m mine" in said and "had been cut off; this one began anew" in said
    with Image.open(mine / "before_after.png") as sheet:
        assert sheet.width > 700 and np.asarray(sheet).std() > 20
    network, page = Network(mine), json.loads((mine / "model.json").read_text())
    assert network.image_size == 64 and network.sure == page["sure"] == 0.3
    before, after = (load_file(folder / "model.safetensors") for folder in (start, mine))
    moved = {name for name in before if not np.array_equal(before[name], after[name])}
    assert moved  # scales and shifts of normalisations alone: no kernel, and no mean or variance
    assert all(before[name].ndim == 1 and name.endswith((".weight", ".bias")) for name in moved), moved
    assert all(name.replace(".bias", ".weight") in moved for name in moved), moved  # a convolution's bias stays, too


@pytest.mark.long
def test_six_drawings_teach_the_shipped_weights_drawings_and_nothing_is_forgotten(tmp_path: Path) -> None:
    answer = recorte_at_home(tmp_path / "home", "teach", write_lessons(tmp_path / "lessons", 6, size=320))
    assert answer.returncode == 0, answer.stderr
    mine = tmp_path / "home/models/mine"
    facts = json.loads((mine / "teaching.json").read_text())
    assert facts["after"]["drawn"] > facts["before"]["drawn"] + 0.05  # others than those that it was taught
    before, after = (BackgroundRemover(model).predict_alpha(astronaut()) >= 0.5 for model in (None, mine))
    assert (before & after).sum() > 0.97 * (before | after).sum()


def test_it_is_used_by_its_name_and_not_overwritten(taught: tuple[Path, str]) -> None:
    place, _ = taught
    photo, result = place / "lessons/photos/0.png", place / "cut.png"
    answer = recorte_at_home(place / "home", photo, "-o", result, "-m", "mine")
    assert answer.returncode == 0 and result.is_file(), answer.stderr
    before = marks(place / "home/models/mine")
    expect_mistake(recorte_at_home(place / "home", "teach", place / "lessons"), "taught already", "--overwrite")
    assert marks(place / "home/models/mine") == before


@pytest.mark.long
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGKILL, -9)])
def test_stopped_while_it_learns(
    own_home: Path, lessons: Path, start: Path, number: signal.Signals, status: int
) -> None:
    found, said = stopped_while_learning(own_home, number, "teach", lessons, "-m", start)
    assert found == status
    assert not (own_home / "models").exists()
    if number == signal.SIGINT:
        assert "stopped; nothing was changed" in said
        assert files(own_home) == []
