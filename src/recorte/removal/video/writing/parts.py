"""What a film can be written as, and the parts that it is made of."""

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from av.container import OutputContainer

LAMBDA = 118
"""What FFmpeg multiplies quantisers with."""
TICKS = 40
"""Milliseconds that a frame takes in a part; its true time is given when the parts are joined."""


class Kind(NamedTuple):
    """A kind of video file.

    Attributes:
        format: FFmpeg's name of it.
        codec: of the pictures.
        pixels: their format.
        options: of the codec. Each packet must be one frame, in the order of the frames, so that parts can be joined.
        sounds: codecs of sound that are copied as they are; None copies any that fits.
        sound: the codec that any other is turned into; None = it has no sound.
        animation: of an animation the codec and its options, the pixels of its pictures, and the file's options: its
            parts, of `codec`, lose nothing and are encoded anew when they are joined.
    """

    format: str
    codec: Literal["prores_ks", "libvpx-vp9", "libx264", "ffv1"]
    pixels: str
    options: dict[str, str]
    sounds: tuple[str, ...] | None
    sound: Literal["aac", "libopus"] | None
    animation: "Animation | None" = None


class Animation(NamedTuple):
    """How an animation is encoded.

    Attributes:
        codec: of the pictures.
        pixels: their format.
        options: of the codec.
        file_options: of the file.
        last: the option of the file that says how long the last picture lasts, and its unit in seconds.
    """

    codec: Literal["gif", "apng", "libwebp_anim"]
    pixels: str
    options: dict[str, str]
    file_options: dict[str, str]
    last: tuple[str, Fraction] | None = None


def _moving(name: str, animation: Animation) -> Kind:
    """Give the kind of an animation, whose parts lose nothing."""
    return Kind(name, "ffv1", "bgra", {}, (), None, animation)


_APNG = _moving("apng", Animation("apng", "rgba", {"pred": "mixed"}, {"plays": "0"}, ("final_delay", Fraction(1))))

KINDS = {
    # To look for a quantiser slice by slice takes five times as long; with the second one colours are off by a quarter
    # of one of 255 steps.
    ".mov": Kind("mov", "prores_ks", "yuva444p10le", {"profile": "4444", "vendor": "apl0", "flags": "+qscale",
                                                      "global_quality": str(2 * LAMBDA)}, None, "aac"),
    ".webm": Kind("webm", "libvpx-vp9", "yuva420p", {"crf": "24", "b": "0", "deadline": "realtime", "cpu-used": "5",
                                                     "auto-alt-ref": "0", "lag-in-frames": "0", "row-mt": "1"},
                  ("opus", "vorbis"), "libopus"),
    ".mp4": Kind("mp4", "libx264", "yuv420p", {"crf": "18", "preset": "medium", "bf": "0"},
                 ("aac", "mp3", "ac3", "alac"), "aac"),
    ".gif": _moving("gif", Animation("gif", "pal8", {}, {"loop": "0"}, ("final_delay", Fraction(1, 100)))),
    ".webp": _moving("webp", Animation("libwebp_anim", "bgra", {"quality": "90"}, {"loop": "0"})),
    ".png": _APNG,
    ".apng": _APNG,
}  # fmt: skip
"""By suffix: ProRes 4444 and VP9, which can be transparent, H.264, which cannot, and animations without sound."""


class Part:
    """A stretch of the frames of a video, as a file of its own."""

    def __init__(self, path: Path, kind: Kind, height: int, width: int) -> None:
        import av

        self._kind, self._count = kind, 0
        # x264 refuses odd sides: one more row or column of the same.
        self._added = [(0, side % 2 if kind.codec == "libx264" else 0) for side in (height, width)]
        self._file: OutputContainer = av.open(str(path), "w", format="matroska" if kind.animation else None)
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
