"""Interlaced recordings: no combs, as many frames, each at its time."""

from pathlib import Path

import numpy as np
import pytest

from recorte import BackgroundRemover
from recorte.removal.video import cut_out_video
from recorte.removal.video.reading.files import VideoFile
from videos.clips import pictures_of
from videos.odd import write_interlaced


def bars(clip: Path) -> list[tuple[float, int, int]]:
    """Of each frame its second, and the columns of the bar's left edge that are furthest apart, some rows left out."""
    found = []
    with VideoFile(clip) as file:
        for time, picture, *_ in file.read():
            edges = [int((row[:, 0] > 128).argmax()) for row in picture[8:-8]]
            found.append((float(time * file.time_base), min(edges), max(edges)))
    return found


@pytest.mark.parametrize(("name", "codec"), [("clip.mp4", "libx264"), ("clip.ts", "mpeg2video")])
@pytest.mark.parametrize("order", ["tff", "bff"])
def test_a_frame_shows_the_moment_of_its_first_rows(tmp_path: Path, name: str, codec: str, order: str) -> None:
    found = bars(write_interlaced(tmp_path / name, codec, order))
    assert len(found) == 12
    for number, (time, least, most) in enumerate(found):
        assert time == pytest.approx(number * 0.04, abs=0.001)
        assert 5 + 6 * number <= least <= most <= 8 + 6 * number


def test_frames_that_are_not_interlaced_stay_as_they_are(tmp_path: Path) -> None:
    found = bars(write_interlaced(tmp_path / "clip.mp4", "libx264", "tff", interlaced=False))
    assert [most - least for _, least, most in found] == [0] * 12


def test_a_broadcast_may_change_to_interlaced_and_back(tmp_path: Path) -> None:
    whole = write_interlaced(tmp_path / "whole.ts", "mpeg2video", "tff", interlaced=False).read_bytes()
    woven = write_interlaced(tmp_path / "woven.ts", "mpeg2video", "tff").read_bytes()
    (tmp_path / "clip.ts").write_bytes(whole + woven + whole)
    found = bars(tmp_path / "clip.ts")
    assert len(found) == 36
    assert (np.diff([time for time, _, _ in found]) > 0).all()
    assert max(most - least for _, least, most in found) <= 2


def test_an_interlaced_video_is_cut_out_without_combs(best_model: Path, tmp_path: Path) -> None:
    clip = write_interlaced(tmp_path / "clip.ts", "mpeg2video", "tff")
    assert cut_out_video(BackgroundRemover(best_model, threads=1), clip, tmp_path / "out.mov") == 12
    for number, (_, picture) in enumerate(pictures_of(tmp_path / "out.mov")):
        alpha = picture[8:-8, :, 3].astype(int)
        assert alpha[:, 12 + 6 * number : 19 + 6 * number].min() > 128
        assert np.abs(np.diff(alpha, axis=0)).max() < 40
