"""Training in two processes on this CPU, as a user starts it: by Lightning, and as a cluster does."""

import csv
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from commands import SCRIPTS, TINY, figures, files, run

pytestmark = pytest.mark.slow

# Unequal shares of the validation: eight photos and seven.
SETTINGS = [*TINY, "data=synthetic", "data.sources.synthetic.length=15", "data.batch_size=2", "trainer.max_epochs=3"]
SLURM_JOB = {
    "SLURM_JOB_ID": "77", "SLURM_STEP_ID": "1", "SLURM_JOB_NAME": "people", "SLURM_NODELIST": "localhost",
    "SLURM_NNODES": "1", "SLURM_NODEID": "0", "SLURM_NTASKS": "2", "SLURM_NTASKS_PER_NODE": "2",
}  # fmt: skip
SECONDS = ("seconds", "throughput/")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("ddp")


@pytest.fixture(scope="module")
def together(place: Path) -> Path:
    """A run of two processes."""
    answer = run("train", place, *SETTINGS, "trainer.devices=2", "hydra.run.dir=two")
    assert answer.returncode == 0, answer.stderr + answer.stdout
    assert "Warning" not in answer.stderr
    return place / "two"


def place_of(rank: str) -> dict[str, str]:
    return {"SLURM_PROCID": rank, "SLURM_LOCALID": rank}


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "metrics.csv").open() as file:
        return [{name: row[name] for name in row if not name.startswith(SECONDS)} for row in csv.DictReader(file)]


def test_one_folder_and_one_log(together: Path, place: Path) -> None:
    assert [path.name for path in place.iterdir()] == ["two"]
    left = files(together)
    assert len([name for name in left if "events.out" in name]) == 2  # the curves, and settings beside results
    assert [name for name in left if name.endswith(".log")] == ["train.log"]
    assert {"best_model/model.onnx", "checkpoints/best.ckpt", "checkpoints/last.ckpt", "metrics.json"} <= set(left)
    lines = [line.partition("]")[2] for line in (together / "train.log").read_text().splitlines()]
    assert len(set(lines)) == len(lines)
    for word in ("train: 15 photos", "2 processes; together they see 4 photos", "Epoch 3:", "Exported to"):
        assert sum(word in line for line in lines) == 1
    assert [row["step"] for row in rows(together)] == ["3", "6", "9"]  # 15 photos in batches of 2 x 2


def test_the_figures_are_those_of_one_process_on_all_photos(together: Path, place: Path) -> None:
    settings = [argument for argument in SETTINGS if not argument.startswith(("model.", "trainer.max"))]
    command = [f"model={together}", *settings, "data.batch_size=4"]
    with ThreadPoolExecutor(3) as pool:
        alone = pool.submit(run, "evaluate", place, *command, "run_dir=alone")
        ranks = [
            pool.submit(run, "evaluate", place, *command, "trainer.devices=2", **SLURM_JOB, **place_of(rank))
            for rank in "01"
        ]
    answers = [answer.result() for answer in (alone, *ranks)]
    assert [answer.returncode for answer in answers] == [0, 0, 0], [answer.stderr for answer in answers]
    assert "photo_iou" in answers[1].stdout
    assert answers[2].stdout == ""
    shared = place / "outputs" / "evaluate" / "slurm" / "77.1"
    assert files(shared) == ["evaluate.log", "metrics.json"]
    wanted = figures(place / "alone")
    for folder in (together, shared):
        assert figures(folder)["metrics"] == pytest.approx(wanted["metrics"], abs=1e-6)
        assert figures(folder)["confusion_matrix"] == wanted["confusion_matrix"]


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="finds the other process in Linux's /proc")
@pytest.mark.long
def test_one_process_is_killed_and_the_run_goes_on_later(together: Path, place: Path) -> None:
    settings = [*SETTINGS, "trainer.devices=2"]
    command = [sys.executable, SCRIPTS / "train.py", *settings, "hydra.run.dir=killed"]
    with subprocess.Popen(command, cwd=place, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert any("Epoch 1:" in line for line in process.stdout)
        (other,) = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        os.kill(int(other), signal.SIGKILL)
        rest = process.stdout.read()  # to the end: no process is left that could still write
    assert process.returncode == 1
    assert "Process 2 of 2 was killed by SIGKILL" in rest
    assert "Traceback" not in rest
    answer = run("train", place, *settings, "resume=killed")
    assert answer.returncode == 0, answer.stderr + answer.stdout
    assert rows(place / "killed") == rows(together)
    assert figures(place / "killed") == figures(together)
