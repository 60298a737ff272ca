"""What goes into the wheel."""

from pathlib import Path

from hatchling.builders.wheel import WheelBuilder

ROOT = Path(__file__).parents[1]


def test_the_wheel_says_that_the_package_is_typed_and_brings_the_weights() -> None:
    found = {file.distribution_path for file in WheelBuilder(str(ROOT)).recurse_included_files()}
    assert {"recorte/py.typed", "recorte/__init__.py", "recorte/removal/weights/model.onnx"} <= found
