"""What docs/extending.md says, done as it stands there: files of one's own in a folder outside the package."""

import csv
import json
import re
import shlex
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from PIL import Image

from commands import SCRIPTS, figures, run
from recorte import BackgroundRemover

pytestmark = pytest.mark.slow

PAGE = (SCRIPTS.parent / "docs/extending.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"`(mine/\S+)`:\n\n```(?:python|yaml)\n(.*?)```", PAGE, re.DOTALL))
COMMANDS = [line for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]
# The perceptual term is left out and reads no weights.
SHORT = [
    "trainer.max_epochs=1", "data=one_folder", "hardware=laptop", "loss.weights.perceptual=0",
    "loss.terms.perceptual.encoder_weights=none",
]  # fmt: skip


def said(start: str) -> list[str]:
    """The arguments of the page's last command that begins so."""
    *_, command = [line for line in COMMANDS if line.startswith(start)]
    return shlex.split(command)[2:]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files of the page, and ten photos with a person."""
    place = tmp_path_factory.mktemp("extending")
    for name, content in FILES.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(content)
    (place / "my_photos").mkdir()
    noise = np.random.default_rng(0)
    for number in range(10):
        left, top = (int(value) for value in noise.integers(4, 30, 2))
        photo, mask = noise.integers(0, 90, (64, 64, 3), dtype=np.uint8), np.zeros((64, 64), np.uint8)
        mask[top : top + 30, left : left + 20] = 255
        photo[mask > 0] = (230, 200, 180)
        Image.fromarray(photo).save(place / "my_photos" / f"{number}.jpg", quality=95)
        Image.fromarray(mask).save(place / "my_photos" / f"{number}.png")
    return place


@pytest.fixture(scope="module")
def all_of_them(place: Path) -> Path:
    """One training with all that the page adds, but for the network."""
    starts = ["loss=", "metrics=", "data=one_folder", "model=thin", "callbacks=", "logger=", "hardware="]
    choices = [said(f"python scripts/train.py --config-dir mine {start}")[2:] for start in starts]
    choices.append([word for word in said("python scripts/dataset.py") if word.startswith("augmentation=")])
    arguments = [word for words in choices for word in words]
    answer = run("train", place, "--config-dir", "mine", *arguments, *SHORT, "run_dir=all", "hydra.run.dir=all")
    assert answer.returncode == 0, answer.stderr + answer.stdout
    return place / "all"


@pytest.fixture(scope="module")
def plain(place: Path) -> Path:
    """A training of the page's network."""
    answer = run("train", place, *said("python scripts/train.py --config-dir mine model=plain"), *SHORT)
    assert answer.returncode == 0, answer.stderr + answer.stdout
    return place / "outputs/plain"


def test_each_of_them_is_on_the_page() -> None:
    groups = {Path(name).parent.name for name in FILES} - {"mine"}
    assert groups == {"loss", "metrics", "data", "augmentation", "model", "callbacks", "logger", "hardware"}
    assert sum(name.endswith(".py") for name in FILES) == 8
    assert all(content.count("\n") <= 25 for content in FILES.values())


def test_all_of_them_in_one_training(all_of_them: Path) -> None:
    (row,) = csv.DictReader((all_of_them / "metrics.csv").open())
    for name in ("train/loss_tversky", "val/loss_tversky", "val/missed"):
        assert 0 <= float(row[name]) <= 1
    assert float(row["note/step"]) == float(row["step"])
    result = figures(all_of_them)
    assert result["monitor"] == "val/missed"
    (_, right), (missed, hit) = result["confusion_matrix"]
    assert result["metrics"]["missed"] == pytest.approx(missed / (missed + hit), abs=1e-6)
    assert right >= 0
    assert (all_of_them / "note.txt").read_text() == "epoch 1 is over\n"
    logged = [json.loads(line) for line in (all_of_them / "log.jsonl").read_text().splitlines()]
    assert any("val/missed" in line for line in logged)
    assert list(all_of_them.glob("events.out.tfevents.*"))
    log = (all_of_them / "train.log").read_text()
    for words in ("ThinUNet", "train: 8 photos", "val: 2 photos", "Hardware profile laptop"):
        assert words in log
    assert json.loads((all_of_them / "best_model/model.json").read_text())["network"]["_target_"] == "thin.ThinUNet"


def test_a_network_is_exported_and_used(plain: Path) -> None:
    page = json.loads((plain / "best_model/model.json").read_text())
    assert page["network"] == {"_target_": "plain.Plain", "width": 16}
    session = onnxruntime.InferenceSession(plain / "best_model/model.onnx")
    alpha, colours = session.run(["alpha", "foreground"], {"image": np.zeros((2, 3, 96, 64), np.float32)})
    assert (alpha.shape, colours.shape) == ((2, 1, 96, 64), (2, 3, 96, 64))
    assert BackgroundRemover(plain / "best_model").predict_alpha(np.zeros((40, 50, 3), np.uint8)).shape == (40, 50)


def test_a_network_is_measured_and_started_from(place: Path, plain: Path) -> None:
    measured = said("python scripts/evaluate.py")
    commands: list[Callable[[], object]] = [
        lambda: run("evaluate", place, *measured, "data=one_folder", "hardware=laptop", "run_dir=measured"),
        lambda: run("evaluate", place, *measured[2:], "data=synthetic", "hardware=cpu", "data.num_workers=0"),
        lambda: run("train", place, *said("python scripts/train.py --config-dir mine init="), *SHORT, "debug=fast",
                    "optimizer.lr=1e-12", "run_dir=again"),
    ]  # fmt: skip
    with ThreadPoolExecutor(2) as pool:
        answer, refused, again = pool.map(lambda command: command(), commands)
    assert answer.returncode == 0, answer.stderr
    assert figures(place / "measured")["metrics"] == pytest.approx(figures(plain)["metrics"], nan_ok=True, abs=1e-6)
    assert refused.returncode == 2
    assert "plain.Plain, code that is not Recorte's" in refused.stderr + refused.stdout
    assert "Traceback" not in refused.stderr
    assert again.returncode == 0, again.stderr
    assert figures(place / "again")["metrics"]["mae"] == pytest.approx(figures(plain)["metrics"]["mae"], abs=1e-4)
