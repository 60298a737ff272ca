"""Which values a config may hold. No torch here: a mistake is told in the time that a config takes to read."""

from collections.abc import Iterator
from pathlib import Path

from omegaconf import DictConfig, ListConfig, OmegaConf

from recorte.training.command.data_rules import data_problems
from recorte.training.command.kinds import (
    BELOW_ONE,
    COUNT,
    COUNT_OR_ZERO,
    NOT_NEGATIVE,
    PATH,
    POSITIVE,
    SHARE,
    SIZE,
    YES_OR_NO,
    Rule,
    is_device_list,
    is_number,
    one_of,
    whole,
)
from recorte.training.machine.cluster import slurm_problems

RULES: dict[str, Rule] = {
    "seed": COUNT_OR_ZERO,
    "encoder_lr": POSITIVE,
    "freeze_encoder": (lambda value: whole(value, -1), "a whole number of epochs, or -1 for all of them"),
    "compile": YES_OR_NO,
    "check": YES_OR_NO,
    "dry_run": YES_OR_NO,
    "full_size": YES_OR_NO,
    "image_size": SIZE,
    "memory_format": one_of("channels_last", "contiguous_format"),
    "run_dir": PATH,
    "target": PATH,
    "init": PATH,
    "resume": PATH,
    "model.encoder_weights": (lambda value: isinstance(value, str), "imagenet, none, or a file of weights"),
    "data.root": PATH,
    "data.teacher": PATH,
    "data.cache_dir": PATH,
    "data.folds": (lambda value: whole(value, 2), "a whole number of at least 2, or null"),
    "data.fold": (lambda value: whole(value, 0), "a whole number of at least 0, or null"),
    "data.batch_size": COUNT,
    "data.image_size": SIZE,
    "data.early_sizes": (
        lambda value: (
            isinstance(value, list)
            and all(isinstance(pair, list) and len(pair) == 2 for pair in value)
            and all(whole(size, 32) and size % 32 == 0 and whole(end, 1) for size, end in value)
            and [end for _, end in value] == sorted({end for _, end in value})
        ),
        "pairs of a multiple of 32 and the epoch before which it ends, in order, such as [[192,10],[256,16]]",
    ),
    "data.num_workers": COUNT_OR_ZERO,
    "data.prefetch_factor": COUNT,
    "data.pin_memory": YES_OR_NO,
    "data.preload": YES_OR_NO,
    "augmentation.flip": SHARE,
    "augmentation.rotation": (lambda value: is_number(value) and 0 <= value <= 180, "a number from 0 to 180"),
    "augmentation.scale": (
        lambda value: (
            isinstance(value, list) and len(value) == 2 and all(map(is_number, value)) and 0 < value[0] <= value[1]
        ),
        "two numbers above 0, the least and the greatest factor, such as [0.8,1.2]",
    ),
    "augmentation.colour": SHARE,
    "augmentation.grey": SHARE,
    "augmentation.blur": SHARE,
    "augmentation.noise": SHARE,
    "augmentation.jpeg": SHARE,
    "augmentation.paste": SHARE,
    "augmentation.join": SHARE,
    "augmentation.nobody": SHARE,
    "model.attention": YES_OR_NO,
    "model.dropout": BELOW_ONE,
    "model.decoder_channels": (
        lambda value: isinstance(value, list) and len(value) == 4 and all(whole(width, 1) for width in value),
        "four whole numbers, coarse to fine, such as [192,96,48,32]",
    ),
    "optimizer.lr": POSITIVE,
    "optimizer.weight_decay": NOT_NEGATIVE,
    "optimizer.momentum": BELOW_ONE,
    "optimizer.fused": YES_OR_NO,
    "scheduler.warmup": BELOW_ONE,
    "scheduler.floor": SHARE,
    "scheduler.pct_start": SHARE,
    "callbacks.averaging.decay": BELOW_ONE,
    "callbacks.broken_photos.most": SHARE,
    "callbacks.finite_loss.most": (lambda value: is_number(value) and value > 1, "a number above 1"),
    "callbacks.last.every_minutes": POSITIVE,
    "callbacks.last.every_steps": COUNT,
    "callbacks.pictures.photos": COUNT,
    "callbacks.early_stopping.patience": COUNT_OR_ZERO,
    "full": YES_OR_NO,
    "fix": YES_OR_NO,
    "photos": COUNT,
    "to": one_of("masks", "coco"),
    "which": (
        lambda value: value in ("random", "largest", "smallest", "crowded", "empty") or isinstance(value, list),
        "random, largest, smallest, crowded, empty, or a list of photos' names",
    ),
    "parts": (
        lambda value: (
            isinstance(value, list) and value != [] and all(part in ("annotations", "val", "train") for part in value)
        ),
        "a list of annotations, val and train",
    ),
    "keep_archives": YES_OR_NO,
    "trainer.max_epochs": COUNT,
    "trainer.accelerator": one_of("auto", "cpu", "gpu", "cuda", "mps"),
    "trainer.devices": (
        lambda value: value in ("auto", -1) or whole(value, 1) or is_device_list(value),
        "a whole number of at least 1, auto or -1 (all there are), or a list of cards such as [0,2]",
    ),
    "trainer.num_nodes": COUNT,
    "trainer.strategy": one_of("auto", "ddp"),
    "trainer.sync_batchnorm": YES_OR_NO,
    "trainer.precision": one_of("32-true", "bf16-mixed", "16-mixed"),
    "trainer.gradient_clip_val": NOT_NEGATIVE,
    "trainer.accumulate_grad_batches": COUNT,
}  # fmt: skip
"""Keys that a config need not have, and values that may be null where the config has null, are passed over."""

