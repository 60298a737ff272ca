"""From a config to the objects of a run."""

import logging
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf

import recorte
from recorte.data.batches.datamodule import PersonDataModule
from recorte.data.sample import PersonSource
from recorte.errors import ModelError
from recorte.model.attention_unet import AttentionUNet
from recorte.model.export import load_network
from recorte.model.module import PersonSegmenter

log = logging.getLogger(__name__)

BUNDLED_WEIGHTS = Path(recorte.__file__).parent / "removal" / "weights"
"""The `best_model` folder inside the package, by a way that does not lead through the rooms of the small tool."""


def build_data(
    config: DictConfig, image_size: int | None = None, sources: Mapping[str, Callable[..., PersonSource]] | None = None
) -> PersonDataModule:
    """Build the data module of `config.data`, with `config.augmentation` where there is one.

    Args:
        config: composed.
        image_size: pixels; None takes that of the config.
        sources: what opens each source of the config, as `open_sources` gives it; None: nothing is open yet.
    """
    data = config.data
    shares: Any = None if data.shares is None else OmegaConf.to_container(data.shares)
    return PersonDataModule(
        sources=sources or {name: instantiate(source) for name, source in data.sources.items()},
        shares=shares,
        batch_size=data.batch_size,
        image_size=image_size or data.image_size,
        num_workers=data.num_workers,
        augmentation=instantiate(config.augmentation, _convert_="all") if "augmentation" in config else None,
        seed=config.get("seed", 0),
        folds=data.folds,
        fold=data.fold,
        early_sizes=[tuple(pair) for pair in data.early_sizes or ()],
        preload=data.get("preload", False),
        cache_dir=data.get("cache_dir"),
        prefetch_factor=data.get("prefetch_factor"),
        pin_memory=data.get("pin_memory"),
    )


def with_network_of_init(config: DictConfig) -> DictConfig:
    """Copy a config, its `model` describing the network that `config.init` starts from.

    Args:
        config: composed; `overrides` is what the command line set, as `key=value`.

    Raises:
        ModelError: a model that cannot be read, or another network is asked for on the command line.
    """
    config = config.copy()
    if config.init is None:
        return config
    trained, _ = load_network(model_path(config.init))
    asked_for = {text.partition("=")[0] for text in config.get("overrides") or []}
    for key in ("encoder", "attention", "decoder_channels"):
        value = trained.config[key]
        if config.model[key] != value and asked_for & {f"model.{key}", "model"}:
            raise ModelError(
                f"init={config.init}: its network has {key}={value}, but model.{key}={config.model[key]} is asked for; "
                "leave it out, or give init=null to start anew"
            )
        config.model[key] = value
    return config


def build_network(config: DictConfig) -> AttentionUNet:
    """Build the network of `config.model`, with the weights of `config.init` if that is given.

    Raises:
        ModelError: weights that cannot be had.
    """
    network: AttentionUNet
    if config.init is None:
        network = instantiate(config.model, _convert_="all")
        return network
    path = model_path(config.init)
    trained, _ = load_network(path)
    network = instantiate(config.model, encoder_weights="none", _convert_="all")
    network.load_state_dict(trained.state_dict())
    log.info("Starting from the weights of %s", path)
    return network


def build_segmenter(
    config: DictConfig, network: AttentionUNet, sources: Iterable[str] = ("all",), with_loss: bool = True
) -> PersonSegmenter:
    """Put a network together with the loss, optimizer and schedule of a config, as far as it has them.

    Args:
        config: composed from `conf/train.yaml`, or from `conf/evaluate.yaml` to measure only.
        network: on any device.
        sources: names of the validation sources.
        with_loss: else it is only to be measured.
    """
    return PersonSegmenter(
        network,
        instantiate(config.loss) if with_loss else None,
        instantiate(config.get("optimizer")),
        instantiate(config.get("scheduler")),
        sources=list(sources),
        memory_format=config.memory_format,
        encoder_lr=config.get("encoder_lr"),
        freeze_encoder=config.get("freeze_encoder", 0),
    )


def model_path(name: str) -> Path:
    """Give the path that a config means by the name of a model: the package's own for `bundled`."""
    return BUNDLED_WEIGHTS if str(name) == "bundled" else Path(name)
