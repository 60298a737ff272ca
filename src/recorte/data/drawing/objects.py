"""Things that are no people, though they share people's colours, shapes and places: trees, furniture, animals, clothes.

Each is drawn by a pen whose origin is the ground below it and whose unit is the height of a grown person.
"""

from collections.abc import Callable

import numpy as np

from recorte.data.drawing.canvas import Pen
from recorte.data.drawing.colours import (
    GREENS,
    INK,
    METALS,
    SKINS,
    WHITE,
    WOODS,
    Palette,
    chance,
    cloth,
    colour,
    darker,
    mix,
    pick,
    vary,
)
from recorte.data.drawing.nature import draw_bush, draw_cat, draw_dog, draw_pine, draw_plant, draw_tree
from recorte.data.drawing.shapes import arc, box, ellipse, hull, limb, mirrored, smooth


def draw_street_lamp(pen: Pen, rng: np.random.Generator, palette: Palette) -> None:
    """A lamp-post: thin, upright, with a round head."""
    metal, tall = pick(rng, METALS), float(rng.uniform(1.5, 2.0))
    pen.fill(metal, box(-0.022, -tall, 0.022, 0), box(-0.05, -0.12, 0.05, 0, 0.02), shade=0.25)
    pen.fill(colour("fff1c4"), ellipse(0, -tall - 0.07, 0.1), shade=0.1)
    pen.fill(metal, box(-0.07, -tall - 0.005, 0.07, -tall + 0.03, 0.01))


def draw_floor_lamp(pen: Pen, rng: np.random.Generator, palette: Palette) -> None:
    """A lamp of a person's height, its shade where a head would be."""
    pen.fill(pick(rng, METALS), box(-0.01, -0.85, 0.01, 0), ellipse(0, -0.01, 0.1, 0.018))
    shade = smooth([(-0.09, -1.02), (0.09, -1.02), (0.16, -0.8), (-0.16, -0.8)], 1)
    pen.fill(cloth(rng, [*palette, *SKINS[:4]], 0.06, plain=0.6), shade, shade=0.12)


def draw_chair(pen: Pen, rng: np.random.Generator, palette: Palette) -> None:
    """A chair."""
    wood = vary(rng, pick(rng, [*WOODS, *palette]))
    legs = [box(x - 0.014, -0.26, x + 0.014, 0) for x in (-0.11, 0.11)]
    pen.fill(wood * 0.85, *legs, box(-0.12, -0.55, -0.092, -0.26))
    pen.fill(wood, box(-0.13, -0.57, -0.08, -0.38, 0.02), box(-0.135, -0.285, 0.135, -0.245, 0.015), shade=0.15)


def draw_sofa(pen: Pen, rng: np.random.Generator, palette: Palette) -> None:
    """A sofa with cushions."""
    fabric = cloth(rng, [*palette, *SKINS[1:6]], 0.08, plain=0.7)
    pen.fill(INK, *(box(x - 0.02, -0.06, x + 0.02, 0) for x in (-0.45, 0.45)))
    pen.fill(fabric, box(-0.5, -0.48, 0.5, -0.1, 0.07), shade=0.1)
    pen.fill(fabric, box(-0.42, -0.27, 0, -0.13, 0.03), box(0, -0.27, 0.42, -0.13, 0.03), shade=0.15)
    pen.fill(fabric, box(-0.58, -0.33, -0.42, -0.06, 0.06), box(0.42, -0.33, 0.58, -0.06, 0.06), shade=0.15)
    pen.fill(cloth(rng, palette, 0.04), box(0.14, -0.4, 0.36, -0.22, 0.04), shade=0.12)


def draw_table(pen: Pen, rng: np.random.Generator, palette: Palette) -> None:
    """A table, with a cloth or bare, and things on it."""
    wide, wood = float(rng.uniform(0.35, 0.55)), vary(rng, pick(rng, WOODS))
    pen.fill(wood * 0.8, *(box(x - 0.02, -0.42, x + 0.02, 0) for x in (-wide + 0.06, wide - 0.06)))
    if chance(rng, 0.4):
        pen.fill(cloth(rng, [*palette, WHITE], 0.07), box(-wide, -0.45, wide, -0.18, 0.015), shade=0.08)
    pen.fill(wood, box(-wide - 0.02, -0.46, wide + 0.02, -0.42, 0.01), shade=0.15)
    for _ in range(int(rng.integers(1, 4))):
        draw = pick(rng, (draw_bottle, draw_cup, draw_vase))
        draw(pen.at(float(rng.uniform(-0.8, 0.8)) * wide, -0.455), rng, palette)


