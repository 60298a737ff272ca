"""The route of remove.bg's API, asked as programs ask that were written for it."""

import asyncio
import base64
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image

from recorte import BackgroundRemover
from recorte.app.limits import Limits
from recorte.app.service.service import REMOVEBG, create_app
from recorte.app.service.settings import Settings
from service_process import encoded, in_process

Ask = Callable[..., httpx.Response]


@pytest.fixture
def ask(best_model: Path) -> Ask:
    """Post to the route; arguments as for httpx."""
    limits, settings = Limits(bytes=60_000, pixels=500_000), Settings(api_key="right")
    app = create_app(BackgroundRemover(best_model, threads=1), limits, 1, settings)

    def asked(key: str = "right", accept: str = "*/*", **given: object) -> httpx.Response:
        async def sent() -> httpx.Response:
            async with in_process(app) as client:
                headers = {"X-Api-Key": key, "Accept": accept} | given.pop("headers", {})
                return await client.post(REMOVEBG, headers=headers, **given)

        return asyncio.run(sent())

    return asked


@pytest.fixture
def photo(red_square: np.ndarray) -> bytes:
    return encoded(red_square)


def form(photo: bytes, **more: bytes) -> dict[str, tuple[str, bytes]]:
    return {"image_file": ("a.png", photo)} | {name: ("b.png", content) for name, content in more.items()}


def opened(answer: httpx.Response) -> Image.Image:
    assert answer.status_code == 200, answer.text
    image = Image.open(io.BytesIO(answer.content))
    assert (answer.headers["x-width"], answer.headers["x-height"]) == tuple(map(str, image.size))
    assert answer.headers["content-type"] == Image.MIME[image.format]
    return image


def expect_refusal(answer: httpx.Response, status: int, code: str, *words: str) -> None:
    assert answer.status_code == status, answer.text
    (error,) = answer.json()["errors"]
    assert error["code"] == code
    for word in words:
        assert word in error["title"]


def test_a_form_json_and_base64_give_the_same(ask: Ask, photo: bytes, best_model: Path) -> None:
    expected = BackgroundRemover(best_model).remove_background(photo)
    answer = ask(files=form(photo), data={"size": "auto"})
    assert opened(answer).mode == "RGBA"
    assert answer.content == expected
    assert (answer.headers["x-type"], answer.headers["x-credits-charged"]) == ("person", "0")
    text = base64.b64encode(photo).decode()
    broken = base64.encodebytes(photo).decode()  # in lines
    for given in (
        {"json": {"image_file_b64": text, "size": "auto", "crop": False, "roi": None}},
        {"json": {"image_file_b64": f"data:image/png;base64,{broken}"}},
        {"data": {"image_file_b64": text, "size": "full"}},
        {"content": f"image_file_b64={text}", "headers": {"Content-Type": "application/x-www-form-urlencoded"}},
        {"files": {"image_file_b64": (None, text)}},
    ):
        assert ask(**given).content == expected
    told = ask(json={"image_file_b64": text}, accept="application/json")
    assert base64.b64decode(told.json()["data"]["result_b64"]) == expected
    assert told.headers["x-width"] == "80"
    # As libraries ask that would take anything.
    for accept in ("application/json, text/plain, */*", "image/png, application/json"):
        assert ask(files=form(photo), accept=accept).content == expected


def test_size_and_crop(ask: Ask) -> None:
    pixels = np.zeros((500, 1000, 3), np.uint8)
    pixels[100:400, 200:600] = (230, 20, 10)
    photo = encoded(pixels)
    assert opened(ask(files=form(photo))).size == (707, 353)  # a quarter of a megapixel
    assert opened(ask(files=form(photo), data={"size": "medium"})).size == (1000, 500)
    assert opened(ask(files=form(encoded(pixels, "JPEG")), data={"size": "small"})).size == (707, 353)
    cropped = opened(ask(files=form(photo), data={"size": "full", "crop": "true"}))
    assert abs(cropped.width - 400) <= 30
    assert abs(cropped.height - 300) <= 30
    assert np.asarray(cropped)[..., 3].max(axis=0).min() > 0  # and no margin


