"""Of several streams the film and its sound are taken, and a cover is no film."""

from pathlib import Path

import numpy as np
import pytest
from av.stream import Disposition

from recorte import BackgroundRemover
from recorte.errors import RecorteError
from recorte.removal.video import cut_out_video
from videos.clips import BLUE, RED, pictures_of, write_clip
from videos.odd import pitch_of, put_cover_first, write_tracks

NONE, DEFAULT, COVER = Disposition(0), Disposition.default, Disposition.attached_pic


def plain(colour: tuple[int, int, int], height: int = 48) -> np.ndarray:
    return np.full((height, 64, 3), colour, np.uint8)


def test_cover_art_before_the_film(remover: BackgroundRemover, tmp_path: Path) -> None:
    clip = put_cover_first(write_clip(tmp_path / "clip.mp4"))
    assert cut_out_video(remover, clip, tmp_path / "out.mov") == 20
    assert pictures_of(tmp_path / "out.mov")[0][1].shape == (48, 64, 4)


@pytest.mark.parametrize(("name", "tracks"), [
    ("clip.mkv", [(plain(BLUE, 96), NONE), (plain(RED), DEFAULT)]),
    ("clip.mkv", [(plain(RED), DEFAULT), (plain(BLUE, 96), NONE)]),
    ("clip.mp4", [(plain(BLUE, 96), COVER), (plain(RED), NONE)]),
])  # fmt: skip
def test_the_film_of_several_streams_of_pictures(
    remover: BackgroundRemover, tmp_path: Path, name: str, tracks: list
) -> None:
    clip = write_tracks(tmp_path / name, tracks)
    assert cut_out_video(remover, clip, tmp_path / "out.mov") == 12
    picture = pictures_of(tmp_path / "out.mov")[0][1]
    assert picture.shape == (48, 64, 4)
    assert np.abs(picture[24, 32].astype(int) - (*RED, 255)).max() < 25


@pytest.mark.parametrize(("name", "tracks", "pitch"), [
    ("clip.mkv", [(440, NONE), (880, DEFAULT)], 880),
    ("clip.mkv", [(440, DEFAULT), (880, DEFAULT)], 440),
    ("clip.mkv", [(440, NONE), (880, NONE)], 440),
    ("clip.mp4", [(440, DEFAULT), (880, NONE)], 440),
    ("clip.ts", [(440, NONE), (880, NONE)], 440),
])  # fmt: skip
def test_the_sound_of_several_tracks(
    remover: BackgroundRemover, tmp_path: Path, name: str, tracks: list, pitch: int
) -> None:
    clip = write_tracks(tmp_path / name, [(plain(RED), NONE), *tracks])
    cut_out_video(remover, clip, tmp_path / "out.mov")
    assert pitch_of(tmp_path / "out.mov") == pytest.approx(pitch, abs=5)


def test_a_song_with_a_cover_is_no_video(remover: BackgroundRemover, tmp_path: Path) -> None:
    song = write_tracks(tmp_path / "song.mp4", [(440, DEFAULT), (plain(BLUE), COVER)])
    with pytest.raises(RecorteError, match=r"song\.mp4: its only picture is a cover, so it is no video"):
        cut_out_video(remover, song, tmp_path / "out.mov")
    with pytest.raises(RecorteError, match="there are no pictures in it"):
        cut_out_video(remover, write_tracks(tmp_path / "song.m4a", [(440, DEFAULT)]), tmp_path / "out.mov")


def test_pictures_that_cannot_be_decoded(remover: BackgroundRemover, tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4")
    clip.write_bytes(clip.read_bytes().replace(b"avc1", b"xyz1"))
    with pytest.raises(RecorteError, match=r"clip\.mp4: its pictures are of a kind that cannot be decoded"):
        cut_out_video(remover, clip, tmp_path / "out.mov")
