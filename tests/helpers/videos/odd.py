"""Videos that say something of themselves: further streams, covers, other colours; for tests of how they are seen."""

import io
import struct
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import av
import av.filter
import numpy as np
from av.stream import Disposition
from PIL import Image


def box(kind: bytes, content: bytes) -> bytes:
    """A box of an MP4 file."""
    return struct.pack(">I", 8 + len(content)) + kind + content


def boxes(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The boxes in a row: their kinds, and each whole."""
    at = 0
    while at < len(content):
        size = int.from_bytes(content[at : at + 4])
        yield content[at + 4 : at + 8], content[at : at + size]
        at += size


def put_cover_first(clip: Path) -> Path:
    """Give an MP4 file cover art before its tracks, as taggers do: it becomes stream 0."""
    art = io.BytesIO()
    Image.new("RGB", (200, 200), (90, 90, 200)).save(art, "JPEG")
    tag = box(b"ilst", box(b"covr", box(b"data", struct.pack(">II", 13, 0) + art.getvalue())))
    tags = box(b"udta", box(b"meta", bytes(4) + box(b"hdlr", bytes(8) + b"mdirappl" + bytes(9)) + tag))
    whole = b""
    for kind, part in boxes(clip.read_bytes()):
        if kind == b"moov":
            inner = [content for name, content in boxes(part[8:]) if name != b"udta"]
            part = box(b"moov", tags + b"".join(inner))
        whole += part
    clip.write_bytes(whole)
    return clip


def write_tracks(path: Path, tracks: Sequence[tuple[np.ndarray | int, Disposition]]) -> Path:
    """Write a file of half a second of several tracks: one of pictures for a colour image, one of sound for a pitch."""
    with av.open(str(path), "w") as file:
        ready = []
        for content, disposition in tracks:
            if isinstance(content, int):
                stream = file.add_stream("aac", 48_000)
            else:
                cover = disposition & Disposition.attached_pic
                stream = file.add_stream("mjpeg" if cover else "mpeg4", 25)
                stream.height, stream.width = content.shape[:2]
                stream.pix_fmt = "yuvj420p" if cover else "yuv420p"
            stream.disposition = disposition
            ready.append((stream, content, disposition))
        for stream, content, disposition in ready:
            frames = _tone(content) if isinstance(content, int) else _still(content, disposition)
            for frame in [*frames, None]:
                file.mux(stream.encode(frame))
    return path


def _tone(pitch: int) -> Iterator[av.AudioFrame]:
    for begin in range(0, 24 * 1024, 1024):
        wave = np.sin(np.arange(begin, begin + 1024) * 2 * np.pi * pitch / 48_000) / 2
        frame = av.AudioFrame.from_ndarray(wave.astype(np.float32)[None].repeat(2, 0), "fltp", "stereo")
        frame.sample_rate, frame.pts = 48_000, begin
        yield frame


def _still(picture: np.ndarray, disposition: Disposition) -> Iterator[av.VideoFrame]:
    for number in range(1 if disposition & Disposition.attached_pic else 12):
        frame = av.VideoFrame.from_ndarray(picture, "rgb24")
        frame.pts, frame.time_base = number, Fraction(1, 25)
        yield frame


def pitch_of(path: Path) -> float:
    """Hertz of the first track of sound."""
    with av.open(str(path)) as file:
        wave = np.concatenate([frame.to_ndarray()[0] for frame in file.decode(audio=0)])[2048:18432]
    return float(np.abs(np.fft.rfft(wave * np.hanning(len(wave)))).argmax() * 48_000 / len(wave))


WEIGHTS = {1: (0.2126, 0.0722), 4: (0.30, 0.11), 5: (0.299, 0.114), 6: (0.299, 0.114), 7: (0.212, 0.087),
           9: (0.2627, 0.0593)}  # fmt: skip
"""Of red and blue in the brightness, by the number of the matrix in ITU-T H.273."""


def write_coloured(
    path: Path,
    signal: np.ndarray,
    matrix: int,
    *,
    said: int | None = None,
    primaries: int = 2,
    transfer: int = 2,
    full: bool = False,
    bits: int = 8,
    frames: int = 2,
) -> Path:
    """Write a lossless clip without FFmpeg's own conversion of colours.

    Args:
        path: its suffix says the kind of file.
        signal: `float (H, W, 3)` in [0, 1], RGB.
        matrix: by which it becomes YUV, a number of `WEIGHTS`.
        said: the matrix that the file says; None = `matrix`.
        primaries: that the file says; 2 = none.
        transfer: the same.
        full: the range, of which the file says nothing where it is limited and 8 bits.
        bits: of each value.
        frames: how many.
    """
    red, blue = WEIGHTS[matrix]
    bright = signal @ np.array([red, 1 - red - blue, blue])
    differences = [(signal[..., 2] - bright) / (2 - 2 * blue), (signal[..., 0] - bright) / (2 - 2 * red)]
    top, unit = 2**bits - 1, 2 ** (bits - 8)
    if full:
        planes = [bright * top, *(plane * top + 128 * unit for plane in differences)]
    else:
        planes = [(16 + 219 * bright) * unit, *((128 + 224 * plane) * unit for plane in differences)]
    height, width = bright.shape
    kind = np.dtype(np.uint8 if bits == 8 else np.uint16)
    with av.open(str(path), "w") as file:
        stream = file.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = width, height, f"yuv444p{'' if bits == 8 else f'{bits}le'}"
        context = stream.codec_context
        context.colorspace, context.color_primaries, context.color_trc = said or matrix, primaries, transfer
        context.color_range = 2 if full else 1
        for number in range(frames):
            frame = av.VideoFrame(width, height, stream.pix_fmt)
            for plane, values in zip(frame.planes, planes, strict=True):
                stored = np.zeros((height, plane.line_size // kind.itemsize), kind)
                stored[:, :width] = values.round().clip(0, top)
                plane.update(stored.tobytes())
            frame.pts, frame.time_base = number, Fraction(1, 25)
            frame.colorspace, frame.color_primaries, frame.color_trc = said or matrix, primaries, transfer
            frame.color_range = 2 if full else 1
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return path


def write_interlaced(path: Path, codec: str, order: str, frames: int = 12, interlaced: bool = True) -> Path:
    """Write a clip in which a red bar 16 columns wide is at 6 + 6 * number, and 3 further in the later rows.

    Args:
        path: its suffix says the kind of file.
        codec: `libx264` or `mpeg2video`.
        order: `tff` or `bff`: which rows come first, the even or the odd ones.
        frames: how many, of 64 x 96 pixels.
        interlaced: False = both rows are of one moment, and nothing is said.
    """
    options = {"libx264": {"x264-params": f"{order}=1", "crf": "5"}, "mpeg2video": {"b": "20M", "qmax": "2"}}[codec]
    with av.open(str(path), "w") as file:
        stream = file.add_stream(codec, rate=25, options=options if interlaced else {})
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        if interlaced:
            stream.codec_context.flags |= av.codec.context.Flags.interlaced_dct | av.codec.context.Flags.interlaced_me
        fields = av.filter.Graph()
        fields.link_nodes(
            fields.add("buffer", width="96", height="64", pix_fmt="yuv420p", time_base="1/25"),
            fields.add("setfield", mode=order if interlaced else "prog"),
            fields.add("buffersink"),
        ).configure()
        for number in range(frames):
            pixels = np.full((64, 96, 3), (30, 60, 220), np.uint8)
            for later in (0, 1):
                row, column = later if order == "tff" else 1 - later, 6 + 6 * number + 3 * later * interlaced
                pixels[row::2, column : column + 16] = 230, 20, 10
            frame = av.VideoFrame.from_ndarray(pixels, "rgb24").reformat(format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            fields.push(frame)
            file.mux(stream.encode(fields.vpull()))
        file.mux(stream.encode(None))
    return path
