"""The commands beside the default, and completion in the shell."""

import json
import os
import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cli_process import ENVIRONMENT, expect_mistake, recorte
from recorte.removal.network import BUNDLED_WEIGHTS
from tiny_models import write_network


def test_info(tmp_path: Path, best_model: Path) -> None:
    said = recorte("info").stdout
    page = json.loads((BUNDLED_WEIGHTS / "model.json").read_text())
    size = f"{(BUNDLED_WEIGHTS / 'model.onnx').stat().st_size / 1e6:.1f} MB, sees {{0}} x {{0}} pixels"
    for words in ("weights/model.onnx", size.format(page["image_size"]), page["network"]["encoder"],
                  f"{page['origin']['epochs']} epochs", "CPUExecutionProvider", version("recorte"),
                  version("onnxruntime"), version("pillow"), version("opencv-python-headless"),
                  platform.python_version()):  # fmt: skip
        assert words in said
    assert f"{best_model}/model.onnx" in recorte("info", "-m", best_model).stdout
    write_network(tmp_path / "alone.onnx")
    assert "not known" in recorte("info", "-m", tmp_path / "alone.onnx").stdout
    expect_mistake(recorte("info", "-m", "nowhere"), "nowhere: no such model")
    expect_mistake(recorte("info", "photo.jpg"), "unexpected extra argument", "recorte info --help")


def test_a_photo_may_have_the_name_of_a_command(tmp_path: Path, best_model: Path, red_square: np.ndarray) -> None:
    Image.fromarray(red_square).save(tmp_path / "info", "PNG")
    assert recorte("./info", "-m", best_model, cwd=tmp_path).stdout == "Wrote info-cutout.png\n"
    assert recorte("-m", best_model, "info", "-o", "x.png", cwd=tmp_path).stdout == "Wrote x.png\n"
    expect_mistake(recorte("photos"), "photos: no such file or folder")


def test_help_tells_of_everything() -> None:
    said = recorte("--help").stdout
    assert said.startswith("Usage: recorte [OPTIONS] ")
    for words in ("--watch", "--jobs", "--json", "--background", "--mask", "--crop", "--people", "--tta", "--no-refine",
                  "--no-colours", "recorte info", "--install-completion", "--show-completion"):  # fmt: skip
        assert words in said
    assert "better" not in said  # the mirror image is worth nothing with the shipped weights
    assert recorte("info", "--help").stdout.startswith("Usage: recorte info [OPTIONS]\n")


def test_without_its_extra_bulk_says_what_to_install() -> None:
    code = "import sys; sys.modules['ray'] = None; from recorte.cli.door import main; main()"
    command = [sys.executable, "-c", code, "bulk", "photos", "-o", "cut"]
    answer = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    expect_mistake(answer, "recorte bulk needs packages that are not installed: pip install 'recorte[bulk]'")


def test_a_further_command_takes_one_line() -> None:
    code = """
from recorte.cli.door import app, main
from recorte.errors import RecorteError
def serve(port: int = 8000) -> None:
    '''Serve cut-outs over HTTP.'''
    if port < 1024:
        raise RecorteError(f"port {port} is taken")
    print("serving at", port)
app.command("serve")(serve)
main()
"""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", code, *arguments]
        return subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=False)

    assert run("serve", "--port", "9000").stdout == "serving at 9000\n"
    expect_mistake(run("serve", "--port", "80"), "Error: port 80 is taken")
    said = run("--help").stdout
    assert "recorte serve  Serve cut-outs over HTTP." in said
    assert "recorte info" in said


def complete(*words: str) -> list[str]:
    """What bash offers for the last of the words."""
    environment = ENVIRONMENT | {"_RECORTE_COMPLETE": "complete_bash", "COMP_WORDS": " ".join(("recorte", *words)),
                                 "COMP_CWORD": str(len(words))}  # fmt: skip
    return recorte(env=environment).stdout.split()


def test_completion() -> None:
    assert complete("i") == ["info"]
    assert complete("x") == []  # no command: the shell completes the names of files
    assert complete("photo.jpg", "i") == []
    assert complete("photo.jpg", "--ov") == ["--overwrite"]
    assert complete("--ov") == ["--overwrite"]
    assert complete("info", "--m") == ["--model"]


@pytest.mark.skipif(os.name == "nt", reason="bash")
def test_the_script_of_the_completion_is_one() -> None:
    script = recorte("--show-completion", env=ENVIRONMENT | {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"})
    assert script.returncode in (0, 2)
    written = recorte("--show-completion", "bash",
                      env=ENVIRONMENT | {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}).stdout  # fmt: skip
    assert "_RECORTE_COMPLETE=complete_bash" in written
    assert subprocess.run(["bash", "-n"], input=written, text=True, check=False).returncode == 0


@pytest.mark.parametrize("arguments", [["info", "--help"], ["--jobs", "0", "x"], ["a", "b", "-o", "c.png"]])
def test_answers_that_need_no_model_are_quick(arguments: list[str]) -> None:
    command = [sys.executable, "-X", "importtime", "-m", "recorte", *arguments]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    imported = {line.split("|")[-1].strip().split(".")[0] for line in answer.stderr.splitlines() if "|" in line}
    assert not imported & {"torch", "cv2", "onnxruntime", "numpy", "PIL"}


def test_info_tells_everything_beside_a_provider_that_is_not_there() -> None:
    answer = recorte("info", "--provider", "teapot")
    assert answer.returncode == 2
    lines = {line.split("  ")[0]: line for line in answer.stdout.splitlines()}
    assert "provider teapot: the ONNX Runtime that is installed has" in lines["Computed by"]
    assert {"Model", "Recorte", "Python", "ONNX Runtime"} <= lines.keys()


@pytest.mark.parametrize("command", [["info"], ["photo.jpg"]])
def test_without_onnx_runtime(command: list[str], tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import sys\n\nsys.modules['onnxruntime'] = None\n")
    Image.new("RGB", (8, 8)).save(tmp_path / "photo.jpg")
    places = f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
    answer = recorte(*command, cwd=tmp_path, env=ENVIRONMENT | {"PYTHONPATH": places})
    expect_mistake(
        answer, "ONNX Runtime, which computes the network, is not installed", "pip install --force-reinstall"
    )
