"""The data of a run, opened before PyTorch is imported: a wrong layout is told in a second, not in half a minute."""

import functools
from collections.abc import Callable

from hydra.utils import instantiate
from omegaconf import DictConfig

from recorte.data.sample import PersonSource, Split


def open_sources(config: DictConfig, *splits: Split) -> dict[str, Callable[..., PersonSource]]:
    """Give what opens each source of `config.data` for a split, once; those of the splits are open already.

    Args:
        config: composed.
        splits: "train" and "val", or one of them. With folds, both are cut from "train".

    Raises:
        DataError: one of the sources is missing or broken.
    """
    sources: dict[str, Callable[..., PersonSource]] = {
        name: functools.cache(instantiate(source)) for name, source in config.data.sources.items()
    }
    for source in sources.values():
        for split in splits if config.data.folds is None else ("train",):
            source(split=split)
    return sources
