"""A training run, from its config to the folder of results."""

import contextlib
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.loggers import Logger
from lightning.pytorch.loggers.logger import DummyLogger
from omegaconf import DictConfig, OmegaConf, open_dict
from timm.layers.norm_act import convert_sync_batchnorm

from recorte.data.batches.datamodule import EndValidationWorkers
from recorte.data.sample import PersonSource
from recorte.errors import ConfigError
from recorte.files import write_whole
from recorte.model.export import read_checkpoint
from recorte.training.build import (
    Model,
    build_callbacks,
    build_data,
    build_network,
    build_segmenter,
    model_of_init,
    with_network_of_init,
)
from recorte.training.callbacks.checkpoints import WholeFiles
from recorte.training.callbacks.record import chosen_by
from recorte.training.callbacks.seeding import SeededSteps
from recorte.training.command.config import resolved
from recorte.training.finish import export_run, finish
from recorte.training.machine.cluster import rank
from recorte.training.machine.inspection import check_machine
from recorte.training.machine.memory import checkpoint_bytes
from recorte.training.machine.memory_advice import told_when_out_of_memory
from recorte.training.machine.processes import EndTogether
from recorte.training.machine.signals import exit_on_signals
from recorte.training.machine.trainer import build_trainer
from recorte.training.runs.failure import failure_noted
from recorte.training.runs.loggers import build_loggers, ended
from recorte.training.runs.resume import check_same_config, claimed, clear_remains, is_longer
from recorte.training.runs.train_log import everything_in_the_log
from recorte.training.sweeps.sweep import overrides_of_this_run, own_folders_of_this_run

log = logging.getLogger(__name__)


def fit(config: DictConfig, sources: Mapping[str, Callable[..., PersonSource]] | None = None) -> float | None:
    """Train a network and leave everything about it in `config.run_dir`.

    Args:
        config: composed from `conf/train.yaml`.
        sources: of its data, as `open_sources` gives them; None: nothing is open yet.

    Returns:
        The best value of the figure that checkpoints are chosen by; None of one about nothing.

    Raises:
        RecorteError: a mistake in the config, the data or the weights.
    """
    config = config.copy()
    with open_dict(config):
        config.overrides = overrides_of_this_run()
        config.config_dirs = own_folders_of_this_run()
    start = model_of_init(config)
    asked_for, config = resolved(config), resolved(with_network_of_init(config, start))
    run_dir = Path(config.run_dir)
    alone = claimed(run_dir) if rank() == 0 else contextlib.nullcontext()
    with exit_on_signals(), alone, everything_in_the_log():
        check_machine(config, checkpoint_bytes(config))
        if config.resume is not None and (run_dir / "metrics.json").exists() and not is_longer(run_dir, config):
            return export_run(run_dir)  # all that is missing
        checkpoint, step = _begin(asked_for, run_dir)
        noted = failure_noted(run_dir, overrides_of_this_run()) if rank() == 0 else contextlib.nullcontext()
        with noted, told_when_out_of_memory(config):
            log.info("Everything about this run is in %s", run_dir)
            loggers = build_loggers(config, step)  # what was logged after the checkpoint is logged again
            with ended(loggers, run_dir):
                return _trained(config, run_dir, checkpoint, loggers, sources, start)


