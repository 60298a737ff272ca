"""Training runs as a user starts them, on drawn photos and tiny networks: what they leave, and what it is good for."""

import csv
import json
import math
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from omegaconf import OmegaConf
from PIL import Image
from safetensors.torch import load_file
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from commands import (
    DRAWN,
    TINY,
    expect_mistake,
    figures,
    files,
    run,
    run_side_by_side,
    train,
    write_coco,
    write_portraits,
)
from recorte import BackgroundRemover
from recorte.data.synthetic import SyntheticPersons

pytestmark = pytest.mark.slow

LEFT_BY_A_RUN = [
    "best_model/model.json", "best_model/model.onnx", "best_model/model.safetensors", "checkpoints/best.ckpt",
    "checkpoints/last.ckpt", "config.yaml", "metrics.csv", "metrics.json", "plots/confusion_matrix.png",
    "plots/metrics_evolution.png", "plots/sample_predictions.png", "plots/training_curves.png", "train.log",
]  # fmt: skip
# Averages that forget at once: the figures are then those of the averaged and of the trained weights alike.
TWO_EPOCHS = [*DRAWN, "trainer.max_epochs=2", "callbacks.averaging.decay=0"]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("training")


@pytest.fixture(scope="module")
def finished(place: Path) -> Path:
    """A run of two epochs, in the folder that Hydra chooses."""
    answer = run("train", place, *TINY, *TWO_EPOCHS, "data.num_workers=1")
    assert answer.returncode == 0, answer.stderr + answer.stdout
    (folder,) = (place / "outputs").glob("*/*/")
    return folder


@pytest.fixture(scope="module")
def runs(place: Path, finished: Path) -> Iterator[dict[str, Future[Path]]]:
    """More runs, two at a time; each test waits for its own."""
    root = place / "data"
    (write_coco(root / "persons", "train", 110) / "007.png").write_bytes(b"no photo")
    write_coco(root / "persons", "val", 8)
    write_portraits(root / "portraits", "train", 10)
    write_portraits(root / "portraits", "val", 4)
    settings = {
        "outputs/started": started_from(with_sure(finished, place)),
        "mixed": [
            "data=mixed", "data.batch_size=8", "data.image_size=32",
            "data.shares.persons=11", "data.shares.portraits=1",  # so that every one of the persons is seen
        ],
        # Hardly anything is learned at such a rate, so the figure stops improving.
        "others": [
            *DRAWN, "loss=focal_dice", "optimizer=sgd", "scheduler=one_cycle", "augmentation=heavy", "model=unet",
            "callbacks=early_stopping", "callbacks.early_stopping.patience=0", "trainer.max_epochs=6",
            "trainer.accumulate_grad_batches=2", "model.dropout=0.3", "optimizer.lr=1e-9", "augmentation.paste=1",
        ],
        "overfit": [*DRAWN, "debug=overfit", "trainer.max_epochs=12", "optimizer.lr=3e-3"],
    }  # fmt: skip
    with ThreadPoolExecutor(2) as pool:
        yield {name: pool.submit(train, place, name, *arguments) for name, arguments in settings.items()}


def with_sure(run: Path, place: Path) -> Path:
    """A copy of a run's model that says how sure it is of who is there."""
    folder = place / "sure"
    if not folder.exists():
        shutil.copytree(run / "best_model", folder)
        page = json.loads((folder / "model.json").read_text())
        (folder / "model.json").write_text(json.dumps({**page, "sure": 0.3}))
    return folder


def started_from(model: Path) -> list[str]:
    return [*DRAWN, f"init={model}", "optimizer.lr=1e-12", "debug=fast", "export=true"]


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "metrics.csv").open() as file:
        return list(csv.DictReader(file))


def same_figures(one: dict[str, float | None], other: dict[str, float | None]) -> bool:
    return one.keys() == other.keys() and all(
        value == other[name] if value is None else math.isclose(value, other[name], abs_tol=1e-6)
        for name, value in one.items()
    )


def test_what_a_run_leaves(finished: Path, place: Path) -> None:
    left = files(finished)
    curves, settings = [name for name in left if name.startswith("events.out.tfevents.")]  # two files of one run
    assert [name for name in left if name not in (curves, settings)] == LEFT_BY_A_RUN
    assert [path.name for path in place.iterdir()] == ["outputs"]  # and nowhere else

    config = OmegaConf.load(finished / "config.yaml")
    assert (config.data.batch_size, config.trainer.max_epochs, config.hardware_profile) == (4, 2, "cpu")
    log = (finished / "train.log").read_text()
    for word in ("Hardware profile cpu", "train: 16 photos", "Epoch 1:", "Epoch 2:", "photos/s", "Exported to"):
        assert word in log


