"""Where the figures of a run go while it lasts: loggers that go on with a run as if it had never been stopped."""

import contextlib
import csv
import json
import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from hydra.utils import instantiate
from lightning.pytorch.loggers import CSVLogger, MLFlowLogger, TensorBoardLogger, WandbLogger
from lightning.pytorch.loggers.logger import Logger
from lightning.pytorch.utilities import rank_zero_only
from omegaconf import DictConfig, OmegaConf

from recorte.errors import ConfigError
from recorte.files import write_whole
from recorte.training.machine.cluster import rank


class TensorBoardEvents(TensorBoardLogger):
    """TensorBoard's events without the empty hparams.yaml that Lightning puts beside: config.yaml says it all."""

    def save(self) -> None:
        """Write what is still waiting."""
        self.experiment.flush()


class CsvRows(CSVLogger):
    """One row for whatever is logged, in `csv/metrics.csv`; a run that goes on keeps the rows that it has.

    Args:
        save_dir: the run's folder.
        purge_step: from which step on rows are logged anew.
    """

    def __init__(self, save_dir: str, purge_step: int = 0) -> None:
        super().__init__(save_dir, name="csv", version="")
        path = Path(self.log_dir) / "metrics.csv"
        kept: list[dict[str, str]] = []
        if path.exists() and rank() == 0:
            with path.open(encoding="utf-8", newline="") as file:
                kept = [row for row in csv.DictReader(file) if int(row["step"]) < purge_step]
            path.unlink()  # Lightning would remove it, and warn
            for row in kept:
                values: Any = {name: value for name, value in row.items() if value and name != "step"}  # as they stand
                self.experiment.log_metrics(values, int(row["step"]))
            self.save()


class WandbRun(WandbLogger):
    """A run in Weights & Biases; one that goes on is the same run there.

    Args:
        save_dir: the run's folder, in which what is not uploaded yet lies.
        project: where it is shown.
        name: None: the run's folder.
        offline: upload nothing.
        options: others of Lightning's and of `wandb.init`, such as `entity`, `group`, `tags`.
    """

    def __init__(
        self, save_dir: str, project: str = "recorte", name: str | None = None, offline: bool = False, **options: Any
    ) -> None:
        if offline:  # Lightning would set it for all that this process does later, too
            options["mode"] = "offline"
        if (number := kept_id(save_dir, "wandb")) is None and rank() == 0:
            number = secrets.token_hex(4)
            keep_id(save_dir, "wandb", number)
        super().__init__(name=name or _name(save_dir), save_dir=save_dir, project=project, id=number, **options)

    @rank_zero_only
    def begin(self, config: Mapping[str, Any]) -> None:
        """Begin the run, or go on with it.

        Raises:
            ConfigError: nobody has logged in.
        """
        import wandb

        try:
            self.log_hyperparams(dict(config))
        except (wandb.errors.UsageError, wandb.errors.CommError) as error:
            how = "log in (wandb login), or give logger.wandb.offline=true"
            raise ConfigError(f"logger.wandb: {' '.join(str(error).split())}; {how}") from None

    @rank_zero_only
    def end(self, best: Mapping[str, float], failed: bool) -> None:
        """Add the figures of the best weights, and end the run: the next one of a sweep is another."""
        self.experiment.summary.update(dict(best))
        self.experiment.finish(exit_code=int(failed))


class MlflowRun(MLFlowLogger):
    """A run in MLflow; one that goes on is the same run there.

    Args:
        save_dir: the run's folder.
        tracking_uri: a server, `sqlite:///<file>`, or a folder.
        experiment_name: under which it is shown.
        run_name: None: the run's folder.
        options: others of Lightning's, such as `tags`.
    """

    def __init__(
        self,
        save_dir: str,
        tracking_uri: str,
        experiment_name: str = "recorte",
        run_name: str | None = None,
        **options: Any,
    ) -> None:
        self.folder, self.known = save_dir, kept_id(save_dir, "mlflow")
        if tracking_uri.startswith("sqlite:///"):
            Path(tracking_uri.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
        elif "://" not in tracking_uri:
            os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")  # asked for by name; MLflow would rather not
        super().__init__(
            experiment_name, run_name or _name(save_dir), tracking_uri, run_id=self.known, save_dir=save_dir, **options
        )

    @rank_zero_only
    def begin(self, config: Mapping[str, Any]) -> None:
        """Begin the run, or go on with it.

        Raises:
            ConfigError: nothing answers at the address.
        """
        from mlflow.exceptions import MlflowException

        try:
            if self.known is None:
                keep_id(self.folder, "mlflow", str(self.run_id))
                self.log_hyperparams(dict(config))  # which may not change later
            else:
                self.experiment.set_terminated(self.known, "RUNNING")
        except MlflowException as error:
            what = " ".join(str(error).split())[:200]
            raise ConfigError(f"logger.mlflow.tracking_uri={self._tracking_uri}: {what}") from None

    @rank_zero_only
    def end(self, best: Mapping[str, float], failed: bool) -> None:
        """Add the figures of the best weights, and end the run."""
        if best:
            self.log_metrics(dict(best))
        self.finalize("failed" if failed else "success")


def build_loggers(config: DictConfig, step: int) -> list[Logger]:
    """Build the loggers of a config, and begin the run where it is shown to others.

    Args:
        config: resolved.
        step: where the run goes on; those that know `purge_step` are told.

    Raises:
        ConfigError: one cannot log.
    """
    if config.logger is None:
        return []
    kept = {name: logger for name, logger in config.logger.items() if logger is not None}
    more = {name: {"purge_step": step} if "purge_step" in logger else {} for name, logger in kept.items()}
    built = {name: instantiate(logger, **more[name]) for name, logger in kept.items()}
    for name, logger in built.items():
        if not isinstance(logger, Logger):
            what = f"{type(logger).__name__} is no logger"
            raise ConfigError(f"logger.{name}: {what}; it must subclass lightning.pytorch.loggers.Logger")
    loggers = list(built.values())
    content: Any = OmegaConf.to_container(config)
    for logger in _shown_to_others(loggers):
        logger.begin(content)
    return loggers


@contextlib.contextmanager
def ended(loggers: Sequence[Logger], run_dir: Path) -> Iterator[None]:
    """End a run where it is shown to others when the block ends, with the figures of its metrics.json."""
    best, failed = {}, True
    try:
        yield
        found = json.loads((run_dir / "metrics.json").read_text(encoding="utf-8"))["metrics"] if rank() == 0 else {}
        best, failed = {f"best/{name}": value for name, value in found.items() if value is not None}, False
    finally:
        for logger in _shown_to_others(loggers):
            logger.end(best, failed)


def _shown_to_others(loggers: Sequence[Logger]) -> list[WandbRun | MlflowRun]:
    return [logger for logger in loggers if isinstance(logger, WandbRun | MlflowRun)]


def kept_id(save_dir: str, service: str) -> str | None:
    """Give what a run is called at a service, if it was there before."""
    path = Path(save_dir) / f".{service}_id"
    return path.read_text(encoding="utf-8").strip() if path.exists() else None


def keep_id(save_dir: str, service: str, number: str) -> None:
    """Note what a run is called at a service."""
    write_whole(Path(save_dir) / f".{service}_id", number + "\n")


def _name(save_dir: str) -> str:
    """Name a run by the last two parts of its folder, such as a day and a time."""
    return "/".join(Path(save_dir).absolute().parts[-2:])
