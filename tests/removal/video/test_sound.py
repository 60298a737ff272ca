"""The sound of a video: copied where it can be, else turned into another codec; damaged or odd, no reason to stop."""

from pathlib import Path

import av
import numpy as np
import pytest

from recorte import BackgroundRemover
from recorte.removal.video import cut_out_video
from recorte.removal.video.reading.files import VideoFile
from recorte.removal.video.writing.joining import choose_sound
from recorte.removal.video.writing.parts import KINDS
from videos.clips import sound_of, write_clip

SHORT = range(0, 200, 40)


@pytest.mark.parametrize(("sound", "layout", "suffix", "codec"), [
    ("libopus", "mono", ".mov", "aac"),
    ("flac", "mono", ".mov", "aac"),
    ("pcm_s16le", "mono", ".mov", "pcm_s16le"),
    ("libopus", "mono", ".webm", "opus"),
    ("ac3", "5.1(side)", ".mov", "ac3"),
    ("ac3", "5.1(side)", ".webm", "opus"),  # which knows 5.1 only with its channels at the back
    ("flac", "2.1", ".webm", "opus"),
])  # fmt: skip
def test_every_file_gets_sound_that_it_can_hold(
    remover: BackgroundRemover, tmp_path: Path, sound: str, layout: str, suffix: str, codec: str
) -> None:
    clip = write_clip(tmp_path / "clip.mkv", SHORT, sound, layout=layout)
    cut_out_video(remover, clip, tmp_path / f"out{suffix}")
    before, packets, length = sound_of(clip)
    found = sound_of(tmp_path / f"out{suffix}")
    assert found[0] == codec
    assert found[2] == pytest.approx(length, abs=0.06)
    assert before != codec or found[1] == packets
    with VideoFile(clip) as video:  # known without a single frame
        chosen = choose_sound(video, KINDS[suffix])
    assert chosen is not None and chosen.codec == (None if before == codec else KINDS[suffix].sound)


def test_damaged_sound_is_passed_over(remover: BackgroundRemover, tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4")
    content = bytearray(clip.read_bytes())
    with av.open(str(clip)) as file:
        places = [(packet.pos, packet.size) for packet in file.demux(file.streams.audio[0]) if packet.size]
    noise = np.random.default_rng(0)
    for begin, size in places[5:12]:
        content[begin : begin + size] = noise.bytes(size)
    clip.write_bytes(content)
    with av.open(str(clip)) as file, pytest.raises(av.InvalidDataError):
        list(file.decode(audio=0))
    assert cut_out_video(remover, clip, tmp_path / "out.webm") == 20
    codec, _, length = sound_of(tmp_path / "out.webm")
    assert (codec, length) == ("opus", pytest.approx(0.81, abs=0.05))


def test_stereo_after_5_1(remover: BackgroundRemover, tmp_path: Path) -> None:
    halves = [write_clip(tmp_path / f"{layout}.ts", sound="ac3", layout=layout) for layout in ("5.1(side)", "stereo")]
    clip = tmp_path / "clip.ts"
    clip.write_bytes(b"".join(half.read_bytes() for half in halves))
    for name, codec in (("out.webm", "opus"), ("out.mov", "ac3")):
        assert cut_out_video(remover, clip, tmp_path / name) == 40
        found = sound_of(tmp_path / name)
        assert (found[0], found[2]) == (codec, pytest.approx(1.62, abs=0.06))
