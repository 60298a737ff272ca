"""The end of a run: its best weights measured, drawn and exported."""

import json
import logging
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from omegaconf import DictConfig, OmegaConf
from torch import nn

import recorte
from recorte.data.batches.datamodule import PersonDataModule
from recorte.files import write_whole
from recorte.model.export import export_model, load_network, read_checkpoint
from recorte.model.figures import Figure, figure_of, is_loss
from recorte.training.build import allow_class_of, model_of_init
from recorte.training.callbacks.pictures import write_sample_predictions
from recorte.training.figures.plots import write_confusion_matrix
from recorte.training.machine.processes import go_on_alone
from recorte.training.measure import measure
from recorte.training.runs.hparams import write_hparams
from recorte.training.runs.listing import find_runs
from recorte.training.sweeps.sweep import is_job

log = logging.getLogger(__name__)


def finish(
    config: DictConfig,
    data: PersonDataModule,
    best: Path,
    monitor: str,
    mode: str | None,
    epochs: int,
    inherited: Mapping[str, Any],
) -> float | None:
    """Measure the best checkpoint once more, draw what it does, and export it unless `export=false` or in a sweep.

    Where it holds averaged weights beside the others, both are measured and the better are exported.

    Args:
        config: of the run; everything is written to its `run_dir`.
        data: of the run.
        best: the checkpoint.
        monitor: the figure that it was chosen by, such as `val/photo_iou`.
        mode: `max` or `min`, which of its values is the best; None: as figures.py says.
        epochs: how many the run had.
        inherited: what holds of the model that the run started from, and of this one too.

    Returns:
        The figure's value; None of one about nothing, or where nothing was measured.
    """
    run_dir = Path(config.run_dir)
    name = monitor.removeprefix("val/")
    figure = figure_of(name, mode)
    averaged, network, figures, confusion_matrix = _better_weights(best, name, figure, data, config)
    value = figures.get(name)
    if not go_on_alone():
        return value
    progress = read_checkpoint(best)
    result = {
        "monitor": monitor,
        "best_epoch": progress["epoch"] + 1,
        "epochs": epochs,
        "image_size": data.image_size,
        "averaged": averaged,
        "checkpoint": Path(os.path.relpath(best, run_dir)).as_posix(),
        "photos": {name: data.dataset("train").source.lengths[number] for number, name in enumerate(data.sources)},
        "metrics": figures,
        "confusion_matrix": confusion_matrix,
    }
    when = f"Best epoch ({result['best_epoch']})"
    if confusion_matrix is not None:
        write_confusion_matrix(confusion_matrix, run_dir / "plots" / "confusion_matrix.png", when)
    write_sample_predictions(network, data.dataset("val"), run_dir / "plots" / "sample_predictions.png", when)
    if config.export and not is_job():
        _export(config, network, result, inherited)
    write_hparams(config, figures, progress["global_step"] - 1)
    write_whole(run_dir / "metrics.json", json.dumps(result, indent=2) + "\n")
    log.info("Best epoch %d of %d: %s %s", result["best_epoch"], epochs, monitor, figure.text(value))
    return value


def export_run(run_dir: Path) -> float | None:
    """Make the `best_model` of a run that ended without: it was to have none, or it was one of a sweep.

    Args:
        run_dir: of a finished run.

    Returns:
        The figure that its best checkpoint was chosen by; None of one about nothing.

    Raises:
        ModelError: its checkpoint cannot be read.
    """
    config: Any = OmegaConf.load(run_dir / "config.yaml")
    config.run_dir = str(run_dir)
    result = json.loads((run_dir / "metrics.json").read_text(encoding="utf-8"))
    start = model_of_init(config)
    allow_class_of(config)
    network, _ = load_network(run_dir / result["checkpoint"], averaged=result["averaged"])
    _export(config, network, result, start.inherited if start else {})
    value: float | None = result["metrics"].get(result["monitor"].removeprefix("val/"))
    return value


def export_best(sweep_dir: Path) -> None:
    """Make the `best_model` of the best run of a sweep, and say where it is."""
    runs = [run for run in find_runs(sweep_dir) if run.state == "finished" and run.best is not None]
    if not runs:
        return
    best = min(runs, key=lambda run: (-run.rank, run.folder.name))  # as the table has them
    if best.setting("export") and not (best.folder / "best_model").is_dir():
        export_run(best.folder)
        print(f"The best run is exported to {best.folder / 'best_model'}; another: resume=<its folder>")


def _export(config: DictConfig, network: nn.Module, result: dict[str, Any], inherited: Mapping[str, Any]) -> None:
    run_dir = Path(config.run_dir)
    description = read_checkpoint(run_dir / result["checkpoint"])["network"]
    facts = {"network": description, "metrics": result["metrics"], "origin": _origin(config, result)}
    try:
        difference = export_model(network, run_dir / "best_model", result["image_size"], {**inherited, **facts})
    except (KeyboardInterrupt, SystemExit):
        log.warning("Stopped while the model was exported; resume=%s does that again", run_dir.absolute())
        raise
    log.info("Exported to %s; ONNX Runtime and PyTorch agree within %.1e", run_dir / "best_model", difference)


def _better_weights(
    best: Path, name: str, figure: Figure, data: PersonDataModule, config: DictConfig
) -> tuple[bool, nn.Module, dict[str, float | None], list[list[int]] | None]:
    network, page = load_network(best)
    figures, confusion_matrix = measure(network, data, config, is_loss(name))
    if not page["averaged"]:
        return False, network, figures, confusion_matrix
    trained, _ = load_network(best, averaged=False)
    trained_figures, trained_matrix = measure(trained, data, config, is_loss(name))
    values = figure.text(figures.get(name)), figure.text(trained_figures.get(name))
    log.info("%s %s with averaged weights, %s without", name, *values)
    if figure.rank(trained_figures.get(name)) > figure.rank(figures.get(name)):
        return False, trained, trained_figures, trained_matrix
    return True, network, figures, confusion_matrix


def _origin(config: DictConfig, result: dict[str, Any]) -> dict[str, Any]:
    return {
        "recorte": recorte.__version__,
        "commit": _commit(),
        "torch": torch.__version__,
        "data": result["photos"],
        "epochs": result["epochs"],
        "best_epoch": result["best_epoch"],
        "averaged": result["averaged"],
        "config": OmegaConf.to_container(config),
    }


def _commit() -> str | None:
    """Tell the commit of the code, or None where it is no checkout."""
    command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "HEAD"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except OSError:
        return None
    return answer.stdout.strip() if answer.returncode == 0 else None
