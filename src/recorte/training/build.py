"""From a config to the objects of a run."""

import importlib
import logging
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import lightning.pytorch as pl
import torch
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf, open_dict
from torch import nn
from torchmetrics import Metric, MetricCollection

import recorte
from recorte.data.batches.datamodule import PersonDataModule
from recorte.data.sample import PersonSource
from recorte.errors import ConfigError, ModelError
from recorte.home import resolved
from recorte.model.attention_unet import AttentionUNet, Prediction
from recorte.model.export import is_plain, load_network
from recorte.model.figures import FIGURES
from recorte.model.module import PersonSegmenter

log = logging.getLogger(__name__)

OURS = "recorte.model.attention_unet.AttentionUNet"
"""The network of models that name none."""
MAY_DIFFER = ("dropout", "encoder_weights")
"""What of a network's description its weights do not depend on."""
INHERITED = ("sure",)
"""What a model's page says of its answers, and a model that goes on from it still keeps to."""
BUNDLED_WEIGHTS = Path(recorte.__file__).parent / "removal" / "weights"
"""The `best_model` folder inside the package, by a way that does not lead through the rooms of the small tool."""


class Model(NamedTuple):
    """A trained network, and its page of facts, as `recorte.model.export.load_network` gives them."""

    network: nn.Module
    page: dict[str, Any]

    @property
    def inherited(self) -> dict[str, Any]:
        """What the page says of its answers, and holds of a model that goes on from it, too."""
        return {name: self.page[name] for name in INHERITED if name in self.page}


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


def model_of_init(config: DictConfig) -> Model | None:
    """Read the model that `config.init` starts from; None without one.

    Raises:
        ModelError: it cannot be read.
    """
    if config.init is None:
        return None
    allow_class_of(config)
    return Model(*load_network(model_path(config.init)))


def with_network_of_init(config: DictConfig, start: Model | None) -> DictConfig:
    """Copy a config, its `model` describing the network that it starts from.

    Args:
        config: composed; `overrides` is what the command line set, as `key=value`.
        start: as `model_of_init` gives it.

    Raises:
        ModelError: another network is asked for on the command line.
    """
    config = config.copy()
    if start is None:
        return config
    trained = {"_target_": OURS, **start.page["network"]}
    asked_for = {text.partition("=")[0] for text in config.get("overrides") or []}
    with open_dict(config):
        if trained["_target_"] != config.model._target_ and not asked_for & {"model", "model._target_"}:
            config.model = trained
        for key, value in trained.items():
            if key in MAY_DIFFER:
                continue
            if config.model.get(key) != value and asked_for & {f"model.{key}", "model"}:
                raise ModelError(
                    f"init={config.init}: its network has {key}={value}, but model.{key}={config.model.get(key)} is "
                    "asked for; leave it out, or give init=null to start anew"
                )
            config.model[key] = value
    return config


def allow_class_of(config: DictConfig) -> None:
    """Let models of the class that a config names be opened: it is the user's own word.

    Raises:
        ModelError: it cannot be imported.
    """
    try:
        importlib.import_module(config.model._target_.rpartition(".")[0])
    except ImportError as error:
        raise ModelError(f"model._target_={config.model._target_}: {error}") from None


def build_network(config: DictConfig, start: Model | None = None) -> nn.Module:
    """Build the network of `config.model`.

    Args:
        config: composed.
        start: whose weights it begins with, as `model_of_init` gives it.

    Raises:
        ModelError: weights that cannot be had, or a network that training or export could not use.
    """
    network: nn.Module = instantiate(config.model if start is None else without_weights(config.model), _convert_="all")
    if start is not None:
        network.load_state_dict(start.network.state_dict())
        log.info("Starting from the weights of %s", model_path(config.init))
    if not isinstance(network, AttentionUNet):
        _check_network(network)
    described(config.model, network)
    return network


def build_segmenter(
    config: DictConfig, network: nn.Module, sources: Iterable[str] = ("all",), with_loss: bool = True
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
        metrics=build_metrics(config),
        network_config=described(config.model, network) if "_target_" in config.model else None,
    )


def without_weights(model: DictConfig) -> DictConfig:
    """Copy the config of a network such that none are fetched for its encoder."""
    model = model.copy()
    if "encoder_weights" in model:
        model.encoder_weights = "none"
    return model


def described(model: DictConfig, network: nn.Module) -> dict[str, Any]:
    """Give the plain data from which a network is built again without its config.

    Raises:
        ModelError: the config of one's own network holds more than plain data.
    """
    if type(network) is AttentionUNet:
        return network.config
    plain = OmegaConf.to_container(without_weights(model), resolve=True)
    content = {str(key): value for key, value in plain.items()} if isinstance(plain, dict) else {}
    if not is_plain(content):
        raise ModelError(
            f"model: what {type(network).__name__} is built from must be plain data, or nobody could open the trained "
            "model; only `model` itself may have a _target_"
        )
    return content


def build_callbacks(config: DictConfig) -> list[pl.Callback]:
    """Build the callbacks of `config.callbacks`.

    Raises:
        ConfigError: one is none of Lightning's kind.
    """
    built = {name: instantiate(one, _convert_="all") for name, one in config.callbacks.items() if one is not None}
    for name, callback in built.items():
        if not isinstance(callback, pl.Callback):
            what = f"{type(callback).__name__} is no callback"
            raise ConfigError(f"callbacks.{name}: {what}; it must subclass lightning.pytorch.Callback")
    return list(built.values())


def build_metrics(config: DictConfig) -> dict[str, Metric | MetricCollection]:
    """Build the metrics of `config.metrics`, those that somebody has added to ours.

    Raises:
        ConfigError: one has the name of one of ours.
    """
    metrics = config.get("metrics") or {}
    for name in metrics:
        if name in [figure.name for figure in FIGURES]:
            raise ConfigError(f"metrics.{name}: Recorte has a figure of this name; give yours another")
    return {name: instantiate(metric) for name, metric in metrics.items()}


@torch.inference_mode()
def _check_network(network: nn.Module) -> None:
    """Look before the training whether a network of one's own gives what training and export take.

    Raises:
        ModelError: it does not.
    """
    name, (height, width) = type(network).__name__, (64, 96)
    found = network.eval()(torch.zeros(2, 3, height, width))
    network.train()
    if not isinstance(found, Prediction):
        raise ModelError(
            f"model: {name} gives {type(found).__name__}; its forward must give recorte.model.attention_unet.Prediction"
        )
    for part, channels, tensor in zip(Prediction._fields, (1, 3), found, strict=True):
        if tensor.shape != (2, channels, height, width):
            raise ModelError(
                f"model: {part} of {name} is {tuple(tensor.shape)} for two photos of {height} x {width}; it must be "
                f"(2, {channels}, {height}, {width})"
            )


def model_path(name: str) -> Path:
    """Give the path that a config means by the name of a model: `bundled`, or one that was taught."""
    return BUNDLED_WEIGHTS if str(name) == "bundled" else resolved(name)
