"""What cannot be taught: a sentence each, and nothing is changed."""

import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from cli_process import expect_mistake, files, recorte_at_home
from recorte.errors import ModelError, RecorteError
from recorte.home import model_names
from recorte.removal.network import find_model
from recorte.teaching.teach import teach
from recorte.training.runs.resume import claimed
from tiny_models import write_best_model


def rewrite(folder: Path, change: Callable[[np.ndarray], np.ndarray]) -> None:
    for path in (folder / "masks").iterdir():
        Image.fromarray(change(np.asarray(Image.open(path)))).save(path)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda mask: np.zeros_like(mask), "nobody is in any of the masks"),
        (lambda mask: np.full_like(mask, 255), "all of every mask is person"),
        (lambda mask: (mask >= 128).astype(np.uint8), "nowhere brighter than 1 of 255"),
        (lambda mask: np.ascontiguousarray(np.tile(mask, (2, 1))), "they need the same aspect ratio"),
    ],
)
def test_masks(lessons: Path, change: Callable[[np.ndarray], np.ndarray], words: str) -> None:
    rewrite(lessons, change)
    with pytest.raises(RecorteError, match=words):
        teach(lessons)


@pytest.mark.parametrize(
    ("missing", "words"),
    [(1, "Each photo needs one mask"), (2, r"too few photos with masks \(2\); to teach, give 3")],
)
def test_too_few(lessons: Path, missing: int, words: str) -> None:
    for number in range(missing):
        (lessons / f"masks/{number}.png").unlink()
        if missing > 1:
            (lessons / f"photos/{number}.png").unlink()
    with pytest.raises(RecorteError, match=words):
        teach(lessons)


def test_no_folder_no_layout_and_no_name(tmp_path: Path, lessons: Path) -> None:
    (empty := tmp_path / "empty").mkdir()
    with pytest.raises(RecorteError, match="nowhere: there is no such folder"):
        teach(tmp_path / "nowhere")
    with pytest.raises(RecorteError, match=r"neither photos/ with masks/ nor cut-outs"):
        teach(empty)
    for name in ("", "../mine", ".mine", "bundled", "a" * 65):
        with pytest.raises(RecorteError, match="a model's name has letters"):
            teach(lessons, name=name)


def test_a_model_that_can_only_be_used(tmp_path: Path, lessons: Path) -> None:
    with pytest.raises(ModelError, match=r"without its model\.safetensors"):
        teach(lessons, write_best_model(tmp_path / "used"))


def test_a_model_of_the_name_and_one_that_is_being_taught(own_home: Path, lessons: Path) -> None:
    with claimed(own_home / "teaching/mine"):
        answer = recorte_at_home(own_home, "teach", lessons)
    assert answer.returncode == 2 and "this name is being taught just now" in answer.stderr
    write_best_model(own_home / "models/mine")
    expect_mistake(
        recorte_at_home(own_home, "teach", lessons), "a model of this name was taught already", "--overwrite"
    )


def test_names_of_models(own_home: Path, tmp_path: Path) -> None:
    folder = write_best_model(own_home / "models/mine")
    write_best_model(own_home / "models/.replaced-yours")  # the new one was not yet there when the process was killed
    assert model_names() == ["mine", "yours"]
    assert find_model("mine") == folder / "model.onnx"
    assert find_model("yours").is_file()
    answer = recorte_at_home(own_home, "info", "-m", "mine")
    assert str(folder) in answer.stdout and "mine, yours" in answer.stdout
    expect_mistake(recorte_at_home(own_home, "info", "-m", "mien"), "mien: no such model", "did you mean mine?")
    (tmp_path / "mine").mkdir()
    with pytest.raises(ModelError, match=r"mine: no model\.onnx in this folder"):  # what lies here goes first
        find_model(tmp_path / "mine")


def test_a_full_disk_is_told_before_anything_is_measured(
    own_home: Path, lessons: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=20_000_000))
    with pytest.raises(RecorteError, match=r"20 MB are free on its disk.* needs \d+ MB.*RECORTE_HOME"):
        teach(lessons)
    assert not set(files(own_home)) - {"teaching/mine/.running"}
