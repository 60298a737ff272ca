import csv
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from recorte.errors import ConfigError
from recorte.training.command import config
from recorte.training.command.sweep_folder import with_sweep_folder
from recorte.training.machine.hardware import register_resolvers
from recorte.training.runs.listing import find_runs
from recorte.training.sweeps.sweep import job_folder
from recorte.training.sweeps.table import Spread, by_figure

CONF = Path(__file__).parents[3] / "conf"
JOBS = Path(__file__).parents[2] / "helpers" / "sweep_jobs.py"
SET = ["data=synthetic", "hardware=cpu"]
Answer = subprocess.CompletedProcess[str]


def sweep(cwd: Path, *arguments: str) -> Answer:
    command = [sys.executable, JOBS, "-m", *SET, *arguments]
    return subprocess.run(command, cwd=cwd, env=os.environ | {"NO_COLOR": "1"}, capture_output=True, text=True)


def table(folder: Path) -> list[dict[str, str]]:
    with (folder / "sweep.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def tries(folder: Path) -> dict[str, int]:
    return {path.parent.name: len(path.read_text().splitlines()) for path in folder.glob("*/tries")}


# The command line


def problems(*arguments: str, sweep: bool = True) -> list[str]:
    register_resolvers()
    return config.find_problems(CONF, "train", [*SET, *arguments], sweep)


def test_values_of_a_single_run_and_of_a_sweep() -> None:
    assert problems("optimizer.lr=interval(1e-5,1e-3)", "search=optuna") == []
    assert problems("data.folds=5", "data.fold=0,1,2,3,4") == []
    assert problems("data.folds=1", "data.fold=0") == ["data.folds=1: must be a whole number of at least 2, or null"]
    assert problems("data.fold=1")[0].startswith("data.fold without data.folds: cross validation needs both")
    assert problems("data.folds=5")[0].startswith("data.folds without data.fold: cross validation needs both")
    assert problems("data.folds=5", "data.fold=4,5") == [
        "data.fold=5: must be a whole number from 0 to 4, since data.folds=5"
    ]
    assert problems("run_dir=elsewhere", "data.folds=5", "data.fold=4", sweep=False) == []
    (problem,) = problems("optimizer.lr=1e-4,3e-4", sweep=False)
    assert problem.startswith("optimizer.lr=1e-4,3e-4: several values are a sweep; add -m")


def test_a_launcher_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(config.PLUGINS, "hydra/launcher=joblib", "not_installed")
    found = problems("hydra/launcher=joblib", "hydra.launcher.n_jobs=2", "optimizer.lr=0")
    assert sorted(problem.partition(":")[0] for problem in found) == ["hydra/launcher=joblib", "optimizer.lr=0"]
    assert any("pip install -e '.[sweep]'" in problem for problem in found)


def test_optuna_is_taken_with_our_settings() -> None:
    assert config.with_own_optuna(["-m", "hydra/sweeper=optuna"]) == ["-m", "search=optuna"]


# The folder


def chosen(*arguments: str) -> tuple[str, list[str]]:
    folder, kept = with_sweep_folder(CONF / "train.yaml", ["-m", *arguments])
    assert kept[-1] == f"hydra.sweep.dir='{folder}'"
    return folder.as_posix(), kept[:-1]


def test_the_folder_of_a_sweep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    monkeypatch.chdir(tmp_path)
    first, kept = chosen("seed=1,2", "optimizer.lr=1")
    assert first.startswith("outputs/multirun/")
    assert kept == ["-m", "seed=1,2", "optimizer.lr=1"]
    assert json.loads((tmp_path / first / "sweep.json").read_text()) == {"overrides": ["seed=1,2", "optimizer.lr=1"]}
    assert chosen("resume=auto", "optimizer.lr=1", "seed=1,2", "hydra.launcher.n_jobs=2")[0] == first
    assert chosen("seed=3,4", "hydra.sweep.dir='my sweep'")[0] == "my sweep"
    assert chosen("seed=3,4,5", "resume=my sweep") == ("my sweep", ["-m", "seed=3,4,5"])
    assert chosen("resume=auto", "seed=6,7")[0].startswith("outputs/multirun/")
    assert "a new one starts" in capsys.readouterr().err
    (tmp_path / "elsewhere").mkdir()
    with pytest.raises(ConfigError, match="no sweep was made there"):
        chosen("seed=1,2", "resume=elsewhere")


def test_each_job_has_the_folder_of_its_overrides(tmp_path: Path) -> None:
    assert job_folder(3, str(tmp_path), ["seed=1"]) == "3"
    for name, overrides in {"3": ["seed=1"], "3-2": ["seed=2"]}.items():
        (tmp_path / name).mkdir()
        OmegaConf.save({"overrides": overrides}, tmp_path / name / "config.yaml")
    assert job_folder(3, str(tmp_path), ["seed=1"]) == "3"
    assert job_folder(3, str(tmp_path), ["seed=2"]) == "3-2"
    assert job_folder(3, str(tmp_path), ["seed=3"]) == "3-3"
    assert job_folder(4, str(tmp_path), ["seed=3"]) == "4"
    assert job_folder(4, str(tmp_path), ["seed=2"]) == "3-2"


def test_a_spread_in_a_line() -> None:
    figures = {"photo_iou": (0.5124, 0.0131), "mae": (0.1, 0.02), "loss": (3.0, 1.0)}
    assert str(Spread({}, 5, 5, figures)) == "photo_iou 0.5124 ± 0.0131, mae 0.1000 ± 0.0200 over 5 folds"
    line = str(Spread({"optimizer.lr": "0.1", "seed": "2"}, 4, 5, figures))
    assert line.startswith("optimizer.lr=0.1 seed=2: photo_iou")
    assert line.endswith("over 4 of 5 folds")


def test_the_best_job_comes_first(tmp_path: Path) -> None:
    for name, value in {"0": 0.2, "1": 0.1, "2": 0.3}.items():
        (tmp_path / name).mkdir()
        OmegaConf.save({"seed": 1}, tmp_path / name / "config.yaml")
        result = {"monitor": "val/mae", "metrics": {"mae": value}}
        (tmp_path / name / "metrics.json").write_text(json.dumps(result))
    assert [job.folder.name for job in by_figure(find_runs(tmp_path))] == ["1", "0", "2"]


# Whole sweeps, of jobs that train nothing


@pytest.mark.slow
def test_failed_jobs_lose_no_others_and_run_again(tmp_path: Path) -> None:
    (tmp_path / "broken").touch()
    command = ["optimizer.lr=1e-3,2e-3", "seed=1,7,8", "hydra.sweep.dir=sweep"]
    answer = sweep(tmp_path, *command)
    assert answer.returncode == 1, answer.stderr
    rows = table(tmp_path / "sweep")
    assert [row["folder"] for row in rows[:2]] == ["3", "0"]  # the best first
    assert [row["state"] for row in rows] == ["finished"] * 2 + ["failed"] * 4
    assert {row["reason"] for row in rows if row["seed"] == "8"} == {"data: the photos are gone"}
    assert {row["reason"] for row in rows if row["seed"] == "7"} == {"RuntimeError: nothing works at all"}
    best = rows[0]
    assert list(best)[:6] == ["data", "hardware", "optimizer.lr", "seed", "photo_iou", "mae"]
    assert (best["optimizer.lr"], best["photo_iou"], best["epochs"], best["seconds"]) == ("0.002", "0.2", "2", "100.5")
    for words in ("failed: data: the photos are gone", "0.2000", "0:01:40", "resume=sweep"):
        assert words in answer.stdout + answer.stderr
    log = (tmp_path / "sweep/1/train.log").read_text()
    assert "Traceback" in log
    assert "nothing works" in log
    assert "Traceback" not in (tmp_path / "sweep/2/train.log").read_text()  # a user's mistake

    (tmp_path / "broken").unlink()
    answer = sweep(tmp_path, "optimizer.lr=1e-3,2e-3", "seed=1,7", "resume=sweep")
    assert answer.returncode == 1  # those of seed 8 are in the folder still
    assert tries(tmp_path / "sweep") == {"0": 1, "1": 2, "2": 1, "3": 1, "4": 2, "5": 1}
    states = {row["folder"]: row["state"] for row in table(tmp_path / "sweep")}
    assert {name for name, state in states.items() if state == "finished"} == {"0", "1", "3", "4"}


@pytest.mark.slow
def test_joblib_cross_validation_and_a_killed_process(tmp_path: Path) -> None:
    (tmp_path / "broken").touch()
    joblib = ["hydra/launcher=joblib", "hydra.launcher.n_jobs=2"]
    commands = [
        [*joblib, "data.folds=3", "data.fold=0,1,2", "optimizer.lr=1e-3", "hydra.sweep.dir=folds"],
        [*joblib, "seed=1,9,2", "hydra.sweep.dir=killed"],
    ]
    with ThreadPoolExecutor(2) as pool:
        folds, killed = pool.map(lambda command: sweep(tmp_path, *command), commands)
    assert folds.returncode == 0, folds.stderr
    lines = folds.stdout.splitlines()
    assert "photo_iou 0.1100 ± 0.0100, mae 0.8900 ± 0.0100 over 3 folds" in lines
    mean, deviation = table(tmp_path / "folds")[3:]
    assert (mean["data.fold"], float(mean["photo_iou"])) == ("mean", pytest.approx(0.11))
    assert (deviation["data.fold"], float(deviation["mae"])) == ("standard deviation", pytest.approx(0.01))

    assert killed.returncode == 1
    assert {row["seed"]: row["state"] for row in table(tmp_path / "killed")}["9"] == "interrupted"
    (tmp_path / "broken").unlink()
    answer = sweep(tmp_path, "seed=1,9,2", "hydra.sweep.dir=killed")
    assert answer.returncode == 0, answer.stderr
    assert [row["state"] for row in table(tmp_path / "killed")] == ["finished"] * 3


@pytest.mark.slow
def test_optuna_seeks_the_highest_figure(tmp_path: Path) -> None:
    optuna = ["hydra/sweeper=optuna", "hydra.sweeper.n_trials=4", "optimizer.lr=tag(log, interval(1e-5, 1e-3))"]
    answer = sweep(tmp_path, *optuna, "seed=8,1", "hydra.sweep.dir=sweep")
    rows = table(tmp_path / "sweep")
    assert len(rows) == 4, answer.stderr
    done = [row for row in rows if row["state"] == "finished"]
    assert 0 < len(done) < 4
    assert [row["reason"] for row in rows[len(done) :]] == ["data: the photos are gone"] * (4 - len(done))
    best = OmegaConf.load(tmp_path / "sweep" / "optimization_results.yaml")
    assert best.best_value == float(done[0]["photo_iou"]) == max(float(row["photo_iou"]) for row in done)

    again = sweep(tmp_path, *optuna, "seed=8,1", "resume=sweep")
    assert len(table(tmp_path / "sweep")) == 4, again.stderr  # the same proposals
    assert again.stderr.count("Finished earlier") + again.stdout.count("Finished earlier") == len(done)
