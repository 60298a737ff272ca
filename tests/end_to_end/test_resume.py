"""Runs that are killed, stopped and gone on with."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from commands import DRAWN, SCRIPTS, TINY, expect_mistake, figures, files, run, stopped

pytestmark = pytest.mark.slow

RUN = [*TINY, *DRAWN, "trainer.max_epochs=4", "data.num_workers=1", "callbacks.last.every_steps=1"]


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_a_killed_run_goes_on_as_if_nothing_had_happened(tmp_path: Path) -> None:
    command = [sys.executable, SCRIPTS / "studies/kill_and_resume.py", "--times", "10"]
    environment = os.environ | {"TMPDIR": os.fspath(tmp_path)}
    answer = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "10 of 10 loadable, 10 of 10 equal" in answer.stdout


@pytest.mark.timeout(1800)
def test_a_run_is_stopped_moved_and_gone_on_with(tmp_path: Path) -> None:
    first, moved = tmp_path / "first", tmp_path / "moved"
    best = first / "checkpoints" / "best.ckpt"
    status, output = stopped(tmp_path, signal.SIGTERM, best.exists, *RUN, "run_dir=first")
    assert status == 143, output
    assert "Traceback" not in output
    (step,) = re.findall(rf"Stopped by SIGTERM at step (\d+); go on with resume={first}", output)
    assert 4 <= int(step) < 16
    assert "Stopped by SIGTERM" in (first / "train.log").read_text()
    left = files(first)
    assert {"checkpoints/last.ckpt", "metrics.csv", "plots/training_curves.png"} <= set(left)
    assert not [name for name in left if Path(name).name.startswith(".")]
    assert [path.name for path in tmp_path.iterdir()] == ["first"]

    expect_mistake(run("train", tmp_path, *RUN, "run_dir=first"), "another run is there already", "resume=")
    first.rename(moved)
    answer = run("train", tmp_path, f"resume={moved}", "seed=3", "optimizer.lr=1")
    expect_mistake(answer, "seed is 0 in the run, and 3 now", "optimizer.lr is 0.0001 in the run, and 1 now")

    last = moved / "checkpoints" / "last.ckpt"
    before = last.stat().st_mtime_ns
    status, output = stopped(tmp_path, signal.SIGINT, lambda: last.stat().st_mtime_ns > before, "resume=moved")
    assert status == 130, output
    assert f"from last.ckpt, step {step}" in output
    assert "Stopped by SIGINT" in output

    answer = run("train", tmp_path, f"resume={last}", "data.num_workers=0")
    assert answer.returncode == 0, answer.stderr
    assert figures(moved)["epochs"] == 4
    log = (moved / "train.log").read_text()
    assert [log.count(f"Epoch {number}:") for number in (1, 2, 3, 4)] == [1, 1, 1, 1]
    assert log.count("Going on with the run") == 2
    assert OmegaConf.load(moved / "config.yaml").data.num_workers == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["moved"]
    expect_mistake(run("train", tmp_path, "resume=moved"), "this run is finished", f"init={moved}")
