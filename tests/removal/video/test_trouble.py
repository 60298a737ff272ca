"""Files that `recorte video` has trouble with: one sentence names them; status 2 for a mistake, 1 for no room."""

import os
import subprocess
from pathlib import Path

import av
import pytest

from cli_process import ENVIRONMENT, expect_mistake, files, recorte
from recorte import BackgroundRemover
from recorte.errors import RecorteError
from recorte.removal.video import cut_out_video
from recorte.removal.video.reading.files import VideoFile, load_av

resource = pytest.importorskip("resource", reason="limits on files are a matter of Unix")


@pytest.mark.parametrize(("source", "target", "words"), [
    ("clip.mp4", "clip.mp4/x.mov", "clip.mp4/x.mov: cannot be written (Not a directory)"),
    ("clip.mp4", "clip.mp4/frames", "clip.mp4/frames: cannot be written (Not a directory)"),
    ("clip.mp4", "/proc/x.mov", "/proc/x.mov: cannot be written ("),
    ("clip.mp4", "/sys/x.mov", "/sys/x.mov: cannot be written ("),
    ("clip.mp4", "x" * 300 + ".mov", ".mov: cannot be written (File name too long)"),
    ("clip.mp4", "folder.mov", "folder.mov: this is a folder"),
    ("clip.mp4", "-", "a video cannot go to standard output; name a file or a folder"),
    ("clip.mp4", "", "-o '': this is no name; name a file or a folder"),
    ("folder.mov", None, "folder.mov: this is a folder without pictures; give the name of a video"),
    ("x" * 300, None, "x: cannot be read (File name too long)"),
])  # fmt: skip
def test_mistakes(clip: Path, best_model: Path, source: str, target: str | None, words: str) -> None:
    clip.with_name("folder.mov").mkdir()
    answer = recorte("video", source, "-m", best_model, *([] if target is None else ["-o", target]), cwd=clip.parent)
    expect_mistake(answer, words)
    assert len(answer.stderr.splitlines()) == 1
    assert files(clip.parent) == ["clip.mp4"]


def test_a_folder_that_may_not_be_written_to(clip: Path, best_model: Path) -> None:
    folder = clip.with_name("folder")
    folder.mkdir(mode=0o555)
    if os.access(folder, os.W_OK):
        pytest.skip("root may write anywhere")
    answer = recorte("video", clip, "-o", folder / "out.mov", "-m", best_model)
    expect_mistake(answer, f"{folder / 'out.mov'}: cannot be written (Permission denied)")


@pytest.mark.parametrize("name", ["out.mov", "frames"])
def test_a_full_disk_is_named_and_with_room_it_goes_on(
    clip: Path, best_model: Path, small_disk: Path, name: str
) -> None:
    subprocess.run(["mount", "-o", "remount,size=64k", small_disk], check=True)
    command = ("video", clip, "-o", small_disk / name, "-m", best_model)
    answer = recorte(*command)
    assert answer.returncode == 1
    assert answer.stderr.startswith(f"Error: {small_disk / name}"), answer.stderr
    assert "no room for this file" in answer.stderr and f"mounted at {small_disk} has" in answer.stderr
    assert len(answer.stderr.splitlines()) == 1
    subprocess.run(["mount", "-o", "remount,size=8m", small_disk], check=True)
    answer = recorte(*command)
    assert answer.returncode == 0, answer.stderr


@pytest.mark.parametrize(("name", "size"), [("out.mov", 9_000), ("frames", 700)])
def test_files_that_may_not_be_so_large(clip: Path, best_model: Path, name: str, size: int) -> None:
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))  # noqa: E731
    uncounted = {**ENVIRONMENT, "COVERAGE_PROCESS_CONFIG": ""}  # coverage's own file would meet the limit first
    answer = recorte("video", clip, "-o", name, "-m", best_model, cwd=clip.parent, env=uncounted, preexec_fn=limit)
    assert answer.returncode == 1
    assert answer.stderr == f"Error: {name}: cannot be written (File too large)\n"


@pytest.mark.parametrize("name", ["clip.mp4", ".out.mov.recorte-parts/000000.mov"])
def test_what_is_gone_before_it_is_read_to_its_end(clip: Path, best_model: Path, name: str) -> None:
    def on_frame(done: int, of: int) -> None:
        if done == 20:
            (clip.parent / name).unlink()

    with pytest.raises(RecorteError, match=rf"{name}: cannot be read to its end \(No such file"):
        cut_out_video(BackgroundRemover(best_model, threads=1), clip, clip.with_name("out.mov"), on_frame=on_frame)
    assert not clip.with_name("out.mov").exists()


@pytest.mark.parametrize("target", ["out.mov", "new/deep/out.mov", "frames", "new/frames", "old/frames", "old"])
def test_a_video_without_frames_leaves_no_folder(
    clip: Path, best_model: Path, monkeypatch: pytest.MonkeyPatch, target: str
) -> None:
    monkeypatch.setattr(VideoFile, "read", lambda *_, **__: iter(()))
    folder = clip.parent
    (folder / "old").mkdir()
    with pytest.raises(RecorteError, match=r"clip\.mp4: there is not one frame in it"):
        cut_out_video(BackgroundRemover(best_model, threads=1), clip, folder / target)
    assert sorted(path.name for path in folder.rglob("*")) == ["clip.mp4", "old"]


def test_ffmpegs_messages_do_not_come_to_python() -> None:
    load_av()  # else its threads would wait for Python's lock while closing a file holds it and waits for them
    before = av.logging.get_last_error()
    av.logging.log(av.logging.ERROR, "test", "something is wrong")
    assert av.logging.get_last_error() == before
