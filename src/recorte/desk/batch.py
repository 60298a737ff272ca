"""`batch`: batches as training gets them, timed, and a sheet of what augmentation makes of photos."""

import statistics
import time
from pathlib import Path
from typing import Any

import numpy as np
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf
from PIL import Image

from recorte.data.batches.augmentation import Augmentation, Augments
from recorte.data.batches.dataset import PersonDataset
from recorte.data.batches.mixed import MixedPersons
from recorte.data.sample import Sample
from recorte.desk.contact_sheet import tinted
from recorte.desk.results import result_file
from recorte.training.build import build_data
from recorte.training.command.config import resolved
from recorte.training.figures.sheets import CELL, Cell, draw_sheet
from recorte.training.machine.hardware import CONF

BATCHES = 20
SHOWN = 6
"""Photos of which the sheet shows what each augmentation makes."""


def batch(config: DictConfig) -> int:
    """Load training batches with the settings of `config`, tell what they are and how fast they come, and draw some.

    Returns:
        Status: 0.

    Raises:
        RecorteError: data that cannot be opened.
    """
    config = resolved(config)
    data = build_data(config)
    began = time.perf_counter()
    loader = data.train_dataloader()
    print(f"Opened in {time.perf_counter() - began:.2f} s: {len(data.dataset('train')):,} photos to train")
    seconds, photos, began = [], 0, time.perf_counter()
    for number, items in enumerate(loader, start=1):
        seconds.append(time.perf_counter() - began)
        photos += len(items["image"])
        if number == 1:
            for name in ("image", "alpha", "weight"):
                part = items[name]
                print(f"  {name}: {tuple(part.shape)}, {part.dtype}, from {part.min()} to {part.max()}")
        broken = [text for text in items["broken"] if text]
        print(*(f"  broken: {text}" for text in broken), sep="\n", end="\n" if broken else "")
        if number == BATCHES:
            break
        began = time.perf_counter()
    later = seconds[1:] or seconds
    pace = (photos - config.data.batch_size) / sum(later) if seconds[1:] else photos / sum(seconds)
    print(
        f"{len(seconds)} batches with {config.data.num_workers} workers: the first after {seconds[0]:.2f} s, then one "
        f"every {1000 * statistics.median(later):.0f} ms (at most {1000 * max(later):.0f}), {pace:.1f} photos/s.\n"
        "Nothing was computed meanwhile: training waits only for what it computes faster than this."
    )
    path = Path(config.run_dir) / "augmentation.png"
    with result_file(path) as target:
        _sheet(data.dataset("train").source, data.augmentation, config.data.image_size, config.seed).save(target)
    print(f"Written to {path}")
    return 0


def _sheet(source: MixedPersons, chosen_one: Augments, size: int, seed: int) -> Image.Image:
    chosen = np.random.default_rng(seed).permutation(len(source))[:SHOWN].tolist()
    rows = []
    levels = {path.stem: instantiate(OmegaConf.load(path), _convert_="all")
              for path in (CONF / "augmentation").glob("*.yaml")}  # fmt: skip
    if not isinstance(chosen_one, Augmentation):
        levels["yours"] = chosen_one
    for name, augmentation in sorted(
        levels.items(), key=lambda level: getattr(level[1], "scale", (1, 1)), reverse=True
    ):
        items = [PersonDataset(source, size, augmentation, seed)[0, index] for index in chosen]
        rows.append([Cell(name, _picture(item)) for item in items])
    title = "The same photos with each augmentation; people green, what does not count red"
    return draw_sheet(title, [""] * len(chosen), rows)


def _picture(item: dict[str, Any]) -> np.ndarray:
    photo, (alpha,), (weight,) = item["image"].numpy(), item["alpha"].numpy(), item["weight"].numpy()
    return tinted(Sample(photo, alpha, weight, ""), CELL)
