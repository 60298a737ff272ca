import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "studies" / "benchmark.py"


@pytest.mark.long
def test_the_benchmark_of_cutting_out_tells_of_every_step() -> None:
    command = [sys.executable, SCRIPT, "removal", "--count", "2", "--rounds", "1"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    for step in ("decode", "letterbox", "network", "refinement", "colours", "encode"):
        assert said.count(f"\n  {step} ") == 2
    assert "2 photos in one folder: " in said
    assert "photos/s" in said
