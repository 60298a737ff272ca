"""Which sources of data a config may hold, where they are, and where results go."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, ListConfig, OmegaConf

from recorte.training.command.kinds import (
    COUNT,
    COUNT_OR_ZERO,
    NAMES,
    NOT_NEGATIVE,
    PATH,
    POSITIVE,
    SIZE,
    TEXT,
    Rule,
    is_number,
    whole,
)

OWN = "recorte.data."
"""What the classes of our own sources begin with; what others accept is not known here."""

SOURCE_RULES: dict[str, Rule] = {
    "root": PATH,
    "photos": PATH,
    "masks": PATH,
    "backgrounds": (lambda value: value is None or isinstance(value, str), "a path, or null"),
    "weights": (lambda value: value is None or isinstance(value, str), "a path, or null"),
    "min_area": NOT_NEGATIVE,
    "negatives": (lambda value: is_number(value) and 0 <= value <= 100, "a number from 0 to 100"),
    "classes": NAMES,
    "ignored": NAMES,
    "unmarked": TEXT,
    "val_share": (lambda value: is_number(value) and 0 < value < 1, "a number between 0 and 1"),
    "length": COUNT,
    "size": SIZE,
    "seed": COUNT_OR_ZERO,
}

MAY_BE_NOWHERE = ("quick", "verify", "download")
"""Verbs of the dataset desk to which a missing folder is no mistake."""

OUTPUTS = ("run_dir", "target", "data.cache_dir")
"""Keys of folders that are made where they are missing."""


def data_problems(config: DictConfig) -> Iterator[str]:
    """Find what is wrong with the sources of `config.data`, their shares and folds, and the folders for results."""
    sources = OmegaConf.select(config, "data.sources")
    if isinstance(sources, DictConfig) and sources:
        for name, source in sources.items():
            yield from _source_problems(config, name, source)
        yield from _share_problems(config, list(sources))
    else:
        yield f"data.sources={_shown(sources)}: must be sources by name, as conf/data/coco.yaml has them"
    yield from _fold_problems(config)
    for key in OUTPUTS:
        yield from _output_problems(key, OmegaConf.select(config, key))


def _source_problems(config: DictConfig, name: str, source: Any) -> Iterator[str]:
    key = f"data.sources.{name}"
    if not isinstance(source, DictConfig) or not isinstance(source.get("_target_"), str):
        yield f"{key}={_shown(source)}: must be a source with the _target_ that opens it, as in conf/data/coco.yaml"
        return
    for option in source:
        if option not in SOURCE_RULES or not source._target_.startswith(OWN) or _is_elsewhere(source, option):
            continue
        holds, valid = SOURCE_RULES[option]
        value = source[option]
        if not holds(OmegaConf.to_object(value) if isinstance(value, (DictConfig, ListConfig)) else value):
            yield f"{key}.{option}={_shown(value)}: must be {valid}"
    root = source.get("root")
    if isinstance(root, str) and not Path(root).is_dir() and config.get("verb") not in MAY_BE_NOWHERE:
        key = "data.root" if "data.root" in str(source._get_node("root")._value()) else f"{key}.root"
        yield f"{key}: there is no folder {root}; give {key}=<the folder with your photos and masks>"


def _is_elsewhere(source: DictConfig, option: str) -> bool:
    """Tell whether an option is missing, or another key's value alone, which is looked at there."""
    if OmegaConf.is_missing(source, option):
        return True
    said = str(source._get_node(option)._value())
    return said in ("${data.root}", "${data.image_size}", "${seed}")


def _output_problems(key: str, path: Any) -> Iterator[str]:
    """Look where a folder would be made, before a long work ends with nowhere to write to."""
    if not isinstance(path, str) or path == "." or (key == "data.cache_dir" and Path(path).is_dir()):
        return
    there = next(place for place in (Path(path).absolute(), *Path(path).absolute().parents) if os.path.lexists(place))
    if not there.is_dir():
        yield f"{key}={path}: {there} is no folder; give another place"
    elif not os.access(there, os.W_OK | os.X_OK):
        yield f"{key}={path}: {there} is not yours to write to; give another place, or yourself the right to"


def _shown(value: Any) -> str:
    return "null" if value is None else str(value)


def _share_problems(config: DictConfig, sources: list[str]) -> Iterator[str]:
    shares = OmegaConf.select(config, "data.shares")
    if shares is None:
        return
    if not isinstance(shares, DictConfig):
        yield f"data.shares={shares}: must be a number above 0 for each source, such as {{{sources[0]}: 1}}, or null"
        return
    if set(shares) != set(sources):
        yield f"data.shares: names {sorted(shares)}, but the sources are {sorted(sources)}"
    for name, value in shares.items():
        if not (is_number(value) and value > 0):
            yield f"data.shares.{name}={value}: must be {POSITIVE[1]}"


def _fold_problems(config: DictConfig) -> Iterator[str]:
    folds, fold = OmegaConf.select(config, "data.folds"), OmegaConf.select(config, "data.fold")
    if (folds is None) != (fold is None):
        given, other = ("data.fold", "data.folds=5") if folds is None else ("data.folds", "data.fold=0")
        every = "-m data.folds=5 data.fold=0,1,2,3,4 runs all"
        yield f"{given} without {other.partition('=')[0]}: cross validation needs both, such as {other}; {every}"
    elif whole(folds, 2) and whole(fold, 0) and fold >= folds:
        yield f"data.fold={fold}: must be a whole number from 0 to {folds - 1}, since data.folds={folds}"
