"""A training run, from its config to the folder of results."""

import json
import logging
import subprocess
import warnings
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import torch
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf

import recorte
from recorte.data.datamodule import PersonDataModule
from recorte.errors import ConfigError
from recorte.files import write_whole
from recorte.model.export import export_model, load_network
from recorte.model.module import PersonSegmenter
from recorte.training.build import build_data, build_network, check_device
from recorte.training.config import resolved
from recorte.training.measure import measure
from recorte.training.pictures import write_sample_predictions
from recorte.training.plots import write_confusion_matrix

log = logging.getLogger(__name__)


def fit(config: DictConfig) -> float:
    """Train a network and leave everything about it in `config.run_dir`.

    Args:
        config: composed from `conf/train.yaml`.

    Returns:
        The best value of the figure that checkpoints are chosen by.

    Raises:
        RecorteError: a mistake in the config, the data or the weights.
    """
    config = resolved(config)
    run_dir = Path(config.run_dir)
    if (run_dir / "config.yaml").exists():
        raise ConfigError(f"{run_dir}: another run is there already; give another run_dir")
    check_device(config)
    write_whole(run_dir / "config.yaml", OmegaConf.to_yaml(config))
    log.info("Hardware profile %s; everything about this run is in %s", config.hardware_profile, run_dir)
    _quieten()
    pl.seed_everything(config.seed, workers=True, verbose=False)

    data = build_data(config)
    for split in ("train", "val"):
        dataset = data.dataset(split)
        nobody = len(dataset.negatives)
        log.info("%s: %s photos, %s of them known to show nobody", split, f"{len(dataset):,}", f"{nobody:,}")
    network = build_network(config)
    millions = sum(parameter.numel() for parameter in network.parameters()) / 1e6
    log.info("%s with %s: %.1f million parameters", type(network).__name__, network.config["encoder"], millions)
    segmenter = PersonSegmenter(
        network,
        instantiate(config.loss),
        instantiate(config.optimizer),
        instantiate(config.scheduler),
        sources=list(data.sources),
        memory_format=config.memory_format,
    )
    callbacks = {name: instantiate(callback) for name, callback in config.callbacks.items()}
    trainer: pl.Trainer = instantiate(
        config.trainer, callbacks=list(callbacks.values()), logger=instantiate(config.logger)
    )
    trainer.fit(segmenter, data)
    return _finish(config, trainer, data, run_dir)


def _quieten() -> None:
    """Keep in the log what a user can act on."""
    for name in ("lightning.pytorch", "lightning.pytorch.utilities.rank_zero", "onnx_ir", "onnxscript"):
        logging.getLogger(name).setLevel(logging.WARNING)
    for message in (".*on_after_batch_transfer.*", ".*LeafSpec.*", ".*smaller than the logging interval.*"):
        warnings.filterwarnings("ignore", message)


def _finish(config: DictConfig, trainer: pl.Trainer, data: PersonDataModule, run_dir: Path) -> float:
    """Measure the best weights once more, export them, and draw what they do."""
    checkpoint = trainer.checkpoint_callback
    best = Path(checkpoint.best_model_path)
    network, _ = load_network(best)
    figures, confusion_matrix = measure(network, data, config)
    result = {
        "monitor": checkpoint.monitor,
        "best_epoch": torch.load(best, map_location="cpu", weights_only=True)["epoch"] + 1,
        "epochs": trainer.current_epoch,
        "image_size": data.image_size,
        "metrics": figures,
        "confusion_matrix": confusion_matrix,
    }
    write_whole(run_dir / "metrics.json", json.dumps(result, indent=2) + "\n")
    write_confusion_matrix(confusion_matrix, run_dir / "plots" / "confusion_matrix.png")
    write_sample_predictions(network, data.dataset("val"), run_dir / "plots" / "sample_predictions.png")
    facts = {"metrics": figures, "origin": _origin(config, data, result)}
    difference = export_model(network, run_dir / "best_model", data.image_size, facts)
    log.info("Exported to %s; ONNX Runtime and PyTorch agree within %.1e", run_dir / "best_model", difference)
    value = figures[checkpoint.monitor.removeprefix("val/")]
    log.info("Best epoch %d of %d: %s %.4f", result["best_epoch"], result["epochs"], checkpoint.monitor, value)
    return value


def _origin(config: DictConfig, data: PersonDataModule, result: dict[str, Any]) -> dict[str, Any]:
    return {
        "recorte": recorte.__version__,
        "commit": _commit(),
        "torch": torch.__version__,
        "data": {name: data.dataset("train").source.lengths[number] for number, name in enumerate(data.sources)},
        "epochs": result["epochs"],
        "best_epoch": result["best_epoch"],
        "config": OmegaConf.to_container(config),
    }


def _commit() -> str | None:
    """Tell the commit of the code, or None where it is no checkout."""
    command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "HEAD"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except OSError:
        return None
    return answer.stdout.strip() or None
