"""Video files: upright frames in; parts with an alpha out, which are joined with the sound in the end."""

import heapq
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from recorte.errors import RecorteError

if TYPE_CHECKING:
    import av
    from av.audio.stream import AudioStream
    from av.container import InputContainer, OutputContainer
    from av.packet import Packet


class Kind(NamedTuple):
    """A kind of video file.

    Attributes:
        codec: of the pictures.
        pixels: their format.
        options: of the codec. Each packet must be one frame, in the order of the frames, so that parts can be joined.
        sounds: codecs of sound that are copied as they are; None copies any.
        sound: the codec that any other is turned into.
    """

    codec: str
    pixels: str
    options: dict[str, str]
    sounds: tuple[str, ...] | None
    sound: str


KINDS = {
    ".mov": Kind("prores_ks", "yuva444p10le", {"profile": "4444", "vendor": "apl0"}, None, "aac"),
    ".webm": Kind("libvpx-vp9", "yuva420p", {"crf": "24", "b": "0", "deadline": "realtime", "cpu-used": "5",
                                             "auto-alt-ref": "0", "lag-in-frames": "0", "row-mt": "1"},
                  ("opus", "vorbis"), "libopus"),
    ".mp4": Kind("libx264", "yuv420p", {"crf": "18", "preset": "medium", "bf": "0"},
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

    def __enter__(self) -> "VideoFile":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def read(self, first: int = 0) -> Iterator[tuple[int, np.ndarray]]:
        """Give time (ticks from the start) and picture, `uint8 (H, W, 3)` upright, of each frame from number `first`.

        Packets that are damaged are passed over, as players do.
        """
        number, last = 0, -1
        for frame in _decoded(self._file.demux(self._pictures)):
            # What has no time, or goes back in time, follows at the least distance.
            time = max(last + 1, last + 1 if frame.pts is None else frame.pts - self.start)
            if number >= first:
                yield time, _upright(frame)
            number, last = number + 1, time

    def sound(self) -> "AudioStream | None":
        """The first track of sound."""
        return self._file.streams.audio[0] if self._file.streams.audio else None

    def sound_packets(self) -> "Iterator[Packet]":
        """Give the packets of the first track of sound."""
        import av

        # Opened anew: to go back to the beginning would leave out what comes before time 0, as in AAC something does.
        with av.open(str(self.path)) as file:
            yield from (packet for packet in file.demux(file.streams.audio[0]) if packet.dts is not None)


def _decoded(packets: "Iterable[Packet]") -> "Iterator[av.VideoFrame]":
    import av

    for packet in packets:
        try:
            yield from packet.decode()
        except av.InvalidDataError:
            continue


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


def join(parts: Sequence[Path], times: Sequence[int], source: VideoFile, kind: Kind, target: Path) -> None:
    """Make one video of parts, each frame at its own time, with the sound of the source.

    Raises:
        RecorteError: a part is not as it was written.
    """
    import av

    with av.open(str(target), "w") as file:
        with av.open(str(parts[0])) as first:
            pictures = file.add_stream_from_template(first.streams.video[0])
            pictures.metadata.update({"alpha_mode": "1"} if kind.codec == "libvpx-vp9" else {})
        pictures.time_base = source.time_base
        streams = [_picture_packets(parts, times, source, pictures)]
        sound = source.sound()
        if sound is not None:
            streams.append(_sound_packets(sound, source, kind, file))
        for packet in heapq.merge(*streams, key=lambda packet: float(packet.dts * packet.time_base)):
            file.mux(packet)


def _picture_packets(
    parts: Sequence[Path], times: Sequence[int], source: VideoFile, pictures: "av.VideoStream"
) -> "Iterator[Packet]":
    import av

    number = 0
    for path in parts:
        with av.open(str(path)) as part:
            for packet in part.demux(part.streams.video[0]):
                if packet.size == 0:
                    continue
                packet.time_base = source.time_base
                packet.pts = packet.dts = times[number]
                packet.duration = max(1, (times[number + 1] if number + 1 < len(times) else 0) - times[number])
                packet.stream = pictures
                number += 1
                yield packet
    if number != len(times):
        raise RecorteError(
            f"{parts[0].parent}: its parts hold {number} frames, not {len(times)}; remove it and begin anew"
        )


def _sound_packets(sound: "AudioStream", source: VideoFile, kind: Kind, file: "OutputContainer") -> "Iterator[Packet]":
    """Copy the sound, or turn it into a codec that the file may have; its times begin where the pictures' do."""
    start = float(source.start * source.time_base)
    if kind.sounds is None or sound.codec_context.name in kind.sounds:
        copied = file.add_stream_from_template(sound)
        return _copied_sound(source, copied, start)
    rate = 48_000 if kind.sound == "libopus" else sound.rate
    turned = file.add_stream(kind.sound, rate=rate, layout=sound.layout.name)
    return _turned_sound(source, turned, start)


def _copied_sound(source: VideoFile, copied: "AudioStream", start: float) -> "Iterator[Packet]":
    for packet in source.sound_packets():
        shift = round(start / packet.time_base)
        packet.dts -= shift
        packet.pts = packet.dts if packet.pts is None else packet.pts - shift
        packet.stream = copied
        yield packet


def _turned_sound(source: VideoFile, turned: "AudioStream", start: float) -> "Iterator[Packet]":
    from av.audio.resampler import AudioResampler

    context = turned.codec_context
    resampler = AudioResampler(context.format, context.layout, context.rate, context.frame_size or None)
    for packet in source.sound_packets():
        for frame in packet.decode():
            frame.pts -= round(start / frame.time_base)
            for piece in resampler.resample(frame):
                yield from turned.encode(piece)
    for piece in resampler.resample(None):
        yield from turned.encode(piece)
    yield from turned.encode(None)
