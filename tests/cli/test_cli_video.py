import signal
from pathlib import Path

import pytest

from cli_process import expect_mistake, files, recorte, start_recorte
from videos.clips import pictures_of, write_clip


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return write_clip(tmp_path / "clip.mp4")


def test_a_video_is_cut_out_beside_itself(clip: Path, best_model: Path) -> None:
    answer = recorte("video", "clip.mp4", "-m", best_model, cwd=clip.parent)
    assert (answer.returncode, answer.stdout) == (0, "Wrote clip-cutout.mov, 20 frames\n"), answer.stderr
    picture = pictures_of(clip.with_name("clip-cutout.mov"))[10][1]
    assert picture[25, 24, 3] > 240 and picture[25, 50, 3] < 12
    expect_mistake(recorte("video", "clip.mp4", "-m", best_model, cwd=clip.parent), "clip-cutout.mov: exists already")
    before = recorte("video", "clip.mp4", "-b", "white", "-m", best_model, cwd=clip.parent)
    assert before.stdout == "Wrote clip-cutout.mp4, 20 frames\n"
    assert files(clip.parent) == ["clip-cutout.mov", "clip-cutout.mp4", "clip.mp4"]


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_a_short_clip_that_was_stopped_goes_on_from_there(tmp_path: Path, best_model: Path, by: signal.Signals) -> None:
    write_clip(tmp_path / "clip.mp4", range(0, 40 * 400, 40), sound=None)  # a part would be 240 of them
    frames, command = tmp_path / "frames", ("video", "clip.mp4", "-o", "frames", "-m", best_model)

    def stop_behind(number: int) -> dict[str, int]:
        process = start_recorte(*command, cwd=tmp_path)
        while not (frames / f"{number:06}.png").exists() and process.poll() is None:
            pass
        process.send_signal(by)
        _, said = process.communicate()
        assert process.returncode == 130, said
        assert said.splitlines()[-1] == "Error: stopped; the same command goes on from here"
        return {path.name: path.stat().st_mtime_ns for path in frames.glob("*.png")}

    first = stop_behind(10)
    second = stop_behind(len(first) + 10)
    assert 10 <= len(first) < len(second) < 400
    answer = recorte(*command, cwd=tmp_path)
    assert (answer.returncode, answer.stdout) == (0, "Wrote frames, 400 frames\n"), answer.stderr
    last = {path.name: path.stat().st_mtime_ns for path in frames.glob("*.png")}
    assert first.items() <= second.items() <= last.items()  # no frame was made again
    assert files(frames) == [f"{number:06}.png" for number in range(1, 401)]


def test_mistakes(clip: Path, best_model: Path) -> None:
    expect_mistake(recorte("video", "nowhere.mp4", "-m", best_model), "nowhere.mp4: no such file")
    expect_mistake(recorte("video", clip, "-o", "x.mp4", "-m", best_model), "MP4 has no transparency")
    expect_mistake(recorte("video", clip, "-b", "nocolour", "-m", best_model), "nocolour")
    expect_mistake(recorte("video", clip, "-b", "#ff000080", "-m", best_model), "an opaque background, or write .mov")
    (clip.parent / "text.mp4").write_text("text")
    expect_mistake(recorte("video", clip.with_name("text.mp4"), "-m", best_model), "text.mp4: not a video")