def draw_bottle(pen: Pen, rng: np.random.Generator, palette: Palette) -> None:
    """A bottle: shoulders, neck and a cap."""
    glass = vary(rng, pick(rng, [*palette, *GREENS]))
    half = [(0.014, -0.2), (0.014, -0.15), (0.034, -0.12), (0.034, -0.02), (0.033, 0.0)]
    pen.fill(glass, smooth(mirrored(half), 1), shade=0.2)
    pen.fill(mix(glass, WHITE, 0.7), box(-0.033, -0.085, 0.033, -0.035))
    pen.fill(pick(rng, [*METALS, *palette]), box(-0.016, -0.215, 0.016, -0.19, 0.004))


def draw_cup(pen: Pen, rng: np.random.Generator, palette: Palette) -> None:
    """A cup."""
    glaze = vary(rng, pick(rng, [*palette, WHITE, *SKINS[:3]]))
    pen.fill(glaze * 0.9, arc(0.035, -0.035, 0.028, 0.022, -90, 90, 0.009))
    pen.fill(glaze, smooth([(-0.038, -0.07), (0.038, -0.07), (0.03, 0), (-0.03, 0)], 1), shade=0.15)


def draw_vase(pen: Pen, rng: np.random.Generator, palette: Palette) -> None:
    """A vase with flowers."""
    heads = [(float(x), float(rng.uniform(-0.27, -0.18))) for x in (-0.06, 0.0, 0.06)]
    pen.fill(pick(rng, GREENS), *(outline for head in heads for outline in limb([(0, -0.1), head], [0.005, 0.005])))
    pen.fill(vary(rng, pick(rng, palette)), *(ellipse(*head, 0.032) for head in heads), shade=0.15)
    pen.fill(colour("ffd166"), *(ellipse(*head, 0.012) for head in heads))
    half = [(0.022, -0.13), (0.02, -0.11), (0.05, -0.05), (0.028, 0.0)]
    pen.fill(vary(rng, pick(rng, [*palette, WHITE])), smooth(mirrored(half), 1), shade=0.18)


def draw_ball(pen: Pen, rng: np.random.Generator, palette: Palette) -> None:
    """A ball."""
    radius = float(rng.uniform(0.06, 0.11))
    pen.fill(cloth(rng, [*palette, *SKINS], 0.09, plain=0.3), ellipse(0, -radius, radius), shade=0.18)


def draw_balloons(pen: Pen, rng: np.random.Generator, palette: Palette) -> None:
    """Three balloons on strings, as large and as round as heads."""
    for x in (-0.14, 0.15, 0.0):
        y = -0.85 - float(rng.uniform(0, 0.3))
        pen.fill(INK, *limb([(0, -0.3), (x, y + 0.1)], [0.003, 0.003]))
        rubber = vary(rng, pick(rng, [*palette, *SKINS]))
        pen.fill(rubber, ellipse(x, y, 0.085, 0.105), shade=0.14)
        pen.fill(mix(rubber, WHITE, 0.5), ellipse(x - 0.03, y - 0.045, 0.014, 0.024, 25))


def draw_garment(pen: Pen, rng: np.random.Generator, palette: Palette) -> None:
    """Clothes without a person in them, hanging from a hook at the origin."""
    fabric = cloth(rng, palette, 0.05)
    long = float(rng.uniform(0.3, 0.6))
    sleeves = limb([(-0.08, 0.06), (-0.13, 0.3)], [0.03, 0.026]) + limb([(0.08, 0.06), (0.13, 0.3)], [0.03, 0.026])
    pen.fill(colour("8f8a86"), arc(0, 0.0, 0.02, 0.025, 90, 360, 0.007))
    pen.fill(fabric, *sleeves, shade=0.14)
    body = [(0.035, 0.02), (0.095, 0.045), (0.1, 0.12), (0.088, 0.2), (0.1 + long * 0.05, long - 0.02)]
    pen.fill(fabric, smooth(mirrored([*body, (0.09 + long * 0.05, long)]), 1), shade=0.14)
    pen.fill(darker(fabric, 0.35), ellipse(0, 0.025, 0.03, 0.014), box(-0.003, 0.03, 0.003, long - 0.01))


def draw_coat_stand(pen: Pen, rng: np.random.Generator, palette: Palette) -> None:
    """A coat and a hat on a stand, where a person might be."""
    pen.fill(pick(rng, WOODS), box(-0.014, -0.98, 0.014, 0), ellipse(0, -0.01, 0.13, 0.02))
    draw_garment(pen.at(0.0, -0.85), rng, palette)
    if chance(rng, 0.6):
        fabric = vary(rng, pick(rng, palette))
        pen.fill(fabric, arc(0.0, -0.95, 0.075, 0.09, 180, 360), ellipse(0.0, -0.95, 0.13, 0.02), shade=0.15)


