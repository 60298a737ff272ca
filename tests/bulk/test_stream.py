"""Training from shards in an S3 store on loopback: killed and gone on with, and in two processes."""

import csv
import signal
from pathlib import Path
from typing import Any

import pytest
import torch

from commands import TINY, files, run, stopped, write_lessons

pytestmark = [pytest.mark.long, pytest.mark.timeout(1800)]
SHARDS = "s3://bulk-tests/shards"
RUN = [
    *TINY, "data=stream", f"data.root={SHARDS}", "data.num_workers=1", "trainer.max_epochs=3", "export=false",
    "callbacks.last.every_steps=1", "loss.weights.perceptual=0", "loss.terms.perceptual.encoder_weights=none",
]  # fmt: skip


@pytest.fixture(scope="module")
def place(store: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder to train in; twenty drawings with masks are in the store, converted by the command."""
    place = tmp_path_factory.mktemp("stream")
    write_lessons(place / "mine", 20)
    answer = run(
        "dataset", place, "convert", "data=folder", "data.root=mine", "data.sources.folder.val_share=0.3", "to=shards",
        f"target={SHARDS}",
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr + answer.stdout
    assert "train: " in answer.stdout and f"photos written to {SHARDS}" in answer.stdout
    assert {"bulk-tests/shards/train/000000.tar", "bulk-tests/shards/val/index.json"} <= set(store.find(SHARDS))
    return place


@pytest.fixture(scope="module")
def whole(place: Path) -> Path:
    """A training that nothing happened to."""
    answer = run("train", place, *RUN, "run_dir=whole")
    assert answer.returncode == 0, answer.stderr + answer.stdout
    return place / "whole"


def weights(folder: Path) -> dict[str, torch.Tensor]:
    checkpoint = torch.load(folder / "checkpoints/last.ckpt", weights_only=True)
    state: dict[str, torch.Tensor] = checkpoint["state_dict"]
    return state


def test_a_killed_training_goes_on_to_the_same_weights(place: Path, whole: Path) -> None:
    last = place / "killed/checkpoints/last.ckpt"
    status, output = stopped(place, signal.SIGKILL, last.exists, *RUN, "run_dir=killed")
    assert status == -signal.SIGKILL, output
    answer = run("train", place, "resume=killed")
    assert answer.returncode == 0, answer.stderr + answer.stdout
    assert "from last.ckpt, step" in answer.stdout + answer.stderr
    wanted, found = weights(whole), weights(place / "killed")
    assert wanted.keys() == found.keys()
    assert all(torch.equal(wanted[name], found[name]) for name in wanted)


def test_two_processes_have_equal_shares(place: Path, whole: Path) -> None:
    settings = [word for word in RUN if not word.startswith("data.batch_size")]
    answer = run(
        "train", place, *settings, "data.batch_size=2", "trainer.devices=2", "run_dir=two", "hydra.run.dir=two"
    )
    assert answer.returncode == 0, answer.stderr + answer.stdout
    log = (place / "two/train.log").read_text()
    assert "2 processes; together they see 4 photos" in log
    with (place / "two/metrics.csv").open() as two, (whole / "metrics.csv").open() as one:
        # As many steps as one process takes with batches of four: each of the two saw half of the photos.
        assert [row["step"] for row in csv.DictReader(two)] == [row["step"] for row in csv.DictReader(one)]
    assert "checkpoints/last.ckpt" in files(place / "two")


def test_a_store_that_is_not_there(place: Path) -> None:
    for root, why in (
        ("s3://bulk-tests/nothing", "s3://bulk-tests/nothing/train/index.json: there is no such file"),
        ("s3://no-such-bucket/people", "there is no such"),
        ("s9://bucket/people", "there are no s9:// addresses"),
    ):
        answer = run("train", place, *RUN, f"data.root={root}", "run_dir=none")
        assert answer.returncode == 2, answer.stderr + answer.stdout
        assert why in answer.stderr + answer.stdout and "Traceback" not in answer.stderr
