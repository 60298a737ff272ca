import io
import json
import signal
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image, ImageCms

from recorte import BackgroundRemover
from recorte.app.service.options import Options
from service_process import encoded, running

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.fixture(scope="module")
def client(best_model: Path) -> Iterator[httpx.Client]:
    with running(best_model, workers=2, megabytes=0.2, megapixels=0.04) as (client, _):
        yield client


@pytest.fixture
def photo(red_square: np.ndarray) -> bytes:
    return encoded(red_square, icc_profile=SRGB)


def opened(answer: httpx.Response) -> Image.Image:
    assert answer.status_code == 200, answer.text
    return Image.open(io.BytesIO(answer.content))


def ask(client: httpx.Client, photo: bytes, **options: str) -> httpx.Response:
    return client.post("/cutout", files={"file": ("photo.png", photo)}, data=options)


def expect_refusal(answer: httpx.Response, status: int, *words: str) -> None:
    assert answer.status_code == status, answer.text
    assert list(answer.json()) == ["error"]
    for word in words:
        assert word in answer.json()["error"]


# What goes well


def test_a_form_and_bare_bytes_give_what_the_remover_gives(
    client: httpx.Client, photo: bytes, best_model: Path
) -> None:
    expected = Image.open(io.BytesIO(BackgroundRemover(best_model).remove_background(photo)))
    for answer in (
        ask(client, photo),
        client.post("/cutout", content=photo, headers={"Content-Type": "image/png"}),
        client.post("/cutout", content=photo, headers={"Content-Type": "application/octet-stream"}),
    ):
        image = opened(answer)
        assert answer.headers["content-type"] == "image/png"
        assert (image.format, image.mode, image.size) == ("PNG", "RGBA", (80, 60))
        assert image.info["icc_profile"] == SRGB
        assert np.array_equal(np.asarray(image), np.asarray(expected))


def test_options(client: httpx.Client, photo: bytes) -> None:
    mask = opened(ask(client, photo, mask="true"))
    assert (mask.mode, mask.size) == ("L", (80, 60))
    assert np.asarray(mask)[15:35, 15:25].min() == 255
    assert np.asarray(mask)[:, 40:].max() == 0
    teal = opened(ask(client, photo, background="teal"))
    assert teal.mode == "RGB"
    assert teal.getpixel((60, 30)) == (0, 128, 128)
    assert teal.getpixel((20, 25)) == (230, 20, 10)
    cropped = opened(ask(client, photo, crop="true"))
    assert abs(cropped.width - 22) <= 4  # 20 x 30, and 3 % around it
    assert abs(cropped.height - 32) <= 4
    expect_refusal(ask(client, encoded(np.zeros((9, 9, 3), np.uint8)), crop="true"), 422, "nothing to crop to")
    assert opened(ask(client, photo, background="blur")).mode == "RGB"
    two = np.zeros((60, 80, 3), np.uint8)
    two[10:40, 5:35] = two[20:30, 60:70] = (230, 20, 10)
    alphas = [np.asarray(opened(ask(client, encoded(two), people=people)))[..., 3] for people in ("all", "largest")]
    assert [alpha[25, 65] > 128 for alpha in alphas] == [True, False]
    assert [alpha[25, 20] for alpha in alphas] == [255, 255]
    assert opened(ask(client, photo, format="webp")).format == "WEBP"
    jpeg = opened(ask(client, photo, format="jpg", background="#00ff00", crop="0"))
    assert (jpeg.format, jpeg.size) == ("JPEG", (80, 60))
    untouched = dict.fromkeys(("background", "mask", "people", "crop", "format", "report"), "")  # in a form of HTML
    assert ask(client, photo, **untouched).content == ask(client, photo).content
    bare = client.post("/cutout?mask=true", content=photo, headers={"Content-Type": "image/png"})
    assert opened(bare).mode == "L"


def test_the_report_comes_in_a_header(client: httpx.Client, photo: bytes) -> None:
    answer = ask(client, photo, report="true")
    assert opened(answer).mode == "RGBA"
    told = json.loads(answer.headers["recorte-report"])
    assert told["found"]
    assert told["places"][0][0] > told["places"][2][2] == 0
    assert "resolution_low" in told["advice"]
    assert "recorte-report" not in ask(client, photo).headers


def test_what_of_a_photo_is_not_kept_is_told_in_a_header(client: httpx.Client, photo: bytes) -> None:
    pages = [Image.new("RGB", (40, 30), colour) for colour in ("red", "green", "blue")]
    content = io.BytesIO()
    pages[0].save(content, "TIFF", save_all=True, append_images=pages[1:])
    assert ask(client, content.getvalue()).headers["recorte-not-kept"] == "pages 2 to 3"
    assert "recorte-not-kept" not in ask(client, photo).headers


def test_that_nobody_was_found_is_told_in_a_header(client: httpx.Client, photo: bytes) -> None:
    sea = ask(client, encoded(np.zeros((30, 40, 3), np.uint8)), background="white")
    assert (sea.status_code, sea.headers["recorte-nobody"]) == (200, "true")
    assert "recorte-nobody" not in ask(client, photo).headers


