import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from recorte.errors import ModelError, RecorteError
from recorte.model.export import note_in_onnx
from recorte.removal import network
from recorte.removal.network import BUNDLED_WEIGHTS, Network
from tiny_models import write_best_model, write_network


def test_a_best_model_folder_a_run_and_a_file(best_model: Path, tmp_path: Path) -> None:
    write_best_model(tmp_path / "run" / "best_model", image_size=96)
    assert Network(best_model).image_size == 64
    assert Network(str(best_model / "model.onnx")).image_size == 64
    assert Network(tmp_path / "run").path == tmp_path / "run" / "best_model" / "model.onnx"
    assert Network(tmp_path / "run").image_size == 96


def test_a_file_without_description_works_at_the_usual_size(tmp_path: Path) -> None:
    assert Network(write_network(tmp_path / "mine.onnx")).image_size == 256


def test_a_file_alone_works_at_the_size_that_it_notes(tmp_path: Path) -> None:
    path = write_network(tmp_path / "mine.onnx")
    note_in_onnx(path, 96, sure=0.9)
    assert (Network(path).image_size, Network(path).sure) == (96, 0.9)
    (tmp_path / "model.json").write_text('{"format": 1, "image_size": 128}')
    assert (Network(path).image_size, Network(path).sure) == (128, 0)  # what lies beside it says more
    note_in_onnx(path, 97)
    (tmp_path / "model.json").unlink()
    with pytest.raises(ModelError, match="image_size must be a positive multiple of 32, not 97"):
        Network(path)


def test_the_bundled_file_alone_does_what_it_does_in_its_folder(tmp_path: Path) -> None:
    alone, bundled = Network(shutil.copy(BUNDLED_WEIGHTS / "model.onnx", tmp_path / "alone.onnx")), Network()
    assert (alone.image_size, alone.sure) == (bundled.image_size, bundled.sure)


def test_alpha_is_what_the_formula_of_the_network_gives(best_model: Path) -> None:
    canvas = np.zeros((64, 64, 3), np.uint8)
    canvas[0, 0] = (255, 0, 0)
    canvas[0, 1] = (153, 51, 51)  # 0.6 - 0.2 - 0.5 = -0.1
    alpha = Network(best_model, threads=1).alpha(canvas)
    assert alpha.dtype == np.float32
    assert alpha.shape == (64, 64)
    assert alpha[0, 0] == pytest.approx(1 / (1 + np.exp(-20)))
    assert alpha[0, 1] == pytest.approx(1 / (1 + np.exp(4)), rel=1e-4)
    assert alpha[1:].max() < 1e-6


def test_bundled_weights_that_are_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "BUNDLED_WEIGHTS", tmp_path / "weights")
    with pytest.raises(ModelError, match=r"weights/model\.onnx: .* are missing; install it again.*--model"):
        Network()
    write_best_model(tmp_path / "weights")
    assert Network().image_size == 64


def test_missing_models(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"nowhere: no such model; give a best_model folder"):
        Network(tmp_path / "nowhere")
    with pytest.raises(ModelError, match=r"no model\.onnx in this folder nor in its best_model"):
        Network(tmp_path)


@pytest.mark.parametrize("content", [b"", b"no network", b"half"])
def test_broken_networks(tmp_path: Path, best_model: Path, content: bytes) -> None:
    if content == b"half":
        content = (best_model / "model.onnx").read_bytes()[:200]
    (tmp_path / "model.onnx").write_bytes(content)
    with pytest.raises(ModelError, match=r"model\.onnx: .*(not an ONNX model|another kind)"):
        Network(tmp_path / "model.onnx")


@pytest.mark.parametrize(
    "bent",
    [
        {"names": ("input", "alpha", "foreground")},
        {"names": ("image", "mask", "foreground")},
        {"names": ("image", "alpha", "colours")},
        {"sides": (320, 320)},
    ],
)
def test_networks_of_another_kind(tmp_path: Path, bent: dict) -> None:
    path = write_network(tmp_path / "other.onnx", **bent)
    with pytest.raises(ModelError, match=r"other\.onnx: another kind of network .*one input image float"):
        Network(path)


def test_a_network_of_one_fixed_size_is_good_for_that_size(tmp_path: Path) -> None:
    path = write_network(write_best_model(tmp_path, image_size=96) / "model.onnx", sides=(96, 96))
    assert Network(path).alpha(np.zeros((96, 96, 3), np.uint8)).shape == (96, 96)


@pytest.mark.parametrize("bent", [{"final": "Identity"}, {"final": "Identity", "steepness": float("nan")}])
def test_a_network_whose_alpha_is_none(tmp_path: Path, bent: dict) -> None:
    loaded = Network(write_network(tmp_path / "logits.onnx", **bent))
    with pytest.raises(ModelError, match=r"logits\.onnx: its alpha has values .* not in \[0, 1\]"):
        loaded.alpha(np.zeros((256, 256, 3), np.uint8))


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("{not json", "broken"),
        ("[]", "broken"),
        ("{}", "'format' is missing"),
        ('{"format": 1}', "'image_size' is missing"),
        ('{"format": 2, "image_size": 256}', "format 2 is of a newer Recorte, this one reads up to 1"),
        ('{"format": "1", "image_size": 256}', "format must be a whole number"),
        ('{"format": 1, "image_size": 100}', "multiple of 32, not 100"),
        ('{"format": 1, "image_size": 64, "sure": 2}', "sure must be a number from 0 to 1, not 2"),
        ("[1]", "broken"),
        ('{"format": 1, "image_size": -32}', "multiple of 32, not -32"),
        ('{"format": 1, "image_size": null}', "multiple of 32, not None"),
        ('{"format": 1, "image_size": "256"}', "multiple of 32, not '256'"),
    ],
)
def test_broken_descriptions(tmp_path: Path, content: str, complaint: str) -> None:
    write_best_model(tmp_path)
    (tmp_path / "model.json").write_text(content)
    with pytest.raises(ModelError, match=complaint) as raised:
        Network(tmp_path)
    assert "model.json" in str(raised.value)


def test_a_folder_without_description_is_incomplete(tmp_path: Path) -> None:
    write_best_model(tmp_path)
    (tmp_path / "model.json").unlink()
    with pytest.raises(ModelError, match=r"model\.json: missing; copy the whole best_model folder"):
        Network(tmp_path)


def test_unknown_keys_in_the_description_are_nobodys_business(tmp_path: Path) -> None:
    folder = write_best_model(tmp_path, colours="none yet", metrics={"person_iou": 0.9})
    assert json.loads((folder / "model.json").read_text())["colours"]
    assert Network(folder).image_size == 64


def test_no_threads_are_no_choice(best_model: Path) -> None:
    for threads in (0, -1, "2", 1.5):
        with pytest.raises(RecorteError, match=f"threads must be a whole number from 1 on, or None, not {threads!r}"):
            Network(best_model, threads=threads)
