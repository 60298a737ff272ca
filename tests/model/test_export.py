import json
import os
import pickle
import stat
import subprocess  # noqa: F401 (imported already, and yet no network)
import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnxruntime
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from recorte.errors import ModelError
from recorte.model import export
from recorte.model.attention_unet import AttentionUNet, Prediction
from recorte.model.export import export_model, load_network
from recorte.removal.network import Network

FACTS = {"metrics": {"iou": 0.5}, "origin": {"data": ["coco"]}, "sure": 0.9}
FILES = ["model.json", "model.onnx", "model.safetensors"]


class Exported(NamedTuple):
    network: AttentionUNet
    folder: Path
    difference: float


def tiny() -> AttentionUNet:
    """A network as training leaves it: statistics and colours are not those it starts with."""
    torch.manual_seed(0)
    network = AttentionUNet("test_efficientnet", "none", decoder_channels=(8, 8, 8, 8))
    nn.init.normal_(network.project_foreground.weight, std=0.1)
    for _ in range(3):
        network(torch.rand(4, 3, 64, 64))
    return network.eval()


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """The one export that the tests read; written for the group to read and for nobody else."""
    network, folder = tiny().train(), tmp_path_factory.mktemp("run") / "best_model"
    umask = os.umask(0o027)
    try:
        difference = export_model(network, folder, image_size=64, facts=FACTS)
    finally:
        os.umask(umask)
    return Exported(network, folder, difference)


@pytest.fixture(scope="module")
def session(exported: Exported) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(exported.folder / "model.onnx", providers=["CPUExecutionProvider"])


def assert_same_predictions(one: AttentionUNet, other: AttentionUNet) -> None:
    image = torch.rand(1, 3, 64, 64)
    with torch.inference_mode():
        for first, second in zip(one(image), other(image), strict=True):
            assert torch.equal(first, second)


class OfItsSize(nn.Module):
    """A network in whose graph of one size that size stands."""

    def __init__(self) -> None:
        super().__init__()
        self.project = nn.Conv2d(12, 16, 1)

    def forward(self, image: Tensor) -> Prediction:
        found = nn.functional.pixel_shuffle(self.project(nn.functional.pixel_unshuffle(image, 2)), 2)
        return Prediction(found[:, :1], found[:, 1:])


def test_a_network_that_depends_on_the_size_is_exported_for_every_size(tmp_path: Path) -> None:
    network, image = OfItsSize().eval(), torch.rand(3, 3, 64, 128)
    export_model(network, tmp_path, 64, {"network": {}})
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx", providers=["CPUExecutionProvider"])
    (alpha,) = session.run(["alpha"], {"image": image.numpy()})
    with torch.inference_mode():
        expected = torch.sigmoid(network(image).alpha_logits)
    np.testing.assert_allclose(alpha, expected.numpy(), atol=1e-5)


# None of these is a size at which the export looks at the network.
@pytest.mark.parametrize("shape", [(1, 3, 32, 96), (2, 3, 128, 96), (4, 3, 64, 32), (5, 3, 32, 32), (1, 3, 224, 224)])
def test_onnx_runtime_equals_pytorch(
    exported: Exported, session: onnxruntime.InferenceSession, shape: tuple[int, ...]
) -> None:
    image = torch.rand(shape, generator=torch.Generator().manual_seed(3))
    twin = tiny()
    with torch.inference_mode():
        expected = twin(image)
    alpha, foreground = session.run(["alpha", "foreground"], {"image": image.numpy()})
    np.testing.assert_allclose(alpha, torch.sigmoid(expected.alpha_logits).numpy(), atol=1e-4)
    np.testing.assert_allclose(foreground, expected.foreground.numpy(), atol=1e-4)


def test_the_photos_of_a_batch_do_not_mix(session: onnxruntime.InferenceSession) -> None:
    images = np.random.default_rng(0).random((3, 3, 64, 96), np.float32)
    together = session.run(None, {"image": images})
    for number in range(3):
        for one, all_of_them in zip(session.run(None, {"image": images[number : number + 1]}), together, strict=True):
            np.testing.assert_allclose(one[0], all_of_them[number], atol=1e-5)


def test_the_graph_says_what_it_takes_and_gives(session: onnxruntime.InferenceSession) -> None:
    (image,) = session.get_inputs()
    assert (image.name, image.type) == ("image", "tensor(float)")
    assert [side for side in image.shape if isinstance(side, int)] == [3]
    assert [output.name for output in session.get_outputs()] == ["alpha", "foreground"]
    assert [output.shape[1] for output in session.get_outputs()] == [1, 3]


