"""What is given to the wrong command is sent to the right one, in a sentence; animations are videos."""

from pathlib import Path

import pytest
from PIL import Image

from cli_process import expect_mistake, files, recorte
from recorte.errors import RecorteError
from recorte.photo import read_photo
from recorte.removal.video.reading.files import VideoFile
from videos.clips import BLUE, RED, frame, pictures_of, write_clip


def animation(path: Path) -> Path:
    first, *others = (Image.fromarray(frame(number)) for number in (0, 5, 9))
    first.save(path, save_all=True, append_images=others, duration=[100, 200, 500])
    return path


@pytest.mark.parametrize("name", ["moving.gif", "moving.webp", "moving.png", "moving.avif"])
def test_an_animation_is_a_video_and_no_photo(tmp_path: Path, name: str) -> None:
    path = animation(tmp_path / name)
    with VideoFile(path) as video:
        found = [(float(time * video.time_base), picture) for time, picture, *_ in video.read()]
        assert float(video.lasts * video.time_base) == pytest.approx(0.5, abs=0.001)
    assert [time for time, _ in found] == pytest.approx([0, 0.1, 0.3], abs=0.001)
    for (_, picture), number in zip(found, (0, 5, 9), strict=True):
        assert picture[24, 14 + number].tolist() == pytest.approx([*RED], abs=16)
        assert picture[24, 2 + number].tolist() == pytest.approx([*BLUE], abs=16)
    for given, door in ((path, f"{path}: an animation, not a photo; recorte video {path}"),
                        (path.read_bytes(), "an animation, not a photo; recorte video takes it")):  # fmt: skip
        with pytest.raises(RecorteError) as caught:
            read_photo(given)
        assert str(caught.value).endswith(door)
    with Image.open(path) as chosen:  # by whoever opened it: one of its pictures
        chosen.seek(1)
        assert read_photo(chosen).pixels.shape == (48, 64, 3)


@pytest.mark.parametrize("name", ["p.jpg", "p.png", "p.webp", "p.avif", "p.tif", "p.bmp"])
def test_a_photo_is_no_video(tmp_path: Path, name: str) -> None:
    Image.fromarray(frame(0)).save(tmp_path / name)
    with pytest.raises(RecorteError) as caught:
        VideoFile(tmp_path / name)
    path = tmp_path / name
    assert str(caught.value) == f"{path}: a photo, not a video; recorte {path} cuts people out of it"


@pytest.mark.parametrize("name", ["clip.mp4", "clip.mov", "clip.mkv", "clip.avi", "clip.ts"])
def test_a_clip_is_no_photo(tmp_path: Path, name: str) -> None:
    clip = write_clip(tmp_path / name, range(0, 200, 40), sound=None)
    with pytest.raises(RecorteError) as caught:
        read_photo(clip)
    assert str(caught.value) == f"{clip}: a video, not a photo; recorte video {clip}"
    with pytest.raises(RecorteError, match="a video, not a photo; recorte video takes it"):
        read_photo(clip.read_bytes())


def test_the_commands_name_each_other(tmp_path: Path, best_model: Path) -> None:
    (tmp_path / "clips").mkdir()
    write_clip(tmp_path / "clips/clip.mp4", range(0, 200, 40))
    animation(tmp_path / "moving.gif")
    options = {"cwd": tmp_path}
    answer = recorte("clips/clip.mp4", "-m", best_model, **options)
    assert answer.returncode == 1
    assert answer.stderr == "Error: clips/clip.mp4: a video, not a photo; recorte video clips/clip.mp4\n"
    expect_mistake(recorte("clips", "-o", "cut", "-m", best_model, **options), "clips: no photos in it",
                   "but videos, which recorte video takes one at a time: recorte video clips/clip.mp4")  # fmt: skip
    expect_mistake(recorte("video", "clips", "-m", best_model, **options), "clips: this is a folder without pictures",
                   "a folder that holds the frames")  # fmt: skip
    answer = recorte("moving.gif", "-b", "clips/clip.mp4", "-m", best_model, **options)
    expect_mistake(answer, "clips/clip.mp4: a video or an animation; behind people can only be a picture, a colour")
    assert files(tmp_path) == ["clips/clip.mp4", "moving.gif"]


def test_an_animated_webp_is_cut_out(tmp_path: Path, best_model: Path) -> None:
    animation(tmp_path / "moving.webp")
    answer = recorte("video", "moving.webp", "-o", "out.mov", "-m", best_model, cwd=tmp_path)
    assert (answer.returncode, answer.stdout) == (0, "Wrote out.mov, 3 frames\n"), answer.stderr
    assert [time for time, _ in pictures_of(tmp_path / "out.mov")] == pytest.approx([0, 0.1, 0.3], abs=0.002)


def test_a_damaged_animation(tmp_path: Path) -> None:
    path = animation(tmp_path / "moving.webp")
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(RecorteError, match=r"moving\.webp: "):
        VideoFile(path)