def test_many_at_once_each_get_their_own(client: httpx.Client) -> None:
    def one(width: int) -> tuple[int, int]:
        return opened(ask(client, encoded(np.full((40, width, 3), (250, 0, 0), np.uint8)))).size

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(one, range(20, 60))) == [(width, 40) for width in range(20, 60)]


def test_health_metrics_and_what_there_is(client: httpx.Client, photo: bytes) -> None:
    def counted(name: str) -> float:
        lines = client.get("/metrics").text.splitlines()
        return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name))

    before = counted('recorte_requests_total{status="200"}')
    ask(client, photo)
    ask(client, b"")
    assert counted('recorte_requests_total{status="200"}') == before + 1
    assert counted("recorte_requests_taken ") == 0
    assert counted("recorte_working_seconds_count") > 0
    assert client.get("/health").json()["status"] == "ok"
    described = client.get("/openapi.json").json()["paths"]["/cutout"]["post"]
    form = described["requestBody"]["content"]["multipart/form-data"]["schema"]["properties"]
    assert set(form) == {"file", *Options.__slots__}
    page = client.get("/docs").text
    assert "//" not in page.replace("</", "").replace("<!", "")  # offline: nothing is loaded from elsewhere
    expect_refusal(client.get("/cutout"), 405, "Method Not Allowed")
    assert client.get("/cutout").headers["allow"] == "POST"
    expect_refusal(client.get("/../../etc/passwd"), 404, "Not Found")


# What is refused


def test_too_many_bytes_are_refused_before_and_while_they_arrive(client: httpx.Client) -> None:
    large = bytes(300_000)
    expect_refusal(ask(client, large), 413, "limit of 0.2 MB")
    kind = {"Content-Type": "image/png"}
    expect_refusal(client.post("/cutout", content=large, headers=kind), 413, "limit of 0.2 MB")
    host, port = client.base_url.host, client.base_url.port
    with socket.create_connection((host, port), timeout=30) as connection:
        head = f"POST /cutout HTTP/1.1\r\nHost: {host}\r\nContent-Type: image/png\r\nTransfer-Encoding: chunked\r\n\r\n"
        connection.sendall(head.encode() + b"40000\r\n" + bytes(0x40000) + b"\r\n")  # and no end
        assert connection.recv(1000).startswith(b"HTTP/1.1 413 ")


def test_too_many_pixels(client: httpx.Client) -> None:
    expect_refusal(ask(client, encoded(np.zeros((201, 200, 3), np.uint8))), 413, "200 x 201", "limit of 40,000")
    assert ask(client, encoded(np.zeros((200, 200, 3), np.uint8))).status_code == 200


def test_what_is_no_photo(client: httpx.Client, photo: bytes) -> None:
    for content in (b"<html>", b"GIF90 nothing", b"%PDF-1.4"):
        expect_refusal(ask(client, content), 415, "not a photo")
    expect_refusal(client.post("/cutout", json={"url": "http://example.org"}), 415, "application/json", "'file'")
    expect_refusal(client.post("/cutout"), 415, "Content-Type")
    expect_refusal(ask(client, b""), 422, "0 bytes")
    for end in (len(photo) // 3, len(photo) // 2):
        expect_refusal(ask(client, photo[:end]), 422, "damaged")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"mask": "perhaps"}, ["mask must be true or false", "'perhaps'"]),
        ({"background": "colourless"}, ["background", "'colourless'"]),
        ({"background": "/etc/hostname"}, ["background must be a colour"]),
        ({"background": "rgb(300,0,0)"}, ["background must be a colour"]),
        ({"people": "everyone"}, ["people must be one of all, largest, each", "'everyone'"]),
        ({"background": "https://example.org/beach.jpg"}, ["a picture's file", "nothing is fetched"]),
        ({f"option{number}": "x" * 9000 for number in range(20)}, ["'option2' and 17 more"]),
        ({"format": "gif"}, ["format must be one of png, webp, jpg", "'gif'"]),
        ({"format": "jpg"}, ["JPEG cannot be transparent", "background"]),
        ({"colour": "red", "width": "3"}, ["Unknown option 'colour', 'width'", "background"]),
        ({"size": "0x5"}, ["size 0x5: a side must have 1 to 20,000 pixels, not 0"]),
        ({"size": "9000x9000"}, ["The result would have 9000 x 9000 pixels, more than", "in all"]),
        ({"margin": "60%"}, ["margin 60%: must be a share"]),
        ({"quality": "101", "format": "webp"}, ["quality must be a whole number from 1 to 100, not '101'"]),
        ({"quality": "80"}, ["quality is of jpg and webp; png loses nothing"]),
        ({"preset": "/etc/hostname"}, ["preset must be one of amazon, instagram,", "not '/etc/hostname'"]),
        ({"mask": ["true", "false"]}, ["given twice"]),
        ({"background": "x" * 2000}, ["background must be a colour such as #ffffff", f"not '{'x' * 40}'"]),
        ({"mask": "1", "background": "red"}, ["a mask has no background; ask for the one or the other"]),
    ],
)
def test_options_that_cannot_be(client: httpx.Client, photo: bytes, options: dict, words: list[str]) -> None:
    expect_refusal(ask(client, photo, **options), 422, *words)


