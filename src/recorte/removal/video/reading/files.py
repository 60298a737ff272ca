"""Video files: their frames and their sound."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from recorte.errors import RecorteError
from recorte.removal.video.reading.animations import film_of
from recorte.removal.video.reading.clock import Clock
from recorte.removal.video.reading.colours import Colours
from recorte.removal.video.reading.fields import without_fields
from recorte.removal.video.reading.pictures import Inside, fit, upright
from recorte.removal.video.reading.streams import film_in, sound_in
from recorte.removal.video.reading.window import WHOLE, Window

if TYPE_CHECKING:
    import av
    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.packet import Packet

ALPHA_DECODERS: dict[str, Literal["libvpx", "libvpx-vp9"]] = {"vp8": "libvpx", "vp9": "libvpx-vp9"}
"""FFmpeg's own decoders of these know nothing of an alpha."""

SECOND = 1_000_000
"""The unit of a container's own times, in parts of a second."""
AMPLE = 10
"""Seconds before a window from which on frames are decoded."""


def load_av() -> None:
    """Make sure that PyAV is there.

    Raises:
        RecorteError: it is not; the message says how it is installed.
    """
    try:
        import av

        # Any level has each message of FFmpeg's threads wait for Python's lock, while closing a file holds it and waits
        # for them: Ctrl-C would hang now and then (PyAV's issues 751 and 909).
        av.logging.set_level(None)
    except ImportError:
        raise RecorteError("videos need PyAV, which is not installed; pip install 'recorte[video]'") from None


