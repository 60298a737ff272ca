"""What lies behind the people: rooms, landscapes, streets, beaches, studios, lights out of focus, mere texture."""

from dataclasses import dataclass

import cv2
import numpy as np

from recorte.data.drawing import objects
from recorte.data.drawing.canvas import Canvas, Pen, Texture
from recorte.data.drawing.colours import (
    GREENS,
    INK,
    SKINS,
    WHITE,
    WOODS,
    Palette,
    chance,
    cloth,
    colour,
    mix,
    pick,
    vary,
)
from recorte.data.drawing.objects import Draw
from recorte.data.drawing.shapes import box, ellipse, ellipse_at, hull, smooth


@dataclass(frozen=True, slots=True)
class Place:
    """Where a scene takes place.

    Attributes:
        horizon: row where the ground begins, as a share of the picture's height.
        clutter: what may stand there.
        ground: whether there is a ground on which shadows fall.
    """

    horizon: float
    clutter: tuple[Draw, ...]
    ground: bool = True


def draw_place(canvas: Canvas, rng: np.random.Generator, palette: Palette) -> Place:
    """Draw a background of some kind over the whole canvas."""
    kinds = (_room, _room, _room, _landscape, _landscape, _city, _city, _beach, _studio, _bokeh, _texture)
    height, width = canvas.alpha.shape
    return pick(rng, kinds)(Pen(canvas, 0, 0, height), rng, palette, width / height)


def _ramp(pen: Pen, top: float, bottom: float, first: np.ndarray, second: np.ndarray) -> None:
    """Fill the rows between two shares of the height from colour to colour."""
    height = pen.canvas.alpha.shape[0]
    start, stop = round(top * height), round(bottom * height)
    share = np.linspace(0, 1, max(stop - start, 1), dtype=np.float32)[: stop - start, None]
    pen.canvas.image[:, start:stop] = first.reshape(3, 1, 1) + (second - first).reshape(3, 1, 1) * share


def _cover(pen: Pen, top: float, bottom: float, fabric: np.ndarray | Texture) -> None:
    """Fill the rows between two shares of the height with a colour or texture."""
    height, width = pen.canvas.alpha.shape
    start, stop = round(top * height), round(bottom * height)
    if callable(fabric):
        x, y = np.arange(width, dtype=np.float32)[None], np.arange(start, stop, dtype=np.float32)[:, None]
        pen.canvas.image[:, start:stop] = fabric(x / height, y / height)
    else:
        pen.canvas.image[:, start:stop] = fabric.reshape(3, 1, 1)


def _sky(pen: Pen, rng: np.random.Generator, palette: Palette, bottom: float, wide: float) -> None:
    skies = (
        ("7fb2d9", "dcecf2"),
        ("a9d3e6", "f6efe2"),
        ("f0a07c", "fbe3c0"),
        ("56688f", "d9a5a0"),
        ("cfd6da", "eef0ee"),
    )
    high, low = (vary(rng, colour(code)) for code in pick(rng, skies))
    _ramp(pen, 0, bottom, high, low)
    if chance(rng, 0.4):
        pen.fill(mix(low, WHITE, 0.6), ellipse_at(rng.uniform((0, 0.08), (wide, 0.3)), 0.06))
    for _ in range(int(rng.integers(0, 4))):
        x, y = rng.uniform((0, 0.04), (wide, 0.35))
        puffs = [
            ellipse(x + dx, y + dy, r) for dx, dy, r in ((-0.06, 0.01, 0.03), (0, -0.012, 0.045), (0.06, 0.008, 0.034))
        ]
        pen.fill(WHITE, *puffs, box(x - 0.08, y + 0.005, x + 0.09, y + 0.04, 0.015), opacity=0.75)


