"""`sheet`: photos to look at, with people tinted."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from hydra.utils import instantiate
from omegaconf import DictConfig

from recorte.data.coco import CocoPersons
from recorte.data.sample import PersonSource, Sample
from recorte.desk.looking.statistics import count_people, distinct, evenly
from recorte.desk.results import result_file
from recorte.errors import ConfigError, DataError, PhotoError
from recorte.letterbox import PADDING_COLOUR, Letterbox
from recorte.training.figures.sheets import CELL, Cell, draw_sheet

SHOWN = 24
ROW = 6
"""Photos beside one another."""
LEAST_ROW = 3
"""Places that a row has room for at least, so that the title is not cut off."""
SEARCHED = 1000
"""Photos, evenly chosen, whose masks are drawn to find the largest and smallest where nothing else tells."""
SPECK = 0.001
"""Share of a photo below which a region of a mask counts as nobody."""

ORDERS: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "largest": lambda covered, people: np.argsort(-covered, kind="stable"),
    "smallest": lambda covered, people: np.argsort(np.where(covered > 0, covered, np.inf), kind="stable"),
    "crowded": lambda covered, people: np.argsort(-people, kind="stable"),
    "empty": lambda covered, people: np.argsort(covered, kind="stable"),
}
"""Orders of photos by the share that people cover, and their number."""


def sheet(config: DictConfig) -> int:
    """Write a contact sheet of the photos that `config.which` asks for, for each source and split.

    A name in a list of names is with or without folder and suffix, or a number, which zeros before it do not change.
    `crowded` counts the people that COCO's annotations tell apart, and elsewhere the regions of the mask that do not
    touch one another.

    Returns:
        Status: 0.

    Raises:
        ConfigError: an empty list of names.
        DataError: no photo has one of these names; the sheets of the others are written. Or nothing can be written.
        RecorteError: data that cannot be opened.
    """
    wanted = None if isinstance(config.which, str) else {str(name): _plain(str(name)) for name in config.which}
    if wanted == {}:
        raise ConfigError("which=[]: name at least one photo, or give random, largest, smallest, crowded or empty")
    found: set[str] = set()
    for name, opened in config.data.sources.items():
        for split in ("train", "val"):
            source = instantiate(opened)(split=split)
            if wanted is None:
                chosen = _ordered(source, config.which, config.seed)
            else:
                chosen = _named(source, set(wanted.values()), found)
            if not chosen:
                if wanted is None:
                    print(f"{name}, {split}: nobody is on its photos, so there is nothing to show")
                continue
            shown = chosen[: config.photos or SHOWN]
            kind, of = (config.which if wanted is None else "by name"), len(distinct(source))
            path = Path(config.run_dir) / f"sheet-{name}-{split}-{kind.replace(' ', '-')}.png"
            _write(path, f"{name}, {split}: {kind}, {len(shown)} of {of:,}", [_cell(source, index) for index in shown])
    missing = [text for text, plain in (wanted or {}).items() if plain not in found]
    if missing:
        raise DataError(
            f"which: no photo is called {', '.join(missing)}; names are those of the files, such as 000000000589.jpg, "
            "and suffixes and zeros at the beginning may be left out"
        )
    return 0


def _write(path: Path, title: str, cells: list[Cell]) -> None:
    rows = [cells[start : start + ROW] for start in range(0, len(cells), ROW)]
    with result_file(path) as target:
        draw_sheet(title, [""] * max(LEAST_ROW, len(rows[0])), rows).save(target)
    print(f"Written to {path}")


def _named(source: PersonSource, wanted: set[str], found: set[str]) -> list[int]:
    """Give the photos that have one of the wanted names, which are added to `found`."""
    chosen = []
    for index in distinct(source):
        name = Path(source.name(index))
        known = {str(name), name.name, _plain(name.stem)} & wanted
        if known:
            chosen.append(index)
            found |= known
    return chosen


def _plain(text: str) -> str:
    """Spell a number as Hydra gives it, without the zeros before it; other text stays as it is."""
    return str(int(text)) if text.isascii() and text.isdigit() else text


def _ordered(source: PersonSource, which: str, seed: int) -> list[int]:
    indices = distinct(source)
    if which == "random":
        return [indices[place] for place in np.random.default_rng(seed).permutation(len(indices))]
    if isinstance(source, CocoPersons):
        people = count_people(source)
        number = people.per_photo
        covered = np.bincount(np.repeat(np.arange(len(number)), number), people.shares, len(number))
    else:
        indices = evenly(indices, SEARCHED)
        covered, number = np.array([_seen(source, index) for index in indices]).T
    order = ORDERS[which](covered, number)
    if which == "smallest":
        order = order[: int((covered > 0).sum())]
    return [indices[place] for place in order]


def _seen(source: PersonSource, index: int) -> tuple[float, int]:
    """Give the share of a photo that people cover, and how many regions they are."""
    try:
        alpha = source[index].alpha
    except PhotoError:
        return 0.0, 0
    regions = cv2.connectedComponentsWithStats((alpha >= 128).astype(np.uint8))[2][1:]  # the first is the background
    return float(alpha.mean()) / 255, int((regions[:, cv2.CC_STAT_AREA] >= SPECK * alpha.size).sum())


def _cell(source: PersonSource, index: int) -> Cell:
    try:
        return Cell(source.name(index), tinted(source[index], CELL))
    except PhotoError as error:
        print(f"broken: {error}")
        return Cell(f"broken: {Path(source.name(index)).name}", np.full((CELL, CELL, 3), 200, np.uint8))


def tinted(sample: Sample, size: int) -> np.ndarray:
    """Lay people in green and what is ignored in red over a photo, letterboxed: `uint8 (size, size, 3)`."""
    fit = Letterbox.of(sample.alpha, size)
    photo: np.ndarray = fit.apply(sample.photo, PADDING_COLOUR).astype(np.float32)
    for mask, colour in ((sample.alpha / np.float32(255), (60, 220, 90)), (1 - sample.weight, (230, 40, 40))):
        share = 0.5 * fit.apply(mask.astype(np.float32))[..., None]
        photo = photo * (1 - share) + share * np.array(colour, np.float32)
    return photo.round().astype(np.uint8)