def test_how_sure_it_must_be_is_known_with_its_page_and_without(exported: Exported, tmp_path: Path) -> None:
    assert Network(exported.folder).sure == 0.9
    alone = tmp_path / "alone.onnx"
    alone.write_bytes((exported.folder / "model.onnx").read_bytes())
    assert Network(alone).sure == 0.9


def test_the_folder_holds_three_files_and_nothing_else(exported: Exported) -> None:
    assert sorted(path.name for path in exported.folder.iterdir()) == FILES


def test_the_page_of_facts(exported: Exported) -> None:
    page = json.loads((exported.folder / "model.json").read_text(encoding="utf-8"))
    normalisation = page.pop("normalisation")
    assert normalisation["inside"] is True
    assert normalisation["mean"] == pytest.approx([0.485, 0.456, 0.406])
    assert normalisation["std"] == pytest.approx([0.229, 0.224, 0.225])
    assert page == {
        "format": 1,
        "image_size": 64,
        "network": exported.network.config,
        "onnx_difference": exported.difference,
        **FACTS,
    }
    assert 0 <= exported.difference < 1e-4


def test_the_safetensors_hold_the_networks_weights(exported: Exported) -> None:
    state = load_file(exported.folder / "model.safetensors")
    wanted = tiny().state_dict()
    assert set(state) == set(wanted)
    assert all(torch.equal(state[name], wanted[name]) for name in wanted)


def test_exporting_leaves_the_network_as_it_was(exported: Exported) -> None:
    assert exported.network.training
    assert all(parameter.requires_grad for parameter in exported.network.parameters())
    before = tiny().state_dict()
    assert all(torch.equal(value, before[name]) for name, value in exported.network.state_dict().items())


@pytest.mark.skipif(os.name != "posix", reason="there is a umask on POSIX systems only")
@pytest.mark.parametrize("name", FILES)
def test_the_files_permissions_follow_the_umask(exported: Exported, name: str) -> None:
    assert stat.S_IMODE((exported.folder / name).stat().st_mode) == 0o640


@pytest.mark.parametrize("difference", [0.5, float("nan")])
def test_a_graph_that_disagrees_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, difference: float) -> None:
    monkeypatch.setattr(export, "_write_onnx", lambda model, path, image_size: path.write_bytes(b"a graph"))
    monkeypatch.setattr(export, "_greatest_difference", lambda model, path, image_size: difference)
    with pytest.raises(ModelError, match=r"PyTorch and ONNX Runtime disagree by .* \(at most 0.001\)"):
        export_model(tiny(), tmp_path, image_size=64, facts=FACTS)
    assert list(tmp_path.iterdir()) == []


def test_a_graph_that_disagrees_leaves_the_earlier_model_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in FILES:
        (tmp_path / name).write_bytes(b"earlier")
    monkeypatch.setattr(export, "_write_onnx", lambda model, path, image_size: path.write_bytes(b"a graph"))
    monkeypatch.setattr(export, "_greatest_difference", lambda model, path, image_size: 0.5)
    with pytest.raises(ModelError):
        export_model(tiny(), tmp_path, image_size=64, facts=FACTS)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == dict.fromkeys(FILES, b"earlier")


def test_the_graph_tells_no_folder_of_the_machine_that_made_it(exported: Exported) -> None:
    content = (exported.folder / "model.onnx").read_bytes()
    assert str(Path(export.__file__).parent).encode() not in content
    assert b"site-packages" not in content


def test_the_check_sees_a_graph_of_other_weights(exported: Exported) -> None:
    torch.manual_seed(1)
    other = AttentionUNet(**exported.network.config, encoder_weights="none").eval()
    difference = export._greatest_difference(export._Exported(other), exported.folder / "model.onnx", 64)
    assert difference > 100 * export.TOLERANCE


@pytest.mark.parametrize("inner", ["best_model", ""])
def test_load_from_the_folder_and_from_the_run(exported: Exported, inner: str) -> None:
    network, page = load_network(exported.folder.parent / inner)
    assert not network.training
    assert page["image_size"] == 64
    assert page["metrics"] == FACTS["metrics"]
    assert_same_predictions(network, tiny())


