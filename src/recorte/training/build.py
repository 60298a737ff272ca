"""From a config to the objects of a run."""

import logging
from pathlib import Path

from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf

import recorte
from recorte.data.datamodule import PersonDataModule
from recorte.errors import ModelError
from recorte.model.attention_unet import AttentionUNet
from recorte.model.export import load_network

log = logging.getLogger(__name__)


def build_data(config: DictConfig, image_size: int | None = None) -> PersonDataModule:
    """Build the data module of `config.data`, with `config.augmentation` where there is one.

    Args:
        config: composed.
        image_size: pixels; None takes that of the config.
    """
    data = config.data
    return PersonDataModule(
        sources={name: instantiate(source) for name, source in data.sources.items()},
        shares=OmegaConf.to_container(data.shares) if data.shares is not None else None,
        batch_size=data.batch_size,
        image_size=image_size or data.image_size,
        num_workers=data.num_workers,
        augmentation=instantiate(config.augmentation, _convert_="all") if "augmentation" in config else None,
        seed=config.get("seed", 0),
        folds=data.folds,
        fold=data.fold,
        early_sizes=OmegaConf.to_container(data.early_sizes) if data.early_sizes is not None else None,
    )


def build_network(config: DictConfig) -> AttentionUNet:
    """Build the network of `config.model`, with the weights of `config.init` if that is given.

    Raises:
        ModelError: weights that cannot be had, or that belong to another network.
    """
    if config.init is None:
        return instantiate(config.model, _convert_="all")
    path = _bundled() if config.init == "bundled" else Path(config.init)
    trained, _ = load_network(path)
    network = instantiate(config.model, encoder_weights="none", _convert_="all")
    try:
        network.load_state_dict(trained.state_dict())
    except RuntimeError:
        raise ModelError(
            f"init={config.init}: its network is {trained.config}, but the config asks for {network.config}; "
            "give the same model.* values as those it was trained with"
        ) from None
    log.info("Starting from the weights of %s", path)
    return network


def _bundled() -> Path:
    folder = Path(recorte.__file__).parent / "removal" / "weights"
    if not folder.is_dir():
        raise ModelError(
            "init=bundled: this version of Recorte ships no weights; give init=<a run's folder, its best_model/, or a "
            ".ckpt>, or init=null to start from the encoder's weights"
        )
    return folder
