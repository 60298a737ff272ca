"""Writing the graphs: the whole way from a photo to its cut-out, and the part of it that comes after the network."""

import json
import os
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import spox.opset.ai.onnx.v20 as op
from onnx.utils import Extractor
from spox import Tensor, Var, argument, build, inline

from recorte.errors import RecorteError
from recorte.files import write_whole
from recorte.letterbox import PADDING_COLOUR
from recorte.removal.graph.clearing import cleared
from recorte.removal.graph.colours import cut_out
from recorte.removal.graph.geometry import integers, real, side, whole
from recorte.removal.graph.invariants import moved_out
from recorte.removal.graph.refinement import refined
from recorte.removal.graph.resizing import resized
from recorte.removal.network import NOTE, Network

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # it is to leave spox one day, which is held at this version
    from spox._future import operator_overloading

IR_VERSION = 10
"""Of ONNX, which ONNX Runtime 1.20 reads."""


def write_cutout(model: str | os.PathLike[str] | None, target: Path) -> int:
    """Write the whole way as one file.

    It takes `photo uint8 (H, W, 3)`, upright, RGB, of any size, and gives `cutout uint8 (H, W, 4)`, straight RGBA, and
    `alpha uint8 (H, W)`, 255 = person. It does what `BackgroundRemover(model, looks=1).cut_out` does.

    Args:
        model: as `BackgroundRemover` takes it.
        target: the file, which must not be there yet.

    Returns:
        Its size in bytes.

    Raises:
        ModelError: the model is missing, broken, or of another kind.
        RecorteError: `target` is there, or is no .onnx file.
    """
    if target.suffix != ".onnx":
        raise RecorteError(f"{target}: an ONNX graph is written as .onnx; give such a name")
    if target.exists():
        raise RecorteError(f"{target}: exists already; remove it, or give another name")
    network = Network(model)
    content = whole_way(onnx.load(network.path), network.image_size, network.sure).SerializeToString()
    onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    target.parent.mkdir(parents=True, exist_ok=True)
    write_whole(target, content)
    return len(content)


def whole_way(model: onnx.ModelProto, size: int, sure: float) -> onnx.ModelProto:
    """Give the graph of the whole way around a network that sees `size` pixels; `sure` as `Network` has it."""
    network = Extractor(model).extract_model(["image"], ["alpha"])
    photo = argument(Tensor(np.uint8, ("height", "width", 3)))
    with operator_overloading(op):
        top, left, height, width = _box(photo, whole(size))
        canvas = _on_canvas(resized(photo, height, width), (top, left), size)
        (raw,) = inline(network)(image=canvas).values()
        raw = op.clip(op.squeeze(raw, whole([0, 1])), real(0), real(1))
        alpha = _found(photo, raw, (top, left, height, width), sure)
        outputs = {"cutout": cut_out(photo, alpha), "alpha": alpha}
    return _described(build({"photo": photo}, outputs), size, sure)


def parts(size: int, sure: float) -> dict[str, onnx.ModelProto]:
    """Give the whole way's last steps as graphs of their own, for programs that look more than once, or correct.

    - `finish`: from `photo uint8 (H, W, 3)`, `seen float (S, S)`, what the network answered for the letterboxed photo,
      or several answers laid over each other on a larger canvas, and the photo's `box int64 (4,)` in it (top, left,
      height and width), to `alpha uint8 (H, W)`. It has no floats of 64 bits: ONNX Runtime's builds for WebGPU cannot
      cast them.
    - `colours`: from `photo` and `alpha uint8 (H, W)` to `cutout uint8 (H, W, 4)`.
    - `refine`: from `photo` and `alpha float (h, w)` of its shape to `refined uint8 (H, W)`.
    """
    photo = argument(Tensor(np.uint8, ("height", "width", 3)))
    raw, coarse = (argument(Tensor(np.float32, (f"{name}height", f"{name}width"))) for name in ("seen_", "alpha_"))
    alpha, box = argument(Tensor(np.uint8, ("height", "width"))), argument(Tensor(np.int64, (4,)))
    with operator_overloading(op):
        sides = [op.gather(box, whole(number)) for number in range(4)]
        found = _found(photo, raw, sides, sure)
        graphs = {
            "finish": build({"photo": photo, "seen": raw, "box": box}, {"alpha": found}),
            "colours": build({"photo": photo, "alpha": alpha}, {"cutout": cut_out(photo, alpha)}),
            "refine": build({"photo": photo, "alpha": coarse}, {"refined": refined(coarse, photo)}),
        }
    return {name: _described(graph, size, sure) for name, graph in graphs.items()}


def _box(photo: Var, size: Var) -> tuple[Var, Var, Var, Var]:
    """Top, left, height and width of the photo in a square canvas, as `recorte.letterbox.Letterbox.box`."""
    sides = [side(photo, 0), side(photo, 1)]
    exact, longest = (op.cast(number, to=np.float64) for number in (size, op.max(sides)))
    height, width = (
        op.min([op.max([integers(op.round(op.cast(length, to=np.float64) * (exact / longest))), whole(1)]), size])
        for length in sides
    )
    return (size - height) / whole(2), (size - width) / whole(2), height, width


def _on_canvas(small: Var, start: tuple[Var, Var], size: int) -> Var:
    """Letterbox `float (h, w, 3)` from 0 to 255: `float (1, 3, size, size)` from 0 to 1."""
    padding = op.const(np.array(PADDING_COLOUR, np.float32))
    before = op.concat([op.unsqueeze(number, whole([0])) for number in (*start, whole(0))], axis=0)
    after = whole([size, size, 3]) - before - op.shape(small)
    canvas = op.pad(small - padding, op.concat([before, after], axis=0)) + padding
    return op.unsqueeze(op.transpose(canvas / real(255), perm=[2, 0, 1]), whole([0]))


def _found(photo: Var, raw: Var, box: Sequence[Var], sure: float) -> Var:
    top, left, height, width = box
    begin, end = (
        op.concat([op.unsqueeze(number, whole([0])) for number in pair], axis=0)
        for pair in ((top, left), (top + height, left + width))
    )
    alpha = refined(cleared(raw, (begin, end), sure), photo)
    if sure:  # what is left of a person after refinement may still be a ghost
        somebody = op.greater_or_equal(op.cast(op.reduce_max(alpha, keepdims=0), to=np.float32), real(128))
        alpha = op.where(somebody, alpha, op.const(np.uint8(0)))
    return alpha


def _described(model: onnx.ModelProto, size: int, sure: float) -> onnx.ModelProto:
    moved_out(model.graph)
    model.ir_version = IR_VERSION
    model.producer_name = "recorte"
    onnx.helper.set_model_props(model, {NOTE: json.dumps({"image_size": size, "sure": sure})})
    return model
