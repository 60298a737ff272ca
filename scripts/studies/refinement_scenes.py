"""Composites whose alpha and colours are known exactly: hair in single strands, soft outlines, people of photos."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

FINER = 4
"""Strands are drawn so many times larger, then shrunk: their alpha is the share of each pixel that they cover."""


LENS, GRAIN = 1.2, 4.0
"""Of a camera: standard deviations of its blur in pixels, and of its noise in 8-bit steps."""


class Scene(NamedTuple):
    """A photo and what it was made of.

    Attributes:
        kind: "strands", "outlines", "figures" or "people".
        photo: `uint8 (H, W, 3)`.
        alpha: `float32 (H, W)`, exact.
        colours: `float32 (H, W, 3)` from 0 to 255, the person's own; None where they are not known.
        imagined: whether the network's alpha is to be imagined, since it was never taught such drawings.
    """

    kind: str
    photo: np.ndarray
    alpha: np.ndarray
    colours: np.ndarray | None
    imagined: bool


def drawn(count: int, size: int, seed: int = 0) -> Iterator[Scene]:
    """Draw `count` heads with hair of strands and as many soft outlines, over drawn places, `size` pixels wide."""
    from recorte.data.drawing.scenes import draw_scene

    for number in range(2 * count):
        rng = np.random.default_rng([seed, number])
        height, width = size, round(size * float(rng.uniform(0.7, 1.0)))
        behind, _ = draw_scene(rng, height, width, people=False)
        strands = number % 2 == 0
        alpha = _strands(rng, height, width) if strands else _outline(rng, height, width)
        yield _composite("strands" if strands else "outlines", alpha, _texture(rng, height, width), behind, True)


def figures(count: int, size: int, seed: int = 0) -> Iterator[Scene]:
    """Draw whole people among things, whose edges are sharp, on scenes of `size` pixels a side."""
    from recorte.data.drawing.scenes import draw_scene

    for number in range(count):
        photo, alpha = draw_scene(np.random.default_rng([seed, number, 1]), size, size, people=True)
        yield Scene("figures", photo, alpha.astype(np.float32) / 255, None, True)


def as_taken(scene: Scene) -> Scene:
    """Give a scene as a camera of many pixels sees it: no edge is sharper than its lens, and there is grain."""
    grain = np.random.default_rng(0).standard_normal(scene.photo.shape, np.float32) * GRAIN
    photo = cv2.GaussianBlur(scene.photo.astype(np.float32), (0, 0), LENS) + grain
    alpha = cv2.GaussianBlur(scene.alpha, (0, 0), LENS)
    return scene._replace(photo=np.rint(photo).clip(0, 255).astype(np.uint8), alpha=alpha)


def people(data: Path, count: int, scale: int = 4, seed: int = 0) -> Iterator[Scene]:
    """Lay people of `data/portraits` over photos of nobody of `data/persons`, both `scale` times larger than stored.

    The colours beyond a mask's edge are those of the nearest pixels well inside it.
    """
    from recorte.data.coco import CocoPersons
    from recorte.data.folder import ImageMaskFolder
    from recorte.letterbox import covering

    portraits, persons = ImageMaskFolder(data / "portraits", "val"), CocoPersons(data / "persons", "val")
    rng = np.random.default_rng(seed)
    nobody = rng.permutation(persons.negatives)
    for number, index in enumerate(rng.permutation(len(portraits))[:count]):
        sample = portraits[int(index)]
        height, width = (side * scale for side in sample.alpha.shape)
        photo = cv2.resize(sample.photo, (width, height), interpolation=cv2.INTER_CUBIC)
        mask = cv2.resize(sample.alpha, (width, height), interpolation=cv2.INTER_CUBIC).astype(np.float32) / 255
        alpha = cv2.GaussianBlur((mask > 0.5).astype(np.float32), (0, 0), scale * 0.6)
        inside = (cv2.erode(mask, np.ones((2 * scale + 1,) * 2, np.uint8)) > 0.5).astype(np.uint8)
        _, nearest = cv2.distanceTransformWithLabels(1 - inside, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
        first = np.zeros(nearest.max() + 1, np.int64)
        first[nearest[inside > 0]] = np.flatnonzero(inside)
        colours = photo.reshape(-1, 3)[first[nearest]].astype(np.float32)
        behind = covering(persons[int(nobody[number % len(nobody)])].photo, height, width, 0.5, 0.5)
        yield _composite("people", alpha, colours, behind, False)


def _composite(kind: str, alpha: np.ndarray, colours: np.ndarray, behind: np.ndarray, imagined: bool) -> Scene:
    share = alpha[..., None]
    photo = np.rint(share * colours + (1 - share) * behind).clip(0, 255).astype(np.uint8)
    return Scene(kind, photo, alpha, colours, imagined)


def _outline(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """A head and shoulders whose edge is out of focus, here more and there less."""
    body = np.zeros((height, width), np.float32)
    x, y, unit = width * rng.uniform(0.35, 0.65), height * rng.uniform(0.35, 0.45), height * rng.uniform(0.15, 0.2)
    cv2.ellipse(body, (int(x), int(y)), (int(unit * 0.75), int(unit)), 0, 0, 360, 1, -1)
    cv2.ellipse(body, (int(x), height), (int(unit * 1.9), int(height - y - unit * 0.8)), 0, 0, 360, 1, -1)
    sharp, soft = (cv2.GaussianBlur(body, (0, 0), sigma) for sigma in (height / 1000, height / 150))
    ramp = np.linspace(0, 1, width, dtype=np.float32)[None]
    return sharp * ramp + soft * (1 - ramp)


def _strands(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """A head and shoulders with many single hairs, each about a pixel wide."""
    alpha = _outline(rng, height, width)
    rows, columns = np.nonzero(alpha[: height // 2] > 0.9)
    large = np.zeros((height * FINER, width * FINER), np.uint8)
    centre = np.array([columns.mean(), rows.mean()])
    for _ in range(1500):
        place = rng.integers(len(rows))
        root = np.array([columns[place], rows[place]], float)
        outwards = (root - centre) / (np.linalg.norm(root - centre) + 1) + rng.normal(0, 0.3, 2)
        along = np.linspace(0, 1, 12)[:, None]
        bend = np.array([rng.normal(0, 0.2), rng.uniform(0, 0.5)])
        points = root + height * rng.uniform(0.03, 0.09) * (along * outwards + along**2 * bend)
        thick = max(1, round(FINER * height / 1000 * rng.uniform(0.6, 1.6)))
        cv2.polylines(large, [np.rint(points * FINER).astype(np.int32)], False, 255, thick)
    hair = cv2.resize(large, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    return np.maximum(alpha, hair)


def _texture(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Colours of a person: two of them, merging, with stripes of light and shade."""
    one, other = rng.uniform(20, 235, (2, 3)).astype(np.float32)
    cloud = cv2.resize(rng.random((5, 5), np.float32), (width, height), interpolation=cv2.INTER_CUBIC)[..., None]
    shade = cv2.resize(rng.normal(0, 18, (height // 40, width // 3)).astype(np.float32), (width, height))[..., None]
    return (one * cloud + other * (1 - cloud) + shade).clip(0, 255)
