"""What a command line ends with when the system refuses a file, or nobody reads what it prints."""

import logging
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from omegaconf import DictConfig

from recorte.training.command.door import Guarded, switches_first

SCRIPTS = Path(__file__).parents[3] / "scripts"
TOO_LONG = "a" * 300  # for the name of a file, anywhere and for everybody


def ended(task: Callable[[DictConfig], Any]) -> int | str | None:
    with pytest.raises(SystemExit) as end:
        Guarded(task, [], job=False)(DictConfig({}))
    return end.value.code


def run(*arguments: str, stdout: int = subprocess.PIPE, cwd: Path) -> subprocess.CompletedProcess[str]:
    script, *rest = arguments
    command = [sys.executable, str(SCRIPTS / f"{script}.py"), *rest]
    return subprocess.run(command, cwd=cwd, stdout=stdout, stderr=subprocess.PIPE, text=True, check=False)


@pytest.fixture
def unread() -> Any:
    """The end of a pipe whose other end is closed."""
    read, write = os.pipe()
    os.close(read)
    yield write
    os.close(write)


def test_a_file_that_the_system_refuses(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").touch()
    with caplog.at_level(logging.ERROR):
        assert ended(lambda _: (tmp_path / "file/folder").mkdir()) == 2
    assert caplog.messages[0].startswith(f"{tmp_path}/file/folder: cannot be read or written (Not a directory); give ")


def test_a_refusal_without_a_file(caplog: pytest.LogCaptureFixture) -> None:
    def task(_: DictConfig) -> None:
        raise TimeoutError("timed out")

    assert ended(task) == 2
    assert caplog.messages == ["timed out (HYDRA_FULL_ERROR=1 shows where)"]


def test_a_pipe_between_processes_is_none_of_the_output(caplog: pytest.LogCaptureFixture, unread: int) -> None:
    assert ended(lambda _: os.write(unread, b"to a process that is gone")) == 2
    assert "Broken pipe" in caplog.messages[0]


def test_where_it_was_is_shown_if_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")
    with pytest.raises(FileNotFoundError):
        Guarded(lambda _: Path("nowhere/at all").read_bytes(), [], job=False)(DictConfig({}))


def test_a_run_folder_that_cannot_be_made(tmp_path: Path) -> None:
    answer = run("train", "data=synthetic", "hardware=cpu", f"run_dir={TOO_LONG}", cwd=tmp_path)
    assert answer.returncode == 2
    assert answer.stderr.startswith(f"{TOO_LONG}: cannot be read or written (File name too long)")
    assert answer.stderr.count("\n") == 1


@pytest.mark.parametrize("arguments", [["evaluate", "--help"], ["dataset", "quick", "data=synthetic"]])
def test_output_that_nobody_reads(tmp_path: Path, unread: int, arguments: list[str]) -> None:
    answer = run(*arguments, stdout=unread, cwd=tmp_path)
    assert (answer.returncode, answer.stderr) == (1, "")


def test_printing_for_nobody_ends_a_task(tmp_path: Path, unread: int) -> None:
    code = """
import sys
from omegaconf import DictConfig
from recorte.training.command.door import Guarded, switches_first
Guarded(lambda _: [print("a line", flush=True) for _ in range(9)], [], job=False)(DictConfig({}))
"""
    command = [sys.executable, "-c", code]
    answer = subprocess.run(command, stdout=unread, stderr=subprocess.PIPE, text=True, check=False, cwd=tmp_path)
    assert (answer.returncode, answer.stderr) == (1, "")


def test_ctrl_c_is_no_traceback_and_a_name_that_cannot_be_shown_is_spelled_out(tmp_path: Path) -> None:
    code = """
import signal, sys
from recorte.training.command.door import run
sys.argv[1:] = ["verb=quick", "data=synthetic"]
def task(_):
    print("broken: \\u732b.jpg")
    signal.raise_signal(signal.SIGINT)
run("dataset", task)
"""
    environment = os.environ | {"PYTHONIOENCODING": "cp1252"}
    answer = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (answer.returncode, answer.stderr) == (130, "Stopped by Ctrl-C\n")
    assert answer.stdout == "broken: \\u732b.jpg\n"


def test_a_script_without_a_config_that_is_refused_a_file(tmp_path: Path) -> None:
    code = """
from pathlib import Path
from recorte.cli.script import run
def main() -> None:
    Path("file/folder").mkdir()
run(main)
"""
    (tmp_path / "file").touch()
    answer = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (answer.returncode, answer.stderr) == (2, "Error: file/folder: Not a directory\n")


def test_the_switch_of_a_sweep_may_stand_anywhere() -> None:
    said = ["seed=1,2", "-m", "data=synthetic", "hydra.sweep.dir='a'"]
    assert switches_first(said) == ["-m", "seed=1,2", "data=synthetic", "hydra.sweep.dir='a'"]
