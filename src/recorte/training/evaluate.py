"""Measuring a trained model on any data."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from omegaconf import DictConfig
from rich.console import Console
from rich.table import Table

from recorte.data.sample import PersonSource
from recorte.errors import ModelError
from recorte.files import write_whole
from recorte.model.export import load_network
from recorte.model.figures import figure_of
from recorte.training.build import build_data, model_path
from recorte.training.command.config import resolved
from recorte.training.machine.inspection import check_machine
from recorte.training.machine.memory_advice import told_when_out_of_memory
from recorte.training.machine.processes import go_on_alone
from recorte.training.measure import measure


def evaluate(
    config: DictConfig, sources: Mapping[str, Callable[..., PersonSource]] | None = None
) -> dict[str, float | None]:
    """Measure `config.model.path` on the validation photos of `config.data`; print and write the figures.

    Args:
        config: composed from `conf/evaluate.yaml`.
        sources: of its data, as `open_sources` gives them; None: nothing is open yet.

    Raises:
        RecorteError: a model or data that cannot be used.
    """
    config = resolved(config)
    check_machine(config)
    network, page = load_network(model_path(config.model.path))
    image_size = config.image_size or page.get("image_size")
    if image_size is None:
        raise ModelError(f"{config.model.path}: the size it was trained at is not known; give image_size=<pixels>")
    data = build_data(config, image_size, sources)
    with told_when_out_of_memory(config):
        figures, confusion_matrix = measure(network, data, config)
    if not go_on_alone():
        return figures
    photos = dict(zip(data.sources, data.dataset("val").source.lengths, strict=True))
    tell(config, photos, figures, {"image_size": image_size, "confusion_matrix": confusion_matrix})
    return figures


def tell(config: DictConfig, photos: dict[str, int], figures: dict[str, float | None], more: dict[str, Any]) -> None:
    """Print figures as a table and write them to `metrics.json` in `config.run_dir`.

    Args:
        config: with `model.path` and `run_dir`.
        photos: how many there are of each source.
        figures: by name, of all, and with `<source>/` before them where there are several.
        more: what else goes into the file.
    """
    result = {"model": str(config.model.path), "photos": photos, "metrics": figures, **more}
    target = Path(config.run_dir) / "metrics.json"
    write_whole(target, json.dumps(result, indent=2) + "\n")
    console = Console()
    console.print(_table(figures, sum(photos.values()), list(photos)))
    console.print(f"Written to {target}", soft_wrap=True)


def _table(figures: dict[str, float | None], photos: int, sources: list[str]) -> Table:
    table = Table(title=f"{photos:,} photos", title_justify="left")
    table.add_column("figure")
    columns = ["", *(f"{name}/" for name in sources)] if len(sources) > 1 else [""]
    for prefix in columns:
        table.add_column(prefix.rstrip("/") or "all", justify="right")
    for name in (name for name in figures if "/" not in name):
        values = (figures.get(prefix + name) for prefix in columns)
        table.add_row(name, *map(figure_of(name).text, values))
    return table