MAY_BE_NULL = (
    "photos",
    "target",
    "init",
    "resume",
    "image_size",
    "encoder_lr",
    "callbacks.last.every_minutes",
    "callbacks.last.every_steps",
    "data.cache_dir",
    "data.early_sizes",
    "data.prefetch_factor",
    "data.pin_memory",
    "data.folds",
    "data.fold",
    "trainer.gradient_clip_val",
)


def value_problems(config: DictConfig) -> list[str]:
    """Find every impossible value and missing folder of a composed config."""
    return [*_missing(config), *_broken_rules(config), *data_problems(config), *_path_problems(config),
            *_weight_problems(config), *_optimizer_problems(config),
            *_device_problems(config), *_batch_problems(config), *slurm_problems(config)]  # fmt: skip


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


def _path_problems(config: DictConfig) -> Iterator[str]:
    init = config.get("init")
    if isinstance(init, str) and init != "bundled" and not Path(init).exists():
        yield f"init={init}: no such model; give a run's folder, its best_model/, a .ckpt, or bundled"
    model = OmegaConf.select(config, "model.path")
    if model not in (None, "bundled") and not Path(model).exists():
        yield f"model={model}: no such model; give a run's folder, its best_model/, a .ckpt, or bundled"
    weights = OmegaConf.select(config, "model.encoder_weights", default="none")
    if isinstance(weights, str) and weights not in ("imagenet", "none") and not Path(weights).is_file():
        yield f"model.encoder_weights={weights}: must be imagenet, none, or a file of weights"


def _weight_problems(config: DictConfig) -> Iterator[str]:
    weights = OmegaConf.select(config, "loss.weights") or {}
    if not isinstance(weights, DictConfig | dict):
        yield f"loss.weights={weights}: must be a number for each loss, such as {{bce: 1, dice: 1}}"
        return
    wrong = {name: value for name, value in weights.items() if not (is_number(value) and value >= 0)}
    for name, value in wrong.items():
        yield f"loss.weights.{name}={value}: must be {NOT_NEGATIVE[1]}"
    if weights and not wrong and not any(weights.values()):
        yield "loss.weights: all are 0, so nothing would be learned; give at least one above 0"


def _optimizer_problems(config: DictConfig) -> Iterator[str]:
    fused, precision = OmegaConf.select(config, "optimizer.fused"), OmegaConf.select(config, "trainer.precision")
    if fused is True and precision == "16-mixed" and config.trainer.get("gradient_clip_val"):
        scaled = "with trainer.precision=16-mixed it sees scaled gradients, which cannot be clipped"
        yield f"optimizer.fused=true: {scaled}; give optimizer.fused=false, or trainer.precision=bf16-mixed"


def _device_problems(config: DictConfig) -> Iterator[str]:
    if OmegaConf.select(config, "trainer.accelerator") != "cpu":
        return
    if config.trainer.get("sync_batchnorm") is True:
        yield "trainer.sync_batchnorm=true: works between graphics cards only; leave it out on the CPU"
    if config.trainer.devices == -1 or isinstance(config.trainer.devices, ListConfig):
        yield f"trainer.devices={config.trainer.devices}: on the CPU it must be {COUNT[1]}"


def _batch_problems(config: DictConfig) -> Iterator[str]:
    if config.data.num_workers == 0 and config.data.get("prefetch_factor") is not None:
        given = f"data.prefetch_factor={config.data.prefetch_factor} with data.num_workers=0"
        yield f"{given}: only workers read ahead; give data.num_workers=2 or more, or leave it out"
    if "optimizer" in config and config.data.batch_size == 1 and config.data.image_size == 32:
        yield (
            "data.batch_size=1 with data.image_size=32: at the coarsest level one value is left, and batch norm needs "
            "two; give data.batch_size=2 or data.image_size=64"
        )
