"""What figures look like: build, skin, hair, clothes; drawn by lot, clothes from a palette."""

from dataclasses import dataclass

import numpy as np

from recorte.data.drawing.canvas import Texture
from recorte.data.drawing.colours import (
    FUN_HAIRS,
    HAIRS,
    INK,
    NEUTRALS,
    SKINS,
    WHITE,
    chance,
    cloth,
    colour,
    pick,
    vary,
)

STYLES = ("short", "short", "quiff", "crop", "curly", "curly", "bob", "bob", "long", "long", "bun", "ponytail", "bald")
HATS = ("beanie", "brim", "cap", "scarf")
TOPS = ("tee", "tee", "long", "long", "tank", "shirt", "shirt", "hoodie", "jacket", "jacket", "coat", "dress", "dress")
BOTTOMS = ("trousers", "trousers", "trousers", "shorts", "skirt", "long skirt")
Fabric = np.ndarray | Texture


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


@dataclass(frozen=True, slots=True)
class Looks:
    """What a figure looks like in any posture: its build (1 = average), clothes, head."""

    skin: np.ndarray
    head: HeadLooks
    height: float
    width: float
    head_size: float
    legs: float
    top: str
    top_cloth: Fabric
    inner_cloth: Fabric
    bottom: str
    bottom_cloth: Fabric
    shoes: np.ndarray
    bag: str | None
    bag_colour: np.ndarray

    @property
    def sleeves(self) -> float:
        """Share of the arm's length that is covered, upper arm 1 and forearm 1."""
        return {"tee": 0.62, "tank": 0.0, "dress": 0.5}.get(self.top, 2.0)


def draw_looks(rng: np.random.Generator, palette: list[np.ndarray]) -> Looks:
    """Draw what a figure looks like; its clothes come from `palette`, some from plain neutrals."""
    child = chance(rng, 0.15)
    skin = vary(rng, pick(rng, SKINS), 0.02)
    fabrics = [*palette, pick(rng, NEUTRALS), pick(rng, NEUTRALS)]
    return Looks(
        skin=skin,
        head=draw_head_looks(rng, skin, palette, child),
        height=float(rng.uniform(0.6, 0.75) if child else rng.uniform(0.93, 1.06)),
        width=float(rng.uniform(0.88, 1.25)),
        head_size=float(rng.uniform(0.2, 0.22) if child else rng.uniform(0.155, 0.172)),
        legs=float(rng.uniform(0.82, 0.9) if child else rng.uniform(0.96, 1.08)),
        top=pick(rng, TOPS),
        top_cloth=cloth(rng, fabrics, 0.045),
        inner_cloth=cloth(rng, [*fabrics, WHITE], 0.035, plain=0.7),
        bottom=pick(rng, BOTTOMS),
        bottom_cloth=cloth(rng, fabrics, 0.05, plain=0.75),
        shoes=vary(rng, pick(rng, [*fabrics, INK, colour("6b4a33"), WHITE])),
        bag=pick(rng, ("tote", "shoulder", "backpack")) if chance(rng, 0.22) else None,
        bag_colour=vary(rng, pick(rng, [*fabrics, colour("8a5a34")])),
    )
