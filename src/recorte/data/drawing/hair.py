"""Hair, beards and hats. One unit is the head's height; the origin is its middle, y grows downwards."""

import numpy as np

from recorte.data.drawing.canvas import Pen
from recorte.data.drawing.colours import (
    WHITE,
    mix,
)
from recorte.data.drawing.looks import HeadLooks
from recorte.data.drawing.poses import Facing
from recorte.data.drawing.shapes import arc, box, ellipse, ellipse_at, mirrored, smooth, strand


def draw_hair_behind(pen: Pen, looks: HeadLooks, facing: Facing) -> None:
    """Draw the hair that hangs behind neck and trunk (before them, in a view from behind)."""
    dark = looks.hair * (1.0 if facing == "back" else 0.8)
    if looks.hat == "scarf":
        pen.fill(looks.hat_cloth, smooth(mirrored([(0.2, -0.4), (0.5, 0.0), (0.55, 0.75), (0.3, 0.95)])), shade=0.15)
        return
    back = -0.22 if facing == "side" else 0.0
    if looks.style in ("long", "bob"):
        end = 0.62 if looks.style == "bob" else looks.length
        wide = 0.36 if facing == "side" else 0.55
        half = [(0.2, -0.5), (wide - 0.04, -0.3), (wide, 0.2), (wide + 0.03, end - 0.1), (wide - 0.12, end + 0.04)]
        curtain = smooth(mirrored([*half, (0.15, end - 0.04)])) + np.array([back, 0])
        pen.fill(dark, curtain, *_flying(looks, [(x + back, y) for x, y in _sides(wide, end)], 0.16), shade=0.12)
    elif looks.style == "ponytail" and looks.hat != "beanie":
        x = -0.5 if facing == "side" else 0.0 if facing == "back" else 0.36
        tail = smooth(
            [(x - 0.02, -0.3), (x - 0.2, 0.1), (x - 0.16, looks.length * 0.8), (x + 0.08, 0.4), (x + 0.14, 0)]
        )
        pen.fill(dark, tail, *_flying(looks, [(x - 0.12, 0.3), (x - 0.1, 0.6)], 0.15), shade=0.12)
    elif looks.style == "bun" and not looks.hat:
        pen.fill(dark, ellipse(-0.34 if facing == "side" else 0, -0.62 if facing != "side" else -0.5, 0.2), shade=0.15)
    elif looks.style == "curly":
        pen.fill(dark, *_curls(looks, facing, 0.13), shade=0.1)


def draw_hair(pen: Pen, looks: HeadLooks, side: bool) -> None:
    """Draw the hair that lies over the skull, seen from the front or the side."""
    thick = {"crop": -0.05, "quiff": 0.06}.get(looks.style, 0.0)
    if side:
        low = 0.36 if looks.style in ("long", "bob", "ponytail", "bun") else 0.24
        cap = [(0.36, -0.38), (0.24, -0.27), (0.1, -0.18), (0.04, 0.02), (-0.1, -0.02), (-0.14, 0.16), (-0.24, low)]
        back = [(-0.5, 0.12), (-0.56 - thick, -0.2), (-0.4, -0.56 - thick)]
        cap += [*back, (0.02, -0.65 - thick), (0.32, -0.58 - thick)]
    else:
        top, line, part = -0.63 - thick, looks.fringe, looks.parting
        right = [(part, top - 0.02), (0.24, top), (0.42, -0.5), (0.485, -0.28), (0.46, 0.06), (0.385, -0.08)]
        left = [(-x, y) for x, y in reversed(right[1:])]
        cap = [*right, (0.33, line + 0.06), (part + 0.12, line - 0.06), (part, line - 0.1), (-0.3, line), *left]
    outlines = [smooth(cap, 2)]
    if looks.style == "curly":
        outlines += _curls(looks, "side" if side else "front", 0.1)[:9]
    if looks.style == "quiff":
        outlines += [smooth([(-0.3, -0.4), (-0.2, -0.72), (0.3, -0.76), (0.44, -0.55), (0.3, -0.34)], 2)]
    if looks.style != "crop" and pen.scale > 12:
        turns = (2.7, 4.7) if side else (3.3, 6.1)
        roots = [(0.45 * np.cos(t), -0.1 + 0.5 * np.sin(t)) for t in np.linspace(*turns, 8)]
        outlines += _flying(looks, roots, 0.13)
    pen.fill(looks.hair, *outlines, shade=0.14)


def skull(looks: HeadLooks, low: float) -> list[np.ndarray]:
    """Give the hair of a head that is seen from behind."""
    half = [(0.2, -0.62), (0.45, -0.48), (0.49, -0.1), (0.46, 0.16), (0.34, low + 0.1), (0.1, low + 0.2)]
    return [smooth(mirrored(half)), *(_curls(looks, "back", 0.12) if looks.style == "curly" else [])]


