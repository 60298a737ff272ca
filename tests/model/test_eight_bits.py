from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from recorte.model.eight_bits import store_in_eight_bits
from recorte.removal.network import Network

NOISE = np.random.default_rng(0)


def write_network(path: Path, weights: np.ndarray) -> Path:
    """A convolution for alpha, and a constant that is no convolution's weight for the foreground."""
    tensors = {"weights": weights, "bias": np.array([0.1], np.float32), "factor": np.full((1, 3, 1, 1), 0.7, "f")}
    nodes = [
        helper.make_node("Conv", ["image", "weights", "bias"], ["logits"], pads=[weights.shape[2] // 2] * 4),
        helper.make_node("Sigmoid", ["logits"], ["alpha"]),
        helper.make_node("Mul", ["image", "factor"], ["foreground"]),
    ]
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes,
        "tiny",
        [value("image", TensorProto.FLOAT, ["batch", 3, "height", "width"])],
        [value(name, TensorProto.FLOAT, ["batch", None, "height", "width"]) for name in ("alpha", "foreground")],
        [numpy_helper.from_array(tensor, name) for name, tensor in tensors.items()],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10), path)
    return path


def run(path: Path, image: np.ndarray) -> list[np.ndarray]:
    return onnxruntime.InferenceSession(path).run(["alpha", "foreground"], {"image": image})


def rounded_by_hand(weights: np.ndarray) -> np.ndarray:
    """127 steps to the greatest weight of each output channel, one channel after the other."""
    result = weights.copy()
    for channel in result:
        step = np.abs(channel).max() / 127
        channel[:] = [[[round(float(x) / float(step)) * step for x in row] for row in plane] for plane in channel]
    return result


def test_what_it_computes_is_that_of_rounded_weights(tmp_path: Path) -> None:
    weights = NOISE.normal(size=(1, 3, 9, 9)).astype(np.float32) / 2
    source = write_network(tmp_path / "source.onnx", weights)
    store_in_eight_bits(source, tmp_path / "target.onnx")
    write_network(tmp_path / "wanted.onnx", rounded_by_hand(weights))
    image = NOISE.random((2, 3, 32, 64), dtype=np.float32)
    found, by_hand, whole = (run(tmp_path / name, image) for name in ("target.onnx", "wanted.onnx", "source.onnx"))
    for one, other in zip(found, by_hand, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)
    assert 1e-5 < np.abs(found[0] - whole[0]).max() < 0.02


def test_channels_of_few_weights_are_kept_in_half_precision(tmp_path: Path) -> None:
    weights = NOISE.normal(size=(1, 3, 3, 3)).astype(np.float32)
    source = write_network(tmp_path / "source.onnx", weights)
    store_in_eight_bits(source, tmp_path / "target.onnx")
    write_network(tmp_path / "wanted.onnx", weights.astype(np.float16).astype(np.float32))
    image = NOISE.random((2, 3, 32, 64), dtype=np.float32)
    found, by_hand = (run(tmp_path / name, image) for name in ("target.onnx", "wanted.onnx"))
    for one, other in zip(found, by_hand, strict=True):
        np.testing.assert_array_equal(one, other)
    stored = {tensor.name: tensor.data_type for tensor in onnx.load(tmp_path / "target.onnx").graph.initializer}
    assert stored == {"weights.half": TensorProto.FLOAT16, "bias": TensorProto.FLOAT, "factor": TensorProto.FLOAT}


def test_channels_have_scales_of_their_own_and_zeros_stay(tmp_path: Path) -> None:
    source = tmp_path / "source.onnx"
    weights = np.zeros((3, 4, 1, 1), np.float32)
    weights[0], weights[1] = np.reshape([1, -0.5, 0.25, 0], (4, 1, 1)), np.reshape([1e-4, 0, 0, -1e-4], (4, 1, 1))
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        [helper.make_node("Conv", ["x", "weights"], ["y"])],
        "channels",
        [value("x", TensorProto.FLOAT, [1, 4, 1, 1])],
        [value("y", TensorProto.FLOAT, [1, 3, 1, 1])],
        [numpy_helper.from_array(weights, "weights")],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10), source)
    store_in_eight_bits(source, source, few=0)
    session = onnxruntime.InferenceSession(source)
    columns = [session.run(None, {"x": np.eye(4, dtype="f")[i].reshape(1, 4, 1, 1)})[0].ravel() for i in range(4)]
    np.testing.assert_allclose(np.transpose(columns)[0], [1, -64 / 127, 32 / 127, 0], atol=1e-6)
    np.testing.assert_allclose(np.transpose(columns)[1], [1e-4, 0, 0, -1e-4], atol=1e-9)
    assert not np.transpose(columns)[2].any()


def test_the_file_is_a_quarter(tmp_path: Path) -> None:
    source = write_network(tmp_path / "source.onnx", NOISE.normal(size=(1, 3, 101, 101)).astype(np.float32))
    store_in_eight_bits(source, tmp_path / "target.onnx")
    assert (tmp_path / "target.onnx").stat().st_size == pytest.approx(source.stat().st_size / 4, rel=0.05)
    onnx.checker.check_model(tmp_path / "target.onnx", full_check=True)


@pytest.mark.parametrize("kernel", [5, 9])
def test_what_is_opened_for_use_multiplies_floats(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kernel: int) -> None:
    path = write_network(tmp_path / "tiny.onnx", NOISE.normal(size=(1, 3, kernel, kernel)).astype(np.float32))
    store_in_eight_bits(path, path)
    opened: list[onnxruntime.SessionOptions] = []
    real = onnxruntime.InferenceSession

    def spy(model: Path, options: onnxruntime.SessionOptions, **kwargs: object) -> onnxruntime.InferenceSession:
        options.optimized_model_filepath = str(tmp_path / "optimised.onnx")
        opened.append(options)
        return real(model, options, **kwargs)

    monkeypatch.setattr(onnxruntime, "InferenceSession", spy)
    Network(path)
    assert opened
    kinds = {node.op_type for node in onnx.load(tmp_path / "optimised.onnx").graph.node}
    assert not kinds & {"DequantizeLinear", "Cast"} and kinds & {"Conv", "FusedConv"}