def test_checkpoints_are_plain_data(finished: Path) -> None:
    epochs = {"best": figures(finished)["best_epoch"], "last": 2}
    for name, epoch in epochs.items():
        checkpoint = torch.load(finished / "checkpoints" / f"{name}.ckpt", weights_only=True)
        assert checkpoint["network"]["encoder"] == "test_resnet.r160_in1k"
        assert checkpoint["epoch"] == epoch - 1


def test_the_figures_agree(finished: Path) -> None:
    result, table = figures(finished), rows(finished)
    assert [row["epoch"] for row in table] == ["1", "2"]
    assert [row["step"] for row in table] == ["4", "8"]
    assert result["averaged"]
    best = max(table, key=lambda row: float(row["val/photo_iou"]))
    assert int(best["epoch"]) == result["best_epoch"]
    for name, value in result["metrics"].items():
        if name != "loss":
            assert float(best[f"val/{name}"]) == pytest.approx(value, abs=1e-6)
    for name in ("train/loss_perceptual", "train/loss_edge", "val/loss_bce", "val/loss_dice"):
        assert float(best[name]) > 0
    (_, extra), (missed, hit) = result["confusion_matrix"]
    assert result["metrics"]["iou"] == pytest.approx(hit / (hit + extra + missed), abs=1e-6)


def test_what_tensorboard_shows(finished: Path) -> None:
    events = EventAccumulator(str(finished), {"scalars": 0, "images": 0}).Reload()
    for name in ("predictions", "attention"):
        assert [event.step for event in events.Images(name)] == [3, 7]
    assert [event.step for event in events.Scalars("val/photo_iou")] == [3, 7]
    for row in rows(finished):
        assert float(row["throughput/photos_per_second"]) > 0
        assert 0 <= float(row["throughput/waiting"]) < 1


def test_plots_can_be_looked_at(finished: Path) -> None:
    for path in (finished / "plots").iterdir():
        with Image.open(path) as image:
            assert min(image.size) > 300
            assert np.ptp(np.asarray(image.convert("L"))) > 100


def test_evaluation_gives_the_same_figures(finished: Path, place: Path) -> None:
    models = [finished, finished / "best_model", finished / "checkpoints" / "best.ckpt"]
    settings = [*DRAWN, "hardware=cpu", "trainer.precision=32-true", "data.image_size=64", "data.batch_size=4"]
    commands = [
        [f"model={model}", *settings, f"run_dir=evaluated/{number}"] for number, model in enumerate(models)
    ]  # fmt: skip
    wanted = figures(finished)
    for number, answer in enumerate(run_side_by_side("evaluate", place, commands)):
        assert answer.returncode == 0, answer.stderr
        found = figures(place / "evaluated" / str(number))
        assert same_figures(found["metrics"], wanted["metrics"])
        assert found["confusion_matrix"] == wanted["confusion_matrix"]
        assert found["photos"] == {"synthetic": 16}
        assert "photo_iou" in answer.stdout


def test_evaluation_at_full_size_is_of_what_the_remover_gives(finished: Path, place: Path) -> None:
    answer = run("evaluate", place, f"model={finished}", *DRAWN, "full_size=true", "data.sources.synthetic.size=96",
                 "run_dir=evaluated/full")  # fmt: skip
    assert answer.returncode == 0, answer.stderr
    remover, ious = BackgroundRemover(finished), []
    for sample in SyntheticPersons("val", 16, 96):
        found, truth = remover.predict_alpha(sample.photo) >= 0.5, sample.alpha >= 128
        union = (found | truth).sum()
        ious.append((found & truth).sum() / union if union else 1.0)
    metrics = figures(place / "evaluated/full")["metrics"]
    assert metrics["photo_iou"] == pytest.approx(np.mean(ious), abs=1e-6)
    assert "photo_iou" in answer.stdout


def test_the_model_cuts_out_a_photo(finished: Path, tmp_path: Path, red_square: np.ndarray) -> None:
    Image.fromarray(red_square).save(tmp_path / "photo.png")
    command = [sys.executable, "-m", "recorte", "photo.png", "-m", finished]
    answer = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    with Image.open(tmp_path / "photo-cutout.png") as cutout:
        assert (cutout.mode, cutout.size) == ("RGBA", (80, 60))