def _room(pen: Pen, rng: np.random.Generator, palette: Palette, wide: float) -> Place:
    floor = float(rng.uniform(0.66, 0.82))
    walls = [*(mix(c, WHITE, 0.45) for c in palette), *palette, *(mix(c, WHITE, 0.3) for c in SKINS[:4])]
    _cover(pen, 0, floor, cloth(rng, walls, 0.12, plain=0.65))
    wood = vary(rng, pick(rng, [*WOODS, *palette]))
    _ramp(pen, floor, 1, wood, wood * 0.88)
    if chance(rng, 0.6):
        vanishing = wide * float(rng.uniform(0.3, 0.7))
        edges = vanishing + (np.linspace(-1.2, 1.2, 13)) * wide
        planks = [hull((vanishing + 0.45 * (x - vanishing), floor), (x - 0.004, 1.0), (x + 0.004, 1.0)) for x in edges]
        pen.fill(wood * 0.8, *planks)
    if chance(rng, 0.4):
        rug = ellipse(wide * float(rng.uniform(0.3, 0.7)), (floor + 1) / 2, 0.42, (1 - floor) * 0.4)
        pen.fill(cloth(rng, palette, 0.08), rug)
    pen.fill(WHITE * 0.93, box(-0.01, floor - 0.022, wide + 0.01, floor))
    for x in np.arange(0.2, wide, 0.45) + float(rng.uniform(-0.1, 0.1)):
        if chance(rng, 0.75):
            pick(rng, (_window, _picture, _picture, _shelf, _hook))(pen, rng, palette, float(x))
    return Place(floor, objects.INDOORS)


def _window(pen: Pen, rng: np.random.Generator, palette: Palette, x: float) -> None:
    pen.fill(WHITE * 0.96, box(x - 0.14, 0.1, x + 0.14, 0.5, 0.008))
    view = (colour("bcdcec"), colour("f3d9b1"), colour("55668c"))
    panes = [box(x - 0.125, 0.115, x - 0.006, 0.485), box(x + 0.006, 0.115, x + 0.125, 0.485)]
    pen.fill(pick(rng, view), *panes)
    pen.fill(
        pick(rng, GREENS),
        smooth([(x - 0.2, 0.52), (x - 0.1, 0.38), (x + 0.05, 0.42), (x + 0.2, 0.52)], 2),
        inside=tuple(panes),
    )
    if chance(rng, 0.6):
        curtain = cloth(rng, palette, 0.05)
        for s in (-1, 1):
            folds = [
                (x + s * 0.19, 0.07),
                (x + s * 0.09, 0.07),
                (x + s * 0.13, 0.3),
                (x + s * 0.1, 0.54),
                (x + s * 0.2, 0.54),
            ]
            pen.fill(curtain, smooth(folds, 1))


def _picture(pen: Pen, rng: np.random.Generator, palette: Palette, x: float) -> None:
    y, w, h = float(rng.uniform(0.2, 0.36)), float(rng.uniform(0.06, 0.12)), float(rng.uniform(0.07, 0.13))
    pen.fill(pick(rng, [*WOODS, INK, WHITE]), box(x - w, y - h, x + w, y + h))
    canvas = box(x - w + 0.015, y - h + 0.015, x + w - 0.015, y + h - 0.015)
    pen.fill(mix(pick(rng, palette), WHITE, 0.4), canvas)
    hills = smooth([(x - w, y + h), (x - w, y), (x, y + 0.04), (x + w, y - 0.02), (x + w, y + h)], 2)
    pen.fill(pick(rng, palette), ellipse(x + 0.02, y - 0.02, 0.03), inside=(canvas,))
    pen.fill(pick(rng, palette), hills, inside=(canvas,))


def _shelf(pen: Pen, rng: np.random.Generator, palette: Palette, x: float) -> None:
    y = float(rng.uniform(0.25, 0.42))
    pen.fill(pick(rng, WOODS), box(x - 0.17, y, x + 0.17, y + 0.018))
    left = x - 0.15
    while left < x + 0.1:
        thick, tall = float(rng.uniform(0.015, 0.03)), float(rng.uniform(0.06, 0.1))
        pen.fill(vary(rng, pick(rng, palette)), box(left, y - tall, left + thick, y))
        left += thick + 0.003
    objects.draw_vase(pen.at(x + 0.14, y, 0.5), rng, palette)


