from pathlib import Path

import pytest

from commands import write_lessons


@pytest.fixture
def lessons(tmp_path: Path) -> Path:
    return write_lessons(tmp_path / "lessons", 4)


@pytest.fixture
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of the test's own, not the one of whoever runs the tests."""
    place = tmp_path / "home"
    monkeypatch.setenv("RECORTE_HOME", str(place))
    return place


@pytest.fixture(scope="session")
def start(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny network that knows nothing, and takes for people only what it is quite sure of."""
    import torch

    from recorte.model.attention_unet import AttentionUNet
    from recorte.model.export import export_model

    torch.manual_seed(0)
    network = AttentionUNet("test_resnet.r160_in1k", encoder_weights="none", decoder_channels=[16, 16, 8, 8])
    folder = tmp_path_factory.mktemp("start")
    export_model(network.eval(), folder, 64, {"metrics": {}, "origin": {}, "sure": 0.3})
    return folder
