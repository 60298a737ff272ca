"""The command `recorte`, as a process of its own."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from recorte.cli.photos.cutter import Wishes

ENVIRONMENT = os.environ | {"COLUMNS": "200", "NO_COLOR": "1"}


def recorte(*arguments: str | Path, **more: Any) -> subprocess.CompletedProcess[str]:
    """Run the command to its end; `more` as for `subprocess.run`."""
    command = [sys.executable, "-m", "recorte", *arguments]
    options = {"env": ENVIRONMENT, "capture_output": True, "text": True, "check": False} | more
    return subprocess.run(command, **options)


def recorte_at_home(home: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the command to its end, the user's folder being `home`."""
    return recorte(*arguments, env=ENVIRONMENT | {"RECORTE_HOME": str(home)})


def start_recorte(*arguments: str | Path, cwd: Path) -> subprocess.Popen[str]:
    """Start the command, to talk to while it runs."""
    command = [sys.executable, "-m", "recorte", *arguments]
    return subprocess.Popen(
        command, cwd=cwd, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def expect_mistake(answer: subprocess.CompletedProcess[str], *words: str) -> None:
    """Check that the command complained with these words, with status 2, and did nothing."""
    assert answer.returncode == 2, answer
    assert "Traceback" not in answer.stderr
    assert answer.stdout == ""
    for word in words:
        assert word in answer.stderr


def files(folder: Path) -> list[str]:
    """Every file below a folder."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir())


def wishes(model: Path, **more: object) -> Wishes:
    """What a plain `recorte photo` asks for, and `more`: for what only the same process can see."""
    showing = {"background": None, "mask": False, "crop": False, "people": "all"}
    plain = {
        "output": None,
        "overwrite": False,
        "watch": False,
        "jobs": None,
        "report": False,
        "as_json": False,
        "kind": None,
    }
    return Wishes(**plain | {"model": model, "making": {}, "showing": showing} | more)
