"""From a command line to the folder that the run is in: a new one, or that of the run it goes on with."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import OmegaConf

from recorte.errors import ConfigError
from recorte.training.command.own_folder import KEY as SEARCH_PATH
from recorte.training.command.path_arguments import quoted_text
from recorte.training.machine.cluster import run_name
from recorte.training.runs.resume import check_can_go_on, find_unfinished, why_none

OUTPUTS = Path("outputs")


def recall_arguments(arguments: Sequence[str]) -> list[str]:
    """Put the arguments that a run was started with before those of `resume=<path>`, unless given anew.

    Raises:
        ConfigError: there is no run at the path.
    """
    path = _value(arguments, "resume")
    if path in (None, "auto"):
        return list(arguments)
    if not Path(path).exists():
        raise ConfigError(f"resume={path}: there is no such run; give its folder, its last.ckpt, or auto")
    run_dir = _folder_of(Path(path))
    if not (run_dir / "config.yaml").is_file():
        raise ConfigError(f"resume={path}: no run is there (no config.yaml); give a run's folder or its last.ckpt")
    given = {"resume", "run_dir", *map(_key, arguments)}
    saved: Any = OmegaConf.load(run_dir / "config.yaml")
    own = [f"{SEARCH_PATH}=[{','.join(map(quoted_text, folders))}]"] if (folders := saved.get("config_dirs")) else []
    earlier = [text for text in [*own, *(saved.get("overrides") or [])] if _key(text) not in given]
    others = [text for text in arguments if not text.startswith("resume=")]
    return [*earlier, *others, f"resume={quoted_text(str(Path(path).absolute()))}"]


def with_run_folder(conf: Path, arguments: Sequence[str]) -> list[str]:
    """Add to a command line without mistakes the folder that Hydra is to run in: a new one, or that of `resume`.

    Raises:
        ConfigError: the run of `resume=<path>` cannot go on, or not with this config.
    """
    resume = _value(arguments, "resume")
    given = _value(arguments, "hydra.run.dir") or _value(arguments, "run_dir")
    if "LOCAL_RANK" in os.environ or int(os.environ.get("SLURM_NTASKS", 1)) > 1:
        # One of several processes: the first has checked, and they agree on a folder by themselves.
        if given or resume in (None, "auto"):
            return list(arguments)
        folder = _folder_of(Path(resume))
    elif resume is None:
        folder = Path(given) if given else _new_folder()
    else:
        with initialize_config_dir(str(conf), version_base="1.3"):
            wanted = compose("train", [*arguments, "run_dir=RUN_DIR"])
        if resume == "auto":
            place = Path(given) if given else OUTPUTS
            found = find_unfinished(wanted, place)
            if found is None:
                print(f"resume=auto: {why_none(wanted, place)}, so a new one starts", file=sys.stderr)
            folder = found or (Path(given) if given else _new_folder())
        else:
            folder = _folder_of(Path(resume))
            if given and Path(given).resolve() != folder.resolve():
                raise ConfigError(f"resume={resume}: the run goes on in its own folder; leave out {given}")
            check_can_go_on(folder, wanted)
    others = [text for text in arguments if not text.startswith("hydra.run.dir=")]
    return [*others, f"hydra.run.dir={quoted_text(str(folder))}"]


def _folder_of(path: Path) -> Path:
    """Give the run's folder of a run's folder, or of a checkpoint in its `checkpoints/`."""
    return path.parent.parent if path.suffix == ".ckpt" else path


def _new_folder() -> Path:
    """Make the folder of a new run; two that start in the same second get one each."""
    name, number = OUTPUTS / run_name(), 1
    while True:
        folder = name.with_name(f"{name.name}-{number}") if number > 1 else name
        try:
            folder.mkdir(parents=True)
            return folder
        except FileExistsError:
            number += 1


def _key(argument: str) -> str:
    return argument.partition("=")[0].lstrip("+~")


def _value(arguments: Sequence[str], key: str) -> str | None:
    values = [text.partition("=")[2] for text in arguments if text.startswith(f"{key}=")]
    value = values[-1] if values else "null"
    if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
        return str(OverridesParser.create().parse_override(f"{key}={value}").value())
    return None if value == "null" else value
