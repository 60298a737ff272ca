"""A video to a folder of PNG: gone on with from the first frame on, never mixed with another's frames."""

import signal
from pathlib import Path

import pytest

from cli_process import expect_mistake, files, recorte
from recorte import BackgroundRemover
from recorte.removal.video import cut_out_video
from videos.clips import stop_at, write_clip


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return write_clip(tmp_path / "clip.mp4", sound=None)


@pytest.fixture
def other(tmp_path: Path) -> Path:
    return write_clip(tmp_path / "other.mp4", range(0, 320, 40), sound=None)


def names(count: int) -> list[str]:
    return [f"{number:06}.png" for number in range(1, count + 1)]


@pytest.mark.parametrize("by", [signal.SIGKILL, signal.SIGINT])
def test_what_was_stopped_in_its_first_part_goes_on(clip: Path, best_model: Path, by: signal.Signals) -> None:
    frames = clip.with_name("frames")
    assert stop_at(4, best_model, clip, frames, by) != 0
    assert set(names(4)) <= set(files(frames))
    answer = recorte("video", clip, "-o", frames, "-m", best_model)
    assert (answer.returncode, answer.stderr) == (0, "")
    cut_out_video(BackgroundRemover(best_model, threads=1), clip, clip.with_name("whole"))
    assert files(frames) == files(clip.with_name("whole")) == names(20)
    for name in names(20):
        assert (frames / name).read_bytes() == (clip.with_name("whole") / name).read_bytes()


@pytest.mark.parametrize("number", [4, 9])
def test_another_video_does_not_go_on_with_the_frames(clip: Path, other: Path, best_model: Path, number: int) -> None:
    frames = clip.with_name("frames")
    assert stop_at(number, best_model, clip, frames) == -9
    before = {name: (frames / name).read_bytes() for name in files(frames)}
    expect_mistake(recorte("video", other, "-o", frames, "-m", best_model), f"{frames}: exists already", "--overwrite")
    assert {name: (frames / name).read_bytes() for name in files(frames)} == before
    answer = recorte("video", other, "-o", frames, "-m", best_model, "--overwrite")
    assert answer.returncode == 0, answer.stderr
    assert files(frames) == names(8)


def test_a_folder_of_other_frames_is_not_taken_for_the_job_s_own(clip: Path, best_model: Path) -> None:
    frames = clip.with_name("frames")
    assert stop_at(4, best_model, clip, frames) == -9
    frames.rename(clip.with_name("moved"))
    frames.mkdir()
    (frames / "000001.png").write_text("precious")
    expect_mistake(recorte("video", clip, "-o", frames, "-m", best_model), "exists already")
    assert (frames / "000001.png").read_text() == "precious"


@pytest.mark.parametrize("stopped", [False, True])
def test_of_an_older_sequence_nothing_is_left_and_all_other_files(
    clip: Path, other: Path, best_model: Path, stopped: bool
) -> None:
    frames, remover = clip.with_name("frames"), BackgroundRemover(best_model, threads=1)
    cut_out_video(remover, clip, frames)
    kept = ["000000.png", "000100.png", "20240131.png", "cover.png", "notes.txt"]
    for name in kept:
        (frames / name).write_text("precious")
    if stopped:
        assert stop_at(3, best_model, other, frames, overwrite=True) == -9
    assert cut_out_video(remover, other, frames, overwrite=not stopped) == 8
    assert files(frames) == sorted([*names(8), *kept])
    assert {(frames / name).read_text() for name in kept} == {"precious"}