def _trained(
    config: DictConfig,
    run_dir: Path,
    checkpoint: Path | None,
    loggers: list[Logger],
    sources: Mapping[str, Callable[..., PersonSource]] | None,
    start: Model | None,
) -> float | None:
    pl.seed_everything(config.seed, workers=True, verbose=False)

    data = build_data(config, sources=sources)
    for split in ("train", "val"):
        dataset = data.dataset(split)
        nobody = len(dataset.negatives)
        log.info("%s: %s photos, %s of them known to show nobody", split, f"{len(dataset):,}", f"{nobody:,}")
    network, inherited = build_network(config, start), start.inherited if start else {}
    if config.trainer.sync_batchnorm:  # Lightning's own conversion would lose the activations in timm's norms
        network = convert_sync_batchnorm(network)
    millions = sum(parameter.numel() for parameter in network.parameters()) / 1e6
    encoder = f" with {config.model.encoder}" if "encoder" in config.model else ""
    log.info("%s%s: %.1f million parameters", type(network).__name__, encoder, millions)
    segmenter = build_segmenter(config, network, data.sources)
    if config.compile:  # in place: neither a name in the state dict nor what is exported changes
        segmenter.network.compile()
        if segmenter.loss is not None:
            segmenter.loss.compile()
    trainer = build_trainer(
        config,
        [EndTogether(), SeededSteps(config.seed), EndValidationWorkers(), *build_callbacks(config)],
        logger=loggers,
        plugins=[WholeFiles()],
    )
    if not loggers:  # without any, callbacks that log would refuse
        trainer.logger = DummyLogger()
    if (processes := trainer.num_devices * trainer.num_nodes) > 1:
        log.info("%d processes; together they see %d photos at a time", processes, processes * data.batch_size)
    try:
        trainer.fit(segmenter, data, ckpt_path=checkpoint, weights_only=True)
    except ValueError as error:
        if "`val_check_interval`" not in str(error):  # which only who knows the number of batches can look at
            raise
        raise ConfigError(
            f"trainer.val_check_interval={config.trainer.val_check_interval}: an epoch has fewer batches; give a share "
            "of it, such as 0.5, or +trainer.check_val_every_n_epoch=null, with which they are counted on over epochs"
        ) from error
    epochs: Any = trainer.fit_loop.epoch_progress.current  # of which Lightning's type knows less than is there
    return finish(config, data, _kept(trainer, run_dir), *chosen_by(trainer), epochs.processed, inherited)


def _kept(trainer: pl.Trainer, run_dir: Path) -> Path:
    """Give the checkpoint that the results are made of: the best; where none was chosen, the last."""
    chosen = [callback.best_model_path for callback in trainer.callbacks  # type: ignore[attr-defined]
              if isinstance(callback, ModelCheckpoint) and callback.best_model_path]  # fmt: skip
    last = run_dir / "checkpoints" / "last.ckpt"
    if not chosen and not last.exists():
        trainer.save_checkpoint(last)
    return Path(chosen[0]) if chosen else last


def _begin(config: DictConfig, run_dir: Path) -> tuple[Path | None, int]:
    """Start a run in its folder, or find the checkpoint that it goes on from, and the step of that.

    Raises:
        ConfigError: another run is there, or this one with another config.
    """
    if rank() == 0 and not (run_dir / "config.yaml").exists():
        write_whole(run_dir / "config.yaml", OmegaConf.to_yaml(config))
        if config.resume is not None:
            log.info("resume=%s: no unfinished run of this config, so this is a new one", config.resume)
        return None, 0
    if config.resume is None:
        if rank() == 0:
            raise ConfigError(
                f"{run_dir}: another run is there already; give another run_dir, or resume={run_dir} to go on with it"
            )
        return None, 0
    if rank() == 0:
        check_same_config(run_dir, config)
        clear_remains(run_dir)
        if is_longer(run_dir, config):
            write_whole(run_dir / "config.yaml", OmegaConf.to_yaml(config))
            (run_dir / "metrics.json").unlink(missing_ok=True)
    given = Path(config.resume)
    checkpoint = given if given.suffix == ".ckpt" else run_dir / "checkpoints" / "last.ckpt"
    if not checkpoint.exists():
        log.info("Starting the run in %s again: it has no checkpoint yet", run_dir)
        return None, 0
    step = read_checkpoint(checkpoint)["global_step"]
    log.info("Going on with the run in %s from %s, step %d", run_dir, checkpoint.name, step)
    return checkpoint, step
