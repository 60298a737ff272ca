"""A video's colours as BT.709 has them, which results say they have: HDR made darker, wide gamuts narrower."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np

from recorte.errors import RecorteError

if TYPE_CHECKING:
    import av

UNSAID = 0, 2, 3
"""Numbers of ITU-T H.273 (as all below) that say nothing, for primaries and transfers; as a matrix 0 is RGB."""
AS_THEY_ARE = {1, 6, 7, 11, 13, 14, 15, *UNSAID}
"""Transfers that screens show alike: BT.709, BT.601, SMPTE 240M, xvYCC, sRGB and BT.2020."""
PQ, HLG = 16, 18
GAMMAS = {4: 2.2, 5: 2.8, 8: 1.0}
"""Exponents of other transfers."""
MATRICES = {0, 1, 4, 5, 6, 7, 9}
"""RGB, BT.709, FCC, BT.601 (two numbers), SMPTE 240M and BT.2020: those that FFmpeg's scaler knows."""

XY = {
    1: ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060)),
    9: ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),
    11: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
    12: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
}
"""Primaries of BT.709, BT.2020 and P3, white being D65; those of BT.601 are so near that they count as BT.709's."""
NEAR = {1, 4, 5, 6, 7, 8, 22, *UNSAID}
"""Primaries that count as BT.709's."""

SCREEN = 2.4
"""Exponent of an ordinary screen (ITU-R BT.1886)."""
WHITE = 203.0
"""Candela per square metre of white paper in HDR (ITU-R BT.2408), which becomes the white of the result."""
PEAK = 1000.0
"""The brightest that HLG's screen shows, and nearly all that is graded in PQ."""
JOIN = 0.8
"""Share of white up to which light stays as it is; paper white then becomes 244 of 255, as by BT.2446's method C."""
POINTS = 65
"""Of the table along each axis."""


class Colours:
    """Gives frames the colours of BT.709, by a table made when it is first needed, and again when a video changes."""

    def __init__(self) -> None:
        self._known: tuple[object, ...] = ()
        self._graph: av.filter.Graph | None = None

    def __call__(self, frame: "av.VideoFrame") -> "av.VideoFrame":
        """Give a frame whose colours are those of BT.709: itself, or a new one in 16-bit RGB.

        Raises:
            RecorteError: they are of a kind that is not known; the message does not name the file.
        """
        primaries, transfer = said(frame)
        if transfer in AS_THEY_ARE and primaries in NEAR:
            return frame
        transparent = any(part.is_alpha for part in frame.format.components)
        rgb = frame.reformat(format="gbrap16le" if transparent else "gbrp16le", src_colorspace=matrix_of(frame))
        rgb.colorspace, rgb.color_range = 0, 2
        kind = (rgb.width, rgb.height, rgb.format.name, primaries, transfer)
        if self._graph is None or kind != self._known:
            self._graph, self._known = _graph(rgb, primaries, transfer), kind
        self._graph.push(rgb)
        found: av.VideoFrame = self._graph.vpull()
        return found


def said(frame: "av.VideoFrame") -> tuple[int, int]:
    """Tell primaries and transfer of a frame; HDR that does not say its primaries has those of BT.2020.

    Raises:
        RecorteError: it has colours that are not known here.
    """
    primaries, transfer, matrix = int(frame.color_primaries), int(frame.color_trc), int(frame.colorspace)
    if transfer in UNSAID and "DOVI_METADATA" in frame.side_data:
        raise RecorteError("its colours are Dolby Vision's alone (profile 5); convert it to HDR10 or BT.709 first")
    hdr = transfer in (PQ, HLG)
    if hdr and primaries in UNSAID:
        primaries = 9
    for what, number, known in (
        ("primaries", primaries, NEAR | set(XY)),
        ("transfer", transfer, AS_THEY_ARE | {PQ, HLG} | set(GAMMAS)),
        ("matrix", matrix, MATRICES | {2, 3}),
    ):
        if number not in known:
            raise RecorteError(
                f"its colours cannot be read ({what} number {number} of ITU-T H.273); convert it to BT.709 first"
            )
    return primaries, transfer


def matrix_of(frame: "av.VideoFrame") -> int:
    """Tell by which matrix a frame's colours are to be read: what it says, or else what players guess."""
    matrix = int(frame.colorspace)
    if matrix not in (2, 3):
        return matrix
    if int(frame.color_primaries) == 9 or int(frame.color_trc) in (PQ, HLG):
        return 9
    return 1 if frame.width >= 1280 or frame.height > 576 else 5


