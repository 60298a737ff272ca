"""Plants and animals, drawn like the things in `objects`: the pen's unit is the height of a grown person."""

import numpy as np

from recorte.data.drawing.canvas import Pen
from recorte.data.drawing.colours import (
    GREENS,
    HAIRS,
    INK,
    SKINS,
    WHITE,
    WOODS,
    Palette,
    chance,
    mix,
    pick,
    vary,
)
from recorte.data.drawing.shapes import box, ellipse, ellipse_at, hull, limb, mirrored, smooth


def draw_tree(pen: Pen, rng: np.random.Generator, palette: Palette) -> None:
    """A trunk below a round crown: from afar, much like a neck below hair."""
    tall, green = float(rng.uniform(1.3, 2.4)), vary(rng, pick(rng, GREENS))
    pen.fill(pick(rng, WOODS), *limb([(0, 0), (0.01, -0.6 * tall)], [0.06, 0.035]), shade=0.2)
    crown = [ellipse(0, -0.75 * tall, 0.26 * tall)]
    for _ in range(6):
        x, y = rng.uniform(-0.24, 0.24), rng.uniform(-0.2, 0.16)
        crown.append(ellipse(x * tall, (y - 0.75) * tall, 0.14 * tall))
    pen.fill(green, *crown, shade=0.16)
    leaves = [ellipse_at(rng.normal(0, 0.1, 2) * tall + (0, -0.78 * tall), 0.03 * tall, 0.02 * tall) for _ in range(5)]
    pen.fill(mix(green, WHITE, 0.15), *leaves)


def draw_pine(pen: Pen, rng: np.random.Generator, palette: Palette) -> None:
    """A conifer of three tiers."""
    tall, green = float(rng.uniform(1.2, 2.2)), vary(rng, pick(rng, GREENS[:4]))
    pen.fill(pick(rng, WOODS), box(-0.05, -0.2 * tall, 0.05, 0))
    for low, high, wide in ((0.12, 0.55, 0.3), (0.35, 0.78, 0.24), (0.58, 1.0, 0.17)):
        tier = smooth([(-wide * tall, -low * tall), (0, -high * tall), (wide * tall, -low * tall)], 2)
        pen.fill(green, tier, shade=0.16)


def draw_bush(pen: Pen, rng: np.random.Generator, palette: Palette) -> None:
    """A low bush, in flower now and then."""
    green = vary(rng, pick(rng, GREENS))
    radii = rng.uniform(0.08, 0.14, 6)
    lumps = [ellipse(x, -r, r) for x, r in zip(np.linspace(-0.24, 0.24, 6), radii, strict=True)]
    lumps += [ellipse(x, -0.19, 0.1) for x in (-0.1, 0.0, 0.11)]
    pen.fill(green, *lumps, box(-0.26, -0.1, 0.26, 0, 0.02), shade=0.15)
    if chance(rng, 0.6):
        flowers = [ellipse_at(rng.uniform((-0.3, -0.25), (0.3, -0.05)), 0.018) for _ in range(9)]
        pen.fill(pick(rng, palette), *flowers)


def draw_plant(pen: Pen, rng: np.random.Generator, palette: Palette) -> None:
    """A potted plant with long leaves."""
    green, pot = vary(rng, pick(rng, GREENS)), vary(rng, pick(rng, [*palette, *WOODS, *SKINS]))
    leaves = []
    for angle in np.linspace(-62, 62, 7) + rng.normal(0, 6, 7):
        reach = float(rng.uniform(0.25, 0.42))
        tip = np.array([np.sin(np.radians(angle)), -np.cos(np.radians(angle))]) * reach + (0, -0.2)
        middle = (tip - np.array([0, 0.22])) / 2
        leaves.append(ellipse_at(middle, 0.035, reach * 0.55, tilt=float(angle)))
    pen.fill(green, *leaves, shade=0.16)
    pen.fill(pot, smooth([(-0.11, -0.24), (0.11, -0.24), (0.08, 0), (-0.08, 0)], 1), shade=0.16)


def draw_dog(pen: Pen, rng: np.random.Generator, palette: Palette) -> None:
    """A dog, seen from the side."""
    coat = vary(rng, pick(rng, [*HAIRS[:9], *SKINS[2:5], WHITE]))
    for x, share in ((-0.1, 0.8), (0.1, 0.8), (-0.13, 1.0), (0.13, 1.0)):
        pen.fill(coat * share, *limb([(x, -0.15), (x + 0.005, -0.015)], [0.024, 0.016]))
    pen.fill(coat, *limb([(-0.14, -0.2), (-0.22, -0.29)], [0.02, 0.01]))
    pen.fill(coat, smooth([(-0.17, -0.25), (0.1, -0.25), (0.18, -0.29), (0.19, -0.14), (-0.16, -0.12)], 2), shade=0.16)
    pen.fill(
        coat,
        *limb([(0.14, -0.22), (0.19, -0.31)], [0.055, 0.06]),
        *limb([(0.2, -0.3), (0.27, -0.29)], [0.04, 0.028]),
        shade=0.1,
    )
    pen.fill(coat * 0.7, ellipse(0.155, -0.3, 0.027, 0.06, 15))
    pen.fill(INK, ellipse(0.292, -0.3, 0.014), ellipse(0.212, -0.325, 0.009))
    pen.fill(pick(rng, palette), *limb([(0.125, -0.255), (0.195, -0.235)], [0.012, 0.012]))


def draw_cat(pen: Pen, rng: np.random.Generator, palette: Palette) -> None:
    """A sitting cat, seen from the front."""
    coat = vary(rng, pick(rng, [*HAIRS, WHITE, *SKINS[3:6]]))
    pen.fill(coat * 0.85, *limb([(0.06, -0.03), (0.15, -0.04), (0.17, -0.13)], [0.02, 0.018, 0.014]))
    pen.fill(coat, smooth(mirrored([(0.04, -0.2), (0.07, -0.12), (0.085, 0.0)]), 2), shade=0.15)
    ears = [hull((s * 0.015, -0.27), (s * 0.062, -0.31), (s * 0.065, -0.22)) for s in (-1.0, 1.0)]
    pen.fill(coat, ellipse(0, -0.225, 0.07, 0.058), *ears, shade=0.1)
    pen.fill(
        INK, ellipse(-0.026, -0.232, 0.009, 0.012), ellipse(0.026, -0.232, 0.009, 0.012), ellipse(0, -0.208, 0.007)
    )
