import logging
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from recorte.errors import ConfigError, DiskFullError, ModelError
from recorte.model.export import read_checkpoint
from recorte.training.callbacks.checkpoints import BestCheckpoint, WholeFiles
from recorte.training.callbacks.last_checkpoint import LastCheckpoint
from recorte.training.callbacks.seeding import SeededSteps


class Strategy:
    """Of one process."""

    root_device = torch.device("cpu")

    def reduce_boolean_decision(self, decision: bool, all: bool) -> bool:
        return decision

    def reduce(self, value: torch.Tensor, reduce_op: str) -> torch.Tensor:
        return value


class Trainer(SimpleNamespace):
    """As much of Lightning's as a checkpoint looks at: ten batches an epoch, two in a step, validation at the end."""

    def __init__(self, **changes: Any) -> None:
        counts = SimpleNamespace(ready=0, completed=0)
        values = {
            "global_step": 0, "is_last_batch": False, "val_check_batch": 10, "num_training_batches": 10,
            "accumulate_grad_batches": 2, "overfit_batches": 0, "world_size": 1, "is_global_zero": True, "loggers": [],
            "strategy": Strategy(), "should_stop": False, "training": True, "counts": counts, "saved": [],
            "fit_loop": SimpleNamespace(epoch_loop=SimpleNamespace(batch_progress=SimpleNamespace(current=counts))),
        }  # fmt: skip
        super().__init__(**values | changes)

    def save_checkpoint(self, path: Path) -> None:
        self.saved.append((path.name, self.counts.ready))

    def run(self, callback: LastCheckpoint, batches: range) -> None:
        for batch_idx in batches:
            self.counts.ready = batch_idx + 1
            self.global_step += self.counts.ready % self.accumulate_grad_batches == 0
            self.is_last_batch = self.counts.ready == self.num_training_batches
            callback.on_train_batch_end(self, None, None, None, batch_idx)
            self.counts.completed = self.counts.ready


@pytest.fixture
def started(tmp_path: Path) -> Iterator[tuple[LastCheckpoint, Trainer]]:
    """A callback that is in charge of the signals."""
    callback, trainer = LastCheckpoint(tmp_path / "run" / "checkpoints", every_minutes=None), Trainer()
    callback.on_train_start(trainer, None)
    yield callback, trainer
    callback.on_exception(trainer, None, RuntimeError())


def test_several_processes_ask_one_another_now_and_then(tmp_path: Path) -> None:
    asked: list[int] = []
    trainer = Trainer(world_size=2, num_training_batches=100, accumulate_grad_batches=1, val_check_batch=100)
    trainer.strategy.reduce_boolean_decision = lambda decision, all: bool(asked.append(trainer.global_step)) or decision
    callback = LastCheckpoint(tmp_path, every_minutes=None, every_steps=45)
    trainer.run(callback, range(99))
    assert asked == [10, 20, 30, 40, 50, 60, 70, 80]  # of the steps that are counted they need not
    assert trainer.saved == [("last.ckpt", 45), ("last.ckpt", 90)]


def test_checkpoints_are_plain_data(tmp_path: Path) -> None:
    path = tmp_path / "checkpoints" / "last.ckpt"
    WholeFiles().save_checkpoint({"state_dict": {"weight": torch.ones(3)}}, path)
    assert torch.equal(WholeFiles().load_checkpoint(path)["state_dict"]["weight"], torch.ones(3))
    torch.save({"path": Path()}, path)
    with pytest.raises(ModelError, match="more in it than plain data"):
        read_checkpoint(path)
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(ModelError, match=r"last\.ckpt.*damaged"):
        read_checkpoint(path)
    with pytest.raises(ModelError, match="no such checkpoint"):
        read_checkpoint(tmp_path / "none.ckpt")


def test_a_full_disk_leaves_the_earlier_checkpoint(tmp_path: Path) -> None:
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", tmp_path], check=False).returncode == 0
    if not mounted:
        pytest.skip("file systems can be mounted by root only")
    try:
        path = tmp_path / "last.ckpt"
        WholeFiles().save_checkpoint({"state_dict": {"weight": torch.ones(150_000)}}, path)
        with pytest.raises(
            DiskFullError, match=rf"last\.ckpt: no room for this file of 1\.2 MB: .* {tmp_path} has 0\.4"
        ):
            WholeFiles().save_checkpoint({"state_dict": {"weight": torch.ones(300_000)}}, path)
        assert len(read_checkpoint(path)["state_dict"]["weight"]) == 150_000
        assert list(tmp_path.iterdir()) == [path]
    finally:
        subprocess.run(["umount", tmp_path], check=True)


def test_the_best_is_known_where_the_folder_has_been_moved(tmp_path: Path) -> None:
    there, here = (
        BestCheckpoint(tmp_path / name, "best", monitor="val/photo_iou", mode="max") for name in ("there", "here")
    )
    there.best_k_models = {f"{there.dirpath}/best.ckpt": torch.tensor(0.5)}
    there.best_model_path = there.kth_best_model_path = f"{there.dirpath}/best.ckpt"
    there.best_model_score = there.kth_value = torch.tensor(0.5)
    here.load_state_dict(there.state_dict())
    assert here.best_model_path == here.kth_best_model_path == f"{here.dirpath}/best.ckpt"
    assert here.best_k_models == {here.best_model_path: torch.tensor(0.5)}
    assert here.best_model_score == 0.5
    assert (there.state_key, there.last_model_path) == (here.state_key, here.last_model_path)


