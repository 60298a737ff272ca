"""Bad and odd files sent to the service: each gives what it must, and the service serves on."""

import io
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image

from bad_files import BadFile, bad_files
from service_process import running

STATUS = {"an animation, not a photo": 422, "not a photo": 415, "truncated or damaged": 422, "limit": 413}
"""What the words of an error are in HTTP."""


@pytest.fixture(scope="module")
def client(best_model: Path) -> Iterator[httpx.Client]:
    with running(best_model, workers=2, queue=8) as (client, _):
        yield client


def check(file: BadFile, answer: httpx.Response) -> None:
    if file.size:
        assert answer.status_code == 200, (file.name, answer.text)
        image = Image.open(io.BytesIO(answer.content))
        assert (image.format, image.mode, image.size) == ("PNG", "RGBA", file.size), file.name
        if file.share is not None:
            assert abs((np.asarray(image)[..., 3] > 127).mean() - file.share) < 0.03, file.name
    else:
        assert list(answer.json()) == ["error"]
        assert "\n" not in answer.json()["error"]
        # No bytes at all are told as that.
        assert answer.status_code == (STATUS[file.error] if file.content else 422), (file.name, answer.text)


def test_the_whole_corpus(client: httpx.Client) -> None:
    corpus = bad_files()
    assert len(corpus) >= 60
    for file in corpus:
        check(file, client.post("/cutout", files={"file": (file.name, file.content)}))
    assert client.get("/health").json() | {"version": ""} == {"status": "ok", "version": "", "workers": 2, "taken": 0}
    assert 'recorte_requests_total{status="500"}' not in client.get("/metrics").text
