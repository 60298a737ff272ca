"""The way from a command line to a function of a config: mistakes are told at once, without a traceback."""

import logging
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import hydra
from hydra.errors import InstantiationException
from omegaconf import DictConfig

from recorte.errors import RecorteError
from recorte.training.config import find_problems, without_empty_choices
from recorte.training.hardware import register_resolvers

CONF = Path(__file__).parents[3] / "conf"

log = logging.getLogger(__name__)


def run(config_name: str, task: Callable[[DictConfig], Any], path_keys: Sequence[str] = ()) -> None:
    """Check the command line, then run a task with its config in the folder that Hydra makes.

    Exits with status 2 and a list of every problem if there is any; and with status 2 and one message when the task
    raises a `RecorteError`.

    Args:
        config_name: which config of `conf/`, without suffix.
        task: does the work; it imports what is heavy only when called.
        path_keys: keys whose value is a path, taken as it is, whatever characters are in it. The task finds it as
            `<key>.path`, since `<key>` itself may be a group of `conf/`.
    """
    register_resolvers()
    said = without_empty_choices(CONF, config_name, sys.argv[1:])
    sys.argv[1:] = arguments = [_quoted_path(text, path_keys) for text in said]
    if all(argument in ("-m", "--multirun") for argument in arguments if argument.startswith("-")):
        problems = find_problems(CONF, config_name, [text for text in arguments if not text.startswith("-")])
        if problems:
            print(f"{len(problems)} problem{'s' if len(problems) > 1 else ''} with the configuration:", file=sys.stderr)
            print("\n".join(f"  - {problem}" for problem in problems), file=sys.stderr)
            sys.exit(2)

    def guarded(config: DictConfig) -> Any:
        try:
            return task(config)
        except RecorteError as error:
            log.error("%s", error)
        except InstantiationException as error:  # what a class of the config raises, Hydra wraps
            if not isinstance(error.__cause__, RecorteError) and "HYDRA_FULL_ERROR" in os.environ:
                raise
            log.error("%s", error.__cause__ if isinstance(error.__cause__, RecorteError) else _one_line(error))
        sys.exit(2)

    hydra.main(version_base="1.3", config_path=str(CONF), config_name=config_name)(guarded)()


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) + " (HYDRA_FULL_ERROR=1 shows where)"


def _quoted_path(argument: str, path_keys: Sequence[str]) -> str:
    key, separator, value = argument.partition("=")
    if not separator or key not in path_keys:
        return argument
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"{key}={{path:'{escaped}'}}"
