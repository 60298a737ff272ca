"""Colours and cloth. People and what surrounds them share their palettes, so that no colour gives either away."""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from recorte.data.drawing.canvas import Texture

T = TypeVar("T")


def colour(code: str) -> np.ndarray:
    """Turn `"rrggbb"` into RGB in [0, 1]."""
    return np.array([int(code[i : i + 2], 16) for i in (0, 2, 4)], np.float32) / 255


def _colours(codes: str) -> list[np.ndarray]:
    return [colour(code) for code in codes.split()]


PALETTES = [
    _colours(codes)
    for codes in (
        "264653 2a9d8f e9c46a f4a261 e76f51 f1e9da",
        "355070 6d597a b56576 e56b6f eaac8b f7ede2",
        "283618 606c38 fefae0 dda15e bc6c25 8fa3ad",
        "1d3557 457b9d a8dadc f1faee e63946 f3c98b",
        "5f0f40 9a031e fb8b24 e36414 0f4c5c f0e6d2",
        "cdb4db ffc8dd ffafcc bde0fe a2d2ff 5b5f97",
        "22223b 4a4e69 9a8c98 c9ada7 f2e9e4 d5896f",
        "606c76 d9ae94 f1dca7 ffcb69 b58463 997b66",
        "0b3954 087e8b bfd7ea ff5a5f c81d25 f6f1e7",
        "3d405b 81b29a f2cc8f e07a5f f4f1de 5f797b",
        "2b2d42 8d99ae edf2f4 ef476f 06a77d ffd166",
        "7f5539 b08968 ddb892 ede0d4 9c6644 588157",
    )
]
SKINS = _colours("ffdfc4 f6cfb0 eebd9b e0a984 c98d66 b0754f 8d5a3b 6f452e 553324 3f2619")
HAIRS = _colours("17120f 2b1d16 43291a 5e3a22 7d4f2b a8703a cf9d56 e6c789 a4462a 8f8a86 d8d4cf")
FUN_HAIRS = _colours("d36f9b 5c80bc 63a088")
NEUTRALS = _colours("f4f2ee d9d6d0 a9a7a4 6b6b70 3a3b40 232427 3c4c66 5b6f8f")
WHITE, INK = colour("ffffff"), colour("2a2430")
Palette = list[np.ndarray]
GREENS = [colour(code) for code in ("4f7942", "6a994e", "386641", "7a9e7e", "a3b18a", "8f9f4a", "c77d3a")]
WOODS = [colour(code) for code in ("6b4a33", "8a5a34", "b07d4f", "d9b382", "3f2e26")]
METALS = [colour(code) for code in ("2f3437", "5b6268", "a9adb0", "3b4a57")]


def pick(rng: np.random.Generator, choices: Sequence[T]) -> T:
    """Draw one of `choices`."""
    return choices[int(rng.integers(len(choices)))]


def chance(rng: np.random.Generator, probability: float) -> bool:
    """Say yes with the given probability."""
    return bool(rng.random() < probability)


def vary(rng: np.random.Generator, base: np.ndarray, amount: float = 0.05) -> np.ndarray:
    """Shift a colour a little, in brightness most."""
    shift = rng.normal(0, amount, 4).astype(np.float32)
    varied: np.ndarray = np.minimum(np.maximum(base * (1 + shift[3]) + shift[:3] * 0.4, 0), 1)
    return varied


def mix(first: np.ndarray, second: np.ndarray, share: float) -> np.ndarray:
    """Give `first` with a share of `second` in it."""
    return np.asarray(first + (second - first) * share, np.float32)


def _blend(first: np.ndarray, second: np.ndarray, share: np.ndarray) -> np.ndarray:
    share = np.minimum(np.maximum(share, 0), 1)
    blended: np.ndarray = first.reshape(3, 1, 1) + (second - first).reshape(3, 1, 1) * share
    return blended


