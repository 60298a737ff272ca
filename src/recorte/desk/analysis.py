"""`analyze`: what is in the data, as text, JSON and a page of plots."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from hydra.utils import instantiate
from omegaconf import DictConfig

from recorte.data.coco import CocoPersons
from recorte.desk.analysis_page import write_page
from recorte.desk.looking.statistics import LOOKED_AT, Looks, People, count_people, distinct, look_at
from recorte.desk.results import result_file
from recorte.errors import DataError, RecorteError

PER_PHOTO = ("0", "1", "2", "3", "4", "5", "6 to 10", "11 and more")


def analyze(config: DictConfig) -> int:
    """Print what is in the data of `config.data`, and write it to `config.run_dir` as JSON and PNG.

    Returns:
        Status: 0.

    Raises:
        RecorteError: data that cannot be opened, after what could be was written; or nothing can be written.
    """
    run_dir, facts, troubles = Path(config.run_dir), {}, []
    for name, opened in config.data.sources.items():
        for split in ("train", "val"):
            try:
                source = instantiate(opened)(split=split)
            except RecorteError as error:
                troubles.append(str(error))
                continue
            people = count_people(source) if isinstance(source, CocoPersons) else None
            looks = look_at(source, config.photos or LOOKED_AT)
            title, photos = f"{name}, {split}", len(distinct(source))
            facts[title] = _facts(photos, people, looks)
            print(f"{title}\n{_text(facts[title])}\n")
            write_page(run_dir / f"analysis-{name}-{split}.png", f"{title}: {photos:,} photos", people, looks)
    if facts:
        with result_file(run_dir / "analysis.json") as path:
            path.write_text(json.dumps(facts, indent=2) + "\n")
        print(f"Written to {run_dir}")
    if troubles:
        raise DataError("\n".join(dict.fromkeys(troubles)))
    return 0


def _facts(photos: int, people: People | None, looks: Looks) -> dict[str, Any]:
    facts: dict[str, Any] = {"photos": photos}
    if people is not None:
        counts = people.per_photo
        facts |= {
            "annotations of people": people.annotations,
            "people to learn from": len(people.areas),
            "crowds": people.crowds,
            "people below min_area": people.small,
            "photos with people": int((counts > 0).sum()),
            "photos by number of people": dict(zip(PER_PHOTO, histogram(counts).tolist(), strict=True)),
            "people in a photo that has some": _spread(counts[counts > 0]),
            "area of a person, pixels": _spread(people.areas),
            "share of the photo": _spread(people.shares),
        }
    if len(looks.sizes):
        facts |= {
            "photos opened": len(looks.sizes),
            "share of the photo that people cover": _spread(looks.covered),
            "width": _spread(looks.sizes[:, 1]),
            "height": _spread(looks.sizes[:, 0]),
            "width to height": _spread(looks.sizes[:, 1] / looks.sizes[:, 0]),
            "brightness, of 255": _spread(looks.brightness),
            "contrast, of 255": _spread(looks.contrast),
        }
    if looks.broken:
        facts["photos that cannot be opened"] = looks.broken
    return facts


def histogram(counts: np.ndarray) -> np.ndarray:
    """Count the photos by their number of people, in the classes of `PER_PHOTO`."""
    return np.bincount(np.digitize(counts, [1, 2, 3, 4, 5, 6, 11]), minlength=len(PER_PHOTO))


def _spread(values: np.ndarray) -> dict[str, float] | None:
    values = values[~np.isnan(values)]
    if not len(values):
        return None
    measures: dict[str, Callable[[np.ndarray], Any]]
    measures = {"mean": np.mean, "least": np.min, "median": np.median, "greatest": np.max}
    return {name: _rounded(float(measure(values))) for name, measure in measures.items()}


def _rounded(value: float) -> float:
    return round(value, 4) if abs(value) >= 1 else float(f"{value:.4g}")  # a small share is not 0


def _text(facts: dict[str, Any]) -> str:
    lines = []
    for name, value in facts.items():
        if isinstance(value, dict):
            value = ", ".join(f"{key} {_written(number)}" for key, number in value.items())
        elif isinstance(value, list):
            value = f"{len(value)}, such as {value[0]}"
        elif value is None:
            value = "none"
        lines.append(f"  {name}: {value if isinstance(value, str) else format(value, ',')}")
    return "\n".join(lines)


def _written(number: float) -> str:
    if 0 < abs(number) < 1e-4:  # where the shortest form has an exponent
        return np.format_float_positional(number, 4, fractional=False, trim="-")
    return f"{number:,.4g}" if number < 1e4 else f"{number:,.0f}"
