import subprocess
import sys
from pathlib import Path

import pytest

import recorte

PACKAGE = Path(recorte.__file__).parents[1]
SCRIPT = Path(__file__).parents[2] / "scripts" / "studies" / "benchmark.py"


@pytest.mark.long
def test_the_benchmark_of_cutting_out_tells_of_every_step_and_of_a_former_state(tmp_path: Path) -> None:
    (tmp_path / "src" / "recorte").mkdir(parents=True)
    here = f"{PACKAGE!s}"
    # A former state that does as this one, but knows no film.
    main = f"import sys; sys.path[0] = {here!r}; del sys.modules['recorte']; from recorte.__main__ import main"
    (tmp_path / "src" / "recorte" / "__init__.py").touch()
    (tmp_path / "src" / "recorte" / "__main__.py").write_text(f"{main}\nsys.exit(1 if 'video' in sys.argv else main())")
    command = [sys.executable, SCRIPT, "removal", "--count", "2", "--rounds", "1", "--before", tmp_path]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    for step in ("decode", "letterbox", "network", "refinement", "colours", "encode"):
        assert said.count(f"\n  {step} ") == 3
    for row in ("One photo of 6000 x 4000, JPEG to PNG", "One photo of 512 x 512, --mask", "2 photos in one folder"):
        assert f"\n{row}, before: " in said
        assert f"\n{row}, now: " in said
    assert said.count(" times as fast, ") == 7
    assert "\nA film of 60 frames, before: -\nA film of 60 frames, now: " in said
    assert " frames/s; processor " in said
    assert said.count("mask alone") == 3


def test_a_former_state_must_be_one(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, SCRIPT, "removal", "--before", tmp_path], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "--before" in done.stderr
