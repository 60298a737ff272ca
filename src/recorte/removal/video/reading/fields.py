"""Interlaced frames, whose odd and even rows are of two moments, made whole."""

from collections import deque
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import av

LEAST = 3, 4
"""Columns and rows that the filter needs."""


def without_fields(frames: "Iterable[av.VideoFrame]") -> "Iterator[av.VideoFrame]":
    """Give as many frames, at the same times; those that are interlaced show one moment, that of their first rows.

    By FFmpeg's filter bwdif, which looks at the frames before and behind; which rows are first each frame says.
    Other frames come back as they are.
    """
    woven: _Woven | None = None
    for frame in frames:
        if woven and woven.kind != _kind(frame):  # a broadcast may change
            yield from woven.rest()
            woven = None
        if not woven and frame.interlaced_frame and frame.width >= LEAST[0] and frame.height >= LEAST[1]:
            woven = _Woven(frame)
        if woven:
            yield from woven.add(frame)
        else:
            yield frame
    if woven:
        yield from woven.rest()


class _Woven:
    """Frames alike in the filter, from the first one that is interlaced on."""

    def __init__(self, first: "av.VideoFrame") -> None:
        import av.filter

        self.kind = _kind(first)
        self._inside: deque[av.VideoFrame] = deque()
        self._graph = av.filter.Graph()
        width, height, pixels, colorspace, color_range = self.kind
        self._graph.link_nodes(
            self._graph.add("buffer", width=str(width), height=str(height), pix_fmt=pixels, time_base="1/1000",
                            colorspace=str(colorspace), range=str(color_range)),
            self._graph.add("bwdif", mode="send_frame", parity="auto", deint="interlaced"),
            self._graph.add("buffersink"),
        ).configure()  # fmt: skip

    def add(self, frame: "av.VideoFrame") -> "Iterator[av.VideoFrame]":
        """Put a frame in, and give those that are ready."""
        self._inside.append(frame)
        self._graph.push(frame)
        yield from self._ready()

    def rest(self) -> "Iterator[av.VideoFrame]":
        """Give the frames that are still inside."""
        self._graph.push(None)
        yield from self._ready()

    def _ready(self) -> "Iterator[av.VideoFrame]":
        import av

        while self._inside:
            try:
                frame = self._graph.vpull()
            except (av.BlockingIOError, av.EOFError):
                return
            stored = self._inside.popleft()
            frame.pts, frame.time_base, frame.duration = stored.pts, stored.time_base, stored.duration
            yield frame


def _kind(frame: "av.VideoFrame") -> tuple[int, int, str, int, int]:
    return frame.width, frame.height, frame.format.name, int(frame.colorspace), int(frame.color_range)
