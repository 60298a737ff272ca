"""Heads: faces, hair, hats. One unit is the head's height; the origin is its middle, y grows downwards."""

from recorte.data.drawing.canvas import Pen
from recorte.data.drawing.colours import INK, WHITE, colour, mix
from recorte.data.drawing.hair import draw_beard, draw_hair, draw_hat, skull
from recorte.data.drawing.looks import HeadLooks
from recorte.data.drawing.poses import Facing
from recorte.data.drawing.shapes import arc, box, ellipse, mirrored, smooth

FACE = smooth(mirrored([(0.1, -0.51), (0.34, -0.45), (0.43, -0.12), (0.39, 0.2), (0.25, 0.44), (0.08, 0.53)]))
PROFILE = smooth(
    [
        *((0.05, -0.54), (0.31, -0.44), (0.38, -0.2), (0.34, -0.03), (0.37, 0.03), (0.5, 0.15), (0.46, 0.2)),
        *((0.35, 0.2), (0.39, 0.3), (0.36, 0.38), (0.34, 0.5), (0.2, 0.53), (0.0, 0.42), (-0.12, 0.3)),
        *((-0.42, 0.18), (-0.5, -0.16), (-0.32, -0.48)),
    ],
    2,
)


def draw_head(pen: Pen, looks: HeadLooks, facing: Facing) -> None:
    """Draw a head over its neck: face, hair, hat."""
    if facing == "back":
        _ears(pen, looks, (-0.43, 0.43))
        pen.fill(looks.skin, FACE, shade=0.12)
        if looks.style != "bald":
            pen.fill(looks.hair, *skull(looks, 0.3), shade=0.15)
    else:
        side = facing == "side"
        if not side:
            _ears(pen, looks, (-0.43, 0.43))
        pen.fill(looks.skin, PROFILE if side else FACE, shade=0.1)
        if looks.beard:
            draw_beard(pen, looks, side)
        if pen.scale > 9:
            _features(pen, looks, side)
        if looks.style != "bald":
            draw_hair(pen, looks, side)
        if side:
            _ears(pen, looks, (-0.06,))
    if looks.hat:
        draw_hat(pen, looks, facing)
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


def _glasses(pen: Pen, side: bool) -> None:
    eyes = (0.25,) if side else (-0.17, 0.17)
    bridge = box(-0.1, 0.01, 0.24, 0.03) if side else box(-0.06, 0.01, 0.06, 0.035)
    pen.fill(INK, *(arc(x, 0.03, 0.125, 0.105, 0, 360, 0.026) for x in eyes), bridge)
