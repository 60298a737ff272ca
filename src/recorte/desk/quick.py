"""`quick`: is everything there?"""

from pathlib import Path

from hydra.utils import instantiate
from omegaconf import DictConfig
from rich.console import Console
from rich.markup import escape

from recorte.desk.looking.structure import structure_of
from recorte.errors import within_limits
from recorte.files import free_space


def quick(config: DictConfig) -> int:
    """Print what the data of `config.data` need, and how much of it is there.

    Returns:
        Status: 1 if something is missing.
    """
    console = Console(soft_wrap=True, highlight=False)
    missing = 0
    for name, source in config.data.sources.items():
        opened = instantiate(source)
        items = structure_of(opened.func, opened.keywords)
        if not items:
            train, val = (len(opened(split=split)) for split in ("train", "val"))
            console.print(f"{name}: opens, with {train:,} photos to train and {val:,} to validate", markup=False)
            continue
        root = Path(opened.keywords["root"])
        console.print(f"{name}: {root}, {free_space(root) / 1e9:,.1f} GB free on its disk", markup=False)
        for item in items:
            mark = "[green]found  [/]" if item.found else "[red]missing[/]"
            console.print(f"  {mark}  {escape(item.what)}: ", end="")
            console.print(within_limits(f"{item.path}") + (f"  ({item.found})" if item.found else ""), markup=False)
            if not item.found:
                missing += 1
                console.print(f"           {within_limits(item.remedy)}", markup=False)
    words = "Everything is there" if not missing else f"{missing} missing"
    console.print(words)
    return 1 if missing else 0