class OwnNetwork(nn.Module):
    """A network of somebody's own: it knows nothing of ours but what it gives."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layer = nn.Conv2d(3, width, 3, padding=1)
        self.head = nn.Conv2d(width, 4, 1)

    def forward(self, image: Tensor) -> Prediction:
        features = self.head(torch.relu(self.layer(image)))
        return Prediction(features[:, :1], torch.sigmoid(features[:, 1:]))


OWN = f"{OwnNetwork.__module__}.OwnNetwork"


def test_a_network_of_ones_own_is_exported_and_built_again(tmp_path: Path) -> None:
    network = OwnNetwork(5).eval()
    export_model(network, tmp_path, image_size=64, facts={"network": {"_target_": OWN, "width": 5}})
    again, page = load_network(tmp_path)
    assert_same_predictions(again, network)
    assert page["normalisation"] == {"inside": True}
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx", providers=["CPUExecutionProvider"])
    image = torch.rand(2, 3, 96, 32)
    with torch.inference_mode():
        expected = network(image)
    alpha, colours = session.run(["alpha", "foreground"], {"image": image.numpy()})
    np.testing.assert_allclose(alpha, torch.sigmoid(expected.alpha_logits).numpy(), atol=1e-5)
    np.testing.assert_allclose(colours, expected.foreground.numpy(), atol=1e-5)


def test_ours_may_be_named_too(exported: Exported, tmp_path: Path) -> None:
    named = {"_target_": "recorte.model.attention_unet.AttentionUNet", **exported.network.config}
    folder = copy_of(exported.folder, tmp_path / "model", network=named)
    assert_same_predictions(load_network(folder)[0], tiny())


@pytest.mark.parametrize(
    ("network", "message"),
    [
        ({"_target_": "this.s"}, "it needs this.s, code that is not Recorte's, and which is not run unless you ask"),
        ({"_target_": "os.system", "command": "touch here"}, "os.system, which is no class"),
        ({"_target_": "subprocess.Popen", "args": "touch here"}, "subprocess.Popen is no network"),
        ({"attention": {"_target_": "os.system", "command": "touch here"}}, "more in this description"),
        ({"decoder_channels": [8, 8, 8, {"_target_": "os.system"}]}, "more in this description"),
        ({"encoder": "${oc.env:HOME}"}, "more in this description"),
        ({"_target_": OWN, "width": 5}, "a model of another network"),
    ],
)
def test_a_strangers_model_runs_nothing(
    exported: Exported, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, network: dict[str, Any], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = copy_of(exported.folder, tmp_path / "model", network=exported.network.config | network)
    if "_target_" in network:
        folder = copy_of(exported.folder, tmp_path / "other", network=network)
    sys.modules.pop("this", None)
    refuse(folder, message)
    assert "this" not in sys.modules
    assert not (tmp_path / "here").exists()


def checkpoint_of(network: AttentionUNet) -> dict[str, Any]:
    """As Lightning writes it: the network is one part of the module."""
    state = {f"network.{name}": value for name, value in network.state_dict().items()}
    return {"epoch": 2, "state_dict": {**state, "metrics.iou": torch.zeros(1)}, "network": network.config}


@pytest.mark.parametrize("facts", [{"image_size": 96}, {}])
def test_load_from_a_checkpoint(tmp_path: Path, facts: dict[str, int]) -> None:
    torch.save(checkpoint_of(tiny()) | facts, tmp_path / "last.ckpt")
    network, page = load_network(str(tmp_path / "last.ckpt"))
    assert not network.training
    assert page == {"network": network.config, "image_size": facts.get("image_size"), "averaged": False}
    assert_same_predictions(network, tiny())


def test_of_averaged_weights_and_those_that_are_trained_both_can_be_had(tmp_path: Path) -> None:
    checkpoint = checkpoint_of(tiny())
    checkpoint["current_model_state"] = {name: value + 1 for name, value in checkpoint["state_dict"].items()}
    torch.save(checkpoint, tmp_path / "last.ckpt")
    name = "refine.0.weight"
    for averaged, more in ((True, 0), (False, 1)):
        network, page = load_network(tmp_path / "last.ckpt", averaged=averaged)
        assert page["averaged"]
        torch.testing.assert_close(network.state_dict()[name], checkpoint["state_dict"][f"network.{name}"] + more)


def refuse(path: Path, message: str) -> None:
    with pytest.raises(ModelError, match=message) as caught:
        load_network(path)
    text = str(caught.value)
    assert text.startswith(f"{path}: ")
    assert "weights_only" not in text  # torch's advice would run what a stranger wrote
    assert "\n" not in text


def copy_of(folder: Path, target: Path, **changes: object) -> Path:
    """The model's page and weights in another folder; a change to None takes the key away."""
    target.mkdir()
    page = json.loads((folder / "model.json").read_text(encoding="utf-8")) | changes
    page = {key: value for key, value in page.items() if value is not None}
    (target / "model.json").write_text(json.dumps(page), encoding="utf-8")
    (target / "model.safetensors").write_bytes((folder / "model.safetensors").read_bytes())
    return target