def _hook(pen: Pen, rng: np.random.Generator, palette: Palette, x: float) -> None:
    objects.draw_garment(pen.at(x, float(rng.uniform(0.15, 0.3)), float(rng.uniform(0.5, 0.9))), rng, palette)


def _hills(pen: Pen, rng: np.random.Generator, wide: float, low: float, rise: float, tint: np.ndarray) -> None:
    x = np.linspace(-0.2, wide + 0.2, 8)
    y = low - rise * rng.uniform(0, 1, 8)
    pen.fill(tint, smooth([(wide + 0.3, low + 0.02), (-0.3, low + 0.02), *zip(x, y, strict=True)], 3))


def _landscape(pen: Pen, rng: np.random.Generator, palette: Palette, wide: float) -> Place:
    horizon = float(rng.uniform(0.5, 0.68))
    _sky(pen, rng, palette, horizon, wide)
    grass = vary(rng, pick(rng, [*GREENS, *palette]))
    haze = pen.canvas.image[:, round(horizon * pen.scale) - 2, 0]
    for share, rise in ((0.65, 0.25), (0.4, 0.14), (0.2, 0.07)):
        _hills(pen, rng, wide, horizon, rise, mix(vary(rng, grass), haze, share))
    _ramp(pen, horizon, 1, mix(grass, WHITE, 0.12), grass * 0.85)
    if chance(rng, 0.5):
        x, end = rng.uniform(0.1, 0.9, 2) * wide
        path = hull((x - 0.02, horizon), (x + 0.02, horizon), (end + 0.25, 1.02), (end - 0.25, 1.02))
        pen.fill(mix(colour("d9b382"), grass, 0.25), path)
    spots = rng.uniform((0, horizon + 0.03), (wide, 1), (18, 2))
    pen.fill(
        pick(rng, [*palette, grass * 0.75]), *(ellipse(x, y, 0.009 * (y - 0.3), 0.006 * (y - 0.3)) for x, y in spots)
    )
    return Place(horizon, objects.OUTDOORS)


def _city(pen: Pen, rng: np.random.Generator, palette: Palette, wide: float) -> Place:
    street = float(rng.uniform(0.64, 0.78))
    _sky(pen, rng, palette, street, wide)
    left = -0.1
    while left < wide:
        across, top = float(rng.uniform(0.22, 0.42)), float(rng.uniform(-0.1, street - 0.2))
        _building(pen, rng, palette, left, left + across, top, street)
        left += across
    grey = vary(rng, pick(rng, [colour("9a9a98"), colour("b5aea3"), colour("77777c"), *palette]))
    _ramp(pen, street, 1, grey, grey * 0.9)
    pen.fill(mix(grey, WHITE, 0.3), box(-0.01, street, wide + 0.01, street + 0.025))
    if chance(rng, 0.5):
        pen.fill(mix(grey, WHITE, 0.7), *(box(x, 0.9, x + 0.1, 0.92) for x in np.arange(-0.05, wide, 0.2)))
    return Place(street, objects.STREET)


def _building(
    pen: Pen, rng: np.random.Generator, palette: Palette, left: float, right: float, top: float, street: float
) -> None:
    wall = mix(vary(rng, pick(rng, [*palette, *SKINS[:5]])), colour("d9d6d0"), 0.3)
    pen.fill(wall, box(left, top, right, street))
    pen.fill(wall * 0.85, box(left - 0.008, top, right + 0.008, top + 0.02))
    columns = np.linspace(left, right, max(int((right - left) / 0.085), 2) + 1)
    rows = np.arange(top + 0.06, street - 0.16, 0.11)
    panes = [box(x + 0.022, y, x + 0.066, y + 0.065) for x in columns[:-1] for y in rows if y > -0.07]
    if panes:
        pen.fill(pick(rng, (colour("f7e3a1"), colour("9fb8c8"), colour("44546a"), wall * 0.6)), *panes)
    if chance(rng, 0.6):
        door = (left + right) / 2
        pen.fill(vary(rng, pick(rng, palette)), box(door - 0.035, street - 0.13, door + 0.035, street, 0.004))
    else:
        awning = box(left + 0.03, street - 0.15, right - 0.03, street - 0.1, 0.006)
        pen.fill(wall * 0.55, box(left + 0.04, street - 0.12, right - 0.04, street - 0.01))
        pen.fill(cloth(rng, [*palette, WHITE], 0.05, plain=0.3), awning)


