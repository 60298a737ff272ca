import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[3] / "scripts/export.py"


@pytest.fixture(scope="session")
def cutout_onnx(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundled weights' whole way, as the command writes it."""
    target = tmp_path_factory.mktemp("exported") / "cutout.onnx"
    command = [sys.executable, SCRIPT, "model=bundled", f"target={target}"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.startswith(f"{target}: 7.")
    assert done.stderr == ""
    return target
