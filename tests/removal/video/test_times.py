"""How long frames last, and times that go back."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from recorte import BackgroundRemover
from recorte.removal.video import cut_out_video
from recorte.removal.video.reading.clock import Clock
from videos.clips import frame, length_of, pictures_of, sound_of, write_clip


@pytest.mark.parametrize("name", ["clip.mp4", "clip.mkv", "clip.ts"])
@pytest.mark.parametrize("result", ["out.mov", "out.webm", "out.mp4"])
def test_the_last_frame_lasts_as_long_as_the_others(
    remover: BackgroundRemover, tmp_path: Path, name: str, result: str
) -> None:
    clip = write_clip(tmp_path / name, sound=None)
    cut_out_video(remover, clip, tmp_path / result, background="white" if result.endswith("4") else None)
    assert length_of(tmp_path / result) == pytest.approx(0.8, abs=0.002)


def test_the_last_picture_of_a_gif_lasts_as_it_says(remover: BackgroundRemover, tmp_path: Path) -> None:
    first, *others = (Image.fromarray(frame(number)) for number in (0, 5, 9))
    first.save(tmp_path / "clip.gif", save_all=True, append_images=others, duration=[100, 200, 500])
    cut_out_video(remover, tmp_path / "clip.gif", tmp_path / "out.mov")
    assert [time for time, _ in pictures_of(tmp_path / "out.mov")] == pytest.approx([0, 0.1, 0.3])
    assert length_of(tmp_path / "out.mov") == pytest.approx(0.8)


def test_a_single_frame_lasts(remover: BackgroundRemover, tmp_path: Path) -> None:
    Image.fromarray(frame(0)).save(tmp_path / "clip.gif", duration=300)
    assert cut_out_video(remover, tmp_path / "clip.gif", tmp_path / "out.mov") == 1
    assert length_of(tmp_path / "out.mov") == pytest.approx(0.3)


@pytest.mark.parametrize("result", ["out.mov", "out.webm"])
def test_a_clock_that_begins_anew(remover: BackgroundRemover, tmp_path: Path, result: str) -> None:
    half = write_clip(tmp_path / "half.ts").read_bytes()
    (tmp_path / "clip.ts").write_bytes(half + half)
    assert cut_out_video(remover, tmp_path / "clip.ts", tmp_path / result) == 40
    times = [time for time, _ in pictures_of(tmp_path / result)]
    np.testing.assert_allclose(np.diff(times), 0.04, atol=0.0011)
    assert sound_of(tmp_path / result)[2] == pytest.approx(1.64, abs=0.06)


def test_times_increase() -> None:
    def told(*times: int | None) -> list[int]:
        clock = Clock(Fraction(1, 1000))
        return [clock(time, 40) for time in times]

    assert told(0, 40, 80, 120) == [0, 40, 80, 120]
    assert told(-20, 20, 500) == [-20, 20, 500]  # sound may begin before the pictures; and there may be gaps
    assert told(0, None, None, 120) == [0, 40, 80, 120]
    assert told(0, 40, 40, 30, 80) == [0, 40, 41, 42, 80]  # one wrong time does not move those behind it
    assert told(5000, 5040, 0, 40, 40, 80) == [5000, 5040, 5080, 5120, 5121, 5160]  # a clock that begins anew
    assert told(5000, 0, 5080, 5120) == [5000, 5040, 5080, 5120]  # only one wrong time
