"""Postures, and where a body's joints are in them. One unit is the height of a grown person, y grows downwards."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from recorte.data.drawing.colours import chance, pick

Facing = Literal["front", "back", "side"]
Pair = tuple[float, float]
FORESHORTENED = 0.35


@dataclass(frozen=True, slots=True)
class Pose:
    """A posture. Angles in degrees: 0 hangs straight down; positive is outwards, or forwards in a side view.

    Attributes:
        facing: where the figure looks; a side view looks to the right.
        arms: upper arm and forearm, left and right (far and near in a side view).
        legs: thigh and shin, likewise.
        lean: of the trunk.
        seated: whether something to sit on belongs below the pelvis.
        flat: whether both feet lie flat on the ground.
        crossed: whether the forearms lie before the trunk.
    """

    facing: Facing
    arms: tuple[Pair, Pair]
    legs: tuple[Pair, Pair]
    lean: float = 0.0
    seated: bool = False
    flat: bool = True
    crossed: bool = False


_STANDING = ((4.0, 2.0), (4.0, 2.0))
_FRONT_SEATED = ((30.0, 4.0), (30.0, 4.0))
_RELAXED: Pair = (12.0, 5.0)

POSES = {
    "standing": Pose("front", (_RELAXED, _RELAXED), _STANDING),
    "relaxed": Pose("front", (_RELAXED, (35.0, -42.0)), ((2.0, 0.0), (12.0, 6.0))),
    "akimbo": Pose("front", ((42.0, -48.0), (42.0, -48.0)), ((8.0, 4.0), (8.0, 4.0))),
    "waving": Pose("front", (_RELAXED, (105.0, 165.0)), _STANDING),
    "cheering": Pose("front", ((145.0, 168.0), (145.0, 168.0)), ((9.0, 5.0), (9.0, 5.0))),
    "shrugging": Pose("front", ((30.0, 115.0), (30.0, 115.0)), _STANDING),
    "folded": Pose("front", ((16.0, -78.0), (16.0, -84.0)), _STANDING, crossed=True),
    "jumping": Pose("front", ((125.0, 160.0), (110.0, 140.0)), ((32.0, -18.0), (28.0, -25.0)), flat=False),
    "sitting": Pose("front", ((22.0, -8.0), (22.0, -8.0)), _FRONT_SEATED, seated=True),
    "sitting cheerful": Pose("front", ((20.0, -8.0), (110.0, 160.0)), _FRONT_SEATED, seated=True),
    "seen from behind": Pose("back", (_RELAXED, _RELAXED), _STANDING),
    "pointing from behind": Pose("back", (_RELAXED, (115.0, 125.0)), ((6.0, 2.0), (3.0, 1.0))),
    "walking": Pose("side", ((32.0, 48.0), (-26.0, -4.0)), ((-24.0, -42.0), (25.0, 6.0)), 3.0, flat=False),
    "strolling": Pose("side", ((16.0, 30.0), (-16.0, 0.0)), ((14.0, 2.0), (-14.0, -24.0)), 1.0, flat=False),
    "running": Pose("side", ((55.0, 120.0), (-50.0, 25.0)), ((-30.0, -85.0), (58.0, -8.0)), 12.0, flat=False),
    "standing sideways": Pose("side", ((6.0, 14.0), (-4.0, 10.0)), ((4.0, 0.0), (-3.0, -5.0))),
    "reading": Pose("side", ((20.0, 95.0), (14.0, 88.0)), ((4.0, 0.0), (-3.0, -4.0)), 2.0),
    "sitting sideways": Pose("side", ((28.0, 62.0), (18.0, 55.0)), ((82.0, 12.0), (86.0, -4.0)), -4.0, seated=True),
    "crouching": Pose("side", ((48.0, 66.0), (35.0, 58.0)), ((96.0, -28.0), (112.0, -32.0)), 24.0),
    "reaching": Pose("side", ((150.0, 155.0), (-10.0, 5.0)), ((4.0, 0.0), (-8.0, -12.0)), 3.0),
}
PORTRAITS = ("standing", "relaxed", "akimbo", "waving", "cheering", "shrugging", "folded", "standing", "reading")


@dataclass(frozen=True, slots=True)
class Skeleton:
    """Joints `(2,)` in the figure's coordinates, the ground at y = 0; pairs are left and right, or far and near."""

    pelvis: np.ndarray
    neck: np.ndarray
    shoulders: list[np.ndarray]
    elbows: list[np.ndarray]
    wrists: list[np.ndarray]
    hips: list[np.ndarray]
    knees: list[np.ndarray]
    ankles: list[np.ndarray]


def draw_pose(rng: np.random.Generator, portrait: bool = False) -> Pose:
    """Draw a posture and loosen every joint a little."""
    pose = POSES[pick(rng, PORTRAITS if portrait else tuple(POSES))]
    wobble = rng.normal(0, 1, 9)

    def loose(pairs: tuple[Pair, Pair], amounts: np.ndarray, spread: float) -> tuple[Pair, Pair]:
        (a, b), (c, d) = pairs
        e, f, g, h = (float(amount) * spread for amount in amounts)
        return (a + e, b + e + f), (c + g, d + g + h)

    arms, legs = loose(pose.arms, wobble[:4], 5), loose(pose.legs, wobble[4:8], 1.5)
    if pose.facing != "side" and chance(rng, 0.5):
        arms, legs = arms[::-1], legs[::-1]
    lean = pose.lean + float(wobble[8]) * 2
    return Pose(pose.facing, arms, legs, lean, pose.seated, pose.flat, pose.crossed)


def place_joints(pose: Pose, shoulder: float, hip: float, legs: float) -> Skeleton:
    """Find a body's joints by forward kinematics, the lowest foot on the ground.

    Args:
        pose: the angles.
        shoulder: half the distance between the shoulders.
        hip: half the distance between the hips.
        legs: length of the legs relative to a grown person's.
    """
    front = pose.facing != "side"
    sides = (-1, 1) if front else (1, 1)
    spread = (-1, 1) if front else (0.12, -0.12)
    lean = np.radians(pose.lean)
    up, across = np.array([np.sin(lean), -np.cos(lean)]), np.array([np.cos(lean), np.sin(lean)])
    thigh = 0.235 * legs * (FORESHORTENED if front and pose.seated else 1)
    shoulders = [up * 0.272 + across * shoulder * s for s in spread]
    elbows = [_end(joint, 0.145, a[0], s) for joint, a, s in zip(shoulders, pose.arms, sides, strict=True)]
    wrists = [_end(joint, 0.125, a[1], s) for joint, a, s in zip(elbows, pose.arms, sides, strict=True)]
    hips = [np.array([hip * s, 0.0]) for s in spread]
    knees = [_end(joint, thigh, a[0], s) for joint, a, s in zip(hips, pose.legs, sides, strict=True)]
    ankles = [_end(joint, 0.21 * legs, a[1], s) for joint, a, s in zip(knees, pose.legs, sides, strict=True)]
    rise = np.array([0.0, -0.034 - max(ankle[1] for ankle in ankles)])
    moved = [[joint + rise for joint in pair] for pair in (shoulders, elbows, wrists, hips, knees, ankles)]
    return Skeleton(rise, up * 0.3 + rise, *moved)


def _end(joint: np.ndarray, length: float, angle: float, side: float) -> np.ndarray:
    turn = np.radians(angle)
    return joint + length * np.array([np.sin(turn) * side, np.cos(turn)])
