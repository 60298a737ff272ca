"""Sheets of pictures with a caption over each, for eyes."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont

CELL = 192
"""Pixels of a picture's side in a sheet."""
LINE, GAP = 18, 6


class Cell(NamedTuple):
    """A picture `uint8 (S, S, 3)` and what is written over it."""

    caption: str
    picture: np.ndarray


def draw_sheet(title: str, heads: Sequence[str], rows: Sequence[Sequence[Cell]]) -> Image.Image:
    """Lay pictures out in rows, below a title and the heads of the columns; what does not fit its place is cut off."""
    width = GAP + len(heads) * (CELL + GAP)
    sheet = Image.new("RGB", (width, 2 * (LINE + GAP) + len(rows) * (LINE + CELL + GAP)), "white")
    draw = ImageDraw.Draw(sheet)
    _write(draw, title, GAP, GAP, width - 2 * GAP, bold=True)
    for column, head in enumerate(heads):
        _write(draw, head, GAP + column * (CELL + GAP), GAP + LINE, CELL, bold=True)
    for number, row in enumerate(rows):
        top = 2 * (LINE + GAP) + number * (LINE + CELL + GAP)
        for column, cell in enumerate(row):
            left = GAP + column * (CELL + GAP)
            _write(draw, cell.caption, left, top, CELL)
            picture = Image.fromarray(cell.picture).resize((CELL, CELL), Image.Resampling.BILINEAR)
            sheet.paste(picture, (left, top + LINE))
    return sheet


def _write(draw: ImageDraw.ImageDraw, text: str, left: int, top: int, width: int, bold: bool = False) -> None:
    letters = font(12, bold)
    if letters.getlength(text) > width:
        while text and letters.getlength(text + "…") > width:
            text = text[:-1]
        text += "…"
    draw.text((left, top), text, fill="black", font=letters)


@cache
def font(size: int, bold: bool = False) -> ImageFont.FreeTypeFont:
    """Give the letters that sheets and plots are written in, `size` pixels high."""
    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    return ImageFont.truetype(Path(matplotlib.get_data_path(), "fonts", "ttf", name), size)
