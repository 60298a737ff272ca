"""Weights of 8 bits in an ONNX file: some quarter of its size, and the same arithmetic once it is open."""

from pathlib import Path

import numpy as np
import onnx
from onnx import helper, numpy_helper

from recorte.files import whole_file

FEW = 150
"""Weights of an output channel below which they are stored in half precision instead: of depthwise, first and narrow
convolutions. They are a seventh of all, and what rounding to eight bits costs, it costs by them."""


def store_in_eight_bits(source: Path, target: Path, few: int = FEW) -> None:
    """Write a network again, the weights of its convolutions as whole numbers from -127 to 127.

    Every output channel has a scale of its own (Krishnamoorthi 2018, arXiv 1806.08342). ONNX Runtime turns them back
    into floats as it opens the file, so only the weights are rounded: nothing that is computed from a photo is. Those
    of channels with few of them are kept in half precision, which rounds them next to nothing.

    Args:
        source: an `.onnx` file whose weights are inside of it.
        target: made anew; may be `source`.
        few: weights of an output channel below which they are stored in half precision.
    """
    model = onnx.load(source)
    graph = model.graph
    weights = {tensor.name: tensor for tensor in graph.initializer if tensor.data_type == onnx.TensorProto.FLOAT}
    names = dict.fromkeys(node.input[1] for node in graph.node if node.op_type == "Conv" and node.input[1] in weights)
    unpacking = []
    for name in names:
        values = numpy_helper.to_array(weights[name])
        graph.initializer.remove(weights[name])
        if values[0].size < few:
            graph.initializer.append(numpy_helper.from_array(values.astype(np.float16), f"{name}.half"))
            node = helper.make_node("Cast", [f"{name}.half"], [name], f"{name}.unpacked", to=onnx.TensorProto.FLOAT)
            unpacking.append(node)
            continue
        greatest = np.abs(values).max(axis=(1, 2, 3))
        scale = (np.where(greatest > 0, greatest, 1) / 127).astype(np.float32)
        rounded = np.rint(values / scale[:, None, None, None]).astype(np.int8)
        graph.initializer.append(numpy_helper.from_array(rounded, f"{name}.rounded"))
        graph.initializer.append(numpy_helper.from_array(scale, f"{name}.scale"))
        inputs = [f"{name}.rounded", f"{name}.scale"]
        unpacking.append(helper.make_node("DequantizeLinear", inputs, [name], name=f"{name}.unpacked", axis=0))
    nodes = [*unpacking, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    with whole_file(target) as path:
        onnx.save(model, path)
