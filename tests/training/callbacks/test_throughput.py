from types import SimpleNamespace
from typing import Any

import pytest
import torch

from recorte.training.callbacks import throughput
from recorte.training.callbacks.throughput import Throughput


class Run:
    """A training, step by step, with a clock that is moved by hand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, world_size: int = 1, device: str = "cpu") -> None:
        self.now, self.logged, self.epochs = 0.0, [], []
        monkeypatch.setattr(throughput.time, "perf_counter", lambda: self.now)
        logger = SimpleNamespace(log_metrics=lambda figures, step: self.logged.append((step, figures)))
        self.trainer = SimpleNamespace(
            global_step=0, log_every_n_steps=2, world_size=world_size, loggers=[logger]
        )  # fmt: skip
        self.module = SimpleNamespace(
            device=torch.device(device), log_dict=lambda figures, **options: self.epochs.append((figures, options))
        )
        self.callback = Throughput()
        self.callback.on_train_start(self.trainer, self.module)

    def epoch(self, steps: list[tuple[float, float]], photos: int = 8) -> None:
        """Run an epoch of steps, each of so many seconds of waiting and computing, and a validation of 100 s."""
        self.callback.on_train_epoch_start(self.trainer, self.module)
        for number, (waiting, computing) in enumerate(steps):
            self.now += waiting
            batch: dict[str, Any] = {"image": torch.zeros(photos, 3, 4, 4)}
            self.callback.on_train_batch_start(self.trainer, self.module, batch, number)
            self.now += computing
            self.trainer.global_step += 1
            self.callback.on_train_batch_end(self.trainer, self.module, None, batch, number)
        self.now += 100
        self.callback.on_validation_end(self.trainer, self.module)
        self.callback.on_train_epoch_end(self.trainer, self.module)


def figures(photos_per_second: float, waiting: float) -> dict[str, Any]:
    wanted = {"throughput/photos_per_second": photos_per_second, "throughput/waiting": waiting}
    return {name: pytest.approx(value) for name, value in wanted.items()}


def test_the_time_is_split_into_waiting_and_computing(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(monkeypatch)
    run.epoch([(3, 1), (1, 3), (0, 2)])
    # By step, numbered from 0: 16 photos in 8 s, of which 4 s waiting. The third step is logged with the fourth.
    assert run.logged == [(1, figures(2, 0.5))]
    assert run.epochs == [(figures(24 / 10, 4 / 10), {"logger": False, "sync_dist": True})]
    run.epoch([(2, 4), (1, 1)])
    assert run.logged[1:] == [(3, figures(16 / 8, 2 / 8))]
    assert run.epochs[1][0] == figures(16 / 8, 3 / 8)


def test_the_photos_of_all_processes_count(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(monkeypatch, world_size=3)
    run.epoch([(1, 1)])
    assert run.epochs[0][0] == figures(24 / 2, 0.5)


def test_each_step_is_logged_once_when_gradients_accumulate_and_after_a_resume(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(monkeypatch)
    run.trainer.global_step = 2  # a checkpoint of a moment at which the figures had been logged
    run.callback.on_train_start(run.trainer, run.module)
    batch = {"image": torch.zeros(1, 3, 4, 4)}
    for number, step in enumerate([2, 3, 3, 4, 4, 5, 5, 6]):
        run.now += 1
        run.callback.on_train_batch_start(run.trainer, run.module, batch, number)
        run.trainer.global_step = step
        run.callback.on_train_batch_end(run.trainer, run.module, None, batch, number)
    assert [step for step, _ in run.logged] == [3, 5]


def test_an_epoch_without_a_step_is_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(monkeypatch)
    run.epoch([])
    assert run.epochs[0][0] == {"throughput/photos_per_second": 0, "throughput/waiting": 0}


def test_on_a_card_its_own_clock_counts_and_nobody_waits_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in for the card: it passes an event a while after the process has put it there."""
    card = SimpleNamespace(now=0.0)

    class Event:
        def __init__(self, enable_timing: bool) -> None:
            assert enable_timing

        def record(self) -> None:
            self.moment = card.now

        def query(self) -> bool:
            return self.moment <= run.now

        def elapsed_time(self, end: "Event") -> float:
            assert self.query() and end.query()  # the real one fails, or waits
            return 1000 * (end.moment - self.moment)

    monkeypatch.setattr(torch.cuda, "Event", Event)
    run = Run(monkeypatch, device="cuda")
    batch = {"image": torch.zeros(8, 3, 4, 4)}
    run.callback.on_train_epoch_start(run.trainer, run.module)
    for number in range(4):  # the process needs 1 s a step, the card 3 s, after 1 s of copying
        run.now += 1
        card.now += 1
        run.callback.on_train_batch_start(run.trainer, run.module, batch, number)
        card.now += 3
        run.trainer.global_step += 1
        run.callback.on_train_batch_end(run.trainer, run.module, None, batch, number)
    # At 2 s the card had passed no step; at 4 s the first alone.
    assert run.logged == [(3, figures(2, 0.25))]
    run.now = 1000
    run.callback.on_train_epoch_end(run.trainer, run.module)
    assert run.epochs[0][0] == figures(32 / 16, 4 / 16)
