"""Which values a config may hold. No torch here: a mistake is told in the time that a config takes to read."""

import difflib
import importlib.util
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

from msgspec import Meta
from omegaconf import DictConfig, ListConfig, OmegaConf

from recorte.home import near, resolved
from recorte.kinds import AnyPath, BelowOne, Count, CountOrZero, Folds, NotNegative, Positive, Size
from recorte.training.command.built import built_problems, has_key
from recorte.training.command.values import fits, value_problems, words_of
from recorte.training.machine.cluster import slurm_problems
from recorte.training.machine.hardware import OF_A_PROFILE
from recorte.training.machine.loop import loop_problems

KINDS: dict[str, Any] = {
    "seed": CountOrZero,
    "encoder_lr": Positive | None,
    "freeze_encoder": Annotated[int, Meta(ge=-1, description="a whole number of epochs, or -1 for all of them")],
    "compile": bool,
    "check": bool,
    "dry_run": bool,
    "export": bool,
    "full_size": bool,
    "image_size": Size | None,
    "memory_format": Literal["channels_last", "contiguous_format"],
    "run_dir": AnyPath,
    "target": AnyPath | None,
    "init": AnyPath | None,
    "resume": AnyPath | None,
    "data.root": AnyPath,
    "data.teacher": AnyPath,
    "optimizer.lr": Positive,
    "optimizer.weight_decay": NotNegative,
    "optimizer.momentum": BelowOne,
    "optimizer.fused": bool,
    "callbacks.early_stopping.patience": CountOrZero,
    "full": bool,
    "fix": bool,
    "photos": Count | None,
    "to": Literal["masks", "coco", "shards"],
    "which": Annotated[
        Literal["random", "largest", "smallest", "crowded", "empty"] | list[Any],
        Meta(description="random, largest, smallest, crowded, empty, or a list of photos' names"),
    ],
    "parts": Annotated[
        list[Literal["annotations", "val", "train"]],
        Meta(min_length=1, description="a list of annotations, val and train"),
    ],
    "keep_archives": bool,
    "trainer.max_epochs": Annotated[
        int, Meta(ge=-1, description=f"{words_of(Count)}, or -1 for as many as +trainer.max_time lets"), bool
    ],
    "trainer.accelerator": Literal["auto", "cpu", "gpu", "cuda", "mps"],
    "trainer.devices": Annotated[
        Annotated[int, Meta(ge=-1)] | Literal["auto"] | Annotated[list[CountOrZero], Meta(min_length=1)],
        Meta(description="a whole number of at least 1, auto or -1 (all there are), or a list of cards such as [0,2]"),
        lambda devices: devices != 0,
    ],
    "trainer.num_nodes": Count,
    "trainer.strategy": Literal["auto", "ddp", "fsdp"],  # fsdp is refused with its reason
    "trainer.sync_batchnorm": bool,
    "trainer.precision": Literal["32-true", "bf16-mixed", "16-mixed", "bf16-true", "16-true"],  # those are, too
    "trainer.gradient_clip_val": NotNegative | None,
    "trainer.gradient_clip_algorithm": Literal["norm", "value"] | None,
    "trainer.accumulate_grad_batches": Count,
}
"""Of keys that no argument of ours has; those are annotated beside their class. A config need not have all of them."""

OUTPUTS = ("run_dir", "target", "data.cache_dir")
"""Keys of folders that are made where they are missing."""


def find_value_problems(config: DictConfig) -> list[str]:
    """Find every impossible value and missing folder of a composed config."""
    if unset := [key for key in OF_A_PROFILE if not has_key(config, key)]:  # other rules look at these
        return [f"{key}: nothing sets it; the hardware profile must, as conf/hardware/cpu.yaml does" for key in unset]
    return [*_missing(config), *_wrong_kinds(config), *built_problems(config, KINDS), *_data_problems(config),
            *_fold_problems(config), *_model_problems(config), *_weight_problems(config), *_optimizer_problems(config),
            *_device_problems(config), *_batch_problems(config), *_encoder_problems(config),
            *slurm_problems(config), *loop_problems(config)]  # fmt: skip


def _missing(config: DictConfig) -> Iterator[str]:
    for key in sorted(_missing_keys(OmegaConf.to_container(config))):
        hint = {"model.path": "model=<a run's folder, its best_model/, or a .ckpt>"}.get(key, f"{key}=<value>")
        yield f"{key}: a value is needed; give {hint}"


def _missing_keys(node: Any, key: str = "") -> Iterator[str]:
    """Find every `???`; `OmegaConf.missing_keys` fails on an interpolation that leads to one."""
    if isinstance(node, dict):
        for name, value in node.items():
            yield from _missing_keys(value, f"{key}.{name}".lstrip("."))
    elif node == "???":
        yield key


def _wrong_kinds(config: DictConfig) -> Iterator[str]:
    for key, kind in KINDS.items():
        parent, _, name = key.rpartition(".")
        node = OmegaConf.select(config, parent) if parent else config
        if isinstance(node, DictConfig) and name in node.keys() and not OmegaConf.is_missing(node, name):  # noqa: SIM118
            value = node[name]
            plain = OmegaConf.to_container(value, resolve=True) if OmegaConf.is_config(value) else value
            yield from value_problems(key, plain, kind)


