"""The whole way as one graph does what `BackgroundRemover` does, which looks once."""

import subprocess
import sys
import warnings
from pathlib import Path

import cv2
import numpy as np
import onnx
import onnxruntime
import pytest
import spox.opset.ai.onnx.v20 as op
from skimage import data
from spox import Tensor, argument, build

from recorte import BackgroundRemover
from recorte.removal.graph import export
from recorte.removal.graph.clearing import cleared
from recorte.removal.graph.invariants import moved_out
from recorte.removal.steps.islands import decided, drop_loose, drop_unsure


def opened(model: str | bytes) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])


@pytest.fixture(scope="module")
def session(cutout_onnx: Path) -> onnxruntime.InferenceSession:
    return opened(str(cutout_onnx))


@pytest.fixture(scope="module")
def remover() -> BackgroundRemover:
    return BackgroundRemover(looks=1)


@pytest.fixture(scope="module")
def tiny(best_model: Path) -> onnxruntime.InferenceSession:
    """The whole way of a network that is sure of nothing: whatever is red is person."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return opened(export.whole_way(onnx.load(best_model / "model.onnx"), 64, 0.0).SerializeToString())


@pytest.mark.parametrize("size", [(640, 640), (240, 320), (417, 563)])
def test_a_person_is_cut_out_as_by_the_remover(
    size: tuple[int, int], session: onnxruntime.InferenceSession, remover: BackgroundRemover
) -> None:
    photo = cv2.resize(data.astronaut(), size, interpolation=cv2.INTER_CUBIC)
    cutout, alpha = session.run(["cutout", "alpha"], {"photo": photo})
    wanted = remover.cut_out(photo)
    assert cutout.dtype == alpha.dtype == np.uint8
    assert np.array_equal(cutout[..., 3], alpha)
    assert 60 < alpha.mean() < 160
    assert np.percentile(np.abs(alpha.astype(int) - wanted[..., 3]), 99.9) <= 2
    # Colours where anything is seen of them: an alpha of 0 has none, and one of 1 of 255 any.
    shown, expected = (picture[..., :3] * (picture[..., 3:] / 255) for picture in (cutout, wanted))
    assert np.percentile(np.abs(shown - expected), 99.9) <= 2


def test_a_photo_of_nobody_is_empty(session: onnxruntime.InferenceSession) -> None:
    cutout, alpha = session.run(["cutout", "alpha"], {"photo": data.coffee()})
    assert cutout.shape == (400, 600, 4)
    assert cutout.max() == alpha.max() == 0


@pytest.mark.parametrize("size", [(130, 1), (1, 1), (64, 64), (301, 277), (700, 300)])
def test_any_size_goes_through_a_network_that_is_sure_of_nothing(
    size: tuple[int, int], tiny: onnxruntime.InferenceSession, best_model: Path, red_square: np.ndarray
) -> None:
    photo = cv2.resize(red_square, size, interpolation=cv2.INTER_NEAREST)
    cutout, _ = tiny.run(["cutout", "alpha"], {"photo": photo})
    wanted = BackgroundRemover(best_model, looks=1).cut_out(photo)
    assert cutout.shape == wanted.shape
    assert np.percentile(np.abs(cutout[..., 3].astype(int) - wanted[..., 3]), 99) <= 2


@pytest.fixture(scope="module")
def clearing() -> onnxruntime.InferenceSession:
    raw, begin, end = argument(Tensor(np.float32, ("h", "w"))), *(argument(Tensor(np.int64, (2,))) for _ in range(2))
    with warnings.catch_warnings(), export.operator_overloading(op):
        warnings.simplefilter("ignore")
        made = cleared(raw, (begin, end), 0.95)
        model = build({"raw": raw, "begin": begin, "end": end}, {"alpha": op.reshape(made, end - begin)})
    moved_out(model.graph)
    model.ir_version = export.IR_VERSION
    return opened(model.SerializeToString())


@pytest.mark.parametrize("seed", range(6))
def test_regions_are_cleared_as_by_connected_components(seed: int, clearing: onnxruntime.InferenceSession) -> None:
    noise = np.random.default_rng(seed).random((160, 160), np.float32)
    raw = cv2.GaussianBlur(noise, (0, 0), 4 + seed)
    raw = np.clip((raw - raw.mean()) / (2.2 * raw.std()) * (0.6 + seed / 10) + 0.35, 0, 1)
    begin, end = np.array([20, 0]), np.array([140, 160])
    part = drop_unsure(raw, 0.95)[20:140]
    wanted = decided(drop_loose(part))
    (found,) = clearing.run(None, {"raw": raw, "begin": begin, "end": end})
    assert np.mean(np.abs(found - wanted) > 1e-4) < 0.002  # ties between two regions alone
    if seed == 3:
        assert 0.05 < (wanted > 0.5).mean() < (raw[20:140] > 0.5).mean() - 0.01  # of sure ones and others


def test_an_empty_answer_stays_empty(clearing: onnxruntime.InferenceSession) -> None:
    raw = np.full((40, 40), 0.4, np.float32)
    (found,) = clearing.run(None, {"raw": raw, "begin": np.array([0, 5]), "end": np.array([40, 35])})
    assert found.shape == (40, 30)
    assert found.max() == 0


def test_mistakes_are_told_and_nothing_is_replaced(cutout_onnx: Path, tmp_path: Path) -> None:
    script, before = Path(__file__).parents[3] / "scripts/export.py", cutout_onnx.read_bytes()
    for arguments, said in (
        (["model=bundled", f"target={cutout_onnx}"], ["exists already"]),
        (["modl=bundled"], ["modl: there is no such key", "model= is missing", "target= is missing"]),
    ):
        done = subprocess.run([sys.executable, script, *arguments], capture_output=True, text=True, cwd=tmp_path)
        assert done.returncode == 2
        assert "Traceback" not in done.stderr
        assert [words for words in said if words not in done.stderr] == []
    assert cutout_onnx.read_bytes() == before


def test_the_graphs_that_pages_bring_are_those_that_are_written_now(tmp_path: Path) -> None:
    command = "python -m recorte.removal.graph web"
    subprocess.run([sys.executable, *command.split()[1:-1], tmp_path], check=True)
    web = Path(__file__).parents[3] / "web"
    written = {path.relative_to(tmp_path) for path in tmp_path.rglob("*.onnx")}
    assert written == {path.relative_to(web) for path in web.rglob("*.onnx") if path.name != "model.onnx"}
    old = [str(path) for path in written if (tmp_path / path).read_bytes() != (web / path).read_bytes()]
    assert not old, f"the steps have changed since these were written; {command}"