def test_forms_that_cannot_be_read(client: httpx.Client, photo: bytes) -> None:
    part = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n' + photo
    kind = "multipart/form-data; boundary=x"
    assert opened(client.post("/cutout", content=part + b"\r\n--x--\r\n", headers={"Content-Type": kind}))
    for content, content_type, word in (
        (part, kind, "ends before"),
        (part + b"\r\n--x\r\n", kind, "ends before"),
        (b"", kind, "ends before"),
        (b"no form at all", kind, "cannot be read"),
        (part + b"\r\n--x--\r\n", "multipart/form-data", "boundary"),
        (part.replace(b'name="file"; ', b"") + b"\r\n--x--\r\n", kind, "name"),
        (part.replace(b'"file"', b'"photo"') + b"\r\n--x--\r\n", kind, "in the field 'photo'; files belong in file"),
        (part.replace(b'; filename="a.png"', b"") + b"\r\n--x--\r\n", kind, "no file in the field 'file'"),
        (part + b"\r\n" + part + b"\r\n--x--\r\n", kind, "file is given twice"),
    ):
        expect_refusal(client.post("/cutout", content=content, headers={"Content-Type": content_type}), 422, word)


@pytest.mark.parametrize("name", ["../../escape.png", "/tmp/escape.png", "..\\escape", "a\0b.png", "x" * 3000, ""])
def test_a_file_name_is_never_a_path(client: httpx.Client, photo: bytes, name: str) -> None:
    head = f'--x\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode()
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    answer = client.post("/cutout", content=head + photo + b"\r\n--x--\r\n", headers=headers)
    assert opened(answer).size == (80, 60)


# Slow photos, and the end


class HalfSent:
    """A request whose photo has arrived by half."""

    def __init__(self, client: httpx.Client, photo: bytes) -> None:
        self._rest = photo[len(photo) // 2 :]
        self._connection = socket.create_connection((client.base_url.host, client.base_url.port), timeout=30)
        head = f"POST /cutout HTTP/1.1\r\nHost: x\r\nContent-Type: image/png\r\nContent-Length: {len(photo)}\r\n\r\n"
        self._connection.sendall(head.encode() + photo[: len(photo) // 2])

    def finish(self) -> tuple[bytes, bytes]:
        self._connection.sendall(self._rest)
        return self.answer()

    def answer(self) -> tuple[bytes, bytes]:
        received = b""
        while b"\r\n\r\n" not in received or len(received) < self._length(received):
            chunk = self._connection.recv(65536)
            if not chunk:
                break
            received += chunk
        self.close()
        head, _, body = received.partition(b"\r\n\r\n")
        return head.splitlines()[0], body

    def close(self) -> None:
        self._connection.close()

    @staticmethod
    def _length(received: bytes) -> int:
        head = received.partition(b"\r\n\r\n")[0]
        [length] = [line.split()[1] for line in head.lower().splitlines() if line.startswith(b"content-length")]
        return len(head) + 4 + int(length)


def until(client: httpx.Client, status: str, taken: int) -> None:
    """Wait until the service says so; the test's own time limit ends a wait in vain."""
    while [client.get("/health").json()[key] for key in ("status", "taken")] != [status, taken]:
        pass


def test_photos_that_do_not_arrive_in_time(best_model: Path, photo: bytes) -> None:
    with running(best_model, seconds=0.2) as (client, _):
        status, body = HalfSent(client, photo).answer()
        assert status.startswith(b"HTTP/1.1 408 ")
        assert b"limit of 0.2 s" in body


def test_a_result_too_large_for_its_format(client: httpx.Client) -> None:
    content = io.BytesIO()
    Image.new("RGB", (17_000, 2)).save(content, "PNG")
    expect_refusal(ask(client, content.getvalue(), format="webp"), 422, "cannot hold a picture of 17000 x 2 pixels")


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_stopping_finishes_what_was_taken_in(best_model: Path, photo: bytes, how: signal.Signals) -> None:
    with running(best_model) as (client, process):
        begun = HalfSent(client, photo)
        until(client, "ok", 1)
        process.send_signal(how)
        until(client, "stopping", 1)
        expect_refusal(ask(client, photo), 503, "stopping")
        assert client.get("/health").status_code == 503
        status, body = begun.finish()
        assert status == b"HTTP/1.1 200 OK"
        assert Image.open(io.BytesIO(body)).mode == "RGBA"
        assert process.wait(timeout=60) == 0
        assert process.stderr.read() == ""


def test_an_address_that_is_taken(best_model: Path) -> None:
    from recorte.app.service.server import serve
    from recorte.errors import RecorteError

    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(RecorteError, match=f"127.0.0.1:{port}: cannot listen here"):
            serve(BackgroundRemover(best_model), "127.0.0.1", port)
