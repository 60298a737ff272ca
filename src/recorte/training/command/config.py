"""What can be wrong with a command line and its config, all found at once and before anything heavy is imported."""

import importlib.util
from collections.abc import Iterator, Sequence
from pathlib import Path

from hydra import compose, initialize_config_dir
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf, open_dict
from omegaconf.errors import OmegaConfBaseException
from yaml import MarkedYAMLError

from recorte.training.command.built import unknown_key
from recorte.training.command.own_folder import KEY as SEARCH_PATH
from recorte.training.command.own_folder import folder_problems, own_folders, target_problems
from recorte.training.command.rules import find_value_problems
from recorte.training.machine.cluster import sweep_problems

PLUGINS = {
    "hydra/launcher=joblib": "hydra_joblib_launcher",
    "hydra/launcher=submitit_local": "hydra_submitit_launcher",
    "hydra/launcher=submitit_slurm": "hydra_submitit_launcher",
    "search=optuna": "hydra_optuna_sweeper",
}
"""What of Hydra's is a package of its own, and the module that it brings."""


def find_problems(conf: Path, config_name: str, arguments: Sequence[str], sweep: bool = True) -> list[str]:
    """Find everything that is wrong with a command line, each in a sentence or two.

    Args:
        conf: the folder of configs.
        config_name: which of them, without suffix.
        arguments: `key=value` and `group=option` as Hydra takes them.
        sweep: whether a key may have several values, of which each makes a run of its own.
    """
    problems, overrides = [], []
    for text in arguments:
        try:
            overrides.append(OverridesParser.create().parse_override(text))
        except HydraException as error:
            reason = str(error).splitlines()[0]
            way = "quote what has special characters twice, as in 'key=\"a (b)\"'"
            problems.append(f"{text}: not of the form key=value ({reason}); {way}")
    problems += _sweep_problems(overrides) if sweep else _unwanted_sweeps(overrides)
    missing = [override.input_line for override in overrides if _is_plugin_missing(override)]
    if missing:
        problems += [f"{text}: needs a package more; pip install -e '.[sweep]' brings it" for text in missing]
        left_out = ("hydra", "search")
        overrides = [override for override in overrides if not override.key_or_group.startswith(left_out)]
    own = own_folders(arguments)
    problems += [problem for folder in own for problem in folder_problems(folder, conf)]
    if not all(folder.is_dir() for folder in own):
        return problems
    with initialize_config_dir(str(conf), version_base="1.3"):
        problems += _compose_and_check([conf, *own], config_name, overrides, sweep)
    return list(dict.fromkeys(problems))


def _unwanted_sweeps(overrides: list[Override]) -> Iterator[str]:
    for override in overrides:
        if override.is_sweep_override():
            text = override.input_line
            yield f"{text}: several values are a sweep; add -m to run each of them, or quote a value that has commas"


def _sweep_problems(overrides: list[Override]) -> Iterator[str]:
    optuna = any(override.input_line == "search=optuna" for override in overrides)
    for override in overrides:
        text = override.input_line
        if override.key_or_group == "run_dir":
            yield f"{text}: each job of a sweep has a folder of its own; give hydra.sweep.dir for that of the sweep"
        elif override.is_sweep_override() and not override.is_discrete_sweep() and not optuna:
            yield f"{text}: to draw from an interval, add search=optuna; or name the values, as in key=1,2,3"


def _is_plugin_missing(override: Override) -> bool:
    if override.input_line not in PLUGINS:
        return False
    try:
        return importlib.util.find_spec(f"hydra_plugins.{PLUGINS[override.input_line]}") is None
    except ModuleNotFoundError:  # no plugin at all
        return True


def without_empty_choices(conf: Path, config_name: str, arguments: Sequence[str]) -> list[str]:
    """Leave out `group=null` and `~group` where a group is empty anyway: Hydra itself fails on a null for a group."""
    defaults = [
        entry for entry in OmegaConf.load(conf / f"{config_name}.yaml").defaults if isinstance(entry, DictConfig)
    ]
    empty = [str(group) for entry in defaults for group, option in entry.items() if option is None]
    said = {text for group in empty for text in (f"{group}=null", f"~{group}")}
    return [text for text in arguments if text not in said]


