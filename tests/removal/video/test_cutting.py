from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from recorte import BackgroundRemover
from recorte.errors import RecorteError
from recorte.photo import read_photo
from recorte.removal.pipeline import Pipeline
from recorte.removal.steps.smoothing import Smoothing
from recorte.removal.video import cut_out_video
from recorte.removal.video import cutting as video
from videos.clips import RED, frame, pictures_of, sound_of, stop_at, write_clip

VARIABLE = [0, 40, 70, 200, 240, 300, 333, 400, 500, 540, 580, 620, 660, 700]


@pytest.fixture(autouse=True)
def _short_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(video, "FRAMES", 6)


@pytest.mark.parametrize("suffix", [".mov", ".webm"])
def test_a_video_with_an_alpha(remover: BackgroundRemover, clip: Path, suffix: str) -> None:
    target, told = clip.with_name(f"out{suffix}"), []
    assert cut_out_video(remover, clip, target, on_frame=lambda *done: told.append(done)) == 20
    assert told == [(number, 20) for number in range(1, 21)]
    found = pictures_of(target)
    assert [time for time, _ in found] == pytest.approx([0.04 * number for number in range(20)], abs=0.001)
    for number, (_, picture) in enumerate(found):
        middle = picture[15:38, 11 + number : 16 + number]
        assert middle[..., 3].min() > 230
        assert np.abs(middle[..., :3].astype(int) - RED).mean() < 12
        assert picture[..., 3][:, 32 + number :].max(initial=0) < 12
    assert [path.name for path in clip.parent.iterdir() if path.name.startswith(".")] == []


def test_before_a_colour(remover: BackgroundRemover, clip: Path) -> None:
    cut_out_video(remover, clip, clip.with_name("out.mp4"), background="white")
    picture = pictures_of(clip.with_name("out.mp4"))[9][1]
    assert picture[4, 4, :3].min() > 245
    assert np.abs(picture[25, 23, :3].astype(int) - RED).max() < 25


def test_one_picture_for_each_frame(remover: BackgroundRemover, clip: Path) -> None:
    cut_out_video(remover, clip, clip.with_name("frames"))
    names = sorted(path.name for path in clip.with_name("frames").iterdir())
    assert names == [f"{number:06}.png" for number in range(1, 21)]
    photo = read_photo(clip.with_name("frames") / names[3]).pixels
    assert photo.shape == (48, 64, 3)
    with pytest.raises(RecorteError, match="exists already"):
        cut_out_video(remover, clip, clip.with_name("frames"))


