"""Several runs by one command: one may fail without the others, and the same command goes on where it was stopped."""

import gc
import itertools
import logging
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from recorte.errors import RecorteError
from recorte.model.figures import figure_of
from recorte.training.runs.failure import failure_noted, reason_of
from recorte.training.runs.listing import read_run

log = logging.getLogger(__name__)


def run_sweep(sweep_dir: Path, start: Callable[[], None], after: Callable[[Path], None] | None = None) -> None:
    """Run a sweep and say what came out of it, however it ends. Exits with status 1 if a job failed.

    Args:
        sweep_dir: its folder.
        start: Hydra's main, which runs the jobs that `sys.argv` asks for.
        after: what is done in the folder when all jobs have ended.
    """
    from recorte.training.sweeps.table import report  # rich, for which no mistake of a config should wait

    ended = False
    try:
        start()
        ended = True
    finally:
        all_finished = report(sweep_dir)
        if not (ended and all_finished):
            print(f"The same command with resume={sweep_dir} runs what is not finished", file=sys.stderr)
    if after is not None:
        after(sweep_dir)
    if not all_finished:
        sys.exit(1)


def register_job_folder() -> None:
    """Make `${job_folder:...}` known to the configs."""
    OmegaConf.register_new_resolver("job_folder", job_folder, replace=True)


def job_folder(number: int, sweep_dir: str, overrides: Sequence[str]) -> str:
    """Name the folder of a job: the one that has its overrides already, else its number.

    Where another job has the number (the sweep goes on with more values, or with others that Optuna proposes since a
    job does not fail any more), "-2" or more follows it.
    """
    taken = {path.name: list(read_run(path).overrides) for path in Path(sweep_dir).glob("*/")}
    earlier = next((name for name, said in taken.items() if said == list(overrides)), None)
    names = (f"{number}-{count}" if count > 1 else str(number) for count in itertools.count(1))
    return earlier or next(name for name in names if not taken.get(name))


def run_job(task: Callable[[DictConfig], Any], config: DictConfig) -> float | None:
    """Run a job of a sweep: not again if it is finished, from its last checkpoint if it was interrupted or failed.

    Returns:
        What the task returns; None if it failed. Hydra would end the sweep if an exception came out of it.
    """
    run_dir = Path(config.run_dir)
    run = read_run(run_dir)
    if run.state == "finished":
        log.info("Finished earlier: %s %s; %s", run.monitor, figure_of(run.monitor).text(run.best), run_dir)
        return run.best
    try:
        if (run_dir / "config.yaml").exists():
            config.resume = str(run_dir)
        with failure_noted(run_dir, overrides_of_this_run()):
            value: float | None = task(config)
            return value
    except Exception as error:
        if isinstance(error, RecorteError) or isinstance(error.__cause__, RecorteError):
            log.error("%s", reason_of(error))
        else:
            log.exception("The job failed")
        return None
    finally:
        _free()


def is_job() -> bool:
    """Tell whether Hydra started this run as one of several."""
    return HydraConfig.initialized() and HydraConfig.get().mode == RunMode.MULTIRUN


def overrides_of_this_run() -> list[str]:
    """Give what the command line set for this run, as `key=value`; nothing where Hydra did not start it."""
    return list(HydraConfig.get().overrides.task) if HydraConfig.initialized() else []


def own_folders_of_this_run() -> list[str]:
    """Give the folders of configs that the command line added to `conf/`."""
    return [str(folder) for folder in HydraConfig.get().searchpath] if HydraConfig.initialized() else []


def _free() -> None:
    """Let go of the network and its memory: the next job needs it."""
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()
