"""What of Lightning's and others' a training works with, and what it does not. No torch here."""

import importlib.util
from collections.abc import Iterator

from omegaconf import DictConfig, OmegaConf

PACKAGES = {"WandbRun": "wandb", "MlflowRun": "mlflow"}
"""Of loggers, the extra that each needs, which is the name of what it imports, too."""


def loop_problems(config: DictConfig) -> Iterator[str]:
    """Find what a training would only fail on after it has read its data."""
    loggers = OmegaConf.select(config, "logger")
    for name, logger in (loggers or {}).items():
        target = logger.get("_target_") if isinstance(logger, DictConfig) else None
        package = PACKAGES.get(str(target).rpartition(".")[2])
        if package is not None and importlib.util.find_spec(package) is None:
            yield f"logger.{name}: needs a package more; pip install -e '.[{package}]' brings it"
