"""Small videos for tests: a red person walks to the right before blue, 64 x 48 pixels, with a tone."""

import signal
import subprocess
import sys
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

SIZE = 64, 48
RED, BLUE = (230, 20, 10), (30, 60, 220)


def frame(number: int) -> np.ndarray:
    """uint8 (48, 64, 3): the person is at columns 6 + number to 22 + number."""
    pixels = np.full((SIZE[1], SIZE[0], 3), BLUE, np.uint8)
    pixels[8:44, 6 + number : 22 + number] = RED
    return pixels


def write_clip(
    path: Path,
    times: Sequence[int] = range(0, 800, 40),
    sound: str | None = "aac",
    turned: int | None = None,
    layout: str = "mono",
) -> Path:
    """Write a clip whose frames come at these milliseconds."""
    with av.open(str(path), "w") as file:
        pictures = file.add_stream("libx264", rate=25, options={"crf": "10", "bf": "0"})
        pictures.width, pictures.height, pictures.pix_fmt = *SIZE, "yuv420p"
        pictures.codec_context.time_base = Fraction(1, 1000)
        if turned is not None:
            pictures.set_display_rotation(turned)
        noise = file.add_stream(sound, rate=48_000, layout=layout) if sound else None
        for number, time in enumerate(times):
            picture = av.VideoFrame.from_ndarray(frame(number), "rgb24")
            picture.pts, picture.time_base = time, Fraction(1, 1000)
            file.mux(pictures.encode(picture))
        file.mux(pictures.encode(None))
        if noise is not None:
            _add_tone(file, noise)
    return path


def write_pictures(
    path: Path,
    pictures: Sequence[np.ndarray],
    codec: tuple[str, str] = ("libx264", "yuv444p"),
    ratio: Fraction | None = None,
    matrix: Sequence[float] | None = None,
    first: int = 0,
) -> Path:
    """Write a clip of any pictures, RGB or RGBA, 25 a second.

    Args:
        path: its suffix says the kind of file.
        pictures: all of one size.
        codec: its name and format of pixels.
        ratio: width of a pixel to its height.
        matrix: how players turn and mirror it, the nine numbers of FFmpeg's display matrix.
        first: number of the first picture, where it follows another clip.
    """
    with av.open(str(path), "w") as file:
        options = {"libx264": {"crf": "1", "bf": "0"}, "prores_ks": {"profile": "4444"}}.get(codec[0], {})
        stream = file.add_stream(codec[0], rate=25, options=options)
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = codec[1]
        if codec[1] == "yuva420p":
            stream.metadata["alpha_mode"] = "1"
        if ratio:
            stream.codec_context.sample_aspect_ratio = ratio
        if matrix:
            stream.set_display_matrix(matrix)
        for number, pixels in enumerate(pictures, first):
            picture = av.VideoFrame.from_ndarray(pixels, "rgb24" if pixels.shape[2] == 3 else "rgba")
            picture.pts, picture.time_base = number, Fraction(1, 25)
            file.mux(stream.encode(picture.reformat(format=codec[1])))
        file.mux(stream.encode(None))
    return path


def _add_tone(file: av.container.OutputContainer, noise: av.AudioStream) -> None:
    context = noise.codec_context
    tone = np.sin(np.arange(38_400) * 2 * np.pi * 440 / 48_000).astype(np.float32)[None] / 2
    whole = av.AudioFrame.from_ndarray(tone, "fltp", "mono")
    whole.sample_rate, whole.pts = 48_000, 0
    resampler = av.AudioResampler(context.format, context.layout, 48_000, context.frame_size or 1024)
    for piece in [*resampler.resample(whole), *resampler.resample(None)]:
        file.mux(noise.encode(piece))
    file.mux(noise.encode(None))


def pictures_of(path: Path) -> list[tuple[float, np.ndarray]]:
    """Seconds and RGBA of every frame."""
    with av.open(str(path)) as file:
        stream = file.streams.video[0]
        if stream.codec_context.name != "vp9":
            return [(picture.time, picture.to_ndarray(format="rgba")) for picture in file.decode(stream)]
        # FFmpeg's own decoder of VP9 knows nothing of its alpha.
        decoder = av.CodecContext.create("libvpx-vp9", "r")
        found = []
        for packet in file.demux(stream):
            for picture in decoder.decode(packet) if packet.size else ():
                found.append((float(packet.pts * packet.time_base), picture.to_ndarray(format="rgba")))
        return found


def sound_of(path: Path) -> tuple[str, list[bytes], float]:
    """The sound's codec, its packets, and its length in seconds."""
    with av.open(str(path)) as file:
        stream = file.streams.audio[0]
        packets = [packet for packet in file.demux(stream) if packet.size]
        end = max(float((packet.pts + packet.duration) * packet.time_base) for packet in packets)
        return stream.codec_context.name, [bytes(packet) for packet in packets], end


def length_of(path: Path) -> float:
    """Seconds that a file lasts."""
    with av.open(str(path)) as file:
        return file.duration / 1_000_000


STOPPED = """
import os, sys
from recorte import BackgroundRemover
from recorte.removal.video import cutting as video
video.FRAMES = 6
model, source, target, number, signal, overwrite = sys.argv[1:]
def on_frame(done, of):
    if done == int(number):
        os.kill(os.getpid(), int(signal))
remover = BackgroundRemover(model, threads=1)
video.cut_out_video(remover, source, target, overwrite=overwrite == "True", on_frame=on_frame)
"""


def stop_at(
    number: int, model: Path, clip: Path, target: Path, by: int = signal.SIGKILL, overwrite: bool = False
) -> int:
    """Cut out a clip in a process that is stopped after a frame, its parts six frames long; give its exit status."""
    command = [sys.executable, "-c", STOPPED, model, clip, target, str(number), str(int(by)), str(overwrite)]
    return subprocess.run(command, check=False, stderr=subprocess.DEVNULL).returncode
