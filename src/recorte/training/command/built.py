"""Whether keys lead somewhere: what a config has, and what each `_target_` takes, ours or another's."""

import difflib
import re
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, get_args

from hydra.core.override_parser.types import Override
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import InterpolationToMissingValueError

from recorte.kinds import Folder
from recorte.training.command.arguments import arguments_of
from recorte.training.command.values import value_problems

DATA_MODULE = "recorte.data.batches.datamodule.PersonDataModule"
"""What `config.data` builds, which names no target."""

MAY_BE_NOWHERE = ("quick", "verify", "download")
"""Verbs of the dataset desk to which a missing folder is no mistake."""


def built_problems(config: DictConfig, elsewhere: Collection[str]) -> Iterator[str]:
    """Find arguments that a class does not take, and those whose value its annotations do not allow.

    Args:
        config: composed.
        elsewhere: keys whose values are looked at elsewhere.
    """
    for key, node in _nodes(config):
        target = target_of(key, node)
        known = arguments_of(target) if target else None
        if target is None or known is None:
            continue
        for name in (str(name) for name in node if not str(name).startswith("_")):
            place = f"{key}.{name}"
            if name in known.kinds and not OmegaConf.is_missing(node, name):
                with suppress(InterpolationToMissingValueError):  # told of the key that has no value
                    yield from _argument_problems(config, node, place, known.kinds[name], elsewhere)
            elif name not in known.kinds and not known.open and target != DATA_MODULE:
                yield unknown_argument(place, target)


def target_of(key: str, node: Any) -> str | None:
    """Give the dotted name of what a part of a config builds."""
    target = DATA_MODULE if key == "data" else node.get("_target_") if isinstance(node, DictConfig) else None
    return target if isinstance(target, str) else None


def unknown_argument(key: str, target: str) -> str:
    """Say that a class takes no such argument, and which of its arguments come near."""
    known = arguments_of(target)
    close = difflib.get_close_matches(key.rpartition(".")[2], known.kinds if known else (), n=3)
    hint = f"did you mean {' or '.join(close)}?" if close else "leave it out"
    return f"{key}: {target.rpartition('.')[2]} takes no such argument; {hint}"


def _nodes(node: DictConfig, key: str = "") -> Iterator[tuple[str, DictConfig]]:
    """Give every mapping of a config with its key; what is another's by interpolation is given there alone."""
    yield key, node
    for name in node:
        child = node._get_node(name)
        if isinstance(child, DictConfig) and not (child._is_none() or child._is_interpolation() or child._is_missing()):
            yield from _nodes(child, f"{key}.{name!s}".lstrip("."))


def _argument_problems(
    config: DictConfig, node: DictConfig, place: str, kind: Any, elsewhere: Collection[str]
) -> Iterator[str]:
    name = place.rpartition(".")[2]
    given: Any = node._get_node(name)
    value, said = node[name], str(given._value())
    if isinstance(value, DictConfig) and "_target_" in value:
        return
    plain = OmegaConf.to_container(value, resolve=True) if OmegaConf.is_config(value) else value
    source = re.match(r"\$\{([\w.]+)\}", said)
    key = source[1] if source and source.group() == said else place  # the one that is to be mended
    if key not in elsewhere:
        yield from value_problems(key, plain, kind)
    if Folder in (kind, *get_args(kind)) and isinstance(plain, str) and not Path(plain).is_dir():
        key = source[1] if source else place
        if config.get("verb") not in MAY_BE_NOWHERE:
            yield f"{key}: there is no folder {plain}; give {key}=<the folder with your photos>"


def unknown_key(config: DictConfig, override: Override) -> str | None:
    """Say what is wrong with a key that the config does not have, or that nothing would take; None if it may be set.

    Args:
        config: composed, without the override.
        override: `key=value`, or `+key=value`, which adds what a class takes beyond the config.
    """
    key, text = override.key_or_group, override.input_line
    parent = key.rpartition(".")[0]
    if key.startswith("hydra.") or override.is_force_add() or has_key(config, key):
        return None
    if override.is_add() and parent != "data":  # of data, only the keys that it has reach the data module
        return None
    target = target_of(parent, OmegaConf.select(config, parent)) if has_key(config, parent) else None
    arguments = arguments_of(target) if target and parent != "data" else None
    more = {f"{parent}.{argument}" for argument in arguments.kinds} if arguments else set()
    if target and key in more:
        return f"{key}: the config leaves it to {target.rpartition('.')[2]}, which takes it; give +{text}"
    known = dict.fromkeys([*_keys(config), *config.hydra.runtime.choices])
    close = difflib.get_close_matches(key, [*known, *(more - known.keys())], n=3, cutoff=0.6)
    said = " or ".join(one if one in known else f"+{one}" for one in close)
    hint = f"did you mean {said}?" if close else "--help lists every key"
    adds = "" if parent == "data" else f" (+{text} adds what a class accepts beyond the config)"
    return f"{key}: there is no such key; {hint}{adds}"


def has_key(config: DictConfig, key: str) -> bool:
    """Tell whether a config has a key, be its value null or none yet."""
    node: Any = config
    for part in key.split("."):
        if not isinstance(node, DictConfig) or part not in node.keys():  # noqa: SIM118 (`in node` hides null and ???)
            return False
        node = node._get_node(part)
    return True


def _keys(config: DictConfig, prefix: str = "") -> Iterator[str]:
    for name in config:
        yield prefix + str(name)
        node = config._get_node(name)
        if isinstance(node, DictConfig) and not node._is_none() and name != "hydra":
            yield from _keys(node, f"{prefix}{name!s}.")
