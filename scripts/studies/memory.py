"""Memory that training takes: `python scripts/studies/memory.py table` and `python scripts/studies/memory.py check`."""

import json
import os
import resource
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from omegaconf import DictConfig

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False)

PROFILES = ["rtx4090", "rtx3080", "gtx1080", "gtx1060"]
EXPERIMENTS = {"max_quality": "rtx4090", "low_memory": "gtx1060"}
SIZES = ["4x128", "4x256", "8x256"]
LIMIT = 0.15
ON_CPU = ["hardware=cpu", "trainer.precision=32-true", "data=synthetic", "model.encoder_weights=none"]
Overrides = Annotated[list[str] | None, typer.Argument(help="as for train.py, such as loss=focal_dice")]


@app.command()
def table(overrides: Overrides = None) -> None:
    """What every hardware profile and recipe takes of its card, counted and computed, not measured."""
    from recorte.training.machine.inspection import GIB, Card
    from recorte.training.machine.memory import count_need
    from recorte.training.machine.memory_advice import on_card

    rows = Table("", "batch", "image", "precision", "counted", "allowance", "GiB in all", "of the card's", "to spare")
    choices = [[f"hardware={profile}"] for profile in PROFILES]
    choices += [[f"hardware={profile}", f"experiment={name}"] for name, profile in EXPERIMENTS.items()]
    spares = []
    for choice in choices:
        config = _config([*choice, *(overrides or [])])
        need, card = count_need(config), Card(**config.card)
        whole = on_card(need)
        spares.append(1 - whole / (card.memory * GIB))
        rows.add_row(
            " ".join(choice), str(config.data.batch_size), str(config.data.image_size), config.trainer.precision,
            f"{need.peak / GIB:.2f}", f"{(whole - need.peak) / GIB:.2f}", f"{whole / GIB:.2f}", f"{card.memory:.2f}",
            f"{spares[-1]:.0%}",
        )  # fmt: skip
    Console(width=120).print(rows)
    raise typer.Exit(min(spares) < 0.1)


@app.command()
def check(
    overrides: Overrides = None,
    sizes: Annotated[str, typer.Option(help="photos in a batch x pixels")] = ",".join(SIZES),
) -> None:
    """The count against what training on this CPU really allocates: by PyTorch's allocator, and by resident memory."""
    from recorte.training.machine.memory import count_need

    rows = Table("photos x pixels", "counted", "allocated", "off by", "resident, MiB", "off by")
    worst = 0.0
    for size in sizes.split(","):
        photos, pixels = size.split("x")
        settings = [f"data.batch_size={photos}", f"data.image_size={pixels}", *(overrides or [])]
        counted = count_need(_config([*ON_CPU, *settings])).peak
        allocated, resident = (_in_fresh_process(how, settings) for how in MEASURES)
        off = [counted / real - 1 for real in (allocated, resident)]
        worst = max(worst, abs(off[0]))
        numbers = [f"{number / 2**20:.0f}" for number in (counted, allocated, resident)]
        rows.add_row(size, *numbers[:2], f"{off[0]:+.1%}", numbers[2], f"{off[1]:+.1%}")
    Console(width=120).print(rows)
    raise typer.Exit(worst > LIMIT)


@app.command(hidden=True)
def measure(how: str, overrides: Overrides = None) -> None:
    """One figure, in bytes."""
    warnings.simplefilter("ignore")
    print(MEASURES[how](_config([*ON_CPU, *(overrides or [])])))


def _in_fresh_process(how: str, settings: list[str]) -> int:
    # Without these the C library keeps freed memory, and resident memory tells its habits.
    environment = os.environ | {"MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "65536"}
    command = [sys.executable, __file__, "measure", how, *settings]
    answer = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if answer.returncode:
        sys.exit(answer.stderr)
    return int(answer.stdout.splitlines()[-1])


def _config(overrides: list[str]) -> "DictConfig":
    from hydra import compose, initialize_config_dir

    from recorte.training.command.config import resolved
    from recorte.training.machine.hardware import PROFILES, register_resolvers

    register_resolvers()
    with initialize_config_dir(str(PROFILES.parent), version_base="1.3"):
        return resolved(compose("train", ["run_dir=.", *overrides]))


def _allocated(config: "DictConfig") -> int:
    """The most that PyTorch's CPU allocator had handed out at one moment, by its own record."""
    from torch.profiler import ProfilerActivity, profile

    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiler:
        _train(config)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "trace.json"
        profiler.export_chrome_trace(str(path))
        events = json.loads(path.read_text())["traceEvents"]
    return max(event["args"]["Total Allocated"] for event in events if event.get("name") == "[memory]")


def _resident(config: "DictConfig") -> int:
    """Growth of the process's resident memory at its peak."""
    import lightning.pytorch  # noqa: F401 (what is imported is no part of the growth)

    import recorte.model.module
    import recorte.model.perceptual
    import recorte.training.callbacks.averaging  # noqa: F401

    pages = int(Path("/proc/self/statm").read_text().split()[1])
    _train(config)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - pages * resource.getpagesize()


def _train(config: "DictConfig") -> None:
    """Two steps of a real training, by Lightning, on noise."""
    import lightning.pytorch as pl
    import torch
    from hydra.utils import instantiate

    from recorte.training.build import build_segmenter

    segmenter = build_segmenter(config, instantiate(config.model, _convert_="all"))
    photos, size = config.data.batch_size, config.data.image_size
    batches = [
        {"image": torch.rand(3, size, size), "alpha": torch.rand(1, size, size), "weight": torch.ones(1, size, size)}
        for _ in range(photos)
    ] * 2
    trainer = pl.Trainer(
        accelerator="cpu",
        max_epochs=1,
        precision=config.trainer.precision,
        gradient_clip_val=config.trainer.gradient_clip_val,
        callbacks=[instantiate(config.callbacks.averaging)] if "averaging" in config.callbacks else [],
        logger=False, enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False,
    )  # fmt: skip
    trainer.fit(segmenter, torch.utils.data.DataLoader(batches, batch_size=photos))


MEASURES: dict[str, Callable[["DictConfig"], int]] = {"allocated": _allocated, "resident": _resident}

if __name__ == "__main__":
    app()
