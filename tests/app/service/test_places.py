"""Who is let in: places in the queue for photos that have arrived, others for those that still arrive."""

import asyncio
import io
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image

from recorte import BackgroundRemover
from recorte.app.limits import Limits
from recorte.app.service.service import create_app
from recorte.app.service.workers import Workers


class Stuck:
    """A remover whose work waits until it is set free, and fails then."""

    def __init__(self) -> None:
        self.free = threading.Event()

    def __getattr__(self, name: str) -> object:
        self.free.wait()
        raise RuntimeError("set free")


class Slow:
    """A photo whose second half arrives when it is let go."""

    def __init__(self, photo: bytes) -> None:
        self.photo, self.begun, self.go = photo, False, asyncio.Event()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        self.begun = True
        yield self.photo[:50]
        await self.go.wait()
        yield self.photo[50:]


@pytest.fixture
def photo(red_square: np.ndarray) -> bytes:
    content = io.BytesIO()
    Image.fromarray(red_square).save(content, "PNG")
    return content.getvalue()


def play(
    scene: Callable[[httpx.AsyncClient, Workers], Awaitable[None]], remover: object, limits: Limits, workers: int = 1
) -> None:
    async def played() -> None:
        app = create_app(remover, limits, workers)
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            await scene(client, app.state.workers)

    asyncio.run(played())


def send(client: httpx.AsyncClient, content: bytes | Slow) -> asyncio.Task[httpx.Response]:
    return asyncio.create_task(client.post("/cutout", content=content, headers={"Content-Type": "image/png"}))


async def until(reached: Callable[[], bool]) -> None:
    """Let the others go on until it is so; the test's own time limit ends a wait in vain."""
    while not reached():
        await asyncio.sleep(0)


def expect_refusal(answer: httpx.Response, status: int, words: str) -> None:
    assert answer.status_code == status, answer.text
    assert words in answer.json()["error"]
    assert (answer.headers.get("retry-after") == "1") == (status in (429, 503))


def test_slow_photos_leave_the_workers_to_the_others(best_model: Path, photo: bytes) -> None:
    async def scene(client: httpx.AsyncClient, crew: Workers) -> None:
        slow = [Slow(photo) for _ in range(3)]  # as many as there are places
        begun = [send(client, one) for one in slow]
        await until(lambda: crew.taken == 3)
        assert (await send(client, photo)).status_code == 200
        for one in slow:
            one.go.set()
        assert [answer.status_code for answer in await asyncio.gather(*begun)] == [200] * 3
        assert crew.taken == crew.arrived == 0

    play(scene, BackgroundRemover(best_model, threads=1), Limits(queue=2))


def test_a_full_house_reads_nothing_and_refuses_what_was_arriving(photo: bytes) -> None:
    async def scene(client: httpx.AsyncClient, crew: Workers) -> None:
        slow, late = Slow(photo), Slow(photo)
        arriving = send(client, slow)
        await until(lambda: slow.begun)
        taken = [send(client, photo) for _ in range(2)]
        await until(lambda: crew.arrived == 2)
        full = "All 1 workers are busy and 1 wait"
        expect_refusal(await send(client, late), 429, full)
        assert not late.begun
        slow.go.set()
        expect_refusal(await arriving, 429, full)
        remover.free.set()
        for answer in await asyncio.gather(*taken):
            expect_refusal(answer, 500, "its log says why")
        await until(lambda: crew.taken == crew.arrived == 0)

    remover = Stuck()
    play(scene, remover, Limits(queue=1))


def test_what_arrives_at_once_is_bounded_and_a_place_comes_free(best_model: Path, photo: bytes) -> None:
    async def scene(client: httpx.AsyncClient, crew: Workers) -> None:
        # One place at the worker, and two in a gigabyte.
        slow = [send(client, Slow(photo)) for _ in range(3)]
        await until(lambda: crew.taken == 3)
        expect_refusal(await send(client, photo), 429, "3 photos are arriving, and no more are taken")
        slow[0].cancel()  # the client goes away
        await until(lambda: crew.taken == 2)
        assert (await send(client, photo)).status_code == 200
        for one in slow[1:]:
            one.cancel()
        await until(lambda: crew.taken == crew.arrived == 0)

    play(scene, BackgroundRemover(best_model, threads=1), Limits(bytes=400_000_000, queue=0))


def test_work_that_takes_too_long_is_answered_and_keeps_its_place_until_it_ends(photo: bytes) -> None:
    async def scene(client: httpx.AsyncClient, crew: Workers) -> None:
        for taken in (1, 1):  # the second waits behind the first, and is given up altogether
            expect_refusal(await send(client, photo), 503, "took more than the limit of 0.1 s")
            assert crew.taken == crew.arrived == taken
        remover.free.set()
        await until(lambda: crew.taken == 0)
        expect_refusal(await send(client, photo), 500, "its log says why")

    remover = Stuck()
    play(scene, remover, Limits(seconds=0.1, queue=1))


def test_no_photo_is_parsed_where_all_others_wait(
    best_model: Path, photo: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[str] = []
    really_open = Image.open

    def open_and_tell(*given: object, **options: object) -> Image.Image:
        threads.append(threading.current_thread().name)
        return really_open(*given, **options)

    async def scene(client: httpx.AsyncClient, crew: Workers) -> None:
        assert (await send(client, photo)).status_code == 200
        expect_refusal(await send(client, b"<html>"), 415, "not a photo")
        expect_refusal(await send(client, b""), 422, "0 bytes")
        expect_refusal(await send(client, photo[: len(photo) // 2]), 422, "damaged")
        await until(lambda: crew.taken == crew.arrived == 0)
        assert threads
        assert {name.partition("_")[0] for name in threads} == {"recorte"}

    monkeypatch.setattr(Image, "open", open_and_tell)
    play(scene, BackgroundRemover(best_model, threads=1), Limits())
