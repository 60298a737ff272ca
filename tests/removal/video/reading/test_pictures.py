"""Frames as players show them: of one size, with square pixels, mirrored as the file says, over white."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from recorte import BackgroundRemover
from recorte.removal.pipeline import Pipeline
from recorte.removal.video import cut_out_video
from recorte.removal.video import cutting as video
from recorte.removal.video.reading.files import VideoFile
from videos.clips import BLUE, RED, frame, pictures_of, stop_at, write_pictures

PNG = "png", "rgb24"


def halves(height: int, width: int, left: Sequence[int] = RED, right: Sequence[int] = BLUE) -> np.ndarray:
    """uint8 (H, W, 3) of two colours."""
    pixels = np.empty((height, width, len(left)), np.uint8)
    pixels[:, : width // 2], pixels[:, width // 2 :] = left, right
    return pixels


def in_turn(folder: Path, *clips: tuple[int, int, int, Fraction | None]) -> Path:
    """Write a broadcast of clips: how many frames, their height, width and ratio."""
    content, first = b"", 0
    for count, height, width, ratio in clips:
        clip = write_pictures(folder / "one.ts", [halves(height, width)] * count, ratio=ratio, first=first)
        content, first = content + clip.read_bytes(), first + count
    (folder / "clip.ts").write_bytes(content)
    return folder / "clip.ts"


def seen(clip: Path) -> list[np.ndarray]:
    with VideoFile(clip) as file:
        return [answer[1] for answer in file.read()]


@pytest.mark.parametrize("name", ["out.mov", "out.webm", "frames"])
@pytest.mark.parametrize("length", [4, 5])
def test_all_frames_are_as_large_as_the_first(
    remover: BackgroundRemover, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, length: int
) -> None:
    monkeypatch.setattr(video, "FRAMES", length)
    clip = in_turn(tmp_path, (4, 48, 64, None), (4, 64, 48, None), (4, 96, 128, None))
    assert cut_out_video(remover, clip, tmp_path / name) == 12
    if name == "frames":
        found = [np.asarray(Image.open(path)) for path in sorted((tmp_path / name).iterdir())]
    else:
        found = [picture for _, picture in pictures_of(tmp_path / name)]
    assert [picture.shape for picture in found] == [(48, 64, 4)] * 12
    for number, (left, middle) in enumerate([(0, 32)] * 4 + [(14, 32)] * 4 + [(0, 32)] * 4):
        alpha = found[number][..., 3]
        assert alpha[:, left + 2 : middle - 4].min() > 230, number
        assert max(alpha[:, :left].max(initial=0), alpha[:, middle + 4 :].max()) < 12, number


def test_around_a_frame_nobody_is_found(
    remover: BackgroundRemover, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        Pipeline, "enlarge", lambda _, alpha, photo, eight_bits: np.full(photo.shape[:2], 255, np.uint8)
    )
    clip = in_turn(tmp_path, (1, 48, 64, None), (1, 64, 48, None))
    cut_out_video(remover, clip, tmp_path / "frames")
    alpha = np.asarray(Image.open(tmp_path / "frames/000002.png"))[..., 3]
    assert alpha[:, 14:50].min() == 255
    assert max(alpha[:, :14].max(), alpha[:, 50:].max()) == 0


def test_around_a_frame_of_another_size_is_the_background(remover: BackgroundRemover, tmp_path: Path) -> None:
    clip = in_turn(tmp_path, (2, 48, 64, None), (2, 64, 48, None))
    cut_out_video(remover, clip, tmp_path / "out.mp4", background=(0, 200, 0))
    picture = pictures_of(tmp_path / "out.mp4")[3][1][..., :3].astype(int)
    assert np.abs(picture[:, :11] - (0, 200, 0)).max() < 30
    assert np.abs(picture[4:44, 18:28] - RED).max() < 30


def test_a_job_that_goes_on_behind_a_change_keeps_the_first_size(
    remover: BackgroundRemover, best_model: Path, tmp_path: Path
) -> None:
    clip = in_turn(tmp_path, (8, 48, 64, None), (8, 64, 48, None))
    assert stop_at(13, best_model, clip, tmp_path / "out.mov") == -9
    told = []
    cut_out_video(remover, clip, tmp_path / "out.mov", on_frame=lambda done, of: told.append(done))
    assert told[0] == 13
    assert {picture.shape for _, picture in pictures_of(tmp_path / "out.mov")} == {(48, 64, 4)}


@pytest.mark.parametrize(("ratio", "size"), [
    (Fraction(4, 3), (48, 85)),
    (Fraction(3, 4), (64, 64)),
    (Fraction(200, 199), (48, 64)),
    (Fraction(100), (48, 64)),
])  # fmt: skip
def test_pixels_become_square(tmp_path: Path, ratio: Fraction, size: tuple[int, int]) -> None:
    [picture] = seen(write_pictures(tmp_path / "clip.mkv", [halves(48, 64)], ratio=ratio))
    assert picture.shape == (*size, 3)
    middle = size[1] // 2
    assert np.abs(picture[:, : middle - 2].astype(int) - RED).max() < 3
    assert np.abs(picture[:, middle + 2 :].astype(int) - BLUE).max() < 3


@pytest.mark.parametrize(("name", "size"), [("out.mov", (48, 85)), ("out.webm", (48, 85)), ("out.mp4", (48, 86))])
def test_a_result_has_square_pixels(remover: BackgroundRemover, tmp_path: Path, name: str, size: object) -> None:
    clip = write_pictures(tmp_path / "clip.mkv", [frame(0)] * 2, ratio=Fraction(4, 3))
    cut_out_video(remover, clip, tmp_path / name, background="white" if name == "out.mp4" else None)
    for _, picture in pictures_of(tmp_path / name):
        assert picture.shape[:2] == size
        # Columns 6 to 22 of 64 are 8 to 29 of 85.
        assert np.abs(picture[12:40, 11:26, :3].astype(int) - RED).mean() < 15


def test_pixels_of_a_turned_video_become_square(tmp_path: Path) -> None:
    quarter = (0, 65536, 0, -65536, 0, 0, 0, 0, 1 << 30)
    clip = write_pictures(tmp_path / "clip.mov", [halves(48, 64)], ("mpeg4", "yuv420p"), Fraction(4, 3), quarter)
    [picture] = seen(clip)
    assert picture.shape == (85, 48, 3)
    assert np.abs(picture[:38].astype(int) - RED).mean() < 12


def test_a_broadcast_may_change_the_ratio_alone(tmp_path: Path) -> None:
    clip = in_turn(tmp_path, (6, 576 // 8, 720 // 8, Fraction(16, 15)), (6, 576 // 8, 720 // 8, Fraction(64, 45)))
    first, last = seen(clip)[0], seen(clip)[-1]
    assert first.shape == last.shape == (72, 96, 3)
    assert first[2, 10].max() > 200
    # 128 x 72 in 96 x 72: 54 rows are filled, and 9 above and below them are not.
    assert last[:8].max() == last[64:].max() == 0
    assert last[11, 10].max() > 200 and last[60, 10].max() > 200


@pytest.mark.parametrize(("size", "name", "wanted"), [
    ((1, 1), "out.mov", (1, 1)), ((1, 1), "out.webm", (1, 1)), ((1, 1), "out.mp4", (2, 2)), ((1, 1), "frames", (1, 1)),
    ((20, 1), "out.mp4", (20, 2)), ((21, 31), "out.mov", (21, 31)), ((21, 31), "out.webm", (21, 31)),
    ((21, 31), "out.mp4", (22, 32)),
])  # fmt: skip
def test_any_size(remover: BackgroundRemover, tmp_path: Path, size: object, name: str, wanted: object) -> None:
    clip = write_pictures(tmp_path / "clip.mov", [np.full((*size, 3), RED, np.uint8)] * 2, PNG)
    cut_out_video(remover, clip, tmp_path / name, background="lime" if name == "out.mp4" else None)
    if name == "frames":
        assert Image.open(tmp_path / "frames/000002.png").size == wanted[::-1]
        return
    for _, picture in pictures_of(tmp_path / name):
        assert picture.shape[:2] == wanted
        assert picture[..., 3].min() > 230
        assert np.abs(picture[..., :3].astype(int) - RED).mean() < 30


@pytest.mark.parametrize(("turn", "wanted"), [
    ((-1, 0, 0, 1), lambda stored: stored[:, ::-1]),
    ((1, 0, 0, -1), lambda stored: stored[::-1]),
    ((0, 1, 1, 0), lambda stored: stored.swapaxes(0, 1)),
    ((0, -1, -1, 0), lambda stored: stored[::-1, ::-1].swapaxes(0, 1)),
    ((0, 1, -1, 0), lambda stored: np.rot90(stored, -1)),
])  # fmt: skip
def test_a_mirrored_video(tmp_path: Path, turn: tuple[int, ...], wanted: object) -> None:
    a, b, c, d = (65536 * number for number in turn)
    clip, stored = tmp_path / "clip.mov", frame(0)
    stored[:10] = 240
    write_pictures(clip, [stored], ("mpeg4", "yuv420p"), matrix=(a, b, 0, c, d, 0, 0, 0, 1 << 30))
    [found], expected = seen(clip), wanted(stored)
    assert found.shape == expected.shape
    assert np.abs(found.astype(int) - expected).mean() < 12


@pytest.mark.parametrize(("name", "codec"), [
    ("clip.mov", ("prores_ks", "yuva444p10le")),
    ("clip.webm", ("libvpx-vp9", "yuva420p")),
    ("clip.mkv", ("ffv1", "bgra")),
])  # fmt: skip
def test_what_is_transparent_lies_over_white_and_stays_transparent(
    remover: BackgroundRemover, tmp_path: Path, name: str, codec: tuple[str, str]
) -> None:
    half = halves(48, 64, (*RED, 255), (0, 0, 0, 128))
    half[:16, 32:, 3] = 0
    half[32:, :16, 3] = 0  # of the red person
    half[32:, 16:32, 3] = 204
    clip = write_pictures(tmp_path / name, [half] * 3, codec)
    for picture in seen(clip):
        assert np.abs(picture[:28, :30].astype(int) - RED).max() < 8
        assert picture[:14, 36:].min() > 250
        assert np.abs(picture[20:, 36:].astype(int) - 127).max() < 5
    cut_out_video(remover, clip, tmp_path / "frames")
    cutout = np.asarray(Image.open(tmp_path / "frames/000002.png"))
    assert cutout[4:28, 4:28, 3].min() > 250
    assert cutout[36:, 2:12].max() == 0
    assert np.abs(cutout[36:44, 18:26].astype(int) - (*RED, 204)).max() < 20


def test_before_a_half_transparent_colour(remover: BackgroundRemover, tmp_path: Path) -> None:
    clip = write_pictures(tmp_path / "clip.mkv", [frame(0)] * 2)
    cut_out_video(remover, clip, tmp_path / "frames", background="#00ff0080")
    picture = np.asarray(Image.open(tmp_path / "frames/000002.png"))
    assert picture[2, 60].tolist() == [0, 255, 0, 128]
    assert picture[24, 14, 3] == 255
