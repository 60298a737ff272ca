"""From a command line to the folder that a sweep is in: a new one, or that of the sweep it goes on with."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.utils import setup_globals
from omegaconf import OmegaConf

from recorte.errors import ConfigError
from recorte.files import write_whole
from recorte.training.command.path_arguments import quoted_text

ROOT = Path("outputs/multirun")


def without_resume(arguments: Sequence[str]) -> list[str]:
    """Leave out `resume`, which is about the sweep and not about its jobs."""
    return [text for text in arguments if not text.startswith("resume=")]


def with_sweep_folder(config_file: Path, arguments: Sequence[str]) -> tuple[Path, list[str]]:
    """Choose the folder of a sweep, and note in it by which command it was made.

    Args:
        config_file: says where new sweeps go, in `hydra.sweep.dir`.
        arguments: of the command line; `resume=auto` is the newest sweep of the same command, `resume=<folder>` a
            given one, and so is `hydra.sweep.dir=<folder>`.

    Returns:
        The folder, and the arguments that Hydra is to get.

    Raises:
        ConfigError: the folder to go on with is none of a sweep.
    """
    said: dict[str, Any] = {"resume": None, "hydra.sweep.dir": None}
    kept = []
    for text in arguments:
        key = text.partition("=")[0]
        if key in said:
            said[key] = OverridesParser.create().parse_override(text).value()
        else:
            kept.append(text)
    command = [text for text in kept if not text.startswith(("hydra", "-"))]
    resume, folder = said["resume"], said["hydra.sweep.dir"]
    if resume is not None:
        folder = _earlier(str(resume), command)
    if folder is None:
        setup_globals()
        folder = OmegaConf.load(config_file).hydra.sweep.dir
    write_whole(Path(folder) / "sweep.json", json.dumps({"overrides": command}, indent=2) + "\n")
    return Path(folder), [*kept, f"hydra.sweep.dir={quoted_text(str(folder))}"]


def _earlier(resume: str, command: list[str]) -> str | None:
    if resume != "auto":
        if not (Path(resume) / "sweep.json").is_file():
            raise ConfigError(f"resume={resume}: no sweep was made there; with -m, give a sweep's folder, or auto")
        return resume
    found = [path.parent for path in ROOT.glob("*/*/sweep.json") if _command(path) == sorted(command)]
    if not found:
        print(f"There is no sweep of this command below {ROOT}, so a new one starts", file=sys.stderr)
        return None
    newest = max(found, key=lambda folder: (folder / "sweep.json").stat().st_mtime)
    print(f"Going on with the sweep in {newest}", file=sys.stderr)
    return str(newest)


def _command(path: Path) -> list[str]:
    try:
        return sorted(json.loads(path.read_text(encoding="utf-8"))["overrides"])
    except (OSError, ValueError, KeyError, TypeError):
        return []
