"""Running what a user runs, as processes of their own, in a folder of the test's."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from recorte.data.synthetic import SyntheticPersons

SCRIPTS = Path(__file__).parents[2] / "scripts"
Answer = subprocess.CompletedProcess[str]

# A network and photos so small that a run is mostly the start of PyTorch and the export.
TINY = [
    "hardware=cpu", "trainer.precision=32-true", "data.image_size=64", "data.batch_size=4", "data.num_workers=0",
    "trainer.max_epochs=1", "model.encoder=test_resnet.r160_in1k", "model.encoder_weights=none",
    "model.decoder_channels=[16,16,8,8]",
]  # fmt: skip
DRAWN = ["data=synthetic", "data.sources.synthetic.length=16"]


def run(script: str, cwd: Path, *arguments: str, **environment: str) -> Answer:
    """Run a script of `scripts/` to its end."""
    # Two processes with a thread each disturb one another less than two with two.
    variables = os.environ | {"OMP_NUM_THREADS": "1", "COLUMNS": "200", "NO_COLOR": "1"} | environment
    command = [sys.executable, SCRIPTS / f"{script}.py", *arguments]
    return subprocess.run(command, cwd=cwd, env=variables, capture_output=True, text=True, check=False)


def run_side_by_side(script: str, cwd: Path, commands: Sequence[Sequence[str]], **environment: str) -> list[Answer]:
    """Run a script with several command lines, two at a time.

    Each has a folder of its own: that of Hydra is named by the second, which two of them may share.
    """

    def run_one(number: int) -> Answer:
        return run(script, cwd, *commands[number], f"hydra.run.dir=outputs/{number}", **environment)

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(run_one, range(len(commands))))


def train(cwd: Path, run_dir: str, *arguments: str) -> Path:
    """Train a tiny network with success; gives the run's folder."""
    answer = run("train", cwd, *TINY, f"run_dir={run_dir}", f"hydra.run.dir={run_dir}", *arguments)
    assert answer.returncode == 0, answer.stderr + answer.stdout
    assert "Traceback" not in answer.stderr
    return cwd / run_dir


def stopped(cwd: Path, number: signal.Signals, when: Callable[[], bool], *arguments: str) -> tuple[int, str]:
    """Start a run and send a signal to it and its helpers when it is time to; gives status and output."""
    command = [sys.executable, SCRIPTS / "train.py", *arguments]
    with subprocess.Popen(
        command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    ) as process:
        while process.poll() is None and not when():
            time.sleep(0.01)
        if process.poll() is None:
            os.killpg(process.pid, number)
        output, _ = process.communicate()
    return process.returncode, output


def expect_mistake(answer: Answer, *words: str) -> None:
    """The answer to a user's mistake: status 2, words that name it, and no traceback."""
    text = answer.stdout + answer.stderr
    assert answer.returncode == 2, text
    assert "Traceback" not in text, text
    for word in words:
        assert word in text


def figures(path: Path) -> dict[str, Any]:
    """The content of a metrics.json."""
    return json.loads((path / "metrics.json").read_text())


def files(folder: Path) -> list[str]:
    """Every file below a folder."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def write_coco(root: Path, split: str, photos: int, people: bool = True) -> Path:
    """Write photos of 24 x 32 pixels in COCO's layout, each with a bright square for a person."""
    folder = root / f"{split}2017"
    folder.mkdir(parents=True)
    (root / "annotations").mkdir(exist_ok=True)
    noise = np.random.default_rng(0)
    images, annotations = [], []
    for number in range(photos):
        left, top = (int(value) for value in noise.integers(2, 12, 2))
        pixels = noise.integers(0, 90, (24, 32, 3), dtype=np.uint8)
        pixels[top : top + 10, left : left + 10] = (230, 200, 180)
        Image.fromarray(pixels).save(folder / f"{number:03}.png")
        images.append({"id": number, "file_name": f"{number:03}.png", "width": 32, "height": 24})
        outline = [left, top, left + 10, top, left + 10, top + 10, left, top + 10]
        box = [left, top, 10, 10]
        record = {"id": number, "image_id": number, "category_id": 1, "iscrowd": 0, "area": 100, "bbox": box}
        annotations.append(record | {"segmentation": [outline]})
    content = {
        "images": images,
        "annotations": annotations if people else [],
        "categories": [{"id": 1, "name": "person"}],
    }
    (root / "annotations" / f"person_keypoints_{split}2017.json").write_text(json.dumps(content))
    return folder


def write_portraits(root: Path, split: str, photos: int) -> None:
    """Write photos with soft alphas, in folders of photos and masks."""
    for kind in ("photos", "masks"):
        (root / split / kind).mkdir(parents=True)
    for number in range(photos):
        mask = np.zeros((40, 30), np.uint8)
        mask[10:35, 5 + number % 10 : 20] = 255
        mask[9] = mask[10] // 2
        photo = np.stack([mask // 2 + 60, 90 - mask // 4, np.full_like(mask, 70)], axis=-1)
        Image.fromarray(photo).save(root / split / "photos" / f"{number}.png")
        Image.fromarray(mask).save(root / split / "masks" / f"{number}.png")


def write_lessons(folder: Path, photos: int, size: int = 64) -> Path:
    """Write drawings with their masks."""
    source = SyntheticPersons("train", length=2 * photos, size=size)
    people = [index for index in range(len(source)) if index not in source.negatives][:photos]
    for name in ("photos", "masks"):
        (folder / name).mkdir(parents=True)
    for number, index in enumerate(people):
        Image.fromarray(source[index].photo).save(folder / f"photos/{number}.png")
        Image.fromarray(source[index].alpha).save(folder / f"masks/{number}.png")
    return folder
