"""`recorte serve`, `recorte app` and `--report`, as processes of their own."""

import json
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cli_process import recorte


@pytest.fixture
def photo(tmp_path: Path, red_square: np.ndarray) -> Path:
    Image.fromarray(red_square).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


def test_a_report_in_words(photo: Path, best_model: Path) -> None:
    answer = recorte(photo, "-m", best_model, "--report")
    assert (answer.returncode, answer.stderr) == (0, "")
    wrote, quality, *places, advice, more = answer.stdout.splitlines()
    assert wrote == f"Wrote {photo.with_name('photo-cutout.png')}"
    assert quality.startswith("  quality 8")
    assert "coverage 1" in quality
    assert "resolution 7 (under 70)" in quality
    assert [len(row.split()) for row in places] == [3, 3, 3]
    assert int(places[1].split()[0]) > 30
    assert int(places[2].split()[2]) == 0
    assert (advice[:2], more[:2]) == ("  ", "  ")


def test_a_report_as_json_of_one_and_of_many(photo: Path, best_model: Path) -> None:
    one = json.loads(recorte(photo, "-m", best_model, "--report", "--json").stdout)
    assert one["report"]["found"]
    assert one["report"]["score"] > 80
    assert list(one["report"]["figures"]) == ["coverage", "contrast", "edges", "resolution"]
    Image.new("RGB", (80, 60), "blue").save(photo.with_name("sky.png"))
    photo.with_name("broken.png").write_bytes(b"no photo")
    answer = recorte(photo.parent, "-o", photo.parent / "cut", "-m", best_model, "--report", "--json")
    assert answer.returncode == 1
    told = {Path(line["photo"]).name: line for line in map(json.loads, answer.stdout.splitlines())}
    assert told["photo.png"]["report"] == one["report"]
    assert told["sky.png"]["report"]["advice"] == ["nobody"]
    assert told["broken.png"]["status"] == "failed"
    assert "report" not in told["broken.png"]
    without = json.loads(recorte(photo, "-m", best_model, "--overwrite", "--json").stdout)
    assert "report" not in without


@pytest.mark.parametrize("command", ["serve", "app"])
def test_mistakes_are_told_at_once(command: str, best_model: Path, tmp_path: Path) -> None:
    for arguments, words in (
        (["-m", "nowhere"], "nowhere: no such model"),
        (["--port", "70000"], "65535"),
        (["--host", "192.0.2.1", "-m", best_model], "192.0.2.1"),
        (["--colour"], "No such option"),
    ):
        answer = recorte(command, *arguments, cwd=tmp_path)
        assert (answer.returncode, answer.stdout) == (2, ""), answer
        assert words in answer.stderr
        assert "Traceback" not in answer.stderr
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        answer = recorte(command, "--port", str(port), "-m", best_model)
        assert answer.returncode == 2
        assert f"127.0.0.1:{port}: cannot listen here" in answer.stderr


@pytest.mark.parametrize("command", ["serve", "app"])
def test_help_imports_nothing_heavy(command: str) -> None:
    words = [sys.executable, "-X", "importtime", "-m", "recorte", command, "--help"]
    answer = subprocess.run(words, capture_output=True, text=True, check=True)
    imported = {line.split("|")[-1].strip().split(".")[0] for line in answer.stderr.splitlines() if "|" in line}
    assert not imported & {"numpy", "cv2", "onnxruntime", "fastapi", "streamlit", "uvicorn"}
    assert "--port" in answer.stdout
    assert "127.0.0.1" in answer.stdout
