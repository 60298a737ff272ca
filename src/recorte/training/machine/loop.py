"""What of Lightning's and others' a training works with, and what it does not, and why. No torch here."""

import importlib.util
from collections.abc import Iterator

from omegaconf import DictConfig, OmegaConf

PACKAGES = {"WandbRun": "wandb", "MlflowRun": "mlflow"}
"""Of loggers, the extra that each needs, which is the name of what it imports, too."""
KNOW_THE_LENGTH = ("cosine", "one_cycle", "OneCycleLR")
"""Schedules that are laid out over all steps of a run."""
REFUSED = {
    "trainer.precision=bf16-true": "the weights would be bfloat16 themselves, of whose 8 bits a step of 1e-4 changes "
    "none above 1/32, and their averages would stand still; give bf16-mixed, which computes as fast",
    "trainer.precision=16-true": "the weights would be float16 themselves, in which their gradients vanish; give "
    "16-mixed",
    "trainer.strategy=fsdp": "it shards the weights, which averaging, checkpoints and export take whole, and which fit "
    "into any card many times; give ddp",
}
"""What is wanted of Lightning projects, and does not work here."""


def loop_problems(config: DictConfig) -> Iterator[str]:
    """Find what a training would only fail on, or do something else by, after it has read its data."""
    trainer, callbacks, loggers = (OmegaConf.select(config, key) for key in ("trainer", "callbacks", "logger"))
    for key, reason in REFUSED.items():
        if str(OmegaConf.select(config, key.partition("=")[0])) == key.partition("=")[2]:
            yield f"{key}: {reason}"
    if isinstance(trainer, DictConfig) and "optimizer" in config:
        yield from _length_problems(config, trainer)
    for name, callback in _named(callbacks):
        if _class_of(callback) == "LearningRateFinder":
            reason = "encoder and decoder may have rates of their own, and the schedule keeps those that it began with"
            yield (
                f"callbacks.{name}: LearningRateFinder would change nothing: {reason}; look for a rate by "
                "-m optimizer.lr=1e-4,3e-4, or search=optuna"
            )
    for name, logger in _named(loggers):
        package = PACKAGES.get(_class_of(logger))
        if package is not None and importlib.util.find_spec(package) is None:
            yield f"logger.{name}: needs a package more; pip install -e '.[{package}]' brings it"


def knows_the_length(config: DictConfig) -> bool:
    """Tell whether the schedule of a config is another one where the run has more steps."""
    schedule = OmegaConf.select(config, "scheduler")
    flat = isinstance(schedule, DictConfig) and schedule.get("warmup") == 0 and schedule.get("floor") == 1
    return _class_of(schedule) in KNOW_THE_LENGTH and not flat


def _length_problems(config: DictConfig, trainer: DictConfig) -> Iterator[str]:
    if trainer.get("max_epochs") != -1 or trainer.get("max_steps", -1) != -1:
        return
    if trainer.get("max_time") is None and not _stops_early(config):
        yield (
            "trainer.max_epochs=-1: nothing would end this training; give +trainer.max_time=00:12:00:00 (days, hours, "
            "minutes, seconds), +trainer.max_steps, or callbacks=early_stopping"
        )
    if knows_the_length(config):
        yield (
            "trainer.max_epochs=-1: the schedule is laid out over all steps, and nobody knows how many there will be; "
            "give scheduler=constant, or a number of epochs, which +trainer.max_time may cut short"
        )


def _stops_early(config: DictConfig) -> bool:
    callbacks = _named(OmegaConf.select(config, "callbacks"))
    return any(_class_of(one) in ("EarlyStopping", "Timer") for _, one in callbacks)


def _named(group: object) -> list[tuple[str, object]]:
    return [(str(name), one) for name, one in group.items()] if isinstance(group, DictConfig) else []


def _class_of(node: object) -> str:
    target = node.get("_target_") if isinstance(node, DictConfig) else None
    return str(target).rpartition(".")[2]