def _beach(pen: Pen, rng: np.random.Generator, palette: Palette, wide: float) -> Place:
    horizon, shore = float(rng.uniform(0.4, 0.52)), float(rng.uniform(0.58, 0.68))
    _sky(pen, rng, palette, horizon, wide)
    sea = vary(rng, pick(rng, [colour("3d8da8"), colour("5fb3b3"), colour("46679c")]))
    _ramp(pen, horizon, shore, sea * 0.85, mix(sea, WHITE, 0.35))
    glints = rng.uniform((0, horizon + 0.02), (wide, shore - 0.02), (12, 2))
    pen.fill(mix(sea, WHITE, 0.6), *(ellipse(x, y, 0.03, 0.0022) for x, y in glints))
    sand = vary(rng, pick(rng, [colour("ecd3a4"), colour("e0bd8d"), colour("f0dcc0")]))
    _ramp(pen, shore, 1, sand, sand * 0.9)
    x = np.linspace(-0.1, wide + 0.1, 12)
    foam = list(zip(x, shore + 0.012 * np.sin(9 * x + float(rng.uniform(0, 6))), strict=True))
    pen.fill(WHITE, smooth([*foam, *((a, b - 0.018) for a, b in reversed(foam))], 2), opacity=0.85)
    return Place(shore, objects.BEACH)


def _studio(pen: Pen, rng: np.random.Generator, palette: Palette, wide: float) -> Place:
    tone = vary(rng, pick(rng, [*palette, *SKINS[:6], colour("9a9da3")]))
    height, width = pen.canvas.alpha.shape
    y, x = np.ogrid[:height, :width]
    middle = rng.uniform((0.3, 0.25), (0.7, 0.55))
    distance = np.hypot(x / width - middle[0], y / height - middle[1]).astype(np.float32)
    light, dark = mix(tone, WHITE, 0.25).reshape(3, 1, 1), (tone * 0.7).reshape(3, 1, 1)
    pen.canvas.image[:] = light + (dark - light) * np.clip(distance * 1.3, 0, 1)
    return Place(0.8, objects.INDOORS)


def _bokeh(pen: Pen, rng: np.random.Generator, palette: Palette, wide: float) -> Place:
    base = pick(rng, palette)
    _ramp(pen, 0, 1, vary(rng, base) * float(rng.uniform(0.3, 1)), mix(base, pick(rng, palette), 0.5) * 0.7)
    for _ in range(int(rng.integers(10, 18))):
        x, y, radius = rng.uniform((0, 0, 0.03), (wide, 1, 0.11))
        glow = mix(pick(rng, [*palette, *SKINS[:4]]), WHITE, 0.3)
        pen.fill(glow, ellipse(x, y, radius), opacity=float(rng.uniform(0.2, 0.6)), blur=pen.scale * 0.004)
    return Place(0.85, objects.INDOORS, ground=False)


def _texture(pen: Pen, rng: np.random.Generator, palette: Palette, wide: float) -> Place:
    if chance(rng, 0.5):
        _cover(pen, 0, 1, cloth(rng, palette, float(rng.uniform(0.05, 0.15)), plain=0.0))
        return Place(0.85, objects.INDOORS, ground=False)
    height, width = pen.canvas.alpha.shape
    share = np.zeros((height, width), np.float32)
    for cells in (3, 9, 27):
        grid = rng.random((cells, cells), np.float32) / (cells / 3) ** 0.6
        share += cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC)
    first, second = (vary(rng, pick(rng, palette)).reshape(3, 1, 1) for _ in range(2))
    pen.canvas.image[:] = np.clip(first + (second - first) * np.clip(share - 0.3, 0, 1), 0, 1)
    return Place(0.85, objects.INDOORS, ground=False)
