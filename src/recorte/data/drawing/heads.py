"""Heads: faces, hair, hats. One unit is the head's height; the origin is its middle, y grows downwards."""

from dataclasses import dataclass

import numpy as np

from recorte.data.drawing.canvas import Pen, Texture
from recorte.data.drawing.colours import FUN_HAIRS, HAIRS, INK, WHITE, chance, cloth, colour, mix, pick, vary
from recorte.data.drawing.poses import Facing
from recorte.data.drawing.shapes import arc, box, ellipse, mirrored, smooth, strand

STYLES = ("short", "short", "quiff", "crop", "curly", "curly", "bob", "bob", "long", "long", "bun", "ponytail", "bald")
HATS = ("beanie", "brim", "cap", "scarf")
FACE = smooth(mirrored([(0.1, -0.51), (0.34, -0.45), (0.43, -0.12), (0.39, 0.2), (0.25, 0.44), (0.08, 0.53)]))
PROFILE = smooth(
    [
        *((0.05, -0.54), (0.31, -0.44), (0.38, -0.2), (0.34, -0.03), (0.37, 0.03), (0.5, 0.15), (0.46, 0.2)),
        *((0.35, 0.2), (0.39, 0.3), (0.36, 0.38), (0.34, 0.5), (0.2, 0.53), (0.0, 0.42), (-0.12, 0.3)),
        *((-0.42, 0.18), (-0.5, -0.16), (-0.32, -0.48)),
    ],
    2,
)


@dataclass(frozen=True, slots=True)
class HeadLooks:
    """What a head looks like: decided once, drawn from any side. `seed` decides curls and flying hairs."""

    skin: np.ndarray
    hair: np.ndarray
    style: str
    hat: str | None
    hat_cloth: np.ndarray | Texture
    parting: float
    fringe: float
    length: float
    glasses: bool
    beard: bool
    smile: float
    seed: int


def draw_head_looks(rng: np.random.Generator, skin: np.ndarray, palette: list[np.ndarray], child: bool) -> HeadLooks:
    """Draw what a head looks like."""
    hat = pick(rng, HATS) if chance(rng, 0.22) else None
    # A headscarf covers the hair, so it goes with none.
    style = "bald" if hat == "scarf" else pick(rng, STYLES[:-1] if child else STYLES)
    beardless = child or hat == "scarf" or style in ("bob", "long", "bun", "ponytail")
    return HeadLooks(
        skin=skin,
        hair=vary(rng, pick(rng, FUN_HAIRS if chance(rng, 0.06) else HAIRS[:8] if child else HAIRS), 0.03),
        style=style,
        hat=hat,
        hat_cloth=cloth(rng, palette, 0.3, plain=0.7),
        parting=float(rng.uniform(-0.25, 0.25)),
        fringe=float(rng.uniform(-0.34, -0.16)),
        length=float(rng.uniform(0.75, 1.5)),
        glasses=chance(rng, 0.2),
        beard=not beardless and chance(rng, 0.35),
        smile=float(rng.uniform(0.02, 0.12)),
        seed=int(rng.integers(2**31)),
    )


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
        curtain = smooth(mirrored([*half, (0.15, end - 0.04)])) + (back, 0)
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


def draw_head(pen: Pen, looks: HeadLooks, facing: Facing) -> None:
    """Draw a head over its neck: face, hair, hat."""
    if facing == "back":
        _ears(pen, looks, (-0.43, 0.43))
        pen.fill(looks.skin, FACE, shade=0.12)
        if looks.style != "bald":
            pen.fill(looks.hair, *_skull(looks, 0.3), shade=0.15)
    else:
        side = facing == "side"
        if not side:
            _ears(pen, looks, (-0.43, 0.43))
        pen.fill(looks.skin, PROFILE if side else FACE, shade=0.1)
        if looks.beard:
            _beard(pen, looks, side)
        if pen.scale > 9:
            _features(pen, looks, side)
        if looks.style != "bald":
            _hair(pen, looks, side)
        if side:
            _ears(pen, looks, (-0.06,))
    if looks.hat:
        _hat(pen, looks, facing)
    if looks.glasses and facing != "back" and pen.scale > 14:
        _glasses(pen, facing == "side")


def _ears(pen: Pen, looks: HeadLooks, places: tuple[float, ...]) -> None:
    if looks.hat == "scarf":
        return
    pen.fill(looks.skin * 0.93, *(ellipse(x, 0.05, 0.075, 0.11) for x in places))
    if pen.scale > 40:
        pen.fill(looks.skin * 0.78, *(ellipse(x, 0.05, 0.03, 0.06) for x in places))