def test_nothing_there(tmp_path: Path) -> None:
    refuse(tmp_path / "nowhere", "no such model; give a run's folder, its best_model/ folder, or a .ckpt file")


def test_an_empty_folder(tmp_path: Path) -> None:
    refuse(tmp_path, r"no model of Recorte: model\.json is missing")


def test_a_folder_without_weights(exported: Exported, tmp_path: Path) -> None:
    folder = copy_of(exported.folder, tmp_path / "model")
    (folder / "model.safetensors").unlink()
    refuse(folder, r"no model of Recorte: model\.safetensors is missing")


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.99])
def test_damaged_weights(exported: Exported, tmp_path: Path, share: float) -> None:
    folder = copy_of(exported.folder, tmp_path / "model")
    content = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(content[: int(share * len(content))])
    refuse(folder, "a damaged model")


@pytest.mark.parametrize(
    "content", [b"", b'{"format": 1', b"[]", b'"text"', b"\xff\xfe\x00", b"{}", b'{"format": "1"}']
)
def test_a_damaged_page(exported: Exported, tmp_path: Path, content: bytes) -> None:
    folder = copy_of(exported.folder, tmp_path / "model")
    (folder / "model.json").write_bytes(content)
    refuse(folder, "a damaged model")


def test_a_newer_format(exported: Exported, tmp_path: Path) -> None:
    refuse(copy_of(exported.folder, tmp_path / "model", format=2), r"newer Recorte \(format 2\); update")


@pytest.mark.parametrize(
    "network",
    [
        {"encoder": "test_resnet", "attention": True, "dropout": 0.0, "decoder_channels": [8, 8, 8, 8]},
        {"encoder": "test_efficientnet", "attention": True, "dropout": 0.0, "decoder_channels": [8, 8, 8]},
        {"encoder": "test_efficientnet", "attention": True, "dropout": 0.0, "decoder_channels": [16, 8, 8, 8]},
        {"layers": 3},
        [],
    ],
    ids=["encoder", "levels", "width", "options", "form"],
)
def test_a_page_of_another_network(exported: Exported, tmp_path: Path, network: object) -> None:
    folder = copy_of(exported.folder, tmp_path / "model", network=network)
    refuse(folder, "a model of another network than Recorte's")


@pytest.mark.parametrize(
    "content",
    [{"state_dict": {"layer.weight": torch.zeros(2)}}, {"state_dict": {}, "network": {"layers": 3}}],
    ids=["no network", "other options"],
)
def test_a_checkpoint_of_another_network(tmp_path: Path, content: dict[str, Any]) -> None:
    torch.save(content, tmp_path / "other.ckpt")
    refuse(tmp_path / "other.ckpt", "of another network than Recorte's")


def test_a_checkpoint_with_weights_missing(tmp_path: Path) -> None:
    content = checkpoint_of(tiny())
    content["state_dict"].popitem()
    content["state_dict"].popitem()
    torch.save(content, tmp_path / "last.ckpt")
    refuse(tmp_path / "last.ckpt", "of another network than Recorte's.*Missing key")


@pytest.mark.parametrize("content", [[1, 2], "text", {"epoch": 2}, {"state_dict": 3, "network": {}}])
def test_plain_data_that_is_no_checkpoint(tmp_path: Path, content: object) -> None:
    torch.save(content, tmp_path / "last.ckpt")
    refuse(tmp_path / "last.ckpt", "not a checkpoint")


@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_a_truncated_checkpoint(tmp_path: Path, share: float) -> None:
    torch.save(checkpoint_of(tiny()), tmp_path / "last.ckpt")
    content = (tmp_path / "last.ckpt").read_bytes()
    (tmp_path / "last.ckpt").write_bytes(content[: int(share * len(content))])
    refuse(tmp_path / "last.ckpt", "not a checkpoint that can be read")


class Malicious:
    """Creates a file when it is unpickled."""

    def __init__(self, victim: Path) -> None:
        self.victim = victim

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.victim,)


@pytest.mark.parametrize("how", ["torch", "pickle"])
def test_a_checkpoint_of_arbitrary_objects_is_refused_and_not_run(tmp_path: Path, how: str) -> None:
    network = tiny()
    content: dict[str, Tensor | Malicious] = checkpoint_of(network) | {"callbacks": Malicious(tmp_path / "victim")}
    if how == "torch":
        torch.save(content, tmp_path / "last.ckpt")
    else:
        (tmp_path / "last.ckpt").write_bytes(pickle.dumps(content, protocol=2))
    refuse(tmp_path / "last.ckpt", "not a checkpoint that can be read")
    assert not (tmp_path / "victim").exists()