def test_a_figure_chooses_by_its_own_direction(tmp_path: Path) -> None:
    assert BestCheckpoint(tmp_path, "best", "val/mae", "min").mode == "min"
    assert BestCheckpoint(tmp_path, "best", "val/mine", "min").mode == "min"  # a metric of one's own
    with pytest.raises(ConfigError, match=r"mode=max: the lowest value of val/mae is the best"):
        BestCheckpoint(tmp_path, "best", "val/mae", "max")
    with pytest.raises(ConfigError, match=r"monitor=val/outline_bias: .* nearest to 0, by which no checkpoint"):
        BestCheckpoint(tmp_path, "best", "val/outline_bias", "min")


def test_nothing_is_saved_between_optimizer_steps_nor_before_a_validation(
    started: tuple[LastCheckpoint, Trainer],
) -> None:
    callback, trainer = started
    callback.every_steps = 1
    trainer.val_check_batch = 4  # a validation after the fourth batch, and after the eighth
    trainer.run(callback, range(10))
    assert trainer.saved == [("last.ckpt", 2), ("last.ckpt", 6)]
    callback.on_train_epoch_end(trainer, None)
    assert trainer.saved[2:] == [("last.ckpt", 10)]


def test_by_minutes(started: tuple[LastCheckpoint, Trainer], monkeypatch: pytest.MonkeyPatch) -> None:
    callback, trainer = started
    callback.every_minutes, now = 10, callback.saved_at
    for minutes in (3, 9, 11, 15, 22):
        monkeypatch.setattr("time.monotonic", lambda minutes=minutes: now + 60 * minutes)
        trainer.run(callback, range(2))
    assert len(trainer.saved) == 2


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_waits_for_the_step_and_saves(
    started: tuple[LastCheckpoint, Trainer], number: int, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    callback, trainer = started
    trainer.run(callback, range(3))
    os.kill(os.getpid(), number)
    assert trainer.saved == []
    with pytest.raises(SystemExit) as stopped:
        trainer.run(callback, range(3, 10))
    assert stopped.value.code == status
    assert trainer.saved == [("last.ckpt", 4)]
    assert f"{number.name} at step 2; go on with resume={callback.path.parent.parent}" in caplog.text


def test_a_second_ctrl_c_stops_at_once(started: tuple[LastCheckpoint, Trainer]) -> None:
    _, trainer = started
    signal.raise_signal(signal.SIGINT)
    with pytest.raises(SystemExit) as stopped:
        signal.raise_signal(signal.SIGINT)
    assert (stopped.value.code, trainer.saved) == (130, [])


def test_a_signal_stops_a_validation_without_saving(started: tuple[LastCheckpoint, Trainer]) -> None:
    callback, trainer = started
    signal.raise_signal(signal.SIGTERM)
    with pytest.raises(SystemExit) as stopped:
        callback.on_validation_batch_end(trainer, None, None, None, 0)
    assert (stopped.value.code, trainer.saved) == (143, [])


def test_signals_are_given_back(tmp_path: Path) -> None:
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1)]
    callback, trainer = LastCheckpoint(tmp_path), Trainer()
    callback.on_train_start(trainer, None)
    callback.on_train_end(trainer, None)
    assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1)] == before


def test_slurm_requeues_after_the_step(tmp_path: Path) -> None:
    requeued = []
    before = signal.signal(signal.SIGUSR1, lambda number, frame: requeued.append(number))  # as Lightning does
    try:
        callback, trainer = LastCheckpoint(tmp_path, every_minutes=None), Trainer()
        callback.on_train_start(trainer, None)
        signal.raise_signal(signal.SIGUSR1)
        assert requeued == []
        trainer.run(callback, range(4))
        assert (requeued, trainer.saved) == ([signal.SIGUSR1], [("last.ckpt", 2)])
        callback.on_train_end(trainer, None)
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_an_error_between_steps_saves_and_one_within_does_not(started: tuple[LastCheckpoint, Trainer]) -> None:
    callback, trainer = started
    trainer.run(callback, range(4))
    trainer.counts.ready = 5  # in the step
    callback.on_exception(trainer, None, RuntimeError())
    trainer.counts.completed = 5  # after it, but the gradients are half of those of an optimizer step
    callback.on_exception(trainer, None, RuntimeError())
    assert trainer.saved == []
    trainer.counts.ready = trainer.counts.completed = 4
    callback.on_exception(trainer, None, RuntimeError())
    assert trainer.saved == [("last.ckpt", 4)]


def test_a_full_disk_does_not_hide_the_error(
    started: tuple[LastCheckpoint, Trainer], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    callback, trainer = started
    trainer.run(callback, range(4))

    def no_room(path: Path) -> None:
        raise DiskFullError("no room")

    monkeypatch.setattr(trainer, "save_checkpoint", no_room)
    with caplog.at_level(logging.WARNING):
        callback.on_exception(trainer, None, RuntimeError())
    assert "no room" in caplog.text
    monkeypatch.undo()
    callback.saved_step = trainer.global_step


def test_a_training_that_was_stopped_early_stays_stopped(started: tuple[LastCheckpoint, Trainer]) -> None:
    callback, trainer = started
    trainer.should_stop = True
    callback.on_train_epoch_end(trainer, None)
    again, later = LastCheckpoint(callback.path.parent), Trainer()
    again.load_state_dict(callback.state_dict())
    again.on_fit_start(later, None)
    assert later.should_stop


def test_what_is_random_depends_on_the_place_in_the_run_alone() -> None:
    def drawn(epoch: int, batch: int, rank: int = 0, seed: int = 0) -> float:
        SeededSteps(seed).on_train_batch_start(SimpleNamespace(current_epoch=epoch, global_rank=rank), None, {}, batch)
        return float(torch.rand(()))

    wanted = drawn(1, 2)
    torch.rand(7)
    assert drawn(1, 2) == wanted
    others = [drawn(2, 1), drawn(1, 3), drawn(1, 2, rank=1), drawn(1, 2, seed=1)]
    assert len({wanted, *others}) == 5
