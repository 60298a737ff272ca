"""What `recorte video` makes beside films with an alpha: mattes, stretches, previews, animations; and of what else."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageSequence

from cli_process import expect_mistake, files, recorte
from recorte import BackgroundRemover
from recorte.errors import RecorteError
from recorte.removal.video import cut_out_video, preview_video
from recorte.removal.video.reading.window import Window
from videos.clips import BLUE, RED, frame, pictures_of, sound_of, write_clip, write_pictures

VARIABLE = [0, 40, 70, 200, 240, 300, 333, 400]


def test_a_matte(remover: BackgroundRemover, clip: Path) -> None:
    cut_out_video(remover, clip, clip.with_name("matte.mp4"), mask=True)
    for number, (_, picture) in enumerate(pictures_of(clip.with_name("matte.mp4"))):
        assert picture[15:38, 11 + number : 16 + number, :3].min() > 225
        assert picture[:, 32 + number :, :3].max(initial=0) < 15
    cut_out_video(remover, clip, clip.with_name("matte"), mask=True, end=0.05)
    assert Image.open(clip.with_name("matte") / "000002.png").mode == "L"


def test_a_stretch_of_a_film_and_of_its_sound(remover: BackgroundRemover, clip: Path) -> None:
    target = clip.with_name("out.mov")
    assert cut_out_video(remover, clip, target, start="0.2", end="0:00.52") == 8  # of 0.2, 0.24 ... 0.48
    found = pictures_of(target)
    assert [time for time, _ in found] == pytest.approx([0.04 * number for number in range(8)], abs=0.001)
    assert found[0][1][25, 16 + 5, 3] > 200 > 50 > found[0][1][25, 6, 3]  # frame 5
    assert sound_of(target)[2] == pytest.approx(0.32, abs=0.03)


def test_a_stretch_far_behind(remover: BackgroundRemover, tmp_path: Path) -> None:
    pictures = [frame(0)] * 350 + [frame(30)] * 10
    clip = write_pictures(tmp_path / "long.mp4", pictures)
    assert cut_out_video(remover, clip, tmp_path / "out.mov", start=13.9) == 12  # from frame 348 on: 13.92
    columns = [picture[25, :, 3].argmax() for _, picture in pictures_of(tmp_path / "out.mov")]
    assert [column > 25 for column in columns] == [False] * 2 + [True] * 10


@pytest.mark.parametrize(("suffix", "soft"), [("gif", False), ("webp", True), ("png", True)])
def test_animations(remover: BackgroundRemover, tmp_path: Path, suffix: str, soft: bool) -> None:
    clip = write_clip(tmp_path / "clip.mp4", VARIABLE)
    target = tmp_path / f"out.{suffix}"
    assert cut_out_video(remover, clip, target) == 8
    with Image.open(target) as image:
        assert image.info["loop"] == 0
        # Pillow knows of WebP how long a picture lasts when it was read.
        pictures = ((one, np.asarray(one.convert("RGBA"))) for one in ImageSequence.Iterator(image))
        found = [(one.info["duration"], picture) for one, picture in pictures]
    assert [lasts for lasts, _ in found[:-1]] == pytest.approx(np.diff(VARIABLE), abs=2 if soft else 10)
    assert sum(lasts for lasts, _ in found) == pytest.approx(440, abs=20)
    for number, (_, picture) in enumerate(found):
        assert picture[15:38, 12 + number : 16 + number, 3].min() > 220
        assert np.abs(picture[25, 14 + number, :3].astype(int) - RED).max() < 25
        assert picture[:, 34 + number :, 3].max(initial=0) < 20
    assert soft == bool(((found[3][1][..., 3] > 20) & (found[3][1][..., 3] < 235)).any())
    assert cut_out_video(remover, target, tmp_path / "again.mov") == 8  # and in again


def test_a_folder_of_frames(remover: BackgroundRemover, tmp_path: Path) -> None:
    (tmp_path / "shot").mkdir()
    for number in range(12):  # 10 behind 9
        Image.fromarray(frame(2 * number)).save(tmp_path / f"shot/take-{number}.png")
    (tmp_path / "shot/notes.txt").write_text("no frame")
    assert cut_out_video(remover, tmp_path / "shot", tmp_path / "out.mov", start=0.2) == 7
    for number, (time, picture) in enumerate(pictures_of(tmp_path / "out.mov")):
        assert time == pytest.approx(number * 0.04, abs=0.001)
        assert picture[25, 14 + 2 * (number + 5), 3] > 190
    with pytest.raises(RecorteError, match=r"shot: lasts 0\.48 seconds, so nothing of it begins at 2"):
        cut_out_video(remover, tmp_path / "shot", tmp_path / "later.mov", start=2)
    (tmp_path / "shot/take-3.png").write_bytes(b"broken")
    with pytest.raises(RecorteError, match=r"take-3\.png: "):
        cut_out_video(remover, tmp_path / "shot", tmp_path / "broken.mov")


def test_a_film_behind_people_begins_anew_when_it_is_over(remover: BackgroundRemover, clip: Path) -> None:
    greys = [np.full((48, 64, 3), 40 * number, np.uint8) for number in range(1, 6)]
    behind = write_pictures(clip.with_name("behind.mov"), greys, ("png", "rgb24"))
    cut_out_video(remover, clip, clip.with_name("out.mp4"), background=behind)
    corners = [int(picture[2, 60, 0]) for _, picture in pictures_of(clip.with_name("out.mp4"))]
    assert corners == pytest.approx([40 * (number % 5 + 1) for number in range(20)], abs=3)
    glass = write_pictures(clip.with_name("glass.mov"), [np.full((48, 64, 4), 90, np.uint8)], ("png", "rgba"))
    with pytest.raises(RecorteError, match=r"glass\.mov: transparent in places, which a film behind people must not"):
        cut_out_video(remover, clip, clip.with_name("no.mp4"), background=glass)
    assert not clip.with_name("no.mp4").exists()


def test_a_preview(remover: BackgroundRemover, clip: Path) -> None:
    preview_video(remover, clip, clip.with_name("six.png"))
    sheet = np.asarray(Image.open(clip.with_name("six.png")))
    assert sheet.shape == (2 * 48 + 3 * 8, 3 * 64 + 4 * 8, 3)
    for number in range(6):
        row, column = divmod(number, 3)
        tile = sheet[8 + row * 56 : 56 + row * 56, 8 + column * 72 : 72 + column * 72]
        seen = int(20 * (2 * number + 1) / 12 + 0.999)  # the first frame not before the middle of its sixth
        assert np.abs(tile[25, 14 + seen].astype(int) - RED).max() < 30
        assert set(tile[2, 40:].ravel().tolist()) == {204, 255}
    preview_video(remover, clip, clip.with_name("blue.jpg"), background=BLUE, start=0.4)
    assert np.abs(np.asarray(Image.open(clip.with_name("blue.jpg")))[10, 60].astype(int) - BLUE).max() < 12


def test_a_previews_matte_is_black_where_the_frame_itself_is_transparent(
    remover: BackgroundRemover, tmp_path: Path
) -> None:
    (tmp_path / "frames").mkdir()
    own = np.full((48, 64, 1), 255, np.uint8)
    own[:24] = 0
    for number in range(6):
        Image.fromarray(np.dstack([frame(0), own])).save(tmp_path / f"frames/{number}.png")
    preview_video(remover, tmp_path / "frames", tmp_path / "six.png", mask=True)
    tile = np.asarray(Image.open(tmp_path / "six.png"))[8:56, 8:72, 0]
    assert tile[:24].max() == 0
    assert tile[30:40, 12:18].min() > 225


@pytest.mark.parametrize(("given", "seconds"), [
    ("83.5", 83.5), ("1:23.5", 83.5), ("1:00:00", 3600), (" 7 ", 7), (2, 2), (0.1, 0.1), (None, 0),
])  # fmt: skip
def test_moments(given: str | float | None, seconds: float) -> None:
    assert float(Window.of(given, None).start) == pytest.approx(seconds)


def test_in_the_terminal(clip: Path, best_model: Path) -> None:
    options = ("-m", best_model)
    answer = recorte("video", "clip.mp4", "--preview", *options, cwd=clip.parent)
    assert (answer.returncode, answer.stdout) == (0, "Wrote clip-preview.png\n"), answer.stderr
    answer = recorte("video", "clip.mp4", "--mask", "--end", "0.2", *options, cwd=clip.parent)
    assert (answer.returncode, answer.stdout) == (0, "Wrote clip-mask.mp4, 5 frames\n"), answer.stderr
    answer = recorte("video", "clip.mp4", "--start", "60", *options, cwd=clip.parent)
    expect_mistake(answer, "clip.mp4: lasts 0.8 seconds, so nothing of it begins at 60")
    assert files(clip.parent) == ["clip-mask.mp4", "clip-preview.png", "clip.mp4"]


@pytest.mark.parametrize(("wrong", "words"), [
    ({"start": "soon"}, "start is 'soon'; it must be seconds, such as 83.5, or minutes and seconds, such as 1:23.5"),
    ({"start": -1}, "start is -1; it must be seconds"),
    ({"start": 0.5, "end": "0.5"}, "end is 0.5, which is not behind the start, 0.5"),
    ({"mask": True, "background": "white"}, "a mask has no background"),
    ({"background": "nowhere.mp4"}, "nowhere.mp4'"),
])  # fmt: skip
def test_mistakes(remover: BackgroundRemover, clip: Path, wrong: dict[str, object], words: str) -> None:
    for make in (cut_out_video, preview_video):
        with pytest.raises(RecorteError) as caught:
            make(remover, clip, clip.with_name("no.png"), **wrong)  # type: ignore[operator]
        assert words in str(caught.value)
    assert files(clip.parent) == ["clip.mp4"]
