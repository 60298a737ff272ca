"""The service among other machines: browsers of other origins, monitors, keys, proxies, and logs."""

import io
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image

from cli_process import ENVIRONMENT, expect_mistake, recorte
from recorte.app.service.settings import Settings
from recorte.errors import RecorteError
from service_process import running

ORIGIN = "http://localhost:3000"
KEY = "s3cret-of-a-test"


@pytest.fixture
def photo(red_square: np.ndarray) -> bytes:
    content = io.BytesIO()
    Image.fromarray(red_square).save(content, "PNG")
    return content.getvalue()


@pytest.fixture(scope="module")
def plain(best_model: Path) -> Iterator[httpx.Client]:
    """A service as it is when nobody sets anything."""
    with running(best_model, workers=1) as (client, _):
        yield client


def send(client: httpx.Client, photo: bytes, **headers: str | bytes) -> httpx.Response:
    return client.post("/cutout", content=photo, headers={"Content-Type": "image/png", **headers})


def test_head_answers_as_get_wherever_get_does(plain: httpx.Client) -> None:
    for path in ("/health", "/metrics", "/docs", "/openapi.json"):
        got, headed = plain.get(path), plain.head(path)
        assert (got.status_code, headed.status_code) == (200, 200)
        assert headed.content == b""
        assert headed.headers["content-type"] == got.headers["content-type"]
        assert set(plain.delete(path).headers["allow"].split(", ")) == {"GET", "HEAD"}
    assert plain.head("/health").headers["content-length"] == plain.get("/health").headers["content-length"]
    assert (plain.head("/cutout").status_code, plain.head("/nowhere").status_code) == (405, 404)


def test_everything_is_off_unless_it_is_asked_for(plain: httpx.Client, photo: bytes) -> None:
    answer = send(plain, photo, Origin=ORIGIN)
    assert answer.status_code == 200
    assert not [name for name in answer.headers if name.startswith("access-control")]
    assert plain.options("/cutout", headers={"Origin": ORIGIN, "Access-Control-Request-Method": "POST"}).is_error
    assert "ApiKey" not in plain.get("/openapi.json").text


def test_all_of_it_by_variables(best_model: Path, photo: bytes) -> None:
    variables = {"ORIGIN": f"{ORIGIN} https://example.org", "API_KEY": KEY, "ROOT_PATH": "/cut", "ACCESS_LOG": "1",
                 "LOG_LEVEL": "info", "QUEUE": "3", "WORKERS": "1", "MEGABYTES": "1"}  # fmt: skip
    with running(best_model, {f"RECORTE_{name}": value for name, value in variables.items()}) as (client, process):
        asking = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST",
                  "Access-Control-Request-Headers": "X-Api-Key"}  # fmt: skip
        allowed = client.options("/cutout", headers=asking)
        assert (allowed.status_code, allowed.headers["access-control-allow-origin"]) == (200, ORIGIN)
        assert "x-api-key" in allowed.headers["access-control-allow-headers"].lower()
        assert client.options("/cutout", headers=asking | {"Origin": "http://evil.example"}).status_code == 400

        refused = send(client, photo, Origin=ORIGIN)
        assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "ApiKey")
        assert refused.headers["access-control-allow-origin"] == ORIGIN  # or the page could not read why
        assert send(client, photo, **{"X-Api-Key": KEY[:-1]}).status_code == 401
        assert send(client, photo, **{"X-Api-Key": "ключ".encode()}).status_code == 401
        done = send(client, photo, Origin="https://example.org", **{"X-Api-Key": KEY})
        assert (done.status_code, done.headers["access-control-allow-origin"]) == (200, "https://example.org")
        assert "Recorte-Report" in done.headers["access-control-expose-headers"]
        # A proxy may leave its path in front or cut it off; whoever watches needs no key.
        assert client.get("/cut/health").status_code == client.get("/health").status_code == 200
        described = client.get("/openapi.json").json()
        assert described["servers"] == [{"url": "/cut"}]
        assert described["paths"]["/cutout"]["post"]["security"] == [{"APIKeyHeader": []}]
        assert "401" in described["paths"]["/cutout"]["post"]["responses"]
        assert client.post(f"/cutout?key={KEY}", content=b"").status_code == 401

        process.send_signal(signal.SIGTERM)
        printed, told = process.communicate(timeout=60)
        assert 'POST /cutout HTTP/1.1" 401' in printed
        assert "INFO" in told
        assert KEY not in printed + told


def test_mistakes_are_told_at_once_and_all_together(best_model: Path) -> None:
    with pytest.raises(RecorteError) as raised:
        Settings(("http://localhost:3000/",), "two words", "cut/")
    for word in ("'http://localhost:3000/'", "API key", "'cut/'"):
        assert word in str(raised.value)
    assert "two words" not in str(raised.value)
    assert KEY not in repr(Settings(api_key=KEY))
    for given, words in (
        (["--origin", "https://a.org,https://b.org"], "origin 'https://a.org,https://b.org'"),
        (["--root-path", "cut"], "must begin with /"),
        (["--log-level", "loud"], "'loud'"),
        (["--api-key", ""], "API key"),
    ):
        expect_mistake(recorte("serve", "-m", best_model, "--port", "0", *given, timeout=60), words)
    # A secret that did not arrive must not open the door.
    environment = ENVIRONMENT | {"RECORTE_API_KEY": ""}
    expect_mistake(recorte("serve", "-m", best_model, "--port", "0", env=environment, timeout=60), "API key")