def _model_problems(config: DictConfig) -> Iterator[str]:
    for key, path in (("init", config.get("init")), ("model", OmegaConf.select(config, "model.path"))):
        if isinstance(path, str) and path != "bundled" and not resolved(path).exists():
            yield f"{key}={path}: no such model; give a run's folder, its best_model/, a .ckpt, or bundled{near(path)}"
    weights = OmegaConf.select(config, "model.encoder_weights", default="none")
    if isinstance(weights, str) and weights not in ("imagenet", "none") and not Path(weights).is_file():
        yield f"model.encoder_weights={weights}: must be imagenet, none, or a file of weights"


def _encoder_problems(config: DictConfig) -> Iterator[str]:
    """Look for an encoder's name in timm's source: importing timm takes seconds. Code of others may register more."""
    encoder, found = OmegaConf.select(config, "model.encoder"), importlib.util.find_spec("timm")
    targets = re.findall(r"_target_: (\S+)", OmegaConf.to_yaml(config))
    ours = all(target.startswith(("recorte.", "torch.", "lightning.")) for target in targets)
    if not ours or not isinstance(encoder, str) or found is None or found.origin is None or ":" in encoder:
        return
    sources = [path.read_text(encoding="utf-8") for path in Path(found.origin).parent.glob("models/*.py")]
    name = encoder.partition(".")[0]  # after it come the weights
    word = re.compile(rf"\b{re.escape(name)}\b")
    if not any(word.search(source) for source in sources):
        known = [one for source in sources for one in re.findall(r"^def (\w+)\(pretrained", source, re.MULTILINE)]
        close = ", ".join(difflib.get_close_matches(name, known, 5)) or "resnet34.a1_in1k"
        yield f"model.encoder={encoder}: no such encoder in timm; close to it: {close}"


def _weight_problems(config: DictConfig) -> Iterator[str]:
    weights, terms = (OmegaConf.select(config, f"loss.{name}") for name in ("weights", "terms"))
    if isinstance(weights, DictConfig) and isinstance(terms, DictConfig) and set(weights) != set(terms):
        yield f"loss.weights: names {sorted(weights)}, but the terms are {sorted(terms)}; give each term a weight"
    if isinstance(weights, DictConfig) and weights and not any(weights.values()):
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
        yield f"trainer.devices={config.trainer.devices}: on the CPU it must be {words_of(Count)}"


def _batch_problems(config: DictConfig) -> Iterator[str]:
    if config.data.num_workers == 0 and config.data.get("prefetch_factor") is not None:
        given = f"data.prefetch_factor={config.data.prefetch_factor} with data.num_workers=0"
        yield f"{given}: only workers read ahead; give data.num_workers=2 or more, or leave it out"
    if "optimizer" in config and config.data.batch_size == 1 and config.data.image_size == 32:
        yield (
            "data.batch_size=1 with data.image_size=32: at the coarsest level one value is left, and batch norm needs "
            "two; give data.batch_size=2 or data.image_size=64"
        )


def _data_problems(config: DictConfig) -> Iterator[str]:
    """Find what is wrong with the sources of `config.data`, their shares and folds, and the folders for results."""
    sources = OmegaConf.select(config, "data.sources")
    if isinstance(sources, DictConfig) and sources:
        for key, source in sources.items():
            name = str(key)
            if not isinstance(source, DictConfig) or not isinstance(source.get("_target_"), str):
                needed = "must be a source with the _target_ that opens it, as in conf/data/coco.yaml"
                yield f"data.sources.{name}={_shown(source)}: {needed}"
            elif source.get("_partial_") is not True:
                yield f"data.sources.{name}: needs `_partial_: true`, since it is opened once for each split"
        shares = OmegaConf.select(config, "data.shares")
        if isinstance(shares, DictConfig) and set(shares) != set(sources):
            yield f"data.shares: names {sorted(shares)}, but the sources are {sorted(sources)}"
    else:
        yield f"data.sources={_shown(sources)}: must be sources by name, as conf/data/coco.yaml has them"
    for key in OUTPUTS:
        yield from _output_problems(key, OmegaConf.select(config, key))


def _output_problems(key: str, path: Any) -> Iterator[str]:
    """Look where a folder would be made, before a long work ends with nowhere to write to."""
    elsewhere = isinstance(path, str) and key == "target" and "://" in path  # an object store
    if not isinstance(path, str) or path == "." or elsewhere or (key == "data.cache_dir" and Path(path).is_dir()):
        return
    there = next(place for place in (Path(path).absolute(), *Path(path).absolute().parents) if os.path.lexists(place))
    if not there.is_dir():
        yield f"{key}={path}: {there} is no folder; give another place"
    elif not os.access(there, os.W_OK | os.X_OK):
        yield f"{key}={path}: {there} is not yours to write to; give another place, or yourself the right to"


def _shown(value: Any) -> str:
    return "null" if value is None else str(value)


def _fold_problems(config: DictConfig) -> Iterator[str]:
    folds, fold = OmegaConf.select(config, "data.folds"), OmegaConf.select(config, "data.fold")
    if (folds is None) != (fold is None):
        given, other = ("data.fold", "data.folds=5") if folds is None else ("data.folds", "data.fold=0")
        every = "-m data.folds=5 data.fold=0,1,2,3,4 runs all"
        yield f"{given} without {other.partition('=')[0]}: cross validation needs both, such as {other}; {every}"
    elif folds is not None and fits(folds, Folds) and fits(fold, CountOrZero) and fold >= folds:
        yield f"data.fold={fold}: must be a whole number from 0 to {folds - 1}, since data.folds={folds}"
