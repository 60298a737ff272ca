"""Whole scenes: a place, things and people in it from far to near, what hides them, and the camera's own marks."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np

from recorte.data.drawing import objects
from recorte.data.drawing.canvas import Canvas, Pen
from recorte.data.drawing.colours import (
    GREENS,
    INK,
    PALETTES,
    WHITE,
    WOODS,
    Palette,
    chance,
    mix,
    pick,
    vary,
)
from recorte.data.drawing.figures import Figure
from recorte.data.drawing.looks import draw_looks
from recorte.data.drawing.poses import draw_pose
from recorte.data.drawing.scenery import Place, draw_place
from recorte.data.drawing.shapes import box, ellipse, ellipse_at

SHOTS = ("full", "full", "full", "far", "half", "half", "bust", "bust")
SCALES = {"full": (0.6, 0.9), "far": (0.28, 0.48), "half": (1.05, 1.5), "bust": (1.7, 2.8)}
"""Height of a grown person, in heights of the picture."""


@dataclass(frozen=True, slots=True)
class Item:
    """Something to draw.

    Attributes:
        pen: stands where the thing stands.
        draw: draws it.
        person: whether it is a person.
        shadow: half the width of its shadow on the ground, in heights of a grown person.
        height: how tall it is, likewise.
    """

    pen: Pen
    draw: Callable[[Pen], None]
    person: bool
    shadow: float = 0.2
    height: float = 0.9


def draw_scene(rng: np.random.Generator, height: int, width: int, people: bool) -> tuple[np.ndarray, np.ndarray]:
    """Draw a scene.

    Args:
        rng: what decides everything.
        height: of the picture, in pixels.
        width: of the picture, in pixels.
        people: whether anybody is in it.

    Returns:
        The photo `uint8 (H, W, 3)` and its alpha `uint8 (H, W)`, 255 = person.
    """
    canvas = Canvas(height, width)
    palette = pick(rng, PALETTES)
    place = draw_place(canvas, rng, palette)
    shot = pick(rng, SHOTS)
    scale = float(rng.uniform(*SCALES[shot])) * min(height, 1.25 * width)
    close = shot in ("half", "bust")
    light = (scale * 0.013 * pick(rng, (-1, 1)), scale * 0.007)
    pen = Pen(canvas, 0, 0, scale, shadow=light)
    figures = _figures(rng, pen, place, palette, close) if people else []
    least, most = (0, 3) if close else (2, 6) if shot == "far" or not people else (0, 5)
    nearest = max((item.pen.y for item in figures), default=height)
    items = figures + _clutter(rng, pen, place, palette, close, nearest, int(rng.integers(least, most)))
    items.sort(key=lambda item: item.pen.y)
    if place.ground and not close:
        _shadows(canvas, items)
    first = next((i for i, item in enumerate(items) if item.person), len(items))
    for item in items[:first]:
        item.draw(item.pen)
    if chance(rng, 0.65 if close else 0.2):
        _defocus(canvas, float(rng.uniform(0.003, 0.012)) * max(height, width))
    for item in items[first:]:
        item.draw(item.pen)
    _occlude(rng, pen, figures, palette, close)
    return _photograph(rng, canvas)


def _figures(rng: np.random.Generator, pen: Pen, place: Place, palette: Palette, close: bool) -> list[Item]:
    height, width = pen.canvas.alpha.shape
    count = 1 + int(rng.choice(4, p=(0.55, 0.25, 0.13, 0.07)))
    if close and width < 1.2 * height:
        count = min(count, 2)
    spread = np.clip((np.arange(count) + 0.5) / count + rng.normal(0, 0.07, count), 0.08, 0.92)
    base = float(rng.uniform(0.88, 0.98)) * height
    items = []
    for share in rng.permutation(spread):
        figure = Figure(draw_looks(rng, palette), draw_pose(rng, portrait=close))
        stand = pen.at(0, 0, float(rng.uniform(0.75, 1) if count > 1 else 1), flip=chance(rng, 0.5))
        x, depth = float(share) * width, float(rng.uniform(0, 1)) if count > 1 else 0.0
        if close:
            # Only the head's place matters; the ground lies somewhere below the picture.
            y = float(rng.uniform(0.3, 0.45)) * height + figure.height * stand.scale
        else:
            y = base - depth * max(base - (place.horizon + 0.05) * height, 0) * 0.7
            stand = stand.at(0, 0, 1 - 0.3 * depth)
            y = max(y, 0.95 * stand.scale)  # the head stays within the picture
        items.append(Item(_moved(stand, x, y), _seated(rng, figure, palette), person=True, height=figure.height))
    return items


def _moved(pen: Pen, x: float, y: float) -> Pen:
    return replace(pen, x=x, y=y)


def _seated(rng: np.random.Generator, figure: Figure, palette: Palette) -> Callable[[Pen], None]:
    """Draw a figure, and first what it sits on."""
    seat, wood = figure.seat, vary(rng, pick(rng, [*WOODS, *palette]))
    crate = chance(rng, 0.4)

    def draw(pen: Pen) -> None:
        """Draw the seat, if there is one, and the figure on it."""
        if seat is not None:
            own = pen.at(0, 0, figure.looks.height)
            legs = [box(x - 0.014, -seat, x + 0.014, 0) for x in (-0.1, 0.1)]
            if crate:
                own.fill(wood, box(-0.14, -seat, 0.14, 0, 0.012), shade=0.15)
                own.fill(wood * 0.85, *(box(-0.12, -seat * t, 0.12, -seat * t + 0.012) for t in (0.35, 0.7)))
            else:
                back = [box(-0.14, -seat - 0.27, -0.11, -seat, 0.01)] if figure.side else []
                own.fill(wood * 0.85, *legs, *back)
                own.fill(wood, box(-0.14, -seat - 0.01, 0.14, -seat + 0.03, 0.012), shade=0.15)
        figure.draw(pen)

    return draw


def _clutter(
    rng: np.random.Generator, pen: Pen, place: Place, palette: Palette, close: bool, nearest: float, count: int
) -> list[Item]:
    height, width = pen.canvas.alpha.shape
    items = []
    for _ in range(count):
        thing = pick(rng, place.clutter)
        depth = float(rng.uniform(0.25, 1))
        y = (place.horizon + 0.03) * height + (1 - depth) * (0.95 - place.horizon) * height
        y = min(y, nearest - 1)  # what stands before everybody is for `_occlude` to choose
        # Behind a close-up, things stand further off.
        stand = pen.at(0, 0, (1 - 0.4 * depth) * (float(rng.uniform(0.3, 0.5)) if close else 1))
        stand = _moved(stand, float(rng.uniform(0, 1)) * width, y)
        seed = int(rng.integers(2**31))
        items.append(Item(stand, _thing(thing, seed, palette), person=False, shadow=0.26))
    return items


def _thing(draw: objects.Draw, seed: int, palette: Palette) -> Callable[[Pen], None]:
    return lambda pen: draw(pen, np.random.default_rng(seed), palette)


def _shadows(canvas: Canvas, items: list[Item]) -> None:
    """Lay soft shadows on the ground, all of them before anything stands on it: a shadow is never a person."""
    for item in items:
        lean = np.sign(item.pen.shadow[0]) * 0.06
        spot = ellipse(lean * (-1 if item.pen.flip else 1), 0.0, item.shadow, 0.035)
        item.pen.fill(INK, spot, opacity=0.24, blur=max(item.pen.scale * 0.012, 0.5))


def _defocus(canvas: Canvas, sigma: float) -> None:
    """Blur what lies behind the people, as a lens does; nobody is on the canvas yet."""
    for plane in canvas.image:
        cv2.GaussianBlur(plane, (0, 0), sigma, dst=plane)


def _occlude(rng: np.random.Generator, pen: Pen, figures: list[Item], palette: Palette, close: bool) -> None:
    """Put something before the people now and then; never before all of one, since it is low or narrow."""
    height, width = pen.canvas.alpha.shape
    nobody = Item(_moved(pen, width / 2, height * 0.95), lambda pen: None, person=False)
    hidden = pick(rng, figures) if figures else nobody
    near, size = hidden.pen, hidden.pen.scale / pen.scale
    low = size if close else size * min(1.0, hidden.height)  # hides no more than half of a child that crouches
    if chance(rng, 0.28):
        thing = pick(rng, objects.OCCLUDERS[:4] if close else objects.OCCLUDERS)
        x = near.x + float(rng.normal(0, 0.15)) * near.scale
        y = float(rng.uniform(0.85, 1.0)) * height + 0.4 * near.scale if close else near.y + 0.05 * near.scale
        thing(_moved(pen, x, y).at(0, 0, low), rng, palette)
    if chance(rng, 0.1):
        x = near.x + pick(rng, (-1, 1)) * float(rng.uniform(0.05, 0.18)) * near.scale
        lamp = _moved(pen, x, max(near.y, height * 0.9)).at(0, 0, size)
        objects.draw_street_lamp(lamp, rng, palette)
    if chance(rng, 0.1):
        corner = pick(rng, (0, width)), height * (pick(rng, (0, 1)) if close else 0)
        _leaves(rng, Pen(pen.canvas, *corner, scale=max(height, width)), palette)


def _leaves(rng: np.random.Generator, pen: Pen, palette: Palette) -> None:
    """Leaves close to the lens, out of focus: their soft edges hide people in part."""
    leaf = vary(rng, pick(rng, [*GREENS, *palette]))
    leaves = [ellipse_at(rng.normal(0, 0.1, 2), 0.05, 0.13, float(rng.uniform(0, 180))) for _ in range(5)]
    pen.fill(leaf, *leaves, blur=pen.scale * 0.012)


def _photograph(rng: np.random.Generator, canvas: Canvas) -> tuple[np.ndarray, np.ndarray]:
    """Add light, lens and sensor: a tint, a vignette, noise. None of them depends on where people are."""
    height, width = canvas.alpha.shape
    tint = mix(WHITE, np.asarray(rng.uniform(0.9, 1.06, 3), np.float32), float(rng.uniform(0, 1)))
    exposure = float(rng.uniform(0.88, 1.1))
    x, y = np.linspace(-1, 1, width, dtype=np.float32), np.linspace(-1, 1, height, dtype=np.float32)
    vignette = 1 - float(rng.uniform(0, 0.1)) * (x[None] ** 2 + y[:, None] ** 2)
    image = canvas.image
    image *= tint.reshape(3, 1, 1) * (255 * exposure)
    image *= vignette
    # The sum of two uniform numbers: noise enough, and six times faster than the normal distribution.
    grain = np.frombuffer(rng.bytes(2 * image.size), np.int8).reshape(2, *image.shape)
    grain = np.add(grain[0], grain[1], dtype=np.float32)
    grain *= float(rng.uniform(0.003, 0.022))
    image += grain
    planes = np.rint(image, out=image).clip(0, 255, out=image).astype(np.uint8)
    return cv2.merge(list(planes)), np.rint(canvas.alpha * 255).astype(np.uint8)