def cloth(
    rng: np.random.Generator, palette: Sequence[np.ndarray], unit: float, plain: float = 0.45
) -> np.ndarray | Texture:
    """Draw a colour or a pattern of two: stripes, checks, dots, flowers, a gradient, or blotches.

    Args:
        rng: what decides.
        palette: the colours to choose from.
        unit: size of the pattern's repeat in the pen's coordinates.
        plain: probability of a single colour.
    """
    first, second = vary(rng, pick(rng, palette)), vary(rng, pick(rng, palette))
    if chance(rng, plain):
        return first
    if float(np.abs(first - second).sum()) < 0.25:
        second = mix(first, WHITE if first.mean() < 0.55 else INK, 0.45)
    pattern = pick(rng, (_stripes, _stripes, _checks, _dots, _flowers, _gradient, _blotches))
    return pattern(rng, first, second, unit * float(rng.uniform(0.7, 1.3)))


def _wave(position: np.ndarray) -> np.ndarray:
    """A square wave of period 1 with soft flanks, in [0, 1]."""
    return np.clip(0.5 + 4 * np.sin(2 * np.pi * position), 0, 1)


def _stripes(rng: np.random.Generator, first: np.ndarray, second: np.ndarray, unit: float) -> Texture:
    angle = pick(rng, (0.0, 0.0, np.pi / 2, float(rng.uniform(0, np.pi))))
    across, along = np.sin(angle) / unit, np.cos(angle) / unit
    return lambda x, y: _blend(first, second, _wave(x * across + y * along))


def _checks(rng: np.random.Generator, first: np.ndarray, second: np.ndarray, unit: float) -> Texture:
    return lambda x, y: _blend(first, second, 0.5 * (_wave(x / unit) + _wave(y / unit)))


def _dots(rng: np.random.Generator, first: np.ndarray, second: np.ndarray, unit: float) -> Texture:
    def dots(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return _blend(first, second, 1.2 + 2.5 * (np.cos(2 * np.pi * x / unit) + np.cos(2 * np.pi * y / unit) - 1.2))

    return dots


def _flowers(rng: np.random.Generator, first: np.ndarray, second: np.ndarray, unit: float) -> Texture:
    unit = 1.6 * unit
    heart = mix(second, colour("ffd166"), 0.7)

    def flowers(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Colour rows of flowers, every second row half a flower further."""
        row = np.floor(y / unit)
        across = (x / unit + 0.5 * (row % 2)) % 1 - 0.5
        along = (y / unit) % 1 - 0.5
        distance = np.hypot(across, along)
        petal = 0.3 + 0.1 * np.cos(5 * np.arctan2(along, across) + row)
        leaves = _blend(first, second, (petal - distance) * 14)
        coloured: np.ndarray = leaves + (heart.reshape(3, 1, 1) - leaves) * np.clip((0.1 - distance) * 16, 0, 1)
        return coloured

    return flowers


def _gradient(rng: np.random.Generator, first: np.ndarray, second: np.ndarray, unit: float) -> Texture:
    centre, reach = float(rng.uniform(-6, 2)) * unit, unit * float(rng.uniform(5, 12))
    return lambda x, y: _blend(first, second, 0.5 + (y - centre) / reach + 0 * x)


def _blotches(rng: np.random.Generator, first: np.ndarray, second: np.ndarray, unit: float) -> Texture:
    across, along, phase = rng.normal(0, 4 / unit, 5), rng.normal(0, 4 / unit, 5), rng.uniform(0, 6, 5)

    def blotches(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        waves = sum(np.sin(a * x + b * y + p) for a, b, p in zip(across, along, phase, strict=True))
        return _blend(first, second, 0.5 + 0.9 * waves)

    return blotches


def darker(base: np.ndarray | Texture, share: float) -> np.ndarray | Texture:
    """Give a colour or texture, darkened by `share`."""
    if callable(base):
        return lambda x, y: base(x, y) * (1 - share)
    return base * (1 - share)
