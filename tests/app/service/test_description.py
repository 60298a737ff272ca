"""What the service says of itself, beside what it answers."""

import asyncio
import io
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import httpx
import numpy as np
import pytest
from PIL import Image

from recorte import BackgroundRemover
from recorte.app.limits import Limits, Refusal, check_photo
from recorte.app.service.service import create_app
from service_process import in_process


@pytest.fixture
def photo(red_square: np.ndarray) -> bytes:
    content = io.BytesIO()
    Image.fromarray(red_square).save(content, "PNG")
    return content.getvalue()


def expect_listed(described: dict, answer: httpx.Response, status: int) -> None:
    """Compare an answer with what OpenAPI promises for it: status, type, members and headers."""
    assert answer.status_code == status, answer.text
    request = answer.request
    promised = described["paths"][request.url.path][request.method.lower()]["responses"][str(status)]
    kind = answer.headers["content-type"].partition(";")[0]
    schema = promised["content"][kind]["schema"]
    if kind == "application/json":
        assert schema["properties"].keys() == answer.json().keys() == set(schema["required"])
    own = {"Recorte-Report", "Retry-After"}
    assert {name for name in own if name in answer.headers} <= promised.get("headers", {}).keys()


def test_every_answer_is_in_the_description(best_model: Path, photo: bytes) -> None:
    async def scene() -> None:
        app = create_app(BackgroundRemover(best_model, threads=1), Limits(pixels=5000), workers=1)
        broken = create_app(SimpleNamespace(), workers=1)
        described = app.openapi()
        assert described == broken.openapi()
        for one, answers in ((app, (200, 413, 415, 422)), (broken, (500,))):
            async with in_process(one) as client:
                large = io.BytesIO()
                Image.new("L", (100, 51)).save(large, "PNG")
                contents = {200: photo, 413: large.getvalue(), 415: b"<html>", 422: b"", 500: photo}
                for status in answers:
                    form = {"files": {"file": ("a.png", contents[status])}, "data": {"report": "true"}}
                    expect_listed(described, await client.post("/cutout", **form), status)
                expect_listed(described, await client.get("/metrics"), 200)
                expect_listed(described, await client.get("/health"), 200)
                one.state.workers.stopping = True
                expect_listed(described, await client.get("/health"), 503)
                expect_listed(described, await client.post("/cutout"), 503)
        # What takes time, or a full house, or has nobody to answer to:
        refusals = described["paths"]["/cutout"]["post"]["responses"]
        assert set(refusals) == {str(status) for status in (200, 400, 408, 413, 415, 422, 429, 500, 503)}
        assert "Retry-After" in refusals["429"]["headers"]
        json.dumps(described)

    asyncio.run(scene())


def test_an_iphones_photo_is_refused_without_advice_that_nobody_can_follow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "OPEN", {name: value for name, value in Image.OPEN.items() if name != "HEIF"})
    monkeypatch.setattr(Image, "ID", [name for name in Image.ID if name != "HEIF"])
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(Refusal) as raised:
        check_photo(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100), Limits())
    assert raised.value.status == 415
    assert str(raised.value) == "The photo cannot be read: a HEIC photo; send it as JPEG or PNG"