def test_the_same_seed_gives_the_same_run_with_any_number_of_workers(finished: Path, place: Path) -> None:
    answer = run("train", place, "-m", *TINY, *TWO_EPOCHS, "data.num_workers=0,2", "hydra.sweep.dir=sweep")
    assert answer.returncode == 0, answer.stderr
    for job, workers in enumerate((0, 2)):
        folder = place / "sweep" / str(job)
        assert OmegaConf.load(folder / "config.yaml").data.num_workers == workers
        assert {name for name in LEFT_BY_A_RUN if not name.startswith("best_model")} <= set(files(folder))
        assert figures(folder) == figures(finished)
        assert (folder / "train.log").read_text().count("Best epoch") == 1  # each job has a log of its own
        events = EventAccumulator(str(folder)).Reload()
        assert events.Scalars("best/photo_iou")[0].value == pytest.approx(figures(folder)["metrics"]["photo_iou"])
        assert "_hparams_/session_start_info" in events.PluginTagToContent("hparams")
    assert "The best run is exported to " in answer.stdout
    assert sorted(path.parent.name for path in (place / "sweep").glob("*/best_model")) == ["0"]  # they are the same
    with (place / "sweep" / "sweep.csv").open() as file:
        jobs = list(csv.DictReader(file))
    assert {job["data.num_workers"]: job["state"] for job in jobs} == {"0": "finished", "2": "finished"}


def test_starting_from_a_model(finished: Path, runs: dict[str, Future[Path]], place: Path) -> None:
    folder = runs["outputs/started"].result()
    before, after = (load_file(path / "best_model" / "model.safetensors") for path in (finished, folder))
    learned = [name for name in before if "running_" not in name and "num_batches" not in name]  # batch norm counts on
    assert len(learned) > 50
    for name in learned:
        assert torch.allclose(before[name], after[name], atol=1e-7), name
    assert BackgroundRemover(folder).network.sure == 0.3  # as that of the model that it goes on from
    assert "Starting from the weights" in (folder / "train.log").read_text()
    (folder / "metrics.json").unlink()  # as if it had been killed after its last epoch
    answer = run("train", place, *TINY, *started_from(with_sure(finished, place)), "resume=auto")
    assert answer.returncode == 0 and "Going on with the run in " in answer.stdout, answer.stderr
    assert figures(folder)["epochs"] == 1


def test_two_sources_and_a_broken_photo(runs: dict[str, Future[Path]]) -> None:
    folder = runs["mixed"].result()
    log = (folder / "train.log").read_text()
    assert log.count("Passed over") == 1
    assert "007.png" in log
    assert "1 photos of train were broken" in log
    found = figures(folder)["metrics"]
    for name in ("iou", "photo_iou", "mae"):
        assert found[f"persons/{name}"] != found[f"portraits/{name}"]
        assert None not in (found[name], found[f"persons/{name}"], found[f"portraits/{name}"])
    together = (8 * found["persons/photo_iou"] + 4 * found["portraits/photo_iou"]) / 12
    assert found["photo_iou"] == pytest.approx(together, abs=1e-6)
    assert "val/portraits/iou" in rows(folder)[0]


def test_other_choices_together(runs: dict[str, Future[Path]]) -> None:
    folder = runs["others"].result()
    table = rows(folder)
    assert 1 < len(table) < 6  # stopped early
    assert [row["step"] for row in table] == [str(2 * number) for number in range(1, len(table) + 1)]
    assert float(table[0]["train/loss_focal"]) > 0
    assert figures(folder)["epochs"] == len(table)


def test_overfitting_lowers_the_loss(runs: dict[str, Future[Path]]) -> None:
    table = rows(runs["overfit"].result())
    assert not (runs["overfit"].result() / "best_model").exists()  # debugging exports nothing
    losses = [float(row["train/loss"]) for row in table]
    assert losses[-1] < 0.8 * losses[0]
    assert [row["step"] for row in table][:2] == ["2", "4"]


def test_many_broken_photos_stop_the_run(tmp_path: Path) -> None:
    photos = write_coco(tmp_path / "COCO", "train", 150)
    write_coco(tmp_path / "COCO", "val", 4)
    for number in (20, 50, 120):
        (photos / f"{number:03}.png").write_bytes(b"no photo")
    answer = run("train", tmp_path, *TINY, "data=coco", "data.batch_size=16", "data.image_size=32")
    expect_mistake(answer, "2 of the 150 photos of train are broken", "callbacks.broken_photos.most")


def test_a_run_is_never_written_over(finished: Path, place: Path) -> None:
    before = {name: (finished / name).stat().st_mtime_ns for name in files(finished)}
    answer = run("train", place, *TINY, *DRAWN, f"run_dir={finished}", "hydra.run.dir=second")
    expect_mistake(answer, "another run is there already", finished.name)
    assert {name: (finished / name).stat().st_mtime_ns for name in files(finished)} == before


def test_imagenet_weights_that_cannot_be_had(tmp_path: Path) -> None:
    empty = tmp_path / "cache"
    empty.mkdir()
    answer = run(
        "train", tmp_path, *TINY, *DRAWN, "model.encoder_weights=imagenet",
        HF_HUB_OFFLINE="1", HF_HOME=os.fspath(empty), TORCH_HOME=os.fspath(empty),
    )  # fmt: skip
    expect_mistake(answer, "test_resnet.r160_in1k could not be downloaded", "model.encoder_weights=none")
