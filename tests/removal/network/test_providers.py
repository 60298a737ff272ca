"""What computes a network. Of those that are not the processor's, ONNX Runtime's usual build has Azure's alone, which
it opens as any other, and which leaves all of a network to the processor."""

import logging
import os
import pickle
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from cli_process import ENVIRONMENT, expect_mistake, recorte
from recorte import BackgroundRemover
from recorte.errors import RecorteError
from recorte.removal.network.providers import both_builds, chosen

AZURE, CPU, CUDA = "AzureExecutionProvider", "CPUExecutionProvider", "CUDAExecutionProvider"

pytestmark = pytest.mark.skipif(AZURE not in onnxruntime.get_available_providers(), reason="another build")


@pytest.fixture
def with_cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    """A build that has CUDA, on a machine that has not."""
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [CUDA, CPU])


def test_the_processor_computes_unless_another_is_asked_for(
    best_model: Path, red_square: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual, other = BackgroundRemover(best_model), BackgroundRemover(best_model, providers=[AZURE])
    assert usual.network.providers == [CPU]
    assert other.network.providers == [AZURE, CPU]
    assert np.array_equal(usual.predict_alpha(red_square), other.predict_alpha(red_square))
    for copy in (pickle.loads(pickle.dumps(other)), other.with_threads(1)):
        assert copy.network.providers == [AZURE, CPU]
    monkeypatch.setenv("RECORTE_PROVIDERS", f" {AZURE}, cpu ")
    assert BackgroundRemover(best_model).network.providers == [AZURE, CPU]
    assert BackgroundRemover(best_model, providers="cpu").network.providers == [CPU]
    assert pickle.loads(pickle.dumps(usual)).network.providers == [AZURE, CPU]  # each machine has its own variable


@pytest.mark.usefixtures("with_cuda")
def test_names_short_and_long_in_their_order() -> None:
    assert chosen("CUDA") == chosen(["cuda"]) == chosen((CUDA,)) == [CUDA, CPU]
    assert chosen("cpu,cuda") == [CPU, CUDA]
    assert chosen("") == chosen([]) == chosen(None) == [CPU]


def test_one_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(RecorteError, match=r"^provider cuda, warp: the ONNX Runtime that is installed has cpu; builds"):
        BackgroundRemover(providers="cuda,warp,cpu")
    with pytest.raises(RecorteError, match="providers must be a name such as 'cuda', or a list of them, not 3"):
        BackgroundRemover(providers=3)  # type: ignore[arg-type]
    (tmp_path / "holiday").mkdir()
    (tmp_path / "holiday/photo.png").touch()
    for arguments in (["holiday", "-o", "cut"], ["video", "clip.mp4"], ["serve"]):
        answer = recorte(*arguments, "--provider", "directml", cwd=tmp_path, timeout=60)
        expect_mistake(answer, "provider directml", "has cpu")
    assert not (tmp_path / "cut").exists()
    answer = recorte("app", cwd=tmp_path, env=ENVIRONMENT | {"RECORTE_PROVIDERS": "cuda"}, timeout=60)
    expect_mistake(answer, "RECORTE_PROVIDERS cuda", "has cpu")


@pytest.mark.usefixtures("with_cuda")
@pytest.mark.filterwarnings("ignore:Specified provider")  # ONNX Runtime's own words, of a build that has none
def test_one_that_does_not_work_is_told(best_model: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "recorte"):
        assert BackgroundRemover(best_model, providers="cuda").network.providers == [CPU]
    opened, told = (record.getMessage() for record in caplog.records)
    assert opened == f"opened {best_model}/model.onnx, computed by {CPU}"
    assert told == f"{CUDA} does not work on this machine; {CPU} computes"


def test_builds_that_overwrite_each_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert both_builds() is None
    installed = tmp_path / "onnxruntime_gpu-1.30.0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: onnxruntime-gpu\nVersion: 1.30.0\n")
    monkeypatch.syspath_prepend(tmp_path)
    said = f"onnxruntime {onnxruntime.__version__} and onnxruntime-gpu 1.30.0 are both installed"
    assert (both_builds() or "").startswith(said)
    with pytest.raises(RecorteError, match=r"pip uninstall -y onnxruntime onnxruntime-gpu, then pip install"):
        chosen("cuda")
    paths = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    assert said in recorte("info", env=ENVIRONMENT | {"PYTHONPATH": paths}).stdout


def test_info_lists_them() -> None:
    said = recorte("info", "--provider", AZURE).stdout
    assert f"{AZURE}, {CPU}\n" in said
    assert "Providers      cpu\n" in said
