"""Which values a config may hold. No torch here: a mistake is told in the time that a config takes to read."""

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, ListConfig, OmegaConf

Rule = tuple[Callable[[Any], bool], str]


def _whole(value: Any, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _one_of(*valid: str) -> Rule:
    return (lambda value: value in valid), f"one of {', '.join(valid)}"


POSITIVE: Rule = (lambda value: _number(value) and value > 0), "a number above 0"
NOT_NEGATIVE: Rule = (lambda value: _number(value) and value >= 0), "a number of at least 0"
SHARE: Rule = (lambda value: _number(value) and 0 <= value <= 1), "a number from 0 to 1"
BELOW_ONE: Rule = (lambda value: _number(value) and 0 <= value < 1), "a number from 0 to less than 1"
COUNT: Rule = (lambda value: _whole(value, 1)), "a whole number of at least 1"
COUNT_OR_ZERO: Rule = (lambda value: _whole(value, 0)), "a whole number of at least 0"
SIZE: Rule = (lambda value: _whole(value, 32) and value % 32 == 0), "a multiple of 32, such as 256 or 384"
YES_OR_NO: Rule = (lambda value: isinstance(value, bool)), "true or false"

RULES: dict[str, Rule] = {
    "seed": COUNT_OR_ZERO,
    "image_size": SIZE,
    "memory_format": _one_of("channels_last", "contiguous_format"),
    "data.batch_size": COUNT,
    "data.image_size": SIZE,
    "data.num_workers": COUNT_OR_ZERO,
    "data.sources.synthetic.length": COUNT,
    "augmentation.flip": SHARE,
    "augmentation.rotation": (lambda value: _number(value) and 0 <= value <= 180, "a number from 0 to 180"),
    "augmentation.scale": (
        lambda value: (
            isinstance(value, list) and len(value) == 2 and all(map(_number, value)) and 0 < value[0] <= value[1]
        ),
        "two numbers above 0, the least and the greatest factor, such as [0.8,1.2]",
    ),
    "augmentation.colour": SHARE,
    "augmentation.grey": SHARE,
    "augmentation.blur": SHARE,
    "augmentation.noise": SHARE,
    "augmentation.jpeg": SHARE,
    "augmentation.paste": SHARE,
    "model.attention": YES_OR_NO,
    "model.dropout": BELOW_ONE,
    "model.decoder_channels": (
        lambda value: isinstance(value, list) and len(value) == 4 and all(_whole(width, 1) for width in value),
        "four whole numbers, coarse to fine, such as [256,128,64,32]",
    ),
    "optimizer.lr": POSITIVE,
    "optimizer.weight_decay": NOT_NEGATIVE,
    "optimizer.momentum": BELOW_ONE,
    "scheduler.warmup": BELOW_ONE,
    "scheduler.floor": SHARE,
    "scheduler.pct_start": SHARE,
    "callbacks.broken_photos.most": SHARE,
    "callbacks.grid.photos": COUNT,
    "callbacks.early_stopping.patience": COUNT_OR_ZERO,
    "trainer.max_epochs": COUNT,
    "trainer.accelerator": _one_of("auto", "cpu", "gpu", "cuda", "mps"),
    "trainer.precision": _one_of("32-true", "bf16-mixed", "16-mixed"),
    "trainer.gradient_clip_val": NOT_NEGATIVE,
    "trainer.accumulate_grad_batches": COUNT,
}  # fmt: skip
"""Keys that a config need not have, and values that may be null where the config has null, are passed over."""

MAY_BE_NULL = ("image_size", "trainer.gradient_clip_val")


def value_problems(config: DictConfig) -> list[str]:
    """Find every impossible value and missing folder of a composed config."""
    return [*_missing(config), *_broken_rules(config), *_folder_problems(config), *_path_problems(config),
            *_weight_problems(config), *_share_problems(config)]  # fmt: skip


def _missing(config: DictConfig) -> Iterator[str]:
    for key in sorted(OmegaConf.missing_keys(config)):
        hint = {"model.path": "model=<a run's folder, its best_model/, or a .ckpt>"}.get(key, f"{key}=<value>")
        yield f"{key}: a value is needed; give {hint}"


def _broken_rules(config: DictConfig) -> Iterator[str]:
    for key, (holds, valid) in RULES.items():
        value = OmegaConf.select(config, key)
        if isinstance(value, (DictConfig, ListConfig)):
            value = OmegaConf.to_container(value, resolve=True)
        given = _is_given(config, key)
        if not given or (value is None and key in MAY_BE_NULL):
            continue
        if not holds(value):
            yield f"{key}={'null' if value is None else value}: must be {valid}"


def _is_given(config: DictConfig, key: str) -> bool:
    parent, _, name = key.rpartition(".")
    node = OmegaConf.select(config, parent) if parent else config
    return isinstance(node, DictConfig) and name in node.keys() and not OmegaConf.is_missing(node, name)  # noqa: SIM118


def _folder_problems(config: DictConfig) -> Iterator[str]:
    for name, source in (OmegaConf.select(config, "data.sources") or {}).items():
        root = source.get("root")
        if root is not None and not Path(root).is_dir():
            key = "data.root" if "data.root" in str(source._get_node("root")._value()) else f"data.sources.{name}.root"
            yield f"{key}: there is no folder {root}; give {key}=<the folder with your photos and masks>"


def _path_problems(config: DictConfig) -> Iterator[str]:
    init = config.get("init")
    if init not in (None, "bundled") and not Path(init).exists():
        yield f"init={init}: no such model; give a run's folder, its best_model/, a .ckpt, or bundled"
    model = OmegaConf.select(config, "model.path")
    if model is not None and not Path(model).exists():
        yield f"model={model}: no such model; give a run's folder, its best_model/, or a .ckpt"
    weights = OmegaConf.select(config, "model.encoder_weights", default="none")
    if weights not in ("imagenet", "none") and not Path(weights).is_file():
        yield f"model.encoder_weights={weights}: must be imagenet, none, or a file of weights"


def _weight_problems(config: DictConfig) -> Iterator[str]:
    weights = dict(OmegaConf.select(config, "loss.weights") or {})
    wrong = {name: value for name, value in weights.items() if not (_number(value) and value >= 0)}
    for name, value in wrong.items():
        yield f"loss.weights.{name}={value}: must be {NOT_NEGATIVE[1]}"
    if weights and not wrong and not any(weights.values()):
        yield "loss.weights: all are 0, so nothing would be learned; give at least one above 0"


def _share_problems(config: DictConfig) -> Iterator[str]:
    shares, sources = OmegaConf.select(config, "data.shares"), OmegaConf.select(config, "data.sources")
    if shares is None:
        return
    if set(shares) != set(sources):
        yield f"data.shares: names {sorted(shares)}, but the sources are {sorted(sources)}"
    for name, value in shares.items():
        if not (_number(value) and value > 0):
            yield f"data.shares.{name}={value}: must be {POSITIVE[1]}"
