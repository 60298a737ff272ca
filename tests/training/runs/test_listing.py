import json
import os
import subprocess
import sys
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest
from omegaconf import OmegaConf
from rich.console import Console

from recorte.errors import DataError
from recorte.model.figures import MAIN
from recorte.training.runs.failure import failure_noted
from recorte.training.runs.listing import find_runs, read_run
from recorte.training.runs.page import page_of, table_of
from recorte.training.runs.resume import claimed

SCRIPT = Path(__file__).parents[3] / "scripts" / "runs.py"
CSV = "epoch,val/photo_iou,val/mae,seconds\n1,0.5,0.2,60\n2,0.7,0.1,59.5\n3,0.6,,60\n"
CONFIG = {
    "overrides": ["data=coco", "optimizer.lr=0.00013680095279726916", "init=<b>"],
    "data": {"sources": {"coco": {}}},
    "model": {"encoder": "resnet34"},
    "trainer": {"max_epochs": 10},
    "callbacks": {"checkpoint": {"monitor": "val/photo_iou", "mode": "max"}},
}


def write(folder: Path, config: dict | None = None, rows: str = "", result: dict | None = None, log: str = "") -> Path:
    folder.mkdir(parents=True)
    if config is not None:
        OmegaConf.save(config, folder / "config.yaml")
    if rows:
        (folder / "metrics.csv").write_text(rows)
    if result is not None:
        (folder / "metrics.json").write_text(json.dumps(result))
    if log:
        (folder / "train.log").write_text(f"[2026-01-{log} 12:00:00,123][recorte][INFO] - Start\n")
    return folder


@pytest.fixture
def outputs(tmp_path: Path) -> Path:
    root = tmp_path / "outputs"
    result = {"monitor": "val/photo_iou", "metrics": {"photo_iou": 0.72, "people_iou": None}}
    done = write(root / "multirun/b/0", CONFIG, CSV, result, log="03")
    (done / "plots").mkdir()
    (done / "plots" / "training_curves.png").touch()
    write(root / "a#1", CONFIG, CSV, log="05")
    write(root / "damaged", log="01").joinpath("config.yaml").write_text("{[")
    (root / "damaged" / "metrics.json").write_text("no json")
    (root / "damaged" / "metrics.csv").write_bytes(b"\xff\xfe\x00seconds")
    (root / "damaged" / "failure.json").write_text("[1]")
    with pytest.raises(DataError), failure_noted(write(root / "failed", log="02"), ["seed=3"]):
        raise DataError("the photos\nare gone")
    return root


def test_what_runs_tell(outputs: Path) -> None:
    runs = {run.folder.relative_to(outputs).as_posix(): run for run in find_runs(outputs)}
    assert list(runs) == ["a#1", "multirun/b/0", "failed", "damaged"]
    states = [(run.state, run.reason) for run in runs.values()]
    assert states == [("interrupted", ""), ("finished", ""), ("failed", "the photos are gone"), ("interrupted", "")]
    interrupted, done, failed, damaged = runs.values()
    assert interrupted.figures == {"photo_iou": 0.7, "mae": 0.1}  # of the best epoch
    assert (interrupted.epochs, interrupted.seconds, interrupted.best) == (3, 179.5, 0.7)
    assert interrupted.started == datetime(2026, 1, 5, 12)
    assert (done.best, done.setting("trainer.max_epochs"), done.setting("model.none.at_all")) == (0.72, 10, None)
    assert failed.overrides == ["seed=3"]
    assert (damaged.figures, damaged.overrides) == ({}, [])


def test_the_best_epoch_is_that_of_the_figure(tmp_path: Path) -> None:
    def best(monitor: str, mode: str) -> float | None:
        config = CONFIG | {"callbacks": {"checkpoint": {"monitor": f"val/{monitor}", "mode": mode}}}
        rows = "epoch,val/mae,val/mine\n1,0.3,5\n2,0.1,7\n3,0.2,6\n"
        return read_run(write(tmp_path / f"{monitor}-{mode}", config, rows)).best

    assert best("mae", "min") == best("mae", "max") == 0.1  # `max` is what runs of before have
    assert (best("mine", "max"), best("mine", "min")) == (7, 5)


def test_a_run_under_way(outputs: Path) -> None:
    code = f"from recorte.training.runs.listing import *; print(read_run(Path({os.fspath(outputs / 'a#1')!r})).state)"

    def state_seen_by_others() -> str:
        return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()

    with claimed(outputs / "a#1"):
        assert state_seen_by_others() == "running"
    assert state_seen_by_others() == "interrupted"


def test_a_failure_is_forgotten_when_the_run_goes_on(outputs: Path) -> None:
    with failure_noted(outputs / "failed", []):
        assert read_run(outputs / "failed").state == "interrupted"


def test_the_table(outputs: Path) -> None:
    console = Console(width=200, record=True, file=open(os.devnull, "w"))  # noqa: PTH123, SIM115
    console.print(table_of(find_runs(outputs), outputs))
    text = console.export_text()
    assert all(part in text for name in MAIN for part in name.split("_"))
    for words in ("multirun/b/0", "0.7200", "3/10", "0:03:00", "failed: the photos are gone", "optimizer.lr=0.0001368"):
        assert words in text


class Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.tags: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("href", "src")]


def test_the_page(outputs: Path) -> None:
    page = Page(page_of(find_runs(outputs), outputs))
    assert page.tags.count("tr") == 5
    assert "b" not in page.tags  # what a run says is text
    plot = "multirun/b/0/plots/training_curves.png"
    assert sorted(page.addresses) == sorted(["a%231/", "multirun/b/0/", "failed/", "damaged/", plot, plot])


def test_the_script(outputs: Path, tmp_path: Path) -> None:
    (tmp_path / "without/torch").mkdir(parents=True)
    (tmp_path / "without/torch/__init__.py").write_text('raise SystemExit("torch was imported")\n')
    variables = os.environ | {"PYTHONPATH": os.fspath(tmp_path / "without")}
    command = [sys.executable, SCRIPT, "--html"]
    answer = subprocess.run(command, cwd=tmp_path, env=variables, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr
    assert "Written to outputs/index.html" in answer.stdout
    assert "<table>" in (outputs / "index.html").read_text()
    answer = subprocess.run([*command, "nowhere"], cwd=tmp_path, env=variables, capture_output=True, text=True)
    assert answer.returncode == 2
    assert "there is no folder nowhere" in " ".join(answer.stderr.replace("│", "").split())
