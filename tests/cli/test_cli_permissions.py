"""`recorte` where it may not read or write."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cli_process import ENVIRONMENT, files

pytestmark = pytest.mark.skipif(os.name == "nt", reason="permissions as Unix has them")


@pytest.fixture
def holiday(tmp_path: Path, red_square: np.ndarray) -> Path:
    folder = tmp_path / "holiday"
    folder.mkdir()
    for name in ("photo.png", "sealed.png"):
        Image.fromarray(red_square).save(folder / name)
    return folder


def mortals(*arguments: str | Path) -> list[str]:
    """The command of somebody whom permissions bind; root may read and write anything unless it lays that down."""
    laid_down = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
    if laid_down and (not shutil.which("setpriv") or subprocess.run([*laid_down, "true"], check=False).returncode):
        pytest.skip("nobody here but root")
    return [*laid_down, sys.executable, "-m", "recorte", *map(str, arguments)]


def mortal(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run it to its end."""
    return subprocess.run(mortals(*arguments), cwd=cwd, env=ENVIRONMENT, capture_output=True, text=True, check=False)


def test_a_photo_that_may_not_be_read_does_not_stop_the_others(holiday: Path, best_model: Path) -> None:
    (holiday / "sealed.png").chmod(0)
    answer = mortal("sealed.png", "photo.png", "-o", "cut", "-m", best_model, cwd=holiday)
    assert (answer.returncode, answer.stdout) == (1, "1 written, 1 failed\n")
    assert answer.stderr == "Error: sealed.png: no permission to read it\n"
    assert files(holiday / "cut") == ["photo.png"]


@pytest.mark.parametrize("rights", [0, 0o444])  # in the second one may read the names, and no more
def test_a_folder_in_the_tree_that_may_not_be_read_is_named(holiday: Path, best_model: Path, rights: int) -> None:
    inner = holiday / "inner"
    inner.mkdir()
    (holiday / "sealed.png").rename(inner / "sealed.png")
    inner.chmod(rights)
    try:
        some = mortal("holiday", "-o", "cut", "-m", best_model, cwd=holiday.parent)
        (holiday / "photo.png").unlink()
        none = mortal("holiday", "-o", "none", "--json", "-m", best_model, cwd=holiday.parent)
        alone = mortal("holiday/inner", "-o", "alone", "-m", best_model, cwd=holiday.parent)
    finally:
        inner.chmod(0o755)
    sentence = "holiday/inner: this folder cannot be looked into (Permission denied)"
    assert (some.returncode, some.stdout) == (1, "1 written, 1 failed\n")
    assert some.stderr.startswith(f"Error: {sentence}")
    assert files(holiday.parent / "cut") == ["photo.png"]
    told = json.loads(none.stdout)
    assert (none.returncode, told["photo"], told["status"]) == (1, "holiday/inner", "failed")
    assert told["error"].startswith(sentence)
    assert alone.returncode == 2
    assert alone.stderr.startswith(f"Error: {sentence}")
    assert not (holiday.parent / "alone").exists()


def test_a_folder_of_results_that_may_not_be_looked_into(holiday: Path, best_model: Path) -> None:
    (holiday / "inner").mkdir()
    (holiday / "sealed.png").rename(holiday / "inner/photo.png")
    inner = holiday.parent / "cut/inner"
    inner.mkdir(parents=True)
    inner.chmod(0)
    try:
        answer = mortal("holiday", "-o", "cut", "-m", best_model, cwd=holiday.parent)
    finally:
        inner.chmod(0o755)
    assert (answer.returncode, answer.stdout) == (1, "1 written, 1 failed\n")
    assert "cut/inner/photo.png cannot be written (Permission denied)" in answer.stderr
    assert files(holiday.parent / "cut") == ["photo.png"]


def test_somebody_elses_home(holiday: Path, best_model: Path) -> None:
    home = holiday / "home"
    home.mkdir(mode=0)
    env = ENVIRONMENT | {"RECORTE_HOME": str(home / "recorte")}

    def ask(*words: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(mortals(*words), cwd=holiday, env=env, capture_output=True, text=True, check=False)

    try:
        made = ask("photo.png", "-o", "cut.jpg", "--preset", "amazon", "-m", best_model)
        told = ask("info", "-m", best_model)
        refused = ask("photo.png", "-o", "other.png", "-m", "mine")
    finally:
        home.chmod(0o755)
    assert (made.returncode, made.stdout) == (0, "Wrote cut.jpg\n")
    assert told.returncode == 0
    assert "Presets" in told.stdout
    assert refused.returncode == 2
    assert f"are in {home}/recorte/models, into which you may not look" in refused.stderr


def test_watching_goes_on_beside_a_folder_that_may_not_be_read(holiday: Path, best_model: Path) -> None:
    (holiday / "inner").mkdir(mode=0)
    command, pipe = mortals("holiday", "-o", "cut", "--watch", "-m", best_model), subprocess.PIPE
    try:
        with subprocess.Popen(
            command, cwd=holiday.parent, env=ENVIRONMENT, stdout=pipe, stderr=pipe, text=True
        ) as process:
            assert [process.stdout.readline() for _ in range(2)] == ["Wrote cut/photo.png\n", "Wrote cut/sealed.png\n"]
            (holiday / "sealed.png").rename(holiday / "new.png")
            assert process.stdout.readline() == "Wrote cut/new.png\n"
            process.send_signal(signal.SIGINT)
            out, err = process.communicate()
    finally:
        (holiday / "inner").chmod(0o755)
    assert (process.returncode, out) == (1, "3 written, 1 failed\n")
    assert err.count("holiday/inner: this folder cannot be looked into") == 1


def test_targets_that_may_not_be_written(holiday: Path, best_model: Path) -> None:
    sealed = holiday.parent / "sealed"
    sealed.mkdir(mode=0o555)
    answer = mortal("holiday/photo.png", "-o", "sealed/cut.png", "-m", best_model, cwd=holiday.parent)
    assert answer.returncode == 2
    assert "sealed/cut.png: cannot be written" in " ".join(answer.stderr.split())
    answer = mortal("holiday", "-o", "sealed", "-m", best_model, cwd=holiday.parent)
    assert answer.returncode == 2
    assert "sealed: no permission to write into this folder" in " ".join(answer.stderr.split())
    assert files(sealed) == []
