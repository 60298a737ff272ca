"""The service's workers: one photo a core, a short queue, and an end that leaves nothing undone."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from recorte.app.limits import Limits, Refusal
from recorte.app.service.measures import Measures
from recorte.removal.files.folder import usable_cores

T = TypeVar("T")

ARRIVING = 1_000_000_000
"""Bytes that photos which are still arriving may take at most, beside those in the queue: 40 of the usual limit. As
much memory as a single large photo takes while it is worked on, and room for many whose connection is slow."""


class Workers:
    """Does the work of requests, as many at once as there are cores.

    A photo takes one thread from beginning to end. Batches do not pay on a CPU: measured on one core, a photo took the
    network 3, 12 and 25 % longer in batches of 2, 4 and 8 than alone (they outgrow the cache), decoding and encoding
    cannot be batched at all, and a batch makes its first photo wait for its last.

    Args:
        limits: time and queue.
        measures: what is counted.
        count: workers; None = one per core that this process may use.

    Attributes:
        stopping: nothing new is taken in.
        taken: requests that were taken in and are not done, with those that nobody waits for any more.
        arrived: those of them whose photo has arrived: they wait, or are worked on.
    """

    def __init__(self, limits: Limits, measures: Measures, count: int | None = None) -> None:
        self.limits = limits
        self.count = count or usable_cores()
        self.stopping = False
        self.taken = self.arrived = 0
        self._places = self.count + limits.queue
        self._slow = ARRIVING // limits.bytes
        self._measures = measures
        self._threads = ThreadPoolExecutor(self.count, thread_name_prefix="recorte")

    @asynccontextmanager
    async def place(self) -> AsyncIterator["Place"]:
        """Take a request in, before its photo is read: a full house reads nothing.

        Photos that are still arriving have places of their own, so that slow connections do not keep workers idle.

        Raises:
            Refusal: stopping, or all places taken; in the block: it takes too long.
        """
        if self.stopping:
            raise Refusal(503, "The service is stopping; ask again later")
        self._refuse_if_full()
        if self.taken >= self._places + self._slow:
            arriving = self.taken - self.arrived
            raise Refusal(429, f"{arriving} photos are arriving, and no more are taken; ask again in a second")
        place = Place(self)
        self._count(taken=+1)
        try:
            async with asyncio.timeout(self.limits.seconds):
                yield place
        except TimeoutError:
            what = "working on the photo" if place.arrived else "receiving the photo"
            raise Refusal(
                503 if place.arrived else 408,
                f"{what.capitalize()} took more than the limit of {self.limits.seconds:g} s",
            ) from None
        finally:
            place.leave()

    def close(self) -> None:
        """Wait for the threads to end."""
        self._threads.shutdown(cancel_futures=True)

    def _refuse_if_full(self) -> None:
        if self.arrived >= self._places:
            raise Refusal(429, f"All {self.count} workers are busy and {self.limits.queue} wait; ask again in a second")

    def _count(self, taken: int = 0, arrived: int = 0) -> None:
        self.taken += taken
        self.arrived += arrived
        self._measures.taken.set(self.taken)


class Place:
    """A request's place among those taken in. It is free again when the work is done, not when nobody waits for it."""

    def __init__(self, workers: Workers) -> None:
        self.arrived = False
        self._workers = workers
        self._work: Future[Any] | None = None

    async def do(self, work: Callable[[], T]) -> T:
        """Run `work` in a thread, when one is free.

        Raises:
            Refusal: while the photo arrived, others took all places.
        """
        self._workers._refuse_if_full()
        self._workers._count(arrived=+1)
        self.arrived = True
        since = time.perf_counter()

        def timed() -> T:
            """Do the work, and measure how long it waited and how long it took."""
            started = time.perf_counter()
            self._workers._measures.waiting.observe(started - since)
            try:
                return work()
            finally:
                self._workers._measures.working.observe(time.perf_counter() - started)

        self._work = self._workers._threads.submit(timed)
        return await asyncio.wrap_future(self._work)  # cancelled while it waits, it never begins

    def leave(self) -> None:
        """Give the place up as soon as its work is done."""
        if self._work is None or self._work.done():
            self._workers._count(-1, -self.arrived)
        else:
            loop = asyncio.get_running_loop()
            self._work.add_done_callback(lambda _: loop.call_soon_threadsafe(self._workers._count, -1, -1))