def draw_clothes_rack(pen: Pen, rng: np.random.Generator, palette: Palette) -> None:
    """A rail full of clothes."""
    pen.fill(
        pick(rng, METALS), box(-0.45, -0.8, 0.45, -0.785), *(box(x - 0.008, -0.8, x + 0.008, 0) for x in (-0.42, 0.42))
    )
    for x in np.linspace(-0.3, 0.3, 4):
        draw_garment(pen.at(float(x), -0.77), rng, palette)


def draw_car(pen: Pen, rng: np.random.Generator, palette: Palette) -> None:
    """A car, seen from the side."""
    paint = vary(rng, pick(rng, palette))
    cabin = smooth([(-0.62, -0.45), (-0.42, -0.78), (0.25, -0.78), (0.55, -0.45)], 1)
    pen.fill(paint, cabin, box(-1.05, -0.5, 1.05, -0.14, 0.12), shade=0.12)
    glass = mix(colour("a8c5d6"), INK, 0.15)
    pen.fill(glass, smooth([(-0.5, -0.47), (-0.38, -0.72), (-0.1, -0.72), (-0.1, -0.47)], 1))
    pen.fill(glass, smooth([(-0.04, -0.47), (-0.04, -0.72), (0.2, -0.72), (0.4, -0.47)], 1))
    pen.fill(colour("fff1c4"), ellipse(0.99, -0.38, 0.045, 0.06))
    pen.fill(INK, ellipse(-0.6, -0.15, 0.17), ellipse(0.6, -0.15, 0.17))
    pen.fill(colour("c9ccd0"), ellipse(-0.6, -0.15, 0.08), ellipse(0.6, -0.15, 0.08))


def draw_parasol(pen: Pen, rng: np.random.Generator, palette: Palette) -> None:
    """A parasol."""
    pen.fill(WHITE * 0.92, box(-0.014, -1.15, 0.014, 0))
    canopy = arc(0, -0.95, 0.62, 0.36, 180, 360)
    fabric = vary(rng, pick(rng, palette))
    pen.fill(fabric, canopy, shade=0.12)
    stripes = tuple(arc(0, -0.95, wide, 0.36, 180, 360, 0.1) for wide in (0.52, 0.22))
    pen.fill(WHITE, *stripes, inside=(canopy,), opacity=0.85)


def draw_fence(pen: Pen, rng: np.random.Generator, palette: Palette) -> None:
    """A picket fence."""
    wood = vary(rng, pick(rng, [*WOODS, WHITE, *palette]))
    pen.fill(wood * 0.86, *(box(-0.6, y - 0.02, 0.6, y + 0.02) for y in (-0.3, -0.12)))
    slats = [
        hull((x - 0.03, 0.0), (x + 0.03, 0.0), (x + 0.03, -0.36), (x, -0.42), (x - 0.03, -0.36))
        for x in np.arange(-0.55, 0.6, 0.12)
    ]
    pen.fill(wood, *slats, shade=0.15)


def draw_suitcase(pen: Pen, rng: np.random.Generator, palette: Palette) -> None:
    """A suitcase."""
    leather = vary(rng, pick(rng, [*palette, *WOODS]))
    pen.fill(INK, arc(0, -0.36, 0.05, 0.05, 180, 360, 0.015))
    pen.fill(leather, box(-0.14, -0.37, 0.14, -0.02, 0.03), shade=0.15)
    pen.fill(leather * 0.8, box(-0.085, -0.37, -0.06, -0.02), box(0.06, -0.37, 0.085, -0.02))


Draw = Callable[[Pen, np.random.Generator, Palette], None]
INDOORS: tuple[Draw, ...] = (
    *(draw_plant, draw_floor_lamp, draw_chair, draw_sofa, draw_table, draw_ball, draw_balloons, draw_dog, draw_cat),
    *(draw_coat_stand, draw_coat_stand, draw_clothes_rack, draw_suitcase),
)
OUTDOORS: tuple[Draw, ...] = (
    *(
        draw_tree,
        draw_tree,
        draw_pine,
        draw_bush,
        draw_dog,
        draw_cat,
        draw_ball,
        draw_fence,
        draw_street_lamp,
        draw_chair,
    ),
    *(draw_balloons, draw_parasol),
)
STREET: tuple[Draw, ...] = (
    *(
        draw_car,
        draw_car,
        draw_street_lamp,
        draw_tree,
        draw_dog,
        draw_suitcase,
        draw_plant,
        draw_table,
        draw_clothes_rack,
    ),
)
BEACH: tuple[Draw, ...] = (draw_parasol, draw_parasol, draw_ball, draw_dog, draw_suitcase, draw_chair, draw_bush)
OCCLUDERS: tuple[Draw, ...] = (draw_table, draw_plant, draw_bush, draw_fence, draw_suitcase, draw_ball, draw_dog)
