"""Pictures and sound stay together, whenever they begin and whatever an edit list cuts."""

from collections.abc import Callable
from pathlib import Path

import pytest

from recorte import BackgroundRemover
from recorte.removal.video import cut_out_video
from videos.flashes import distance_of, flash_of, set_edits, write_flash


@pytest.mark.parametrize(("name", "make", "distance", "count"), [
    ("clip.mp4", write_flash, 0, 25),
    ("clip.ts", write_flash, 0, 25),  # whose clock begins at 1.4 s
    ("clip.mkv", lambda path: write_flash(path, begins=5), 0, 25),
    ("clip.mkv", lambda path: write_flash(path, sound_begins=0.24), 0, 25),
    ("clip.mkv", lambda path: write_flash(path, sound_begins=-0.2), -0.2, 25),
    # Cut to what is behind the first 0.32 s; AAC begins with 1024 samples of nothing.
    ("clip.mp4", lambda path: set_edits(write_flash(path), [(0.68, 0.4)], [(0.68, 0.32)]), 0.0213, 17),
    ("clip.mp4", lambda path: set_edits(write_flash(path), [(1, 0.08)], [(0.2, -1), (0.8, 0)]), 0.2213, 25),
    ("clip.mp4", lambda path: set_edits(write_flash(path), [(0.2, -1), (0.8, 0.08)], [(1, 0)]), -0.1787, 20),
], ids=["mp4", "ts", "late", "sound late", "sound early", "cut", "sound waits", "pictures wait"])  # fmt: skip
@pytest.mark.parametrize("result", ["out.mov", "out.webm"])
def test_a_beep_stays_with_its_flash(
    best_model: Path, tmp_path: Path, name: str, make: Callable[[Path], Path], distance: float, count: int, result: str
) -> None:
    clip = make(tmp_path / name)
    flash = flash_of(clip)
    assert distance_of(clip, flash) == pytest.approx(distance, abs=0.003)
    assert cut_out_video(BackgroundRemover(best_model, threads=1), clip, tmp_path / result) == count
    assert distance_of(tmp_path / result, flash) == pytest.approx(distance, abs=0.003)
