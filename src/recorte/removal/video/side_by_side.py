"""Steps of a film that are done at a time: FFmpeg, OpenCV and ONNX Runtime all leave Python to others meanwhile."""

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
U = TypeVar("U")


def ahead(items: Iterable[T], most: int = 2) -> Generator[T, None, None]:
    """Give the same items, made by a thread of its own, up to so many before they are asked for.

    What making one raises comes behind those before it.
    """
    iterator, end = iter(items), object()
    with ThreadPoolExecutor(1, thread_name_prefix="recorte") as pool:
        waiting: deque[Future[object]] = deque(pool.submit(next, iterator, end) for _ in range(most))
        try:
            while (item := waiting.popleft().result()) is not end:
                waiting.append(pool.submit(next, iterator, end))
                yield item  # type: ignore[misc]
        finally:
            for future in waiting:
                future.cancel()


def in_order(function: Callable[[T], U], items: Iterable[T], workers: int) -> Generator[U, None, None]:
    """Give what a function makes of each item, in their order, made by so many threads; little is made ahead."""
    with ThreadPoolExecutor(workers, thread_name_prefix="recorte") as pool:
        waiting: deque[Future[U]] = deque()
        try:
            for item in items:
                waiting.append(pool.submit(function, item))
                if len(waiting) > workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
