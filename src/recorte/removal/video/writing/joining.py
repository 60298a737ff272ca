"""Parts of a video are joined to one, with its sound: copied, or turned into what the file can hold."""

import heapq
import io
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import groupby
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from recorte.errors import RecorteError
from recorte.removal.video.reading import Film
from recorte.removal.video.reading.clock import Clock
from recorte.removal.video.reading.files import decoded, reading
from recorte.removal.video.writing.animating import animate
from recorte.removal.video.writing.parts import Kind

if TYPE_CHECKING:
    import av
    from av.audio.stream import AudioStream
    from av.container import OutputContainer
    from av.packet import Packet


class Sound(NamedTuple):
    """How sound is put into a file.

    Attributes:
        codec: it is turned into this one; None = copied as it is.
        rate: samples a second.
        layout: of its channels.
    """

    codec: Literal["aac", "libopus"] | None
    rate: int
    layout: str

    def add_to(self, file: "OutputContainer", track: "AudioStream") -> "AudioStream":
        """Add a track to a file for the sound of `track`."""
        if self.codec is None:
            return file.add_stream_from_template(track)
        return file.add_stream(self.codec, rate=self.rate, layout=self.layout)


def choose_sound(source: Film, kind: Kind) -> Sound | None:
    """Find out how the sound of a video gets into a file of a kind; None = it has none.

    Raises:
        RecorteError: in no way.
    """
    track = source.sound()
    if track is None or kind.sound is None:
        return None
    name, channels = track.codec_context.name, track.layout.nb_channels
    rate = 48_000 if kind.sound == "libopus" else track.rate
    ways = [
        *([Sound(None, track.rate, track.layout.name)] if kind.sounds is None or name in kind.sounds else []),
        Sound(kind.sound, rate, track.layout.name),
        # What encoders take of any: the usual order of so many channels, or but two of them.
        Sound(kind.sound, 48_000, f"{channels}c"),
        Sound(kind.sound, 48_000, "stereo"),
    ]
    for way in ways:
        if _fits(way, track, source, kind):
            return way
    raise RecorteError(f"{source.path}: its sound ({name}) cannot be put into this kind of file; choose another kind")


def _fits(sound: Sound, track: "AudioStream", source: Film, kind: Kind) -> bool:
    """Try it. What a format can hold FFmpeg does not tell until it is written."""
    import av

    try:
        with av.open(io.BytesIO(), "w", format=kind.format) as file:
            tried = sound.add_to(file, track)
            file.start_encoding()
            if sound.codec is None and (packet := next(source.sound_packets(), None)):
                packet.stream = tried
                file.mux(packet)
    except (av.FFmpegError, ValueError):
        return False
    return True


def join(
    parts: Sequence[Path], times: Sequence[int], source: Film, kind: Kind, sound: Sound | None, target: Path
) -> None:
    """Make one video of parts, each frame at its own time, with the sound of the source, which was read to its end.

    Raises:
        RecorteError: a part is not as it was written, or the source cannot be read any more.
    """
    import av

    if kind.animation:
        animate(parts, times, _durations(times, source), source.time_base, kind, target)
        return
    with av.open(str(target), "w") as file:
        with reading(parts[0]), av.open(str(parts[0])) as first:
            pictures = file.add_stream_from_template(first.streams.video[0])
            pictures.metadata.update({"alpha_mode": "1"} if kind.codec == "libvpx-vp9" else {})
        pictures.time_base = source.time_base
        streams = [_picture_packets(parts, times, source, pictures)]
        track = source.sound()
        if sound is not None and track is not None:
            make = _copied_sound if sound.codec is None else _turned_sound
            # Its times begin where the pictures' do.
            begins = source.start * source.time_base + source.window.start
            streams.append(make(source, sound.add_to(file, track), begins))
        for packet in heapq.merge(*streams, key=_due):
            file.mux(packet)


def _due(packet: "Packet[Any]") -> float:
    """The second at which a packet is needed; those that are joined all have a time."""
    return float((packet.dts or 0) * packet.time_base)


def _picture_packets(
    parts: Sequence[Path], times: Sequence[int], source: Film, pictures: "av.VideoStream"
) -> "Iterator[Packet[Any]]":
    import av

    durations, number = _durations(times, source), 0
    for path in parts:
        with reading(path), av.open(str(path)) as part:
            for packet in part.demux(part.streams.video[0]):
                if packet.size == 0:
                    continue
                if number == len(times):
                    raise _other_parts(path.parent)
                packet.time_base = source.time_base
                packet.pts = packet.dts = times[number]
                packet.duration = durations[number]
                packet.stream = pictures
                number += 1
                yield packet
    if number != len(times):
        raise _other_parts(parts[0].parent)


def _other_parts(folder: Path) -> RecorteError:
    return RecorteError(f"{folder}: its parts do not hold the frames that they should; remove it and begin anew")


def _durations(times: Sequence[int], source: Film) -> list[int]:
    """How many ticks each frame lasts: until the next; the last one as long as its file says, or as is usual."""
    durations = np.diff(times).tolist()
    usual = round(float(np.median(durations))) if durations else source.usual
    return [*durations, source.lasts or usual]


def _sound_clock(time_base: Fraction, rate: int) -> Clock:
    """Make a clock for sound; files count it in samples, and refuse two packets at one."""
    return Clock(time_base, least=max(1, ceil(1 / (rate * time_base))))


def _copied_sound(source: Film, copied: "AudioStream", start: Fraction) -> "Iterator[Packet[Any]]":
    clock = None
    for packet in _within(source.sound_packets(), source, start):
        clock = clock or _sound_clock(packet.time_base, copied.rate)
        shift = round(start / packet.time_base)
        assert packet.dts is not None  # such are passed over where packets are read
        later = 0 if packet.pts is None else packet.pts - packet.dts
        packet.dts = clock(packet.dts - shift, packet.duration or 0)
        packet.pts = packet.dts + later
        packet.stream = copied
        yield packet


def _turned_sound(source: Film, turned: "AudioStream", start: Fraction) -> "Iterator[Packet[Any]]":
    from av.audio.resampler import AudioResampler

    context, clock, resampler = turned.codec_context, None, None
    for _, frames in groupby(decoded(_within(source.sound_packets(), source, start)), key=_shape):
        # In a broadcast stereo may follow 5.1. The little that the resampler before still holds is lost.
        resampler = AudioResampler(context.format, context.layout, context.rate, context.frame_size or None)
        for frame in frames:
            clock = clock or _sound_clock(frame.time_base, turned.rate)
            lasts = round(frame.samples / frame.sample_rate / frame.time_base)
            frame.pts = clock(None if frame.pts is None else frame.pts - round(start / frame.time_base), lasts)
            for piece in resampler.resample(frame):
                yield from turned.encode(piece)
    for piece in resampler.resample(None) if resampler else ():
        yield from turned.encode(piece)
    yield from turned.encode(None)


def _within(packets: "Iterator[Packet[Any]]", source: Film, start: Fraction) -> "Iterator[Packet[Any]]":
    """Give the packets of sound that begin in the window, of which `start` is the beginning in the file's own time."""
    begin, end = source.window
    for packet in packets:
        assert packet.dts is not None
        second = packet.dts * packet.time_base - start
        if end is not None and second >= end - begin:
            return
        if not begin or second >= 0:
            yield packet


def _shape(frame: "av.AudioFrame") -> tuple[str, str, int]:
    return frame.format.name, frame.layout.name, frame.sample_rate
