"""One picture of six frames of a film, to see how it will be cut out before it is."""

import os
from contextlib import closing
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from recorte.errors import RecorteError
from recorte.letterbox import resize
from recorte.photo import Photo
from recorte.removal.files import output
from recorte.removal.remover import BackgroundRemover
from recorte.removal.steps.backgrounds import Background, ReadBackground, put_behind
from recorte.removal.video.backgrounds import Behind, MovingBackground
from recorte.removal.video.making import Frame, Making
from recorte.removal.video.reading import open_film
from recorte.removal.video.reading.files import load_av
from recorte.removal.video.reading.window import Moment, Window
from recorte.removal.video.writing.target import check_source

ROWS, COLUMNS = 2, 3
WIDEST = 480
"""Pixels of a frame in the picture, along its longest side."""
GAP = 8
"""Pixels between frames."""
SQUARE = 12
"""Pixels of the squares that stand for what is transparent."""


def preview_video(
    remover: BackgroundRemover,
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    *,
    background: Background = None,
    mask: bool = False,
    start: Moment = None,
    end: Moment = None,
    overwrite: bool = False,
) -> None:
    """Write one picture of six frames of a video, evenly spread, cut out; squares are where they are transparent.

    Args:
        remover: what finds people.
        source: as for `cut_out_video`; so are the other arguments.
        target: the picture: .png, .jpg, .webp or .tif.

    Raises:
        RecorteError: as `cut_out_video` does.
    """
    load_av()
    source, target, window = Path(source), Path(target), Window.of(start, end)
    check_source(source, target)
    output.check_target(target, source, overwrite, transparent=False)
    making = Making.of(remover, background, mask)
    tiles = []
    for moment in _moments(source, window):
        with open_film(source, Window(moment, None)) as film:
            frame = next(film.read(), None)
        if frame is None:
            continue
        photo, behind = frame[1], _at(making.behind, moment - window.start)
        _, result = making(Frame(*frame, making.pipeline.found(photo), behind))
        tiles.append(_opaque(result, photo))
    if not tiles:
        raise RecorteError(f"{source}: there is not one frame in it that can be read")
    sheet = _sheet([_small(tile) for tile in tiles])
    output.write(target, output.encode(sheet, Photo(sheet), target.suffix.lower()))


def _moments(source: Path, window: Window) -> list[Fraction]:
    """Give the moments, in seconds, that are shown: the middles of six equal stretches."""
    with open_film(source, window) as film:
        lasts = film.seconds
        if not lasts:  # its file does not say
            for time, *_ in film.read():
                lasts = (time + film.usual) * film.time_base + window.start
    until = min(lasts, window.end) if window.end is not None else lasts
    count = ROWS * COLUMNS
    return [window.start + (until - window.start) * Fraction(2 * number + 1, 2 * count) for number in range(count)]


def _at(behind: Behind, moment: Fraction) -> ReadBackground:
    if not isinstance(behind, Path):
        return behind
    with closing(MovingBackground(behind)) as moving:
        return moving.at(moment)


def _opaque(result: np.ndarray, photo: np.ndarray) -> np.ndarray:
    if result.ndim == 2:
        return cv2.cvtColor(result, cv2.COLOR_GRAY2RGB)
    return result if result.shape[2] == 3 else put_behind(result, photo, _squares(*photo.shape[:2]))


def _small(tile: np.ndarray) -> np.ndarray:
    scale = min(1.0, WIDEST / max(tile.shape[:2]))
    return resize(tile, *(max(1, round(side * scale)) for side in tile.shape[:2]))


def _squares(height: int, width: int) -> np.ndarray:
    """Give light and dark squares, which stay squares when the tile is made small."""
    side = max(1, round(SQUARE * max(1.0, max(height, width) / WIDEST)))
    odd = (np.arange(height)[:, None] // side + np.arange(width)[None] // side) % 2
    return np.where(odd[..., None], np.uint8(204), np.uint8(255)).repeat(3, axis=2)


def _sheet(tiles: list[np.ndarray]) -> np.ndarray:
    height, width = tiles[0].shape[:2]
    sheet = np.full((ROWS * (height + GAP) + GAP, COLUMNS * (width + GAP) + GAP, 3), 255, np.uint8)
    for number, tile in enumerate(tiles):
        row, column = divmod(number, COLUMNS)
        top, left = GAP + row * (height + GAP), GAP + column * (width + GAP)
        sheet[top : top + height, left : left + width] = resize(tile, height, width)
    return sheet
