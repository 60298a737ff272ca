"""The service asked for what its description allows, and for what it does not: what it answers stands in there too."""

import contextlib
import io
from pathlib import Path

import numpy as np
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from PIL import Image
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from recorte import BackgroundRemover
from recorte.app.limits import Limits
from recorte.app.service.service import create_app

CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_headers_conformance,
          response_schema_conformance)  # fmt: skip


def photos() -> list[bytes]:
    """Somebody, nobody, and a photo that was cut off; in two kinds of files."""
    somebody, files = np.full((30, 40, 3), (30, 60, 220), np.uint8), []
    somebody[5:20, 5:15] = (230, 20, 10)
    for pixels, kind in ((somebody, "PNG"), (somebody, "JPEG"), (np.zeros((9, 9, 3), np.uint8), "PNG")):
        content = io.BytesIO()
        Image.fromarray(pixels).save(content, kind)
        files.append(content.getvalue())
    return [*files, files[0][:60]]


schemathesis.openapi.format("binary", st.sampled_from(photos()) | st.binary(max_size=50))


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_no_answer_is_a_surprise(best_model: Path, mode: GenerationMode) -> None:
    app = create_app(BackgroundRemover(best_model, threads=1), Limits(bytes=100_000, pixels=10_000), workers=1)
    seen: set[int] = set()
    for operation in schemathesis.openapi.from_asgi("/openapi.json", app).get_all_operations():

        @given(case=operation.ok().as_strategy(generation_mode=mode))
        @settings(max_examples=40, deadline=None, derandomize=True, database=None, suppress_health_check=HealthCheck)
        def ask(case: schemathesis.Case) -> None:
            seen.add(case.call_and_validate(checks=list(CHECKS)).status_code)

        with contextlib.suppress(Unsatisfiable):  # what has no parameters cannot be asked wrongly
            ask()
    # Its ways in were found: /cutout has 422 where the route of remove.bg's API has 400.
    assert seen >= ({200, 400, 422} if mode is GenerationMode.POSITIVE else {400, 422}), seen
