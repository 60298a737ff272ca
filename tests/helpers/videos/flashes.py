"""Clips with a flash and a beep, whose distance in time says whether pictures and sound belong together."""

import struct
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from videos.odd import box, boxes

FLASH = 12
"""Number of the frame whose upper rows are white."""


def write_flash(path: Path, begins: float = 0, sound_begins: float = 0) -> Path:
    """Write a second with a flash in frame 12, at 0.48 s, and a beep then.

    Args:
        path: its suffix says the kind of file.
        begins: seconds by which both are moved.
        sound_begins: seconds of the beginning without any sound; below zero the beep comes so much too early.
    """
    rate = 48_000
    with av.open(str(path), "w") as file:
        pictures = file.add_stream("libx264", rate=25, options={"crf": "10", "bf": "2", "g": "5"})
        pictures.width, pictures.height, pictures.pix_fmt = 64, 48, "yuv420p"
        sound = file.add_stream("aac", rate, layout="mono")
        for number in range(25):
            pixels = np.full((48, 64, 3), (30, 60, 220), np.uint8)
            pixels[8:44, 20:40] = 230, 20, 10
            pixels[:8] = 255 if number == FLASH else pixels[:8]
            frame = av.VideoFrame.from_ndarray(pixels, "rgb24")
            frame.pts, frame.time_base = number + round(begins * 25), Fraction(1, 25)
            file.mux(pictures.encode(frame))
        file.mux(pictures.encode(None))
        times = np.arange(rate) / rate
        wave = np.where((times >= 0.48) & (times < 0.52), np.sin(2 * np.pi * 1000 * times) * 0.8, 0)
        wave = wave[max(0, round(sound_begins * rate)) :].astype(np.float32)[None]
        whole = av.AudioFrame.from_ndarray(wave, "fltp", "mono")
        whole.sample_rate, whole.time_base, whole.pts = rate, Fraction(1, rate), round((sound_begins + begins) * rate)
        context = sound.codec_context
        resampler = av.AudioResampler(context.format, context.layout, rate, context.frame_size)
        for piece in [*resampler.resample(whole), *resampler.resample(None), None]:
            file.mux(sound.encode(piece))
    return path


Edits = Sequence[tuple[float, float]]
"""How many seconds are shown, and of which second of the track on; -1 = of nothing."""


def set_edits(clip: Path, pictures: Edits, sound: Edits) -> Path:
    """Give the tracks of an MP4 file these edit lists."""
    whole = b""
    for kind, part in boxes(clip.read_bytes()):
        if kind == b"moov":
            tracks = [
                _edited(inner, pictures if b"vide" in inner else sound) if name == b"trak" else inner
                for name, inner in boxes(part[8:])
            ]
            whole += box(b"moov", b"".join(tracks))
        else:
            whole += part
    clip.write_bytes(whole)
    return clip


def _edited(track: bytes, edits: Edits) -> bytes:
    place = track.index(b"mdhd") + 16
    scale = int.from_bytes(track[place : place + 4])
    entries = [
        struct.pack(">Iihh", round(lasts * 1000), -1 if of < 0 else round(of * scale), 1, 0) for lasts, of in edits
    ]
    listed = box(b"edts", box(b"elst", bytes(4) + struct.pack(">I", len(entries)) + b"".join(entries)))
    head, *others = (inner for name, inner in boxes(track[8:]) if name != b"edts")
    return box(b"trak", head + listed + b"".join(others))


def flash_of(path: Path) -> int:
    """The number of the frame that flashes."""
    with av.open(str(path)) as file:
        bright = [frame.to_ndarray(format="rgb24")[:6].mean() for frame in file.decode(video=0)]
    return int(np.argmax(bright))


def distance_of(path: Path, flash: int) -> float:
    """Seconds from the frame of this number to the beep."""
    with av.open(str(path)) as file:
        shown = [frame.time for frame in file.decode(video=0)][flash]
    with av.open(str(path)) as file:
        for frame in file.decode(audio=0):
            loud = np.flatnonzero(np.abs(frame.to_ndarray()[0]) > 0.2)
            if len(loud):
                return float(frame.time + loud[0] / frame.sample_rate - shown)
    raise AssertionError("no beep")
