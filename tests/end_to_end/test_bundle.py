"""The weights that ship, and the scripts that make and measure them."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import skimage
import torch
from hatchling.builders.wheel import WheelBuilder

from commands import DRAWN, expect_mistake, run, write_coco, write_portraits
from recorte import BackgroundRemover
from recorte.model.attention_unet import AttentionUNet
from recorte.model.export import load_network
from recorte.removal.network import BUNDLED_WEIGHTS

FILES = ("model.json", "model.onnx", "model.safetensors")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("data")
    write_coco(root / "persons", "val", 4)
    write_coco(root / "persons", "train", 2)
    for split in ("train", "val"):
        write_portraits(root / "portraits", split, 3)
    return root


def test_the_weights_fit_into_25_megabytes_and_say_where_they_come_from() -> None:
    assert sorted(path.name for path in BUNDLED_WEIGHTS.iterdir()) == sorted(FILES)
    assert sum((BUNDLED_WEIGHTS / name).stat().st_size for name in FILES) <= 25_000_000
    text = (BUNDLED_WEIGHTS / "model.json").read_text()
    assert not re.search(r'["=]/', text)  # no place of the machine that made them
    page = json.loads(text)
    assert len(page["origin"]["commit"]) == 40
    assert page["origin"]["config"]["data"]["root"] == "data"
    assert page["rounding"]["photo_iou_of_32_bits"] - page["rounding"]["photo_iou"] < 0.003
    assert page["metrics"]["persons/photo_iou"] > 0.6 and page["metrics"]["portraits/photo_iou"] > 0.9


def test_the_wheel_brings_them_and_says_that_the_package_is_typed() -> None:
    root = BUNDLED_WEIGHTS.parents[3]
    found = {file.distribution_path for file in WheelBuilder(str(root)).recurse_included_files()}
    assert {"recorte/py.typed", *(f"recorte/removal/weights/{name}" for name in FILES)} <= found


def test_a_person_is_found_with_nothing_but_the_package() -> None:
    alpha = BackgroundRemover().predict_alpha(skimage.data.astronaut())
    assert alpha[60:150, 200:250].min() > 0.9  # her face
    assert alpha[320:480, 150:250].mean() > 0.95  # her suit
    assert alpha[:100, 420:].max() < 0.1  # the shuttle
    for picture in (skimage.data.coffee(), skimage.data.rocket()):  # nobody is in them
        assert (BackgroundRemover().predict_alpha(picture) > 0.5).mean() < 0.005


@pytest.mark.slow
def test_training_from_them_with_another_encoder_is_refused(tmp_path: Path) -> None:
    answer = run("train", tmp_path, "experiment=finetune", *DRAWN, "hardware=cpu", "model.encoder=resnet18.a1_in1k")
    expect_mistake(answer, "init=bundled", "model.encoder=resnet18.a1_in1k", "init=null")


@pytest.mark.slow
def test_a_model_is_rounded_and_bundled(tmp_path: Path, data: Path) -> None:
    run_dir = tmp_path / "a run"
    shutil.copytree(BUNDLED_WEIGHTS, run_dir / "best_model")
    page = json.loads((run_dir / "best_model/model.json").read_text())
    page["origin"]["config"] |= {"run_dir": str(run_dir), "somewhere": f"{run_dir}/checkpoints"}
    page["origin"]["config"]["data"]["root"] = str(data)
    page["origin"]["config"] |= {"init": f"{tmp_path}/b", "overrides": [f"init={tmp_path}/a", f"init={tmp_path}/b"]}
    (run_dir / "best_model/model.json").write_text(json.dumps(page))
    answer = run("bundle", tmp_path, str(run_dir), "--data", str(data), "--into", "ours")
    assert answer.returncode == 0, answer.stderr
    assert sorted(path.name for path in (tmp_path / "ours").iterdir()) == sorted(FILES)
    text = (tmp_path / "ours/model.json").read_text()
    assert str(tmp_path) not in text
    config = json.loads(text)["origin"]["config"]
    assert config["somewhere"] == "outputs/bundled/checkpoints"
    assert config["overrides"] == [f"init={config['init']}"] == ["init=outputs/before/last.ckpt"]
    photo = skimage.data.astronaut()
    found, wanted = (BackgroundRemover(model).predict_alpha(photo) for model in (tmp_path / "ours", None))
    np.testing.assert_allclose(found, wanted, atol=1e-5)  # rounded already: nothing is lost by rounding once more


@pytest.mark.slow
def test_a_checkpoint_is_mixed_with_the_weights_in_the_package(tmp_path: Path, data: Path) -> None:
    run_dir = tmp_path / "run"
    shutil.copytree(BUNDLED_WEIGHTS, run_dir / "best_model")
    page = json.loads((run_dir / "best_model/model.json").read_text())
    # It was trained at another size; the mixture is used at that of the package.
    (run_dir / "best_model/model.json").write_text(json.dumps(page | {"image_size": 256}))
    network, _ = load_network(BUNDLED_WEIGHTS)
    ours = network.state_dict()
    shifted = {name: value + 4e-4 if name.endswith(".bias") else value for name, value in ours.items()}
    (run_dir / "checkpoints").mkdir()
    state = {f"network.{name}": value for name, value in shifted.items()}
    torch.save({"network": page["network"], "state_dict": state}, run_dir / "checkpoints/last.ckpt")
    answer = run(
        "bundle", tmp_path, "run/checkpoints/last.ckpt", "--data", str(data), "--share", "0.25", "--into", "new"
    )
    assert answer.returncode == 0, answer.stderr
    mixed, facts = load_network(tmp_path / "new")
    for name, value in mixed.state_dict().items():
        torch.testing.assert_close(value, ours[name] + (1e-4 if name.endswith(".bias") else 0), rtol=0, atol=1e-6)
    assert facts["image_size"] == page["image_size"] == 320 and facts["origin"]["share"] == 0.25
    expect_mistake(run("bundle", tmp_path, "run/checkpoints/1.ckpt", "--data", str(data)), "1.ckpt: no such model")
    smaller = page["network"] | {"decoder_channels": [32, 16, 8, 8]}
    state = {f"network.{name}": value for name, value in AttentionUNet(**smaller).state_dict().items()}
    torch.save({"network": smaller, "state_dict": state}, run_dir / "checkpoints/last.ckpt")
    answer = run("bundle", tmp_path, "run/checkpoints/last.ckpt", "--data", str(data), "--share", "0.25")
    expect_mistake(answer, "last.ckpt: another network")


@pytest.mark.slow
def test_figures_by_stratum(tmp_path: Path, data: Path) -> None:
    answer = run("studies/strata", tmp_path, "--data", str(data), "--worst", "2", "--sheet", "worst.png")
    assert answer.returncode == 0, answer.stderr
    rows = [line.strip("| ").split(" | ") for line in answer.stdout.splitlines() if line.startswith("| ")]
    photos = {row[0]: int(row[1]) for row in rows[1:]}
    assert photos["all"] == 7 and photos["persons"] == 4 and photos["portraits"] == 3
    assert photos["people: one"] == photos["largest person: 10 to 30 %"] == 4  # 100 of 768 pixels
    assert sum(number for name, number in photos.items() if name.startswith("light")) == 7
    assert (tmp_path / "worst.png").stat().st_size > 1000
    answer = run("studies/strata", tmp_path, "--data", str(data), "--split", "train")
    assert "| all | 5 |" in answer.stdout and "| persons | 2 |" in answer.stdout


@pytest.mark.slow
def test_data_that_are_not_there(tmp_path: Path) -> None:
    expect_mistake(run("studies/strata", tmp_path, "--data", "nowhere"), "nowhere/persons: there is no such folder")
    expect_mistake(run("bundle", tmp_path, "nothing", "--data", "nowhere"), "nothing: no such model")


@pytest.mark.slow
def test_the_wheel_brings_them(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", tmp_path, root]
    subprocess.run(command, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    listing = subprocess.run([sys.executable, "-m", "zipfile", "-l", wheel], capture_output=True, text=True, check=True)
    for name in FILES:
        assert f"recorte/removal/weights/{name}" in listing.stdout
    # Where it is installed, without a clone, `recorte teach` finds its configs.
    installed = tmp_path / "installed"
    subprocess.run([sys.executable, "-m", "zipfile", "-e", wheel, installed], check=True)
    code = "from recorte.teaching.learning import CONF, composed; print(CONF, composed({'seed': 3}).trainer.max_epochs)"
    command = [sys.executable, "-c", code]
    environment = os.environ | {"PYTHONPATH": str(installed)}
    answer = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True).stdout
    assert answer.split() == [str(installed / "recorte/conf"), "1"]
    # And `recorte app --static` its page.
    code = "from pathlib import Path; from recorte.app.anywhere import write_page; write_page(Path('site'))"
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, check=True)
    assert (tmp_path / "site/ort/ort.wasm.packed").read_bytes() == (root / "web/ort/ort.wasm.packed").read_bytes()
