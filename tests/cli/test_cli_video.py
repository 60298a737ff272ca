import signal
from pathlib import Path

import pytest

from cli_process import expect_mistake, files, recorte, start_recorte
from video_clips import pictures_of, write_clip


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


def test_ctrl_c_leaves_no_result_and_the_same_command_goes_on(tmp_path: Path, best_model: Path) -> None:
    write_clip(tmp_path / "clip.mp4", range(0, 40 * 3000, 40), sound=None)
    command = ("video", "clip.mp4", "-o", "frames", "-m", best_model)
    process = start_recorte(*command, cwd=tmp_path)
    while not (tmp_path / "frames/000300.png").exists() and process.poll() is None:
        pass
    process.send_signal(signal.SIGINT)
    _, said = process.communicate()
    assert process.returncode == 130, said
    assert "the same command goes on" in said
    made = files(tmp_path / "frames")
    assert 300 <= len(made) < 3000
    (tmp_path / "frames/000001.png").unlink()  # of a part that is finished, so it is not made again
    process = start_recorte(*command, cwd=tmp_path)
    while not (tmp_path / f"frames/{len(made) + 20:06}.png").exists() and process.poll() is None:
        pass
    process.kill()
    process.communicate()
    assert not (tmp_path / "frames/000001.png").exists()


def test_mistakes(clip: Path, best_model: Path) -> None:
    expect_mistake(recorte("video", "nowhere.mp4", "-m", best_model), "nowhere.mp4: no such file")
    expect_mistake(recorte("video", clip, "-o", "x.mp4", "-m", best_model), "MP4 has no transparency")
    expect_mistake(recorte("video", clip, "-b", "nocolour", "-m", best_model), "nocolour")
    (clip.parent / "text.mp4").write_text("text")
    expect_mistake(recorte("video", clip.with_name("text.mp4"), "-m", best_model), "text.mp4: not a video")
