"""What of Lightning's and others' a training works with, and what it does not, and why. No torch here."""

import difflib
import importlib.util
from collections.abc import Iterator

from omegaconf import DictConfig, OmegaConf

from recorte.model.figures import FIGURES, figure_of

PACKAGES = {"WandbRun": "wandb", "MlflowRun": "mlflow"}
"""Of loggers, the extra that each needs, which is the name of what it imports, too."""
KNOW_THE_LENGTH = ("cosine", "one_cycle", "OneCycleLR")
"""Schedules that are laid out over all steps of a run."""
UNFIT = {
    "LearningRateFinder": "would change nothing: encoder and decoder may have rates of their own, and the schedule "
    "keeps those that it began with; look for a rate by -m optimizer.lr=1e-4,3e-4, or search=optuna",
    "BackboneFinetuning": "looks for a part named backbone; freeze_encoder=<epochs> and encoder_lr=<rate> do what it "
    "does",
}
"""Of stock callbacks, why they do not fit."""
BARS = ("RichProgressBar", "TQDMProgressBar")
WAIT_FOR_VALIDATION = ("ReduceLROnPlateau", "PlateauLRScheduler")
REFUSED = {
    "trainer.precision=bf16-true": "the weights would be bfloat16 themselves, of whose 8 bits a step of 1e-4 changes "
    "none above 1/32, and their averages would stand still; give bf16-mixed, which computes as fast",
    "trainer.precision=16-true": "the weights would be float16 themselves, in which their gradients vanish; give "
    "16-mixed",
    "trainer.strategy=fsdp": "it shards the weights, which averaging, checkpoints and export take whole, and which fit "
    "into any card many times; give ddp",
    "trainer.enable_checkpointing=False": "the results of a run are made of its best checkpoint; give "
    "callbacks.checkpoint=null callbacks.last=null, of whose last weights they are made",
    "trainer.barebones=True": "it leaves out loggers, checkpoints and figures, which are what a run is made of; give "
    "debug=profile to see where the time goes",
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
    yield from _callback_problems(_named(callbacks), trainer)
    yield from _monitor_problems(config)
    schedule = _class_of(OmegaConf.select(config, "scheduler"))
    if schedule in WAIT_FOR_VALIDATION and isinstance(trainer, DictConfig) and trainer.get("limit_val_batches") == 0:
        yield (
            f"scheduler: {schedule} waits for val/loss, and with trainer.limit_val_batches=0 nothing is validated; "
            "give another schedule, such as scheduler=cosine"
        )
    for name, logger in _named(loggers):
        package = PACKAGES.get(_class_of(logger))
        if package is not None and importlib.util.find_spec(package) is None:
            yield f"logger.{name}: needs a package more; pip install -e '.[{package}]' brings it"


def _callback_problems(callbacks: list[tuple[str, object]], trainer: object) -> Iterator[str]:
    given = trainer if isinstance(trainer, DictConfig) else {}
    for name, callback in callbacks:
        which = _class_of(callback)
        if which in UNFIT:
            yield f"callbacks.{name}: {which} {UNFIT[which]}"
        elif which in BARS and not given.get("enable_progress_bar"):
            more = "trainer.enable_progress_bar=true, and callbacks.progress=null, or there would be two"
            yield f"callbacks.{name}: {which} needs {more}"
        elif which == "GradientAccumulationScheduler" and given.get("accumulate_grad_batches") != 1:
            said = f"trainer.accumulate_grad_batches={given.get('accumulate_grad_batches')}"
            yield f"callbacks.{name}: {which} says how many batches a step has, and so does {said}; give 1 there"


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


def _monitor_problems(config: DictConfig) -> Iterator[str]:
    """Look whether what callbacks wait for will be logged; callbacks of one's own may log what nobody knows of."""
    given = {name: one for name, one in _named(OmegaConf.select(config, "callbacks")) if isinstance(one, DictConfig)}
    ours = all(str(one.get("_target_")).startswith(("recorte.", "lightning.")) for one in given.values())
    for name, callback in given.items():
        monitor, key = callback.get("monitor"), f"callbacks.{name}.monitor"
        if not isinstance(monitor, str):
            continue
        known = [*_logged(config, "val"), *(_logged(config, "train") if _class_of(callback) == "EarlyStopping" else ())]
        of_ones_own = any(one.startswith(str(metric)) for metric in config.get("metrics") or ()
                          for one in monitor.split("/"))  # fmt: skip
        if ours and not of_ones_own and monitor not in known:
            own = [f"val/{metric}" for metric in config.get("metrics") or ()]
            close = difflib.get_close_matches(monitor, [*own, *known], n=3) or [f"val/{FIGURES[0].name}", "val/loss"]
            what = (
                "is no figure of the validation" if monitor.startswith("train/") else "nothing of this name is measured"
            )
            yield f"{key}={monitor}: {what}; did you mean {' or '.join(close)}?"
        elif figure_of(monitor).best == "nearest to 0":
            reason = "its best value is that nearest to 0, and Lightning knows only the highest and the lowest"
            yield f"{key}={monitor}: {reason}; give another figure, such as val/photo_iou"
        elif monitor in known and (mode := callback.get("mode", "min")) != (best := figure_of(monitor)).mode:
            yield f"callbacks.{name}.mode={mode}: the {best.best} value of {monitor} is the best; give mode={best.mode}"


def _logged(config: DictConfig, split: str) -> list[str]:
    """Name what is measured, as it is logged: of the training the losses alone."""
    found = (OmegaConf.select(config, key) for key in ("loss.weights", "data.sources"))
    weights, sources = (node if isinstance(node, DictConfig) else {} for node in found)  # else it is told elsewhere
    losses = [f"{split}/loss", *(f"{split}/loss_{name}" for name, weight in weights.items() if weight)]
    if split == "train":
        return losses
    figures = [figure.name for figure in FIGURES]
    each = [f"val/{source}/{name}" for source in sources for name in figures if len(sources) > 1]
    return [*(f"val/{name}" for name in figures), *losses, *each]


def _stops_early(config: DictConfig) -> bool:
    callbacks = _named(OmegaConf.select(config, "callbacks"))
    return any(_class_of(one) in ("EarlyStopping", "Timer") for _, one in callbacks)


def _named(group: object) -> list[tuple[str, object]]:
    return [(str(name), one) for name, one in group.items()] if isinstance(group, DictConfig) else []


def _class_of(node: object) -> str:
    target = node.get("_target_") if isinstance(node, DictConfig) else None
    return str(target).rpartition(".")[2]
