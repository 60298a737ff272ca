"""What the folder of a taught model says of its teaching. Reading it needs nothing that only training does."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recorte.errors import DataError

FACTS = "teaching.json"
SHEET = "before_after.png"
PAIRS = "before_after"
"""The folder of what `SHEET` shows, a picture for each photo: photo, its mask, before and after, side by side."""


@dataclass(frozen=True)
class Shown:
    """A photo that a teaching was judged by.

    Attributes:
        name: of the photo.
        before: its IoU with the model that the teaching went on from.
        after: with the taught one.
        picture: file with four pictures side by side.
    """

    name: str
    before: float
    after: float
    picture: Path


def facts_of(model: Path) -> dict[str, Any]:
    """Read what the folder of a taught model says.

    Raises:
        DataError: nothing, or it is damaged.
    """
    try:
        facts: dict[str, Any] = json.loads((model / FACTS).read_text(encoding="utf-8"))
        return facts
    except (OSError, ValueError) as error:
        raise DataError(f"{model / FACTS}: cannot be read ({error})") from None


def shown_of(model: Path) -> list[Shown]:
    """List the photos that a taught model was judged by, as far as they are shown.

    Raises:
        DataError: its folder does not say.
    """
    try:
        return [
            Shown(str(one["name"]), float(one["before"]), float(one["after"]), model / PAIRS / f"{number}.webp")
            for number, one in enumerate(facts_of(model).get("shown", []))
        ]
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{model / FACTS}: damaged ({error!r})") from None
