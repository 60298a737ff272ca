"""Video files: upright frames and sound in; parts with an alpha out."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from recorte.errors import RecorteError
from recorte.removal.video_clock import Clock

if TYPE_CHECKING:
    import av
    from av.audio.stream import AudioStream
    from av.container import InputContainer, OutputContainer
    from av.packet import Packet


class Kind(NamedTuple):
    """A kind of video file.

    Attributes:
        format: FFmpeg's name of it.
        codec: of the pictures.
        pixels: their format.
        options: of the codec. Each packet must be one frame, in the order of the frames, so that parts can be joined.
        sounds: codecs of sound that are copied as they are; None copies any that fits.
        sound: the codec that any other is turned into.
    """

    format: str
    codec: str
    pixels: str
    options: dict[str, str]
    sounds: tuple[str, ...] | None
    sound: str


KINDS = {
    ".mov": Kind("mov", "prores_ks", "yuva444p10le", {"profile": "4444", "vendor": "apl0"}, None, "aac"),
    ".webm": Kind("webm", "libvpx-vp9", "yuva420p", {"crf": "24", "b": "0", "deadline": "realtime", "cpu-used": "5",
                                                     "auto-alt-ref": "0", "lag-in-frames": "0", "row-mt": "1"},
                  ("opus", "vorbis"), "libopus"),
    ".mp4": Kind("mp4", "libx264", "yuv420p", {"crf": "18", "preset": "medium", "bf": "0"},
                 ("aac", "mp3", "ac3", "alac"), "aac"),
}  # fmt: skip
"""By suffix: ProRes 4444 and VP9, which can be transparent, and H.264, which cannot."""

HD = 720
"""Height from which on a video that does not say so has the colours of BT.709 and not of BT.601."""
TICKS = 40
"""Milliseconds that a frame takes in a part; its true time is given when the parts are joined."""


def load_av() -> None:
    """Make sure that PyAV is there.

    Raises:
        RecorteError: it is not; the message says how it is installed.
    """
    try:
        import av

        av.logging.set_level(av.logging.PANIC)
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

    Raises:
        RecorteError: it cannot be read, or has no pictures.
    """

    def __init__(self, path: Path) -> None:
        import av

        self.path = path
        try:
            self._file: InputContainer = av.open(str(path))
        except (av.FFmpegError, OSError) as error:
            raise RecorteError(f"{path}: not a video that can be read ({error.strerror})") from None
        if not self._file.streams.video:
            self._file.close()
            raise RecorteError(f"{path}: there are no pictures in it, so it is no video")
        self._pictures = self._file.streams.video[0]
        self._pictures.thread_type = "AUTO"
        self.time_base: Fraction = self._pictures.time_base
        self.start = self._pictures.start_time or 0
        self.frames = self._pictures.frames
        rate = self._pictures.guessed_rate or self._pictures.average_rate or Fraction(1000, TICKS)
        self.usual = max(1, round(1 / (rate * self.time_base)))
        self.lasts = 0

    def __enter__(self) -> "VideoFile":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def read(self, first: int = 0) -> Iterator[tuple[int, np.ndarray]]:
        """Give time (ticks from the start) and picture, `uint8 (H, W, 3)` upright, of each frame from number `first`.

        Packets that are damaged are passed over, as players do.

        Raises:
            RecorteError: the file cannot be read any more.
        """
        clock = Clock(self.time_base)
        with reading(self.path):
            for number, frame in enumerate(decoded(self._file.demux(self._pictures))):
                self.lasts = frame.duration or 0
                said = None if frame.pts is None else frame.pts - self.start
                time = clock(said, self.lasts or self.usual)
                if number >= first:
                    yield time, _upright(frame)

    def sound(self) -> "AudioStream | None":
        """The first track of sound of a codec that is known."""
        return next((track for track in self._file.streams.audio if track.codec_context), None)

    def sound_packets(self) -> "Iterator[Packet]":
        """Give the packets of that track.

        Raises:
            RecorteError: the file cannot be read any more.
        """
        import av

        # Opened anew: to go back to the beginning would leave out what comes before time 0, as in AAC something does.
        with reading(self.path), av.open(str(self.path)) as file:
            track = file.streams[self.sound().index]
            yield from (packet for packet in file.demux(track) if packet.dts is not None)


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


def decoded(packets: "Iterable[Packet]") -> "Iterator[Any]":
    """Give the frames, of pictures or sound, in packets; those that are damaged are passed over."""
    import av

    for packet in packets:
        try:
            frames = packet.decode()
        except av.FFmpegError:
            continue
        yield from frames


def _upright(frame: "av.VideoFrame") -> np.ndarray:
    from av.video.reformatter import Colorspace

    unsaid = int(frame.colorspace) == 2
    colours = {"src_colorspace": Colorspace.ITU709} if unsaid and frame.height >= HD else {}
    pixels = frame.reformat(format="rgb24", **colours).to_ndarray()
    return np.ascontiguousarray(np.rot90(pixels, round((frame.rotation or 0) / 90)))


class Part:
    """A stretch of the frames of a video, as a file of its own."""

    def __init__(self, path: Path, kind: Kind, height: int, width: int) -> None:
        import av

        self._size, self._kind, self._count = (height, width), kind, 0
        self._file: OutputContainer = av.open(str(path), "w")
        self._pictures = self._file.add_stream(kind.codec, rate=1000 // TICKS, options=kind.options)
        self._pictures.width, self._pictures.height = width, height
        self._pictures.pix_fmt = kind.pixels
        context = self._pictures.codec_context
        context.color_primaries = context.color_trc = context.colorspace = 1  # BT.709
        context.time_base = self._pictures.time_base = Fraction(TICKS, 1000)
        if kind.codec == "libvpx-vp9":
            self._pictures.metadata["alpha_mode"] = "1"

    def add(self, picture: np.ndarray) -> None:
        """Add a frame: `uint8 (H, W, 4)`, straight RGBA, of the size of the others; or `(H, W, 3)`."""
        import av
        from av.video.reformatter import Colorspace

        height, width = self._size
        frame = av.VideoFrame.from_ndarray(picture[:height, :width], "rgba" if picture.shape[2] == 4 else "rgb24")
        frame = frame.reformat(format=self._kind.pixels, dst_colorspace=Colorspace.ITU709)
        frame.pts, frame.time_base = self._count, Fraction(TICKS, 1000)
        self._count += 1
        self._file.mux(self._pictures.encode(frame))

    def close(self) -> None:
        """Finish the file."""
        self._file.mux(self._pictures.encode(None))
        self._file.close()