def _curls(looks: HeadLooks, facing: Facing, size: float) -> list[np.ndarray]:
    rng = np.random.default_rng(looks.seed)
    turns = np.linspace(np.pi * 0.93, np.pi * 2.07, 15) + rng.normal(0, 0.04, 15)
    reach, middle = rng.uniform(0.4, 0.5, 15), -0.1 if facing == "side" else 0.0
    centres = [(middle + r * np.cos(t), -0.14 + 1.05 * r * np.sin(t)) for r, t in zip(reach, turns, strict=True)]
    order = rng.permutation(15)
    curls = [ellipse_at(centres[i], size + 0.05 * float(rng.random())) for i in order]
    return curls + _flying(looks, [(x * 1.1, y * 1.1) for x, y in centres], 0.16)


def _flying(looks: HeadLooks, roots: list[tuple[float, float]], length: float) -> list[np.ndarray]:
    """Single hairs that leave the outline: half-transparent pixels, as on real photographs."""
    rng, root = np.random.default_rng(looks.seed + 1), np.array(roots)
    outwards = root * (1, 0.35) + rng.normal(0, 0.12, root.shape)
    outwards *= (
        length * rng.uniform(0.4, 1.1, (len(root), 1)) / (np.linalg.norm(outwards, axis=1, keepdims=True) + 1e-6)
    )
    along = np.linspace(0, 1, 4)[:, None]
    bend = along**2 * (0, 0.1)
    return [
        strand(x_y * 0.94 + along * reach + bend * gravity, 0.035)
        for x_y, reach, gravity in zip(root, outwards, rng.uniform(0.3, 1.2, len(root)), strict=True)
    ]


def _sides(wide: float, end: float) -> list[tuple[float, float]]:
    return [(s * wide, end * t) for s in (-1, 1) for t in (0.3, 0.55, 0.75, 0.9)]


def draw_beard(pen: Pen, looks: HeadLooks, side: bool) -> None:
    """Draw a full beard."""
    if side:
        jaw = [
            (0.02, 0.0),
            (0.1, 0.22),
            (0.3, 0.22),
            (0.42, 0.24),
            (0.38, 0.5),
            (0.2, 0.6),
            (-0.04, 0.46),
            (-0.06, 0.1),
        ]
        pen.fill(looks.hair, smooth(jaw, 2), shade=0.15)
        return
    half = [
        (0.06, 0.2),
        (0.22, 0.24),
        (0.345, 0.17),
        (0.37, -0.04),
        (0.44, -0.02),
        (0.42, 0.26),
        (0.27, 0.52),
        (0.1, 0.6),
    ]
    pen.fill(looks.hair, smooth(mirrored(half), 2), shade=0.15)


def draw_hat(pen: Pen, looks: HeadLooks, facing: Facing) -> None:
    """Draw the hat."""
    fabric, band = looks.hat_cloth, mix(looks.hair, WHITE, 0.75)
    if looks.hat == "beanie":
        pen.fill(
            fabric,
            smooth([(-0.47, -0.2), (-0.5, -0.5), (-0.2, -0.76), (0.2, -0.76), (0.5, -0.5), (0.47, -0.2)], 2),
            shade=0.15,
        )
        pen.fill(band, box(-0.5, -0.34, 0.5, -0.18, 0.07), ellipse(0, -0.76, 0.1), shade=0.12)
    elif looks.hat == "brim":
        pen.fill(
            fabric, smooth([(-0.42, -0.28), (-0.38, -0.75), (0.0, -0.7), (0.38, -0.75), (0.42, -0.28)], 2), shade=0.15
        )
        pen.fill(band, box(-0.39, -0.42, 0.39, -0.3))
        pen.fill(fabric, ellipse(0, -0.29, 0.8, 0.1), shade=0.15)
    elif looks.hat == "cap":
        pen.fill(fabric, arc(0, -0.24, 0.49, 0.44, 180, 360), shade=0.15)
        if facing != "back":
            visor = (0.55, -0.25, 0.32, 0.06) if facing == "side" else (0, -0.25, 0.5, 0.085)
            pen.fill(band, ellipse(*visor), shade=0.15)
    else:
        _headscarf(pen, looks, facing)


def _headscarf(pen: Pen, looks: HeadLooks, facing: Facing) -> None:
    outer = smooth(mirrored([(0.2, -0.64), (0.46, -0.48), (0.53, 0.0), (0.48, 0.45), (0.42, 0.72), (0.1, 0.86)]))
    if facing == "back":
        pen.fill(looks.hat_cloth, outer, shade=0.15)
        return
    turn = np.radians(np.linspace(-90, 90, 16))
    rim = np.stack([np.cos(turn), np.sin(turn)], 1)
    middle, right = (0.16, 0.36) if facing == "side" else (0.0, 0.52)
    # Two halves of a band, so that the face between them stays open.
    halves = [
        np.concatenate([rim * (s * reach, 0.66), (rim * (s * inner, 0.44) + (middle, 0.03))[::-1]])
        for s, reach, inner in ((-1, 0.54, 0.33), (1, right, 0.33 if facing == "front" else 0.16))
    ]
    drape = smooth([(-0.5, 0.3), (-0.2, 0.5), (0.2, 0.5), (right - 0.02, 0.3), (0.36, 0.85), (-0.36, 0.85)], 2)
    pen.fill(looks.hat_cloth, *halves, drape, shade=0.12)