def test_each_frame_keeps_its_time(remover: BackgroundRemover, tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", VARIABLE)
    for suffix in (".mov", ".webm"):
        cut_out_video(remover, clip, tmp_path / f"out{suffix}")
        times = [time for time, _ in pictures_of(tmp_path / f"out{suffix}")]
        assert times == pytest.approx([time / 1000 for time in VARIABLE], abs=0.0011)


def test_the_sound_is_copied_where_it_may_be(remover: BackgroundRemover, clip: Path, tmp_path: Path) -> None:
    codec, packets, length = sound_of(clip)
    for name in ("out.mov", "out.mp4"):
        cut_out_video(remover, clip, tmp_path / name, background="white" if name.endswith("4") else None)
        assert sound_of(tmp_path / name)[:2] == (codec, packets)
    cut_out_video(remover, clip, tmp_path / "out.webm")
    turned, _, turned_length = sound_of(tmp_path / "out.webm")
    assert turned == "opus"
    assert turned_length == pytest.approx(length, abs=0.05)


def test_without_sound(remover: BackgroundRemover, tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", sound=None)
    assert cut_out_video(remover, clip, tmp_path / "out.mov") == 20
    with pytest.raises(IndexError):
        sound_of(tmp_path / "out.mov")


@pytest.mark.parametrize("turned", [90, 180, -90])
def test_a_phones_video_is_turned_upright(remover: BackgroundRemover, tmp_path: Path, turned: int) -> None:
    clip = write_clip(tmp_path / "clip.mp4", turned=turned, sound=None)
    cut_out_video(remover, clip, tmp_path / "frames")
    found = read_photo(tmp_path / "frames/000001.png").pixels
    wanted = np.rot90(frame(0), turned // 90)  # counter-clockwise, as FFmpeg counts
    assert found.shape == wanted.shape
    person = (wanted == RED).all(axis=-1)
    assert np.abs(found[person].astype(int) - RED).mean() < 25


@pytest.mark.parametrize("name", ["out.mov", "frames"])
def test_what_was_killed_goes_on_and_ends_the_same(
    remover: BackgroundRemover, clip: Path, best_model: Path, tmp_path: Path, name: str
) -> None:
    cut_out_video(remover, clip, tmp_path / "whole" / name)
    target = tmp_path / "stopped" / name
    for frame_number in (9, 16):
        assert stop_at(frame_number, best_model, clip, target) == -9
        assert not target.is_file()
    told = []
    assert cut_out_video(remover, clip, target, on_frame=lambda done, of: told.append(done)) == 20
    assert told == list(range(13, 21))
    if name == "frames":
        for path in sorted((tmp_path / "whole/frames").iterdir()):
            assert (target / path.name).read_bytes() == path.read_bytes()
    else:
        for one, other in zip(pictures_of(tmp_path / "whole" / name), pictures_of(target), strict=True):
            assert one[0] == other[0]
            np.testing.assert_array_equal(one[1], other[1])


@pytest.mark.parametrize("name", ["out.mov", "out.webm", "frames"])
def test_what_was_stopped_goes_on_from_the_very_frame(
    remover: BackgroundRemover, clip: Path, tmp_path: Path, name: str
) -> None:
    cut_out_video(remover, clip, tmp_path / "whole" / name)
    target, told = tmp_path / "stopped" / name, []

    def stop(done: int, of: int) -> None:
        told.append(done)
        if done in (3, 4, 11):
            raise KeyboardInterrupt

    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            cut_out_video(remover, clip, target, on_frame=stop)
    assert cut_out_video(remover, clip, target, on_frame=stop) == 20
    assert told == list(range(1, 21))
    if name == "frames":
        for path in sorted((tmp_path / "whole/frames").iterdir()):
            assert (target / path.name).read_bytes() == path.read_bytes()
        return
    for one, other in zip(pictures_of(tmp_path / "whole" / name), pictures_of(target), strict=True):
        assert one[0] == other[0]
        # VP9 is written anew from where it goes on, which ProRes and PNG do not see.
        assert np.abs(one[1].astype(int) - other[1]).mean() < (1 if name == "out.webm" else 1e-9)


def test_a_frame_that_is_interrupted_does_not_count(
    remover: BackgroundRemover, clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut_out_video(remover, clip, tmp_path / "whole.mov")
    with monkeypatch.context() as patched:
        calls = iter(range(100))

        def enlarge(self: Pipeline, *arguments: object, **more: object) -> np.ndarray:
            if next(calls) == 3:
                raise KeyboardInterrupt
            return plain(self, *arguments, **more)

        plain = Pipeline.enlarge
        patched.setattr(Pipeline, "enlarge", enlarge)
        with pytest.raises(KeyboardInterrupt):
            cut_out_video(remover, clip, tmp_path / "out.mov")
    told = []
    cut_out_video(remover, clip, tmp_path / "out.mov", on_frame=lambda done, of: told.append(done))
    assert told == list(range(4, 21))
    for one, other in zip(pictures_of(tmp_path / "whole.mov"), pictures_of(tmp_path / "out.mov"), strict=True):
        np.testing.assert_array_equal(one[1], other[1])


def test_another_job_does_not_go_on_with_the_parts(
    remover: BackgroundRemover, clip: Path, best_model: Path, tmp_path: Path
) -> None:
    assert stop_at(9, best_model, clip, tmp_path / "out.mov") == -9
    told = []
    cut_out_video(remover, clip, tmp_path / "out.mov", background="white", on_frame=lambda done, of: told.append(done))
    assert told[0] == 1


@pytest.mark.parametrize("change", ["file", "array"])
def test_a_job_with_another_picture_behind_begins_anew(
    remover: BackgroundRemover, clip: Path, tmp_path: Path, change: str
) -> None:
    target, told = tmp_path / "out.mp4", []

    def behind(colour: tuple[int, int, int]) -> Path | np.ndarray:
        pixels = np.full((48, 64, 3), 90, np.uint8)
        pixels[:, 44:60] = colour  # NumPy shows only the corners of a large one
        if change == "array":
            return pixels
        Image.fromarray(pixels).save(tmp_path / "behind.png")
        return tmp_path / "behind.png"

    def stop(done: int, of: int) -> None:
        told.append(done)
        if done in (8, 10):
            raise KeyboardInterrupt

    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            cut_out_video(remover, clip, target, background=behind((200, 0, 0)), on_frame=stop)
    assert told == [*range(1, 11)]  # with the same one it goes on
    cut_out_video(remover, clip, target, background=behind((0, 0, 200)))
    for _, picture in pictures_of(target):
        assert np.abs(picture[4, 52, :3].astype(int) - (0, 0, 200)).max() < 30


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut off", b"no archive"])
def test_what_cannot_be_gone_on_with_is_begun_anew(
    remover: BackgroundRemover, clip: Path, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / ".out.mov.recorte-parts").mkdir()
    (tmp_path / ".out.mov.recorte-parts/progress.npz").write_bytes(content)
    assert cut_out_video(remover, clip, tmp_path / "out.mov") == 20


def test_mistakes(remover: BackgroundRemover, clip: Path, tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("no video at all")
    with pytest.raises(RecorteError, match=r"text\.mp4: not a video"):
        cut_out_video(remover, tmp_path / "text.mp4", tmp_path / "out.mov")
    with pytest.raises(RecorteError, match=r"out\.avi: .*\.mov, \.webm, \.mp4"):
        cut_out_video(remover, clip, tmp_path / "out.avi")
    with pytest.raises(RecorteError, match="MP4 has no transparency"):
        cut_out_video(remover, clip, tmp_path / "out.mp4")
    with pytest.raises(RecorteError, match="never replaced"):
        cut_out_video(remover, clip, clip, background="white", overwrite=True)
    with pytest.raises(RecorteError, match="no such file"):
        cut_out_video(remover, tmp_path / "nowhere.mp4", tmp_path / "out.mov")
    (tmp_path / "out.mov").write_text("precious")
    with pytest.raises(RecorteError, match="exists already"):
        cut_out_video(remover, clip, tmp_path / "out.mov")
    assert (tmp_path / "out.mov").read_text() == "precious"


def test_a_cut_off_video_gives_the_frames_that_it_has(remover: BackgroundRemover, tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mov", sound=None)
    whole = clip.read_bytes()
    place = whole.rindex(b"moov")
    assert cut_out_video(remover, clip, tmp_path / "whole.mov") == 20
    (tmp_path / "cut.mov").write_bytes(whole[: place // 2])
    with pytest.raises(RecorteError, match=r"cut\.mov: not a video"):
        cut_out_video(remover, tmp_path / "cut.mov", tmp_path / "out.mov")


def test_smoothing_is_for_what_stands_still() -> None:
    smoothing, grey = Smoothing(), np.full((32, 32, 3), 100, np.uint8)
    first, second = np.zeros((32, 32), np.float32), np.ones((32, 32), np.float32)
    np.testing.assert_array_equal(smoothing(first, grey), first)
    np.testing.assert_allclose(smoothing(second, grey), 0.4, rtol=1e-6)  # 0.6 of the frame before
    np.testing.assert_allclose(smoothing(second, grey), 0.6 * 0.4 + 0.4, rtol=1e-6)
    moved = grey.copy()
    moved[:, 16:] = 140
    found = smoothing(first, moved)
    np.testing.assert_allclose(found[:, :13], 0.6 * 0.64, rtol=1e-5)
    assert found[:, 20:].max() < 1e-9
    bright = np.full_like(grey, 250)  # a new scene
    np.testing.assert_array_equal(smoothing(second, bright), second)
