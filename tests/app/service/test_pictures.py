"""A picture as background, and a picture for each person."""

import asyncio
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image

from recorte import BackgroundRemover
from recorte.app.limits import Limits
from recorte.app.service.service import create_app
from service_process import encoded, in_process

Ask = Callable[..., httpx.Response]


@pytest.fixture
def ask(best_model: Path) -> Ask:
    """Send a form to a service; files as (field, content), options by name."""
    app = create_app(BackgroundRemover(best_model, threads=1), Limits(bytes=40_000, pixels=10_000), workers=1)

    def asked(*files: tuple[str, bytes], **options: str) -> httpx.Response:
        async def sent() -> httpx.Response:
            async with in_process(app) as client:
                form = [(field, ("a.png", content)) for field, content in files]
                return await client.post("/cutout", files=form, data=options)

        return asyncio.run(sent())

    return asked


@pytest.fixture
def photo(red_square: np.ndarray) -> bytes:
    return encoded(red_square)


@pytest.fixture
def two() -> bytes:
    """A large red person at the left, a small one at the right."""
    pixels = np.zeros((60, 80, 3), np.uint8)
    pixels[10:40, 5:35] = pixels[20:30, 60:70] = (230, 20, 10)
    return encoded(pixels)


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


def expect_refusal(answer: httpx.Response, status: int, *words: str) -> None:
    assert answer.status_code == status, answer.text
    for word in words:
        assert word in answer.json()["error"]
    assert len(answer.json()["error"]) < 500


def test_a_picture_behind_the_people(ask: Ask, photo: bytes) -> None:
    beach = np.zeros((30, 40, 3), np.uint8)
    beach[:, :20], beach[:, 20:] = (0, 200, 0), (200, 200, 0)  # half the photo's size: it is enlarged
    answer = ask(("file", photo), ("background", encoded(beach)))
    assert answer.status_code == 200, answer.text
    result = opened(answer.content)
    assert (result.mode, result.size) == ("RGB", (80, 60))
    assert [result.getpixel(at) for at in ((20, 25), (2, 2), (78, 58))] == [(230, 20, 10), (0, 200, 0), (200, 200, 0)]
    assert ask(("background", encoded(beach)), ("file", photo)).content == answer.content


def test_fields_that_a_browser_leaves_empty(ask: Ask, photo: bytes, best_model: Path) -> None:
    """A form with a text and a file for the background, of which at most one is filled in."""

    def part(name: str, content: bytes) -> bytes:
        return f"--x\r\nContent-Disposition: form-data; name={name}\r\n\r\n".encode() + content + b"\r\n"

    async def sent(colour: bytes, picture: bytes) -> bytes:
        app = create_app(BackgroundRemover(best_model, threads=1), workers=1)
        async with in_process(app) as client:
            name = b'"b.png"' if picture else b'""'
            form = part('"file"; filename="a.png"', photo) + part('"background"', colour)
            form += part(f'"background"; filename={name.decode()}', picture) + b"--x--\r\n"
            kind = {"Content-Type": "multipart/form-data; boundary=x"}
            answer = await client.post("/cutout", content=form, headers=kind)
            assert answer.status_code == 200, answer.text
            return answer.content

    assert asyncio.run(sent(b"", b"")) == ask(("file", photo)).content
    assert asyncio.run(sent(b"teal", b"")) == ask(("file", photo), background="teal").content
    assert asyncio.run(sent(b"", photo)) == ask(("file", photo), ("background", photo)).content


def test_a_background_is_looked_at_as_the_photo_is(ask: Ask, photo: bytes) -> None:
    expect_refusal(ask(("file", photo), ("background", b"<html>")), 415, "The background cannot be read: not a photo")
    expect_refusal(ask(("file", photo), ("background", photo[:60])), 422, "The background cannot be read: truncated")
    large = encoded(np.zeros((101, 100, 3), np.uint8))
    expect_refusal(ask(("file", photo), ("background", large)), 413, "The background has 100 x 101 pixels")
    expect_refusal(ask(("file", photo), ("background", photo), mask="1"), 422, "a mask has no background")
    expect_refusal(ask(("file", photo), ("background", photo), background="red"), 422, "background is given twice")
    noise = encoded(np.random.default_rng(0).integers(0, 256, (95, 95, 3), np.uint8))
    expect_refusal(ask(("file", noise), ("background", noise)), 413, "Photo and background have together more than")
    expect_refusal(ask(("file", photo), ("background", photo), ("background", photo)), 422, "one photo a request")
    expect_refusal(ask(("file", photo), ("behind", photo)), 422, "'behind'; files belong in file and background")
    expect_refusal(ask(("file", photo), people="each", mask="1", background="red"), 422, "a mask has no background")


def test_a_picture_for_each_person(ask: Ask, two: bytes) -> None:
    answer = ask(("file", two), people="each", format="webp", report="1")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    assert "recorte-report" in answer.headers
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert archive.testzip() is None
    assert archive.namelist() == ["person-1.webp", "person-2.webp"]
    large, small = (np.asarray(opened(archive.read(name)))[..., 3] for name in archive.namelist())
    assert [alpha[25, 20] > 200 for alpha in (large, small)] == [True, False]
    assert [alpha[25, 65] > 200 for alpha in (large, small)] == [False, True]
    cropped = zipfile.ZipFile(io.BytesIO(ask(("file", two), people="each", crop="1").content))
    sizes = [opened(cropped.read(name)).width for name in cropped.namelist()]
    assert 20 < sizes[0] < 45
    assert sizes[1] < 20
    expect_refusal(ask(("file", encoded(np.zeros((9, 9, 3), np.uint8))), people="each"), 422, "nothing to show")


def test_too_many_people_to_show_each(ask: Ask) -> None:
    crowd = np.zeros((98, 98, 3), np.uint8)
    for row in range(4, 90, 24):
        for column in range(4, 90, 24):
            crowd[row : row + 12, column : column + 12] = (230, 20, 10)
    expect_refusal(ask(("file", encoded(crowd)), people="each"), 422, "more than 11 people", "people=all")
