"""`sheet`: photos to look at, with people tinted."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from hydra.utils import instantiate
from omegaconf import DictConfig

from recorte.data.coco import CocoPersons
from recorte.data.sample import PersonSource, Sample
from recorte.data.statistics import count_people
from recorte.errors import PhotoError
from recorte.files import whole_file
from recorte.letterbox import PADDING_COLOUR, Letterbox
from recorte.training.sheets import CELL, Cell, draw_sheet

SHOWN = 24
ROW = 6
"""Photos beside one another."""
SEARCHED = 1000
"""Photos, evenly chosen, whose masks are drawn to find the largest and smallest where nothing else tells."""

ORDERS: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "largest": lambda covered, people: np.argsort(-covered, kind="stable"),
    "smallest": lambda covered, people: np.argsort(np.where(covered > 0, covered, np.inf), kind="stable"),
    "crowded": lambda covered, people: np.argsort(-people, kind="stable"),
    "empty": lambda covered, people: np.argsort(covered, kind="stable"),
}
"""Orders of photos by the share that people cover, and their number."""


def sheet(config: DictConfig) -> int:
    """Write a contact sheet of the photos that `config.which` asks for, for each source and split.

    Returns:
        Status: 0.

    Raises:
        RecorteError: data that cannot be opened.
    """
    wanted = set(config.which) if not isinstance(config.which, str) else None
    for name, opened in config.data.sources.items():
        for split in ("train", "val"):
            source = instantiate(opened)(split=split)
            chosen = _named(source, wanted) if wanted is not None else _ordered(source, config.which, config.seed)
            if not chosen:
                continue
            shown = chosen[: config.photos or SHOWN]
            title = f"{name}, {split}: {config.which if wanted is None else 'by name'}, {len(shown)} of {len(source):,}"
            cells = [_cell(source, index) for index in shown]
            rows = [cells[start : start + ROW] for start in range(0, len(cells), ROW)]
            path = Path(config.run_dir) / f"{name}-{split}.png"
            with whole_file(path) as target:
                draw_sheet(title, [""] * min(ROW, len(cells)), rows).save(target)
            print(f"Written to {path}")
    return 0


def _named(source: PersonSource, wanted: set[str]) -> list[int]:
    return [index for index in range(len(source)) if {source.name(index), Path(source.name(index)).stem} & wanted]


def _ordered(source: PersonSource, which: str, seed: int) -> list[int]:
    if which == "random":
        return np.random.default_rng(seed).permutation(len(source)).tolist()
    if isinstance(source, CocoPersons):
        people = count_people(source)
        photos = np.searchsorted(np.unique(source.photos), source.photos)
        number = people.per_photo[photos]
        covered = np.bincount(
            np.repeat(np.arange(len(people.per_photo)), people.per_photo), people.shares, len(people.per_photo)
        )[photos]
        indices = np.arange(len(source))
    else:
        indices = np.unique(np.linspace(0, len(source) - 1, min(len(source), SEARCHED)).round().astype(int))
        covered = np.array([_covered(source, index) for index in indices.tolist()])
        number = (covered > 0).astype(int)
    order = ORDERS[which](covered, number)
    if which == "smallest":
        order = order[: int((covered > 0).sum())]
    return indices[order].tolist()


def _covered(source: PersonSource, index: int) -> float:
    try:
        return float(source[index].alpha.mean()) / 255
    except PhotoError:
        return 0.0


def _cell(source: PersonSource, index: int) -> Cell:
    try:
        return Cell(source.name(index), tinted(source[index], CELL))
    except PhotoError as error:
        return Cell(f"broken: {error}", np.full((CELL, CELL, 3), 200, np.uint8))


def tinted(sample: Sample, size: int) -> np.ndarray:
    """Lay people in green and what is ignored in red over a photo, letterboxed: `uint8 (size, size, 3)`."""
    fit = Letterbox(*sample.alpha.shape, size)
    photo = fit.apply(sample.photo, PADDING_COLOUR).astype(np.float32)
    for mask, colour in ((sample.alpha / np.float32(255), (60, 220, 90)), (1 - sample.weight, (230, 40, 40))):
        share = 0.5 * fit.apply(mask.astype(np.float32))[..., None]
        photo = photo * (1 - share) + share * np.array(colour, np.float32)
    return photo.round().astype(np.uint8)