def with_own_optuna(arguments: Sequence[str]) -> list[str]:
    """Take `hydra/sweeper=optuna` as `search=optuna`: by itself it would look for the lowest figure."""
    return ["search=optuna" if text == "hydra/sweeper=optuna" else text for text in arguments]


def _compose_and_check(folders: list[Path], config_name: str, overrides: list[Override], sweep: bool) -> list[str]:
    groups = [override for override in overrides if _is_group(folders, override)]
    problems = [problem for override in groups for problem in _choice_problems(folders, override)]
    of_hydra = [one for one in overrides if one.key_or_group.startswith("hydra/") or one.key_or_group == SEARCH_PATH]
    usable = [_texts(one) for one in of_hydra + groups if one in of_hydra or not _choice_problems(folders, one)]
    values = [_texts(override) for override in overrides if override not in groups + of_hydra]
    # Hydra itself composes a job of a sweep when that starts: a mistake in the third would show after two trainings.
    for number, choices in enumerate(_each_choice(usable)):
        try:
            # Only Hydra's main knows the run's folder.
            composed = compose(config_name, ["run_dir=.", *choices], return_hydra_config=True)
        except (HydraException, OmegaConfBaseException) as error:
            problems.append(" ".join(str(error).partition("Config search path:")[0].split()))
            continue
        except MarkedYAMLError as error:
            mark = error.problem_mark
            problems.append(f"{mark.name}, line {mark.line + 1}: no YAML ({error.problem})" if mark else str(error))
            continue
        for texts in _each_choice(values) if number == 0 else [next(_each_choice(values))]:
            problems += _problems_with(composed.copy(), texts, sweep)
    return problems


def _problems_with(config: DictConfig, texts: list[str], sweep: bool) -> list[str]:
    """Check a composed config once the values of a command line are in it, each set as Hydra would set it."""
    problems = []
    for override in OverridesParser.create().parse_overrides(texts):
        unknown = unknown_key(config, override)
        if unknown:
            problems.append(unknown)
            continue
        try:
            # Composing costs a quarter of a second, and tells the first of the mistakes alone.
            ConfigLoaderImpl._apply_overrides_to_config([override], config)
        except HydraException as error:
            problems.append(" ".join(str(error).split()))
    try:
        with open_dict(config):
            launcher = config.pop("hydra").launcher
        problems += [*find_value_problems(config), *target_problems(OmegaConf.to_container(config))]
        return [*problems, *(sweep_problems(config, launcher) if sweep else ())]
    except (HydraException, OmegaConfBaseException) as error:
        return [*problems, " ".join(str(error).split())]


def _is_group(folders: list[Path], override: Override) -> bool:
    group = override.key_or_group
    found = any((folder / group).is_dir() for folder in folders)
    return found and not isinstance(override.value(), dict) and not group.startswith("hydra/")


def _choice_problems(folders: list[Path], override: Override) -> list[str]:
    groups = [folder / override.key_or_group for folder in folders]
    options = sorted(
        {path.relative_to(group).with_suffix("").as_posix() for group in groups for path in group.rglob("[!_]*.yaml")}
    )
    valid = ", ".join(options)
    return [
        f"{text}: there is no such {override.key_or_group}; valid are {valid}"
        for text in _texts(override)
        if text.partition("=")[2] not in options
    ]


def _texts(override: Override) -> list[str]:
    """Spell a sweep as the single overrides that its jobs get."""
    if not override.is_sweep_override():
        return [override.input_line or ""]
    key = override.get_key_element()
    try:
        return [f"{key}={value}" for value in override.sweep_string_iterator()]
    except (HydraException, TypeError, ValueError):  # intervals and globs have no list here: a sweeper makes it
        return []


def _each_choice(choices: list[list[str]]) -> Iterator[list[str]]:
    """Give the first choice of everything, then every other choice once."""
    first = [texts[0] for texts in choices if texts]
    yield first
    filled = [texts for texts in choices if texts]
    for place, texts in enumerate(filled):
        for text in texts[1:]:
            yield [*first[:place], text, *first[place + 1 :]]


def resolved(config: DictConfig) -> DictConfig:
    """Copy a config with every interpolation replaced by its value."""
    copy = config.copy()
    OmegaConf.resolve(copy)
    return copy
