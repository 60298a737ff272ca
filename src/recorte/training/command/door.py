"""The way from a command line to a function of a config: mistakes are told at once, without a traceback."""

import io
import logging
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import hydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import InstantiationException
from omegaconf import DictConfig

from recorte.errors import ConfigError, RecorteError, within_limits
from recorte.training.command.config import find_problems, with_own_optuna, without_empty_choices
from recorte.training.command.dry_run import dry_runs, is_dry_run
from recorte.training.command.own_folder import use_own_code, with_search_path
from recorte.training.command.path_arguments import quoted_text, with_plain_paths
from recorte.training.command.run_folder import recall_arguments, with_run_folder
from recorte.training.command.sweep_folder import with_sweep_folder, without_resume
from recorte.training.machine.cluster import rank
from recorte.training.machine.hardware import CONF, register_resolvers
from recorte.training.sweeps.sweep import register_job_folder, run_job, run_sweep

log = logging.getLogger(__name__)


def run(
    config_name: str,
    task: Callable[[DictConfig], Any],
    path_keys: Sequence[str] = (),
    after_sweep: Callable[[Path], None] | None = None,
) -> None:
    """Check the command line, then run a task with its config in the folder that Hydra makes.

    Exits with status 2 and a list of every problem if there is any; with status 2 and one message when the task raises
    a `RecorteError`, or the system refuses it a file; and with status 1 when nobody reads what it prints any more.

    Args:
        config_name: which config of `conf/`, without suffix.
        task: does the work; it imports what is heavy only when called.
        path_keys: keys whose value is a path, taken as it is, whatever characters are in it. The task finds it as
            `<key>.path`, since `<key>` itself may be a group of `conf/`.
        after_sweep: what is done in the folder of several runs when all have ended.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # names of files may hold what a terminal cannot show
    try:
        try:
            _run(config_name, task, path_keys, after_sweep)
        finally:
            print(end="", flush=True)
    except KeyboardInterrupt:
        print("Stopped by Ctrl-C", file=sys.stderr)
        sys.exit(128 + signal.SIGINT)
    except OSError as error:
        print(_refusal(error), file=sys.stderr)
        sys.exit(2)


def _run(
    config_name: str,
    task: Callable[[DictConfig], Any],
    path_keys: Sequence[str],
    after_sweep: Callable[[Path], None] | None,
) -> None:
    register_job_folder()
    # Lightning starts further processes with this command line, and another job's name: they share the job and its log.
    started_with = [text for text in sys.argv[1:] if not text.startswith("hydra.job.name=train_ddp_process_")]
    several = bool({"-m", "--multirun"} & set(started_with))
    register_resolvers(all_cards=config_name == "train" and not several)
    said = with_plain_paths(
        with_own_optuna(without_empty_choices(CONF, config_name, with_search_path(started_with))), several
    )
    sys.argv[1:] = arguments = [_quoted_path(text, path_keys) for text in said]
    sweep_dir = None
    if all(argument in ("-m", "--multirun") for argument in arguments if argument.startswith("-")):
        problems = []
        try:
            if config_name == "train":
                arguments = without_resume(arguments) if several else recall_arguments(arguments)
            use_own_code(arguments)
            overrides = [text for text in arguments if not text.startswith("-")]
            problems = find_problems(CONF, config_name, overrides, several)
            if config_name == "train" and not problems and is_dry_run(overrides):
                sys.exit(dry_runs(CONF, overrides))
            if config_name == "train" and not problems and several:
                sweep_dir, arguments = with_sweep_folder(CONF / "train.yaml", said)
            elif config_name == "train" and not problems:
                arguments = with_run_folder(CONF, arguments)
                _make_run_folder(arguments)
        except ConfigError as error:
            problems.append(str(error))
        sys.argv[1:] = switches_first(arguments)
        if problems:
            print(f"{len(problems)} problem{'s' if len(problems) > 1 else ''} with the configuration:", file=sys.stderr)
            print("\n".join(f"  - {within_limits(problem)}" for problem in problems), file=sys.stderr)
            sys.exit(2)

    main = hydra.main(version_base="1.3", config_path=str(CONF), config_name=config_name)
    guarded = main(Guarded(task, started_with, sweep_dir is not None))
    if sweep_dir is None:
        guarded()
    else:
        run_sweep(sweep_dir, guarded, after_sweep)


def switches_first(arguments: Sequence[str]) -> list[str]:
    """Put `-m` before all others: behind some of them, Hydra would not know what follows it."""
    return sorted(arguments, key=lambda text: not text.startswith("-"))


class Guarded:
    """A task whose mistakes are told without a traceback.

    Args:
        task: a function of a config.
        arguments: of the command line, as it was given.
        job: whether this is one of several runs, which go on when this one fails.
    """

    def __init__(self, task: Callable[[DictConfig], Any], arguments: list[str], job: bool) -> None:
        self.task, self.arguments, self.job = task, arguments, job

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Arrive in another process, which a launcher has sent this to."""
        register_resolvers()
        register_job_folder()
        self.__dict__.update(state)
        use_own_code(with_search_path(self.arguments))

    def __call__(self, config: DictConfig) -> Any:
        """Run the task."""
        sys.argv[1:] = self.arguments
        if rank() > 0:  # the first process tells what all of them do
            logging.getLogger().setLevel(logging.WARNING)
        if self.job:
            return run_job(self.task, config)
        try:
            return self.task(config)
        except RecorteError as error:
            log.error("%s", error)
        except OSError as error:
            log.error("%s", _refusal(error))
        except InstantiationException as error:  # what a class of the config raises, Hydra wraps
            if not isinstance(error.__cause__, RecorteError) and "HYDRA_FULL_ERROR" in os.environ:
                raise
            log.error("%s", error.__cause__ if isinstance(error.__cause__, RecorteError) else _one_line(error))
        sys.exit(2)


def _one_line(error: Exception) -> str:
    said = str(error).replace(", set env var HYDRA_FULL_ERROR=1 to see chained exception.", f": {error.__cause__}")
    return within_limits(" ".join(said.split()) + " (HYDRA_FULL_ERROR=1 shows where)")


def _refusal(error: OSError) -> str:
    """Tell what the system refused; ends the process quietly where that is only that nobody reads its output."""
    if isinstance(error, BrokenPipeError):
        try:
            print(flush=True)  # it may be another pipe, of a process that loads photos
        except BrokenPipeError:  # whoever read our output has read enough
            # Python would try again at its end to write what is left, in vain.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(1)
    if "HYDRA_FULL_ERROR" in os.environ:
        raise error
    if not error.filename or not error.strerror:
        return _one_line(error)
    refused = f"{error.filename}: cannot be read or written ({error.strerror})"
    return within_limits(f"{refused}; give another path, or the right to this one (HYDRA_FULL_ERROR=1 shows where)")


def _make_run_folder(arguments: Sequence[str]) -> None:
    """Make the folder that Hydra is to run in: where Hydra itself cannot, it shows a traceback."""
    for text in arguments:
        if text.startswith("hydra.run.dir=") and "${" not in text:
            Path(str(OverridesParser.create().parse_override(text).value())).mkdir(parents=True, exist_ok=True)


def _quoted_path(argument: str, path_keys: Sequence[str]) -> str:
    key, separator, value = argument.partition("=")
    if not separator or key not in path_keys:
        return argument
    return f"{key}={{path:{quoted_text(value)}}}"
