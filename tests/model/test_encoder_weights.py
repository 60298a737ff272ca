import pickle
from pathlib import Path

import pytest
import timm
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from recorte.errors import ModelError
from recorte.model.encoder_weights import load_encoder_weights

NAME = "test_efficientnet"
NESTED = "test_byobnet"
"""timm joins the names of its nested stages: `stages.0` becomes `stages_0`."""


def trained(name: str) -> nn.Module:
    """A whole timm model whose statistics are not those it starts with."""
    torch.manual_seed(1)
    model = timm.create_model(name)
    with torch.no_grad():
        for key, value in model.state_dict().items():
            if key.endswith(("running_mean", "running_var")):
                value.uniform_(0.5, 1.5)
    return model.eval()


def encoder_of(name: str) -> nn.Module:
    torch.manual_seed(2)
    return timm.create_model(name, features_only=True).eval()


def assert_same_features(encoder: nn.Module, model: nn.Module) -> None:
    """The encoder's stages against what timm takes out of the middle of the whole model."""
    image = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(3))
    with torch.inference_mode():
        found, expected = encoder(image), model.forward_intermediates(image, intermediates_only=True)
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other)


def write(state: dict[str, Tensor], path: Path) -> None:
    if path.suffix == ".safetensors":
        save_file(state, path)
    else:
        torch.save(state, path)


def refuse(weights: object, message: str, name: str = NAME) -> None:
    """Expect a readable error that names the key, and an encoder that is as it was."""
    encoder = encoder_of(name)
    with pytest.raises(ModelError, match=message) as caught:
        load_encoder_weights(encoder, name, str(weights))
    text = str(caught.value)
    assert text.startswith(f"model.encoder_weights={weights}: ")
    assert "weights_only" not in text  # torch's advice would run what a stranger wrote
    assert len(text) < 700
    assert "\n" not in text


def test_none_leaves_the_encoder_as_it_is() -> None:
    encoder, twin = encoder_of(NAME), encoder_of(NAME)
    load_encoder_weights(encoder, NAME, "none")
    for one, other in zip(encoder.parameters(), twin.parameters(), strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("name", [NAME, NESTED])
@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
def test_a_file_of_the_whole_model_fills_the_encoder(tmp_path: Path, name: str, suffix: str) -> None:
    model, encoder = trained(name), encoder_of(name)
    write(model.state_dict(), tmp_path / f"weights{suffix}")
    load_encoder_weights(encoder, name, str(tmp_path / f"weights{suffix}"))
    assert_same_features(encoder, model)


def test_a_file_of_an_encoder_fills_the_encoder(tmp_path: Path) -> None:
    source, encoder = encoder_of(NESTED), encoder_of(NESTED)
    with torch.no_grad():
        for parameter in source.parameters():
            parameter.mul_(1.5)
    write(source.state_dict(), tmp_path / "weights.safetensors")
    load_encoder_weights(encoder, NESTED, str(tmp_path / "weights.safetensors"))
    for one, other in zip(encoder.parameters(), source.parameters(), strict=True):
        assert torch.equal(one, other)


def test_a_state_dict_within_a_checkpoint_is_found(tmp_path: Path) -> None:
    model, encoder = trained(NAME), encoder_of(NAME)
    torch.save({"epoch": 3, "state_dict": model.state_dict()}, tmp_path / "weights.pth")
    load_encoder_weights(encoder, NAME, str(tmp_path / "weights.pth"))
    assert_same_features(encoder, model)


def test_imagenet_takes_what_timm_downloads(monkeypatch: pytest.MonkeyPatch) -> None:
    model, encoder = trained(NAME), encoder_of(NAME)
    asked = []
    monkeypatch.setattr(timm, "create_model", lambda name, pretrained: asked.append((name, pretrained)) or model)
    load_encoder_weights(encoder, NAME, "imagenet")
    assert asked == [(NAME, True)]
    assert_same_features(encoder, model)


@pytest.mark.parametrize(
    "error",
    [
        ConnectionError("no route to host"),
        OSError("no route to host\nand more lines"),
        RuntimeError("no route to host"),
    ],
)
def test_imagenet_without_a_network_tells_the_ways_out(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def offline(name: str, pretrained: bool = False, **options: object) -> nn.Module:
        raise error

    encoder = encoder_of(NAME)
    monkeypatch.setattr(timm, "create_model", offline)
    with pytest.raises(ModelError) as caught:
        load_encoder_weights(encoder, NAME, "imagenet")
    text = str(caught.value)
    assert text.startswith("model.encoder_weights=imagenet: ")
    for part in (NAME, "no route to host", "model.encoder_weights=none", "file"):
        assert part in text
    assert "\n" not in text


def test_an_error_without_words_is_told_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(name: str, pretrained: bool = False) -> nn.Module:
        raise TimeoutError

    encoder = encoder_of(NAME)
    monkeypatch.setattr(timm, "create_model", offline)
    with pytest.raises(ModelError, match="TimeoutError"):
        load_encoder_weights(encoder, NAME, "imagenet")


def test_a_missing_file() -> None:
    refuse("nowhere/weights.pth", "no such file; valid are imagenet, none, or a file")


@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
def test_weights_of_another_network(tmp_path: Path, suffix: str) -> None:
    write(timm.create_model("test_resnet").state_dict(), tmp_path / f"weights{suffix}")
    refuse(tmp_path / f"weights{suffix}", f"not the weights of {NAME}: .* missing, the first is conv_stem.weight")


def test_tensors_of_another_shape(tmp_path: Path) -> None:
    state = {key: value[:1] if value.ndim else value for key, value in trained(NAME).state_dict().items()}
    torch.save(state, tmp_path / "weights.pth")
    refuse(tmp_path / "weights.pth", f"not the weights of {NAME}: .*size mismatch")


@pytest.mark.parametrize(
    "content",
    [torch.zeros(3), [torch.zeros(3)], {}, {7: torch.zeros(3)}, {"state_dict": 3}],
    ids=["tensor", "list", "nothing", "number", "no state dict"],
)
def test_plain_data_that_is_no_state_dict(tmp_path: Path, content: object) -> None:
    torch.save(content, tmp_path / "weights.pth")
    refuse(tmp_path / "weights.pth", f"not the weights of {NAME}")


@pytest.mark.parametrize("suffix", [".safetensors", ".pth", ".legacy.pth"])
@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.99])
def test_a_truncated_file(tmp_path: Path, suffix: str, share: float) -> None:
    path = tmp_path / f"weights{suffix}"
    if suffix == ".legacy.pth":
        torch.save(trained(NAME).state_dict(), path, _use_new_zipfile_serialization=False)
    else:
        write(trained(NAME).state_dict(), path)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    refuse(path, "damaged")


class Malicious:
    """Creates a file when it is unpickled."""

    def __init__(self, victim: Path) -> None:
        self.victim = victim

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.victim,)


@pytest.mark.parametrize("how", ["torch", "pickle"])
def test_a_pickle_of_arbitrary_objects_is_refused_and_not_run(tmp_path: Path, how: str) -> None:
    content = {"conv_stem.weight": Malicious(tmp_path / "victim")}
    path = tmp_path / "weights.pth"
    if how == "torch":
        torch.save(content, path)
    else:
        path.write_bytes(pickle.dumps(content, protocol=2))
    refuse(path, "not a file of plain tensors")
    assert not (tmp_path / "victim").exists()
    pickle.loads(pickle.dumps(content))
    assert (tmp_path / "victim").exists()  # it would have done harm
