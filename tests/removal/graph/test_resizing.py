"""What the network sees is to the value what `recorte.letterbox` makes: where it is unsure, it makes much of little."""

import json
import subprocess
import warnings
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import spox.opset.ai.onnx.v20 as op
from spox import Tensor, argument, build

from recorte.letterbox import PADDING_COLOUR, Letterbox
from recorte.removal.graph import export
from recorte.removal.graph.geometry import whole
from recorte.removal.graph.resizing import resized

LETTERBOX = Path(__file__).parents[3] / "web/package/src/letterbox.js"
SIZES = [(200, 150), (77, 100), (3, 7), (319, 200), (640, 640), (960, 1280), (641, 480), (426, 640), (1000, 3), (1, 1)]


def noise(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(height).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def session() -> onnxruntime.InferenceSession:
    photo = argument(Tensor(np.uint8, ("height", "width", 3)))
    with warnings.catch_warnings(), export.operator_overloading(op):
        warnings.simplefilter("ignore")
        top, left, height, width = export._box(photo, whole(320))
        canvas = export._on_canvas(resized(photo, height, width), (top, left), 320)
        model = build({"photo": photo}, {"canvas": canvas})
    model.ir_version = export.IR_VERSION
    return onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])


@pytest.mark.parametrize("size", SIZES)
def test_the_graph_sees_what_the_letterbox_makes(size: tuple[int, int], session: onnxruntime.InferenceSession) -> None:
    photo = noise(*size)
    (seen,) = session.run(None, {"photo": photo})
    assert np.array_equal(
        np.rint(seen[0] * 255), Letterbox.of(photo, 320).apply(photo, PADDING_COLOUR).transpose(2, 0, 1)
    )


@pytest.mark.long
def test_javascript_sees_it_too(tmp_path: Path) -> None:
    for number, size in enumerate(SIZES):
        opaque = np.dstack([noise(*size), np.full(size, 255, np.uint8)])
        (tmp_path / str(number)).write_bytes(opaque.tobytes())
    program = f"""
    import {{ readFileSync, writeFileSync }} from 'node:fs';
    import {{ letterboxed }} from {json.dumps(LETTERBOX.as_uri())};
    {json.dumps(SIZES)}.forEach(([height, width], number) => {{
      const whole = {{ top: 0, bottom: height, left: 0, right: width }};
      const seen = letterboxed({{ data: readFileSync(`${{number}}`), width }}, whole, 320);
      writeFileSync(`${{number}}.f32`, new Uint8Array(seen.buffer));
    }});
    """
    subprocess.run(["node", "--input-type=module", "-e", program], cwd=tmp_path, check=True)
    for number, size in enumerate(SIZES):
        seen = np.fromfile(tmp_path / f"{number}.f32", np.float32).reshape(3, 320, 320)
        wanted = Letterbox.of(noise(*size), 320).apply(noise(*size), PADDING_COLOUR)
        assert np.array_equal(np.rint(seen * 255), wanted.transpose(2, 0, 1)), size