def _features(pen: Pen, looks: HeadLooks, side: bool) -> None:
    eyes = (0.24,) if side else (-0.165, 0.165)
    dark, blush = mix(looks.skin, INK, 0.78), mix(looks.skin, colour("e5646a"), 0.45)
    brow = mix(looks.hair, INK, 0.35)
    if not looks.beard:
        pen.fill(blush, *(ellipse(x * (0.8 if side else 1.45), 0.2, 0.085, 0.06) for x in eyes), opacity=0.5)
    if pen.scale > 45:
        pen.fill(mix(WHITE, looks.skin, 0.12), *(ellipse(x, 0.025, 0.06, 0.042) for x in eyes))
    pen.fill(dark, *(ellipse(x + 0.008, 0.025, 0.03, 0.043) for x in eyes))
    if pen.scale > 45:
        pen.fill(WHITE, *(ellipse(x + 0.018, 0.01, 0.01) for x in eyes))
    pen.fill(brow, *(arc(x, -0.02, 0.095, 0.1, 212, 328, 0.026) for x in eyes))
    if not side:
        pen.fill(looks.skin * 0.84, smooth([(0.0, 0.04), (0.055, 0.17), (0.0, 0.195), (-0.03, 0.175), (0.01, 0.15)], 2))
    lips = mix(looks.skin, colour("a8323e"), 0.55)
    mouth = 0.33 if side else 0.0
    width = 0.07 if side else 0.125
    if looks.smile > 0.085 and not side:
        smile = arc(0, 0.27, width, looks.smile + 0.01, 0, 180)
        pen.fill(mix(lips, INK, 0.4), smile)
        pen.fill(WHITE, box(-0.1, 0.26, 0.1, 0.303), inside=(smile,))
    else:
        pen.fill(lips, arc(mouth, 0.29, width, 0.03 + looks.smile, 20, 160, 0.026))


def _beard(pen: Pen, looks: HeadLooks, side: bool) -> None:
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


def _hair(pen: Pen, looks: HeadLooks, side: bool) -> None:
    thick = {"crop": -0.05, "quiff": 0.06, "bald": -0.1}.get(looks.style, 0.0)
    if side:
        low = 0.36 if looks.style in ("long", "bob", "ponytail", "bun") else 0.24
        cap = [(0.36, -0.38), (0.24, -0.27), (0.1, -0.18), (0.04, 0.02), (-0.1, -0.02), (-0.14, 0.16), (-0.24, low)]
        cap += [
            (-0.5, 0.12),
            (-0.56 - thick, -0.2),
            (-0.4, -0.56 - thick),
            (0.02, -0.65 - thick),
            (0.32, -0.58 - thick),
        ]
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


def _skull(looks: HeadLooks, low: float) -> list[np.ndarray]:
    """The hair of a head seen from behind."""
    half = [(0.2, -0.62), (0.45, -0.48), (0.49, -0.1), (0.46, 0.16), (0.34, low + 0.1), (0.1, low + 0.2)]
    return [smooth(mirrored(half)), *(_curls(looks, "back", 0.12) if looks.style == "curly" else [])]


def _curls(looks: HeadLooks, facing: Facing, size: float) -> list[np.ndarray]:
    rng = np.random.default_rng(looks.seed)
    turns = np.linspace(np.pi * 0.93, np.pi * 2.07, 15) + rng.normal(0, 0.04, 15)
    reach, middle = rng.uniform(0.4, 0.5, 15), -0.1 if facing == "side" else 0.0
    centres = [(middle + r * np.cos(t), -0.14 + 1.05 * r * np.sin(t)) for r, t in zip(reach, turns, strict=True)]
    order = rng.permutation(15)
    curls = [ellipse(*centres[i], size + 0.05 * float(rng.random())) for i in order]
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


def _hat(pen: Pen, looks: HeadLooks, facing: Facing) -> None:
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


def _glasses(pen: Pen, side: bool) -> None:
    eyes = (0.25,) if side else (-0.17, 0.17)
    bridge = box(-0.1, 0.01, 0.24, 0.03) if side else box(-0.06, 0.01, 0.06, 0.035)
    pen.fill(INK, *(arc(x, 0.03, 0.125, 0.105, 0, 360, 0.026) for x in eyes), bridge)
