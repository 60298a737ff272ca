"""What each hardware profile takes of a card, and how many photos a second it feeds and trains."""

import gc
import math
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import lightning.pytorch as pl
import torch
from hydra.utils import instantiate

from benchmarks.card.rows import Row
from benchmarks.card.setting import Setting
from recorte.training.build import Model, build_data, build_network, build_segmenter
from recorte.training.callbacks.throughput import Throughput
from recorte.training.machine.inspection import GIB, look
from recorte.training.machine.memory import Need, count_need
from recorte.training.machine.memory_advice import on_card
from recorte.training.machine.trainer import build_trainer

if TYPE_CHECKING:
    from omegaconf import DictConfig

PROFILES = ("rtx4090", "rtx3080", "gtx1080", "gtx1060")
STEPS = {"cuda": 60, "cpu": 8}
"""That are measured, on a device."""
WARM = 0.3
"""Steps that are not, at least, as a share of those."""
OFF = 0.15
"""Most that the memory of tensors may be off from the count."""
VARIANTS = {"colours by the workers": [], "colours on the device": ["augmentation.on_device=true"]}


def check_profile(setting: Setting, name: str) -> Iterator[Row]:
    """Count a profile's memory, and where it fits measure that and its speed."""
    config = setting.config(f"hardware={name}", *setting.photos)
    need = count_need(config)
    counted = f"{config.data.batch_size} photos of {config.data.image_size} pixels, {config.trainer.precision}"
    yield Row(name, "memory of tensors, GiB", f"{need.peak / GIB:.2f}", how="computed", note=counted)
    if name != "cpu":
        whole = f"{on_card(need) / GIB:.2f}"
        yield Row(name, "with CUDA's own and gaps, GiB", whole, f"<= {config.card.memory}", how="computed",
                  state="ok" if on_card(need) / GIB <= config.card.memory else "off")  # fmt: skip
    if reason := _why_not(setting, name, config, need):
        yield Row(name, "memory and photos/s", state="left out", how="-", note=reason)
        return
    yield _fed(setting, name, config)
    for variant, overrides in VARIANTS.items():
        yield from _trained(setting, name, variant, overrides, need)


def _why_not(setting: Setting, name: str, config: "DictConfig", need: Need) -> str:
    """Say why a profile cannot be measured here; nothing where it can."""
    card = look(setting.out).card
    if name == "cpu":
        return ""
    if card is None:
        return "no card here: not measured"
    if on_card(need) > card.memory * GIB:
        return f"does not fit into the {card.memory:.1f} GiB of the {card.name}"
    if config.trainer.precision == "bf16-mixed" and card.capability < 8:
        return f"the {card.name} does not compute in bf16"
    return ""


def _fed(setting: Setting, name: str, config: "DictConfig") -> Row:
    """Measure how many photos a second the workers give where nobody waits for the card."""
    config = _with_cores(setting, config)
    batches = _steps(setting)
    loader = _endless(build_data(config).train_dataloader())
    for _ in range(1 + batches // 4):
        next(loader)
    began = time.perf_counter()
    photos = sum(len(next(loader)["image"]) for _ in range(batches))
    rate = photos / (time.perf_counter() - began)
    workers = f"{config.data.num_workers} workers"
    return Row(name, "photos/s fed", f"{rate:.0f}", note=f"{workers}, {_whose(setting)}; nothing trains")


def _trained(setting: Setting, name: str, variant: str, overrides: list[str], need: Need) -> Iterator[Row]:
    """Train some steps as a run does; photos/s, share of waiting, and the most memory at one moment."""
    config = _with_cores(setting, setting.config(f"hardware={name}", *setting.photos, "scheduler=constant", *overrides))
    figures, peak, used = train_some(setting, config)
    rate, waiting = figures["throughput/photos_per_second"], figures["throughput/waiting"]
    note = f"{config.data.num_workers} workers, {variant}, {_whose(setting)}"
    yield Row(name, "photos/s trained", f"{rate:.1f}", note=note)
    yield Row(name, "share of the time waiting for photos", f"{waiting:.0%}", note=note)
    yield Row(
        name,
        "photos/s that it could train",
        f"{rate / max(1 - waiting, 1e-3):.1f}",
        note="as trained, without the waiting",
    )
    if peak is not None and used is not None:
        off = peak / need.peak - 1
        yield Row(name, "memory of tensors, GiB", f"{peak / GIB:.2f}", f"{need.peak / GIB:.2f} +- {OFF:.0%}",
                  "ok" if abs(off) <= OFF else "off", note=f"{off:+.1%}; {variant}")  # fmt: skip
        yield Row(name, "memory of the process on the card, GiB", f"{used / GIB:.2f}", f"<= {on_card(need) / GIB:.2f}",
                  "ok" if used <= on_card(need) else "off", note=variant)  # fmt: skip


def train_some(
    setting: Setting, config: "DictConfig", start: Model | None = None
) -> tuple[dict[str, float], int | None, int | None]:
    """Train some steps to warm up, and an epoch to measure; `start` has the weights that `config.init` names.

    Returns:
        The figures of the last epoch; of a card, the bytes of tensors at their most, and of all that the process has.
    """
    gc.collect()  # of what was trained before
    pl.seed_everything(0, verbose=False)
    data = build_data(config)
    steps = min(len(data.train_dataloader()), _steps(setting))
    segmenter = build_segmenter(config, build_network(config, start), data.sources)
    callbacks: list[Any] = [Throughput()]
    if config.callbacks.get("averaging"):
        callbacks.insert(0, instantiate(config.callbacks.averaging))
    if setting.device.type == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
    trainer = build_trainer(
        config, callbacks, logger=False, enable_checkpointing=False, limit_val_batches=0,
        limit_train_batches=steps, max_epochs=1 + math.ceil(WARM * _steps(setting) / steps),
    )  # fmt: skip
    trainer.fit(segmenter, data)
    figures = {name: float(value) for name, value in trainer.callback_metrics.items()}
    if setting.device.type != "cuda":
        return figures, None, None
    reserved = torch.cuda.max_memory_reserved()
    free, whole = torch.cuda.mem_get_info()
    outside = whole - free - torch.cuda.memory_reserved()  # of CUDA itself
    return figures, torch.cuda.max_memory_allocated(), reserved + outside


def _steps(setting: Setting) -> int:
    return 2 if setting.tiny else STEPS[setting.device.type]


def _with_cores(setting: Setting, config: "DictConfig") -> "DictConfig":
    config = config.copy()
    config.data.num_workers = min(config.data.num_workers, look(setting.out).cores)
    return config


def _whose(setting: Setting) -> str:
    return "drawn photos" if setting.data is None else "photos given"


def _endless(loader: Any) -> Iterator[dict[str, Any]]:
    while True:
        yield from loader
