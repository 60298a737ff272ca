"""A teaching in the background: one at a time, and what is told of one that ended."""

import fcntl
import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from cli_process import ENVIRONMENT
from recorte.errors import RecorteError
from recorte.home import model_names, models
from recorte.teaching import background
from recorte.teaching.background import State
from tiny_models import write_best_model


def write_state(stage: str, **more: object) -> None:
    background.place().mkdir(parents=True, exist_ok=True)
    (background.place() / "state.json").write_text(json.dumps(asdict(State(stage, "mine", **more))))


def test_one_goes_on_at_a_time(own_home: Path, lessons: Path) -> None:
    assert background.state() is None
    write_state("learning", step=3, steps=80)
    with (background.place() / ".running").open("a") as file:  # as the process that teaches holds it
        fcntl.flock(file, fcntl.LOCK_EX)
        assert background.state() == State("learning", "mine", step=3, steps=80)
        with pytest.raises(RecorteError, match="a teaching goes on already"):
            background.begin(lessons, None)
        background.forget()
        assert background.state() is not None
    assert background.state().stage == "cut off"
    background.forget()
    assert background.state() is None


def test_one_that_has_told_its_end_is_waited_for(
    own_home: Path, lessons: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At lowest priority a process takes seconds to leave, and holds its lock until then."""
    write_state("stopped")
    leaving, lock = (background.place() / ".running").open("a"), fcntl.flock
    lock(leaving, fcntl.LOCK_EX)

    def until_it_left(file: object, how: int) -> None:
        if not how & fcntl.LOCK_NB:
            leaving.close()
        lock(file, how)

    begun: list[list[str]] = []
    monkeypatch.setattr(fcntl, "flock", until_it_left)
    monkeypatch.setattr(subprocess, "Popen", lambda command, **options: begun.append(command))
    background.begin(lessons, None)
    assert begun[0][-1] == "mine"


def test_a_damaged_state_is_none(own_home: Path) -> None:
    write_state("learning")
    (background.place() / "state.json").write_text('{"stage": 1, "more": 2}')
    assert background.state() is None


def test_thrown_away(own_home: Path) -> None:
    write_best_model(models() / "mine")
    write_best_model(models() / "other")
    write_state("failed")
    background.throw_away()
    assert model_names() == ["mine", "other"]  # it is not what that teaching brought
    write_state("done")
    background.throw_away()
    assert [path.name for path in models().iterdir()] == ["other"]
    assert background.state() is None


def test_a_mistake_is_told(own_home: Path, lessons: Path) -> None:
    for path in (lessons / "photos").iterdir():
        path.write_bytes(b"no photo")
    background.place().mkdir(parents=True)
    command = [sys.executable, "-m", "recorte.teaching.background", lessons, "", "mine"]
    subprocess.run(command, env=ENVIRONMENT | {"RECORTE_HOME": str(own_home)}, check=True, timeout=120)
    now = background.state()
    assert now.stage == "failed" and str(lessons) in now.reason
    assert now.process != os.getpid()
