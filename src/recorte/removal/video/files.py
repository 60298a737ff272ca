"""Video files: frames and sound in; parts with an alpha out."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from recorte.errors import RecorteError
from recorte.removal.video.animations import film_of
from recorte.removal.video.clock import Clock
from recorte.removal.video.colours import Colours
from recorte.removal.video.fields import without_fields
from recorte.removal.video.pictures import Inside, fit, upright
from recorte.removal.video.streams import film_in, sound_in

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
    codec: Literal["prores_ks", "libvpx-vp9", "libx264"]
    pixels: str
    options: dict[str, str]
    sounds: tuple[str, ...] | None
    sound: Literal["aac", "libopus"]


KINDS = {
    ".mov": Kind("mov", "prores_ks", "yuva444p10le", {"profile": "4444", "vendor": "apl0"}, None, "aac"),
    ".webm": Kind("webm", "libvpx-vp9", "yuva420p", {"crf": "24", "b": "0", "deadline": "realtime", "cpu-used": "5",
                                                     "auto-alt-ref": "0", "lag-in-frames": "0", "row-mt": "1"},
                  ("opus", "vorbis"), "libopus"),
    ".mp4": Kind("mp4", "libx264", "yuv420p", {"crf": "18", "preset": "medium", "bf": "0"},
                 ("aac", "mp3", "ac3", "alac"), "aac"),
}  # fmt: skip
"""By suffix: ProRes 4444 and VP9, which can be transparent, and H.264, which cannot."""

ALPHA_DECODERS: dict[str, Literal["libvpx", "libvpx-vp9"]] = {"vp8": "libvpx", "vp9": "libvpx-vp9"}
"""FFmpeg's own decoders of these know nothing of an alpha."""
TICKS = 40
"""Milliseconds that a frame takes in a part; its true time is given when the parts are joined."""


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

    Raises:
        RecorteError: it cannot be read, or has no pictures.
    """

    def __init__(self, path: Path) -> None:
        import av

        self.path = path
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
        self.frames = self._pictures.frames
        rate = self._pictures.guessed_rate or self._pictures.average_rate or Fraction(1000, TICKS)
        self.usual = max(1, round(1 / (rate * self.time_base)))
        self.lasts = 0
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
        self._file.close()
        if self._film:
            self._film.close()

    def read(self, first: int = 0) -> Iterator[tuple[int, np.ndarray, Inside, np.ndarray | None]]:
        """Give each frame from number `first`: its time (ticks from the start), picture, what of it is filled, alpha.

        Pictures are `uint8 (H, W, 3)`, upright, all as large as frame 0: one of another size is fitted into that. Their
        own alpha is `uint8 (H, W)`, None if they are opaque.
        Packets that are damaged are passed over, as players do.

        Raises:
            RecorteError: the file cannot be read any more.
        """
        clock, size = Clock(self.time_base), None
        with reading(self.path):
            frames = without_fields(decoded(self._file.demux(self._pictures), self._decoder))
            for number, frame in enumerate(frames):
                self.lasts = frame.duration or 0
                said = None if frame.pts is None else frame.pts - self.start
                time = clock(said, self.lasts or self.usual)
                if size is None or number >= first:
                    picture, own = upright(self._coloured(frame), self._ratio())
                    size = size or picture.shape[:2]
                if number >= first:
                    yield time, *fit(picture, *size), None if own is None else fit(own, *size)[0]

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


class Part:
    """A stretch of the frames of a video, as a file of its own."""

    def __init__(self, path: Path, kind: Kind, height: int, width: int) -> None:
        import av

        self._kind, self._count = kind, 0
        # x264 refuses odd sides: one more row or column of the same.
        self._added = [(0, side % 2 if kind.codec == "libx264" else 0) for side in (height, width)]
        self._file: OutputContainer = av.open(str(path), "w")
        self._pictures = self._file.add_stream(kind.codec, rate=1000 // TICKS, options=kind.options)
        self._pictures.height, self._pictures.width = height + self._added[0][1], width + self._added[1][1]
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

        if np.any(self._added):
            picture = np.pad(picture, [*self._added, (0, 0)], "edge")
        frame = av.VideoFrame.from_ndarray(picture, "rgba" if picture.shape[2] == 4 else "rgb24")
        frame = frame.reformat(format=self._kind.pixels, dst_colorspace=Colorspace.ITU709)
        frame.pts, frame.time_base = self._count, Fraction(TICKS, 1000)
        self._count += 1
        self._file.mux(self._pictures.encode(frame))

    def close(self) -> None:
        """Finish the file."""
        self._file.mux(self._pictures.encode(None))
        self._file.close()