def test_formats_and_backgrounds(ask: Ask, photo: bytes) -> None:
    for given, kind, mode, corner in (
        ({"bg_color": "00ff00"}, "JPEG", "RGB", (0, 255, 0)),
        ({"bg_color": "#0f0", "format": "png"}, "PNG", "RGB", (0, 255, 0)),
        ({"bg_color": "lime", "format": "webp"}, "WEBP", "RGB", (0, 255, 0)),
        ({"bg_color": "ff000080"}, "PNG", "RGBA", (255, 0, 0, 128)),
        ({"bg_color": "#f008", "format": "webp"}, "WEBP", "RGBA", (255, 0, 0, 136)),
        ({"bg_color": "ff000080", "format": "jpg"}, "JPEG", "RGB", (254, 127, 127)),
        ({"bg_color": "00ff00ff"}, "JPEG", "RGB", (0, 255, 0)),
        ({"format": "jpg"}, "JPEG", "RGB", (255, 255, 255)),
        ({"channels": "alpha"}, "PNG", "L", 0),
        ({"type_level": "none"}, "PNG", "RGBA", (0, 0, 0, 0)),
    ):
        answer = ask(files=form(photo), data=given)
        image = opened(answer)
        assert (image.format, image.mode) == (kind, mode)
        assert np.abs(np.subtract(image.getpixel((78, 58)), corner)).max() <= 3, given
        assert ("x-type" in answer.headers) == ("type_level" not in given)
    beach = opened(ask(files=form(photo, bg_image_file=encoded(np.full((9, 9, 3), 77, np.uint8)))))
    assert (beach.format, beach.getpixel((78, 58))) == ("JPEG", (77, 77, 77))
    answer = ask(files=form(photo), data={"format": "zip"})
    assert (answer.headers["content-type"], answer.headers["x-width"]) == ("application/zip", "80")
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    colours, mask = (Image.open(io.BytesIO(archive.read(name))) for name in ("color.jpg", "alpha.png"))
    assert (colours.mode, mask.mode, mask.getpixel((20, 25)), mask.getpixel((70, 5))) == ("RGB", "L", 255, 0)


def test_refusals_in_its_form(ask: Ask, photo: bytes) -> None:
    expect_refusal(ask(key="wrong", files=form(photo)), 403, "auth_failed", "X-Api-Key")
    text = base64.b64encode(photo).decode()
    for given, code, word in (
        ({"data": {"size": "auto"}}, "missing_source", "image_file"),
        ({"content": b""}, "missing_source", "image_file"),
        ({"files": form(photo), "data": {"image_file_b64": text}}, "multiple_sources", "one photo"),
        ({"json": {"image_url": "http://127.0.0.1/a.jpg"}}, "failed_image_download", "fetches nothing"),
        ({"json": {"image_file_b64": text, "bg_image_url": "http://x"}}, "invalid_bg_image_url", "fetches nothing"),
        ({"json": {"image_file_b64": "no base64!"}}, "failed_to_read_image", "base64"),
        ({"json": {"image_file_b64": ""}}, "missing_source", ""),
        ({"json": {"image_file_b64": [1]}}, "invalid_request", "'image_file_b64' must be a text"),
        ({"content": b'{"\\ud800": []}', "headers": {"Content-Type": "application/json"}}, "invalid_request", "ud800"),
        ({"json": ["no object"]}, "invalid_request", "application/json"),
        ({"content": b"[" * 50_000, "headers": {"Content-Type": "application/json"}}, "invalid_request", "json"),
        ({"data": {"image_file": "a path"}}, "missing_source", "send a file"),
        ({"files": form(b"<html>")}, "invalid_file_type", "not a photo"),
        ({"files": form(photo[:60])}, "failed_to_read_image", "truncated"),
        ({"files": form(encoded(np.zeros((710, 710, 3), np.uint8)))}, "resolution_too_high", "710 x 710"),
        ({"files": form(bytes(70_000))}, "file_too_large", "0.06 MB"),
        ({"json": {"image_file_b64": "A" * 88_000}}, "file_too_large", "0.06 MB"),
        ({"files": form(encoded(np.zeros((40, 50, 3), np.uint8)))}, "unknown_foreground", "Nobody"),
        ({"files": form(photo, bg_image_file=photo), "data": {"bg_color": "red"}}, "multiple_bg_sources", "two"),
        ({"files": form(photo), "data": {"size": "huge"}}, "invalid_size", "'huge'"),
        ({"files": form(photo), "data": {"format": "gif"}}, "invalid_format", "'gif'"),
        ({"files": form(photo), "data": {"bg_color": "colourless"}}, "invalid_bg_color", "81d4fa"),
        ({"files": form(photo), "data": {"crop": "perhaps"}}, "invalid_crop", "'perhaps'"),
        ({"files": form(photo), "data": {"type": "car"}}, "invalid_type", "person"),
        ({"files": form(photo), "data": {"scale": "50%"}}, "invalid_scale", "original"),
        ({"files": form(photo), "data": {"crop_margin": "30px"}}, "invalid_crop_margin", "'30px'"),
    ):
        expect_refusal(ask(**given), 400, code, word)


def test_what_it_does_not_know_is_passed_over_and_other_methods_are_refused_in_its_form(
    ask: Ask, photo: bytes, best_model: Path
) -> None:
    assert opened(ask(files=form(photo), data={"image_filename": "a.jpg", "add_shadow": "true"}))
    app = create_app(BackgroundRemover(best_model, threads=1), workers=1)

    async def got() -> httpx.Response:
        async with in_process(app) as client:
            return await client.get(REMOVEBG)

    expect_refusal(asyncio.run(got()), 405, "method_not_allowed")
    json.dumps(app.openapi())
