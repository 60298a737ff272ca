import io
import logging
import re
import sys
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from lightning.pytorch.callbacks import ModelCheckpoint

from recorte.training.callbacks import progress
from recorte.training.callbacks.progress import Pace, RunProgress
from recorte.training.figures.text import duration

WIDTH = 130


class Terminal(io.StringIO):
    """A terminal of so many lines as are written to it, which obeys what Rich sends."""

    def isatty(self) -> bool:
        return True

    def screen(self) -> list[str]:
        """What can be read on it, without empty lines at the end."""
        lines, row, column = [""], 0, 0
        for code, command, character in re.findall(r"\x1b\[([\d;?]*)([A-Za-z])|([^\x1b])", self.getvalue(), re.DOTALL):
            if command == "A":
                row -= int(code or 1)
            elif command == "K":
                assert code == "2"
                lines[row] = ""
            elif character == "\r":
                column = 0
            elif character == "\n":
                row, column = row + 1, 0
                lines += [""] * (row + 1 - len(lines))
            elif character:
                lines[row] = lines[row][:column].ljust(column) + character + lines[row][column + 1 :]
                column += 1
        text = "\n".join(line.rstrip() for line in lines).rstrip("\n")
        return text.split("\n") if text else []


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    """A terminal for stdout, to which the log goes too."""
    terminal = Terminal()
    for name, value in {"TERM": "xterm", "COLUMNS": str(WIDTH), "LINES": "40"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr(progress, "REFRESH", 0)
    handler = logging.StreamHandler(terminal)
    logging.getLogger().addHandler(handler)
    yield terminal
    logging.getLogger().removeHandler(handler)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A clock that is moved by hand."""
    clock = SimpleNamespace(now=1000.0)
    monkeypatch.setattr(progress.time, "monotonic", lambda: clock.now)
    return clock


def trainer(**changes: Any) -> SimpleNamespace:
    checkpoint = ModelCheckpoint(monitor="val/photo_iou")
    checkpoint.best_model_score = torch.tensor(0.4157)
    values = {
        "is_global_zero": True, "world_size": 1, "num_training_batches": 10, "num_val_batches": [4], "max_epochs": 3,
        "current_epoch": 1, "checkpoint_callback": checkpoint, "state": SimpleNamespace(fn="fit"),
        "progress_bar_metrics": {"loss": 0.5},
    }  # fmt: skip
    return SimpleNamespace(**values | changes)


def start(bar: RunProgress, run: SimpleNamespace, terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Start on the terminal; here and not in its fixture, since pytest changes stdout before the test itself."""
    monkeypatch.setattr(sys, "stdout", terminal)
    (bar.on_train_start if run.state.fn == "fit" else bar.on_validation_start)(run, None)


BATCH = {"image": torch.zeros(8, 3, 4, 4)}


def train_some(bar: RunProgress, run: SimpleNamespace, clock: SimpleNamespace, batches: range) -> None:
    for number in batches:
        clock.now += 2
        bar.on_train_batch_end(run, None, None, BATCH, number)


def test_the_bar_tells_everything_on_one_line(
    terminal: Terminal, clock: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    bar, run = RunProgress(), trainer()
    start(bar, run, terminal, monkeypatch)
    train_some(bar, run, clock, range(4))  # leaves 6 + 10 batches of 2 s, and two validations of 4 * 0.8 s: 38.4 s
    (line,) = terminal.screen()
    assert re.fullmatch(r"Epoch 2 of 3 [━╸╺]+ +4/10 loss 0\.5, 4\.0 photos/s, 38 s left, best photo_iou 0\.4157", line)
    assert len(line) <= WIDTH
    bar.teardown(run, None, "fit")
    assert terminal.screen() == []


def test_a_narrow_terminal_has_the_words_without_the_bar(
    terminal: Terminal, clock: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    bar, run = RunProgress(), trainer(num_training_batches=1000, max_epochs=100)
    start(bar, run, terminal, monkeypatch)
    train_some(bar, run, clock, range(4))
    assert terminal.screen() == ["Epoch 2 of 100    4/1000 4.0 photos/s, 2 d 7 h left, best photo_iou 0.4157"]
    bar.teardown(run, None, "fit")


def test_log_lines_stay_whole_above_the_bar(
    terminal: Terminal, clock: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    bar, run, log = RunProgress(), trainer(), logging.getLogger("recorte.test")
    log.setLevel(logging.INFO)
    log.info("before")
    start(bar, run, terminal, monkeypatch)
    train_some(bar, run, clock, range(2))
    log.info("an [epoch] is over: %d", 7)
    assert terminal.screen()[:2] == ["before", "an [epoch] is over: 7"]
    train_some(bar, run, clock, range(2, 4))
    for number in range(4):
        clock.now += 1
        bar.on_validation_batch_end(run, None, None, BATCH, number)
    log.warning("something")
    first, second, third, line = terminal.screen()
    assert (first, second, third) == ("before", "an [epoch] is over: 7", "something")
    assert line.startswith("Validation 2 of 3 ")
    assert " 4/4 loss 0.5, 8.0 photos/s, " in line
    bar.on_exception(run, None, KeyboardInterrupt())
    bar.teardown(run, None, "fit")
    log.info("after")
    assert terminal.screen() == ["before", "an [epoch] is over: 7", "something", "after"]
    assert sys.stdout is terminal


def test_a_measurement_has_a_bar_of_its_own(
    terminal: Terminal, clock: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    bar, run = RunProgress(), trainer(state=SimpleNamespace(fn="validate"), checkpoint_callback=None)
    start(bar, run, terminal, monkeypatch)
    for number in range(2):
        clock.now += 1
        bar.on_validation_batch_end(run, None, None, BATCH, number)
    (line,) = terminal.screen()
    assert line.startswith("Measuring ━")
    assert line.endswith(" 2/4 8.0 photos/s, 2 s left")
    bar.teardown(run, None, "validate")


@pytest.mark.parametrize("changes", [{"is_global_zero": False}, {}])
def test_no_bar_beside_others(
    terminal: Terminal, clock: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any]
) -> None:
    if not changes:  # a job of a sweep in a process of its own
        monkeypatch.setattr(progress.multiprocessing, "current_process", lambda: SimpleNamespace(name="LokyProcess-1"))
    bar, run = RunProgress(), trainer(**changes)
    start(bar, run, terminal, monkeypatch)
    train_some(bar, run, clock, range(4))
    assert terminal.getvalue() == ""


def test_without_a_terminal_there_is_a_line_in_the_log_every_ten_minutes(
    clock: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    output = io.StringIO()
    monkeypatch.setattr(sys, "stdout", output)
    caplog.set_level(logging.INFO)
    bar, run = RunProgress(), trainer(num_training_batches=1000, max_epochs=2)
    bar.on_train_start(run, None)
    train_some(bar, run, clock, range(650))  # 1300 s
    assert [record.getMessage() for record in caplog.records] == [
        "Epoch 2 of 2, batch 300 of 1000: loss 0.5, 4.0 photos/s, 23 min left, best photo_iou 0.4157",
        "Epoch 2 of 2, batch 600 of 1000: loss 0.5, 4.0 photos/s, 13 min left, best photo_iou 0.4157",
    ]
    assert output.getvalue() == ""


def test_the_pace() -> None:
    pace = Pace()
    assert pace.seconds_left(train=3, val=1) is None
    for moment in (100, 102, 104, 106):
        pace.count("train", 8, moment)
    assert pace.photos_per_second == pytest.approx(4)
    assert pace.seconds_left(train=10, val=5) == pytest.approx(10 * 2 + 5 * 0.4 * 2)
    pace.count("val", 8, 107)  # one batch says nothing about how fast they come
    assert pace.photos_per_second is None
    pace.count("val", 8, 107.5)
    assert pace.photos_per_second == pytest.approx(16)
    assert pace.seconds_left(train=10, val=4) == pytest.approx(10 * 2 + 4 * 0.75)
    pace.count("train", 8, 115.5)  # what lies between belongs to the run's time too: 14 s for 4 batches
    assert pace.seconds_left(train=4, val=0) == pytest.approx(14)


def test_a_single_slow_batch_hardly_changes_the_pace() -> None:
    pace = Pace()
    for moment in (*range(0, 22, 2), 40):
        pace.count("train", 10, moment)
    # 2 s a batch, and then one of 20: 0.95 * 2 + 0.05 * 20 s for 10 photos.
    assert pace.photos_per_second == pytest.approx(10 / 2.9)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"), (45.4, "45 s"), (59.6, "1 min"), (720, "12 min"), (3570, "1 h 00 min"), (12_000, "3 h 20 min"),
        (86_370, "1 d 0 h"), (190_000, "2 d 5 h"),
    ],
)  # fmt: skip
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text
