"""Networks of a few nodes, for tests, and photos for them: the person is whatever is red."""

import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from PIL import Image


def write_best_model(folder: Path, image_size: int = 64, batch: int | str = "batch", **description: object) -> Path:
    """Write a `best_model` folder whose alpha is sigmoid(40 * (red - (green + blue) / 2 - 0.5))."""
    folder.mkdir(parents=True, exist_ok=True)
    write_network(folder / "model.onnx", batch=batch)
    content = {"format": 1, "image_size": image_size, "metrics": {}, "origin": {}, "network": {}} | description
    (folder / "model.json").write_text(json.dumps(content))
    return folder


def write_network(
    path: Path,
    *,
    steepness: float = 40.0,
    final: str = "Sigmoid",
    names: tuple[str, str, str] = ("image", "alpha", "foreground"),
    sides: tuple[int | str, int | str] = ("height", "width"),
    batch: int | str = "batch",
) -> Path:
    """Write the network itself; the arguments bend it into networks that break the contract."""
    image, alpha, foreground = names
    weights = np.array([1, -0.5, -0.5], np.float32).reshape(1, 3, 1, 1) * steepness
    bias = np.array([-0.5 * steepness], np.float32)
    nodes = [
        helper.make_node("Conv", [image, "weights", "bias"], ["logits"]),
        helper.make_node(final, ["logits"], [alpha]),
        helper.make_node("Identity", [image], [foreground]),
    ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info(image, TensorProto.FLOAT, [batch, 3, *sides])],
        [
            helper.make_tensor_value_info(alpha, TensorProto.FLOAT, [batch, 1, *sides]),
            helper.make_tensor_value_info(foreground, TensorProto.FLOAT, [batch, 3, *sides]),
        ],
        [numpy_helper.from_array(weights, "weights"), numpy_helper.from_array(bias, "bias")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    onnx.save(model, path)
    return path


def write_teachable(folder: Path) -> Path:
    """Write a model that can be taught: it knows nothing, and takes for people only what it is quite sure of."""
    import torch

    from recorte.model.attention_unet import AttentionUNet
    from recorte.model.export import export_model

    torch.manual_seed(0)
    network = AttentionUNet("test_resnet.r160_in1k", encoder_weights="none", decoder_channels=[16, 16, 8, 8])
    export_model(network.eval(), folder, 64, {"metrics": {}, "origin": {}, "sure": 0.3})
    return folder


def write_red_photo(path: Path, seed: int) -> Path:
    """Draw a red person on blue; of two seeds no two are alike."""
    random = np.random.default_rng(seed)
    pixels = np.full((60, 80, 3), (30, 60, random.integers(180, 255)), np.uint8)
    top, left = random.integers(5, 25), random.integers(5, 45)
    pixels[top : top + 30, left : left + 20] = (230, 20, random.integers(40))
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return path