class VideoFile:
    """A video to read, frame by frame.

    Attributes:
        path: the file.
        time_base: seconds that a tick of the frames' times lasts.
        start: time of the first frame, in ticks.
        frames: how many there are, as far as the file says; else 0.
        usual: ticks that a frame lasts as a rule.
        lasts: ticks that the last frame lasts which was read, as far as the file says; else 0.
        seconds: that it lasts, as far as the file says; else 0.
        window: what of it is taken.

    Raises:
        RecorteError: it cannot be read, has no pictures, or ends before the window begins.
    """

    def __init__(self, path: Path, window: Window = WHOLE) -> None:
        import av

        self.path, self.window = path, window
        self._film = film_of(path)
        try:
            self._file: InputContainer = av.open(self._film or str(path), "r")
        except (av.FFmpegError, OSError) as error:
            raise RecorteError(f"{path}: not a video that can be read ({error.strerror})") from None
        try:
            self._pictures = film_in(self._file, path)
        except RecorteError:
            self._file.close()
            raise
        self.time_base: Fraction = self._pictures.time_base or Fraction(1, 1000)
        self._pictures.thread_type = "AUTO"
        self.start = self._pictures.start_time or 0
        rate = self._pictures.guessed_rate or self._pictures.average_rate or Fraction(25)
        self.usual = max(1, round(1 / (rate * self.time_base)))
        self.lasts = 0
        self.seconds = Fraction(self._pictures.duration or 0) * self.time_base or Fraction(
            self._file.duration or 0, SECOND
        )
        self.frames = self._pictures.frames if window == WHOLE else self._frames_in_window()
        self._colours = Colours()
        self._codec = self._pictures.codec_context
        # What the file says of it stands above what the codec says, which a recording of two broadcasts may change.
        self._keeps_ratio = self._pictures.sample_aspect_ratio != self._codec.sample_aspect_ratio
        alpha_mode = {name.lower(): value for name, value in self._pictures.metadata.items()}.get("alpha_mode")
        self._decoder = self._codec
        if alpha_mode == "1" and self._codec.name in ALPHA_DECODERS:
            self._decoder = av.CodecContext.create(ALPHA_DECODERS[self._codec.name], "r")

    def __enter__(self) -> "VideoFile":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        if self._film:
            self._film.close()

    def read(self, first: int = 0) -> Iterator[tuple[int, np.ndarray, Inside, np.ndarray | None]]:
        """Give each frame from number `first`: its time (ticks from the start), picture, what of it is filled, alpha.

        Of the window alone, where there is one: time and number begin with it.

        Pictures are `uint8 (H, W, 3)`, upright, all as large as frame 0: one of another size is fitted into that. Their
        own alpha is `uint8 (H, W)`, None if they are opaque.
        Packets that are damaged are passed over, as players do.

        Raises:
            RecorteError: the file cannot be read any more.
        """
        clock, size, number = Clock(self.time_base), None, -1
        begin, end = (None if moment is None else moment / self.time_base for moment in self.window)
        with reading(self.path):
            self._seek()
            for frame in without_fields(decoded(self._file.demux(self._pictures), self._decoder)):
                self.lasts = frame.duration or 0
                said = None if frame.pts is None else frame.pts - self.start
                time = clock(said, self.lasts or self.usual)
                if begin is not None and time < begin:
                    continue
                if end is not None and time >= end:
                    return
                number += 1
                if size is None or number >= first:
                    picture, own = upright(self._coloured(frame), self._ratio())
                    size = size or picture.shape[:2]
                if number >= first:
                    began = time - round(begin or 0)
                    yield began, *fit(picture, *size), None if own is None else fit(own, *size)[0]

    def _seek(self) -> None:
        """Go to before the window, so far that what is damaged behind the place is over when it begins."""
        place = self.window.start - AMPLE
        # The times of a broadcast may begin anew in it, and those of an animation are few.
        if place > 0 and self._film is None and self._file.format.name not in ("mpegts", "gif", "apng"):
            self._file.seek(self.start + round(place / self.time_base), stream=self._pictures)

    def _frames_in_window(self) -> int:
        """About how many frames the window has; 0: that is not known."""
        if self.seconds and self.window.start >= self.seconds:
            self._file.close()
            raise too_late(self.path, self.window, self.seconds)
        end = min(filter(None, (self.window.end, self.seconds)), default=Fraction(0))
        return max(0, round((end - self.window.start) / (self.usual * self.time_base)))

    def _coloured(self, frame: "av.VideoFrame") -> "av.VideoFrame":
        try:
            return self._colours(frame)
        except RecorteError as error:
            raise RecorteError(f"{self.path}: {error}") from None

    def _ratio(self) -> Fraction | None:
        """Width to height of the pixels of the frame that was read last."""
        said = self._pictures.sample_aspect_ratio
        return said if self._keeps_ratio else self._codec.sample_aspect_ratio or said

    def sound(self) -> "AudioStream | None":
        """The track of sound that players play."""
        return sound_in(self._file, self._pictures)

    def sound_packets(self) -> "Iterator[Packet[Any]]":
        """Give the packets of that track; none without one.

        Raises:
            RecorteError: the file cannot be read any more.
        """
        import av

        track = self.sound()
        if track is None:
            return
        # Opened anew: to go back to the beginning would leave out what comes before time 0, as in AAC something does.
        with reading(self.path), av.open(str(self.path)) as file:
            again = file.streams[track.index]
            yield from (packet for packet in file.demux(again) if packet.dts is not None)


def too_late(path: Path, window: Window, seconds: Fraction) -> RecorteError:
    """Say that a film ends before a window of it begins."""
    return RecorteError(
        f"{path}: lasts {float(seconds):.4g} seconds, so nothing of it begins at {float(window.start):.4g}; choose an "
        "earlier start"
    )


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Tell of whatever goes wrong as trouble with a file that is read.

    Raises:
        RecorteError: it cannot be read to its end.
    """
    import av

    try:
        yield
    except (av.FFmpegError, OSError) as error:
        raise RecorteError(f"{path}: cannot be read to its end ({error.strerror})") from error


def decoded(packets: "Iterable[Packet[Any]]", decoder: "av.VideoCodecContext | None" = None) -> "Iterator[Any]":
    """Give the frames, of pictures or sound, in packets; those that are damaged are passed over."""
    import av

    for packet in packets:
        try:
            frames = decoder.decode(packet) if decoder else packet.decode()
        except av.FFmpegError:
            continue
        yield from frames