def to_bt709(signal: np.ndarray, primaries: int, transfer: int) -> np.ndarray:
    """Give colours as BT.709 has them.

    HDR is light on a screen of 1000 cd/m2 (HLG and PQ of ITU-R BT.2100), of which what is brighter than white paper is
    pressed together, by the brightest of the three channels, so that hues stay.

    Args:
        signal: `float (..., 3)` in [0, 1], RGB as it is stored.
        primaries: of `signal`, a number of ITU-T H.273; one that is not in `XY` counts as BT.709's.
        transfer: of `signal` too.

    Returns:
        `float (..., 3)` in [0, 1], for an ordinary screen.
    """
    if transfer == PQ:
        light = pq_to_light(signal) / WHITE
    elif transfer == HLG:
        light = hlg_to_light(signal) / WHITE
    else:
        light = signal ** GAMMAS.get(transfer, SCREEN)
    light = light @ (np.linalg.inv(_to_xyz(1)) @ _to_xyz(primaries if primaries in XY else 1)).T
    light = light.clip(0)
    if transfer in (PQ, HLG):
        brightest = light.max(axis=-1, keepdims=True).clip(1e-6)
        light = light * press(brightest * WHITE) / WHITE / brightest
    shown: np.ndarray = light.clip(0, 1) ** (1 / SCREEN)
    return shown


def pq_to_light(signal: np.ndarray) -> np.ndarray:
    """Give the light (cd/m2) of a signal in PQ (ITU-R BT.2100, table 4)."""
    root = np.asarray(signal) ** (32 / 2523)
    return 10_000 * ((root - 3424 / 4096).clip(0) / (2413 / 128 - 2392 / 128 * root)) ** (16384 / 2610)


def hlg_to_light(signal: np.ndarray) -> np.ndarray:
    """Give the light (cd/m2) of a signal in HLG, `(..., 3)`, on a screen of 1000 cd/m2 (ITU-R BT.2100, table 5)."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - c) / a) + b) / 12)
    brightness = scene @ np.array([0.2627, 0.6780, 0.0593])
    light: np.ndarray = PEAK * brightness[..., None].clip(1e-9) ** 0.2 * scene
    return light


def press(light: np.ndarray) -> np.ndarray:
    """Press light (cd/m2) of up to `PEAK` together to `WHITE` by a Moebius transformation; the dark stays as it is.

    The curve `mobius` of FFmpeg's filter `tonemap`, which is smooth and increases everywhere.
    """
    relative, peak = light / WHITE, PEAK / WHITE
    a = -(JOIN**2) * (peak - 1) / (JOIN**2 - 2 * JOIN + peak)
    b = (JOIN**2 - 2 * JOIN * peak + peak) / (peak - 1)
    bent = (b**2 + 2 * b * JOIN + JOIN**2) / (b - a) * (relative + a) / (relative + b).clip(1e-6)
    return WHITE * np.where(relative <= JOIN, relative, bent.clip(0, 1))


def _to_xyz(primaries: int) -> np.ndarray:
    """The matrix from linear RGB to XYZ (SMPTE RP 177)."""
    columns = np.array([(x / y, 1, (1 - x - y) / y) for x, y in XY[primaries]]).T
    white = np.array([0.3127 / 0.3290, 1, (1 - 0.3127 - 0.3290) / 0.3290])
    return columns * np.linalg.solve(columns, white)


def _graph(like: "av.VideoFrame", primaries: int, transfer: int) -> "av.filter.Graph":
    """Make the filter that looks frames up in a table of `to_bt709`."""
    import av.filter

    steps = np.linspace(0, 1, POINTS)
    blue, green, red = np.meshgrid(steps, steps, steps, indexing="ij")  # red is the fastest in such a file
    table = to_bt709(np.stack([red, green, blue], axis=-1).reshape(-1, 3), primaries, transfer)
    graph = av.filter.Graph()
    with TemporaryDirectory() as folder:
        path = Path(folder, "table.cube")
        np.savetxt(path, table, "%.6f", header=f"LUT_3D_SIZE {POINTS}", comments="")
        graph.link_nodes(
            graph.add("buffer", width=str(like.width), height=str(like.height), pix_fmt=like.format.name,
                      time_base="1/1000", colorspace="gbr", range="pc"),
            graph.add("lut3d", file=str(path), interp="tetrahedral"),
            graph.add("buffersink"),
        ).configure()  # fmt: skip
    return graph
