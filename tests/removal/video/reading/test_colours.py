"""Colours as players show them, whatever a file says of its matrix, range, depth, gamut and HDR."""

from fractions import Fraction
from pathlib import Path

import av
import av.filter
import numpy as np
import pytest

from recorte import BackgroundRemover
from recorte.errors import RecorteError
from recorte.removal.video import cut_out_video
from recorte.removal.video.reading.colours import PEAK, POINTS, WHITE, hlg_to_light, pq_to_light, press, to_bt709
from recorte.removal.video.reading.files import VideoFile
from videos.odd import write_coloured

PATCHES = np.array([[0.9, 0.1, 0.05], [0.1, 0.25, 0.85], [0.2, 0.7, 0.2], [0.6, 0.45, 0.35], [0.5, 0.5, 0.5]])
"""Of BT.709, as a screen gets them."""
TO_2020 = np.array([[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]])
"""From BT.709 (ITU-R BT.2087)."""


def picture(patches: np.ndarray, height: int = 48) -> np.ndarray:
    """float (H, 80, 3): a patch beside the other, 16 columns each."""
    return np.broadcast_to(patches.repeat(16, axis=0), (height, 80, 3))


def seen(clip: Path) -> np.ndarray:
    """uint8 (5, 3): the patches of the last frame."""
    with VideoFile(clip) as file:
        *_, (_, pixels, *_) = file.read()
    return pixels[pixels.shape[0] // 2, 8::16].astype(int)


def wanted(patches: np.ndarray = PATCHES) -> np.ndarray:
    return patches * 255


@pytest.mark.parametrize("matrix", [1, 4, 5, 6, 7, 9])
@pytest.mark.parametrize(("full", "bits"), [(False, 8), (True, 8), (False, 10), (True, 12)])
def test_matrix_range_and_depth(tmp_path: Path, matrix: int, full: bool, bits: int) -> None:
    clip = write_coloured(tmp_path / "clip.mkv", picture(PATCHES), matrix, full=full, bits=bits)
    assert np.abs(seen(clip) - wanted()).max() < 4


@pytest.mark.parametrize(("height", "width", "matrix"), [(576, 80, 5), (578, 80, 1), (48, 1280, 1), (48, 80, 5)])
def test_a_matrix_that_is_not_said_is_guessed_as_players_do(
    tmp_path: Path, height: int, width: int, matrix: int
) -> None:
    whole = np.zeros((height, width, 3))
    whole[:, :80] = picture(PATCHES, height)
    clip = write_coloured(tmp_path / "clip.mkv", whole, matrix, said=2)
    assert np.abs(seen(clip)[:5] - wanted()).max() < 4


@pytest.mark.parametrize("pixels", ["gray", "gray10le", "gray16le", "bgr0", "gbrp10le", "rgb48le",
                                    "yuv411p", "yuv422p10le", "nv12"])  # fmt: skip
def test_any_format_of_pixels(tmp_path: Path, pixels: str) -> None:
    stored = np.zeros((48, 64, 3), np.uint8)
    stored[:, 32:] = 255
    codec = "rawvideo" if pixels == "nv12" else "ffv1"
    with av.open(str(tmp_path / "clip.mkv"), "w") as file:
        stream = file.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, pixels
        for number in range(2):
            frame = av.VideoFrame.from_ndarray(stored, "rgb24").reformat(format=pixels)
            frame.pts = number
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    with VideoFile(tmp_path / "clip.mkv") as file:
        frames = [frame for _, frame, *_ in file.read()]
    assert len(frames) == 2
    for found in frames:
        assert found.shape == (48, 64, 3)
        assert found[:, :30].max() < 4 and found[:, 36:].min() > 250


def as_hlg(light: np.ndarray) -> np.ndarray:
    """Light in cd/m2, BT.2020, as a signal (ITU-R BT.2100, note 5i: the inverse of what a screen does)."""
    shown = light / 1000
    bright = shown @ np.array([0.2627, 0.6780, 0.0593])
    scene = shown * bright[..., None] ** (1 / 1.2 - 1)
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    return np.where(scene <= 1 / 12, np.sqrt(3 * scene), a * np.log(np.maximum(12 * scene - b, 1e-6)) + c)


def as_pq(light: np.ndarray) -> np.ndarray:
    """Light in cd/m2 as a signal (SMPTE ST 2084, 5.3)."""
    power = (light / 10_000) ** 0.1593017578125
    return ((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375


@pytest.mark.parametrize(("transfer", "write"), [(18, as_hlg), (16, as_pq)])
@pytest.mark.parametrize("primaries", [9, 2])
def test_hdr(tmp_path: Path, transfer: int, write: object, primaries: int) -> None:
    light = 203 * PATCHES**2.4 @ TO_2020.T
    assert light.max() < 134  # where nothing is bent yet
    clip = write_coloured(
        tmp_path / "clip.mkv", picture(write(light)), 9, primaries=primaries, transfer=transfer, bits=10
    )
    assert np.abs(seen(clip) - wanted()).max() < 5


def test_hdr_that_does_not_say_its_matrix(tmp_path: Path) -> None:
    signal = picture(as_pq(203 * PATCHES**2.4 @ TO_2020.T))
    clip = write_coloured(tmp_path / "clip.mkv", signal, 9, said=2, transfer=16, bits=10)
    assert np.abs(seen(clip) - wanted()).max() < 5


def test_a_wide_gamut(tmp_path: Path) -> None:
    clip = write_coloured(
        tmp_path / "clip.mkv", picture((PATCHES**2.4 @ TO_2020.T) ** (1 / 2.4)), 9, primaries=9, bits=10
    )
    assert np.abs(seen(clip) - wanted()).max() < 7
    # From P3 (SMPTE EG 432-1), to which BT.709 is this.
    to_p3 = np.array([[0.8225, 0.1775, 0], [0.0332, 0.9668, 0], [0.0171, 0.0724, 0.9105]])
    clip = write_coloured(tmp_path / "clip.mkv", picture((PATCHES**2.4 @ to_p3.T) ** (1 / 2.4)), 1, primaries=12)
    assert np.abs(seen(clip) - wanted()).max() < 7


@pytest.mark.parametrize(("transfer", "exponent"), [(4, 2.2), (5, 2.8), (8, 1.0)])
def test_other_transfers(tmp_path: Path, transfer: int, exponent: float) -> None:
    patches = PATCHES.clip(0.2)  # below it a table of the bare light is coarse
    signal = picture(patches ** (2.4 / exponent))
    clip = write_coloured(tmp_path / "clip.mkv", signal, 1, transfer=transfer, bits=12)
    assert np.abs(seen(clip) - wanted(patches)).max() < (12 if transfer == 8 else 5)


@pytest.mark.parametrize(("what", "number"), [("matrix", 8), ("matrix", 14), ("transfer", 10), ("primaries", 10)])
def test_colours_that_are_not_known_are_refused(best_model: Path, tmp_path: Path, what: str, number: int) -> None:
    more = {"said" if what == "matrix" else what: number}
    clip = write_coloured(tmp_path / "clip.mkv", picture(PATCHES), 1, **more)
    with pytest.raises(RecorteError) as caught:
        cut_out_video(BackgroundRemover(best_model, threads=1), clip, tmp_path / "out.mov")
    reason = f"its colours cannot be read ({what} number {number} of ITU-T H.273); convert it to BT.709 first"
    assert str(caught.value) == f"{clip}: {reason}"
    assert [path.name for path in tmp_path.iterdir()] == ["clip.mkv"]


def test_signals_of_hdr_and_their_light() -> None:
    # ITU-R BT.2408, table 1: paper white, and 18 % grey, in HLG and in PQ.
    grey, white = hlg_to_light(np.array([[0.38] * 3, [0.75] * 3]))
    assert (grey[0], white[0]) == (pytest.approx(26, abs=0.6), pytest.approx(203, abs=0.5))
    np.testing.assert_allclose(pq_to_light(np.array([0.0, 0.38, 0.58, 1])), [0, 26, 203, 10_000], rtol=0.015)
    np.testing.assert_allclose(pq_to_light(np.array([0.5081, 0.7518])), [100, 1000], rtol=2e-3)


def test_the_bright_is_pressed_as_ffmpegs_own_filter_does() -> None:
    light = np.array([0.01, 1, 50, 120, 160, 203, 300, 500, 800, 1000])
    frame = av.VideoFrame(len(light), 1, "gbrpf32le")
    for plane in frame.planes:
        row = np.zeros(plane.line_size // 4, np.float32)
        row[: len(light)] = light / WHITE
        plane.update(row.tobytes())
    graph = av.filter.Graph()
    graph.link_nodes(
        graph.add("buffer", width=str(len(light)), height="1", pix_fmt="gbrpf32le", time_base="1/25"),
        graph.add("tonemap", tonemap="mobius", param="0.8", peak=str(PEAK / WHITE), desat="0"),
        graph.add("buffersink"),
    ).configure()
    frame.pts, frame.time_base, frame.color_trc = 0, Fraction(1, 25), 8
    graph.push(frame)
    [plane, *_] = graph.vpull().planes
    expected = np.frombuffer(plane, np.float32)[: len(light)] * WHITE
    pressed = press(light)
    np.testing.assert_allclose(pressed, expected, rtol=1e-4)
    np.testing.assert_allclose(pressed[:5], light[:5], rtol=1e-12)
    assert (np.diff(pressed) > 0).all() and pressed[-1] == pytest.approx(203)
    assert 255 * (pressed[5] / 203) ** (1 / 2.4) == pytest.approx(244, abs=1)
    assert press(np.array(4000.0)) == 203


@pytest.mark.parametrize(("primaries", "transfer"), [(9, 16), (9, 18), (12, 1)])
def test_a_grey_stays_grey_and_the_table_is_near_the_function(primaries: int, transfer: int) -> None:
    grey = to_bt709(np.linspace(0, 1, 50)[:, None].repeat(3, axis=1), primaries, transfer)
    assert np.abs(grey - grey[:, :1]).max() < 1e-3
    points = to_bt709(np.linspace(0, 1, 2 * POINTS - 1)[:, None].repeat(3, axis=1), primaries, transfer)
    assert np.abs((points[:-2:2] + points[2::2]) / 2 - points[1::2]).max() < 2 / 255
