"""The loggers together, of a run that ends and of one that goes on; without a network."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from mlflow.tracking import MlflowClient
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from commands import DRAWN, TINY, expect_mistake, run
from recorte.training.fit import fit
from recorte.training.machine.hardware import CONF, register_resolvers


def train(folder: Path, *arguments: str) -> None:
    register_resolvers()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        store = f"sqlite:///{folder.parent}/more/mlflow.db"
        loggers = ["logger=many", "logger.wandb.offline=true", f"logger.mlflow.tracking_uri={store}"]
        fit(compose("train", [*TINY, *DRAWN, *loggers, "trainer.log_every_n_steps=2", f"run_dir={folder}", *arguments]))


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "csv" / "metrics.csv").open() as file:
        return list(csv.DictReader(file))


@pytest.mark.slow
def test_all_of_them_at_once_and_a_run_that_goes_on(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    train(folder)
    before = rows(folder)
    (folder / "metrics.json").unlink()  # as if it had been killed before it had its results
    train(folder, f"resume={folder}")
    metrics = json.loads((folder / "metrics.json").read_text())["metrics"]

    events = EventAccumulator(str(folder)).Reload()
    steps = events.Scalars("train/loss_step"), events.Scalars("train/loss_mean")
    assert [[event.step for event in each] for each in steps] == [[1, 3], [1, 3]]
    # The mean of all four, while they are few; the epoch's loss is weighed by photos, of which all batches have four.
    assert steps[1][-1].value == pytest.approx(events.Scalars("train/loss")[0].value, rel=1e-5)

    assert rows(folder) == before  # nothing is lost, nothing is there twice
    assert [row["step"] for row in before if row["train/loss_step"]] == ["1", "3"]

    client = MlflowClient(f"sqlite:///{tmp_path}/more/mlflow.db")
    (found,) = client.search_runs([client.get_experiment_by_name("recorte").experiment_id])
    assert (found.info.status, found.info.run_name) == ("FINISHED", f"{tmp_path.name}/run")
    assert found.data.metrics["best/photo_iou"] == pytest.approx(metrics["photo_iou"])
    assert found.data.params["optimizer/lr"] == "0.0001"
    assert found.data.metrics["train/loss_mean"] == pytest.approx(steps[1][-1].value)

    (first, second) = sorted((folder / "wandb").glob("offline-run-*"))
    assert first.name.rpartition("-")[2] == second.name.rpartition("-")[2]  # one run there
    (kept,) = first.glob("*.wandb")
    content = kept.read_bytes()  # its own form, of which the names and texts can be read
    for word in (b"train/loss_step", b"val/photo_iou", b"best/photo_iou", b"test_resnet.r160_in1k"):
        assert word in content, word
    assert list(first.glob("files/media/images/predictions*.png"))


def test_a_logger_whose_package_is_not_there(tmp_path: Path) -> None:
    """Told before anything is read: the data of this command line are not there either."""
    hidden = "import sys; sys.modules['{0}'] = None; sys.argv = ['train.py', *sys.argv[1:]]; import runpy; "
    script = Path(CONF).parent / "scripts" / "train.py"
    for name in ("wandb", "mlflow"):
        code = hidden.format(name) + f"runpy.run_path({str(script)!r}, run_name='__main__')"
        command = [sys.executable, "-c", code, *DRAWN, f"logger={name}"]
        answer = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        expect_mistake(answer, f"logger.{name}: needs a package more; pip install -e '.[{name}]' brings it")


def test_nobody_has_logged_in(tmp_path: Path) -> None:
    answer = run("train", tmp_path, *TINY, *DRAWN, "logger=wandb", HOME=str(tmp_path), NETRC=str(tmp_path / "none"))
    expect_mistake(answer, "logger.wandb: ", "log in (wandb login), or give logger.wandb.offline=true")
