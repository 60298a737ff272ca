import logging
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from recorte.errors import DataError
from recorte.training.runs.train_log import everything_in_the_log


@pytest.fixture
def train_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    path = tmp_path / "train.log"
    handler = logging.FileHandler(path)
    root = logging.getLogger()
    monkeypatch.setattr(root, "level", logging.INFO)
    root.addHandler(handler)
    yield path
    root.removeHandler(handler)


def test_it_says_how_the_run_was_started(train_log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["scripts/train.py", "data.root=my photos"])
    with everything_in_the_log():
        pass
    assert train_log.read_text().endswith(": scripts/train.py 'data.root=my photos'\n")


def test_warnings_are_in_it(train_log: Path) -> None:
    with everything_in_the_log():
        warnings.warn("something odd", stacklevel=1)
    assert "UserWarning: something odd" in train_log.read_text()
    with pytest.warns(UserWarning, match="later"):
        warnings.warn("later", stacklevel=1)
    assert "later" not in train_log.read_text()


def test_the_traceback_of_a_crash_is_in_it_alone(train_log: Path, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(ZeroDivisionError), everything_in_the_log():
        print(1 / 0)
    text = train_log.read_text()
    assert "Traceback" in text
    assert "print(1 / 0)" in text
    assert "ZeroDivisionError" in text
    assert "ZeroDivisionError" not in caplog.text


def test_a_users_mistake_has_no_traceback(train_log: Path) -> None:
    with pytest.raises(DataError), everything_in_the_log():
        raise DataError("no photos")
    assert "Traceback" not in train_log.read_text()
