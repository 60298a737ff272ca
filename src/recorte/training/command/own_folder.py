"""`--config-dir mine`: a folder of one's own, with configs in groups as `conf/` has them and Python beside them."""

import difflib
import importlib.util
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException

from recorte.own_code import use_code_of
from recorte.training.command.arguments import definition_problem
from recorte.training.command.path_arguments import quoted_text
from recorte.training.machine.hardware import OF_A_PROFILE

KEY = "hydra.searchpath"
SWITCHES = ("--config-dir", "-cd")

WHOLE = ("hardware", "experiment", "debug", "search")
"""Groups whose files set keys of the whole config."""


def with_search_path(arguments: Sequence[str]) -> list[str]:
    """Put Hydra's key for the search path in the place of its switch `--config-dir`, which may stand anywhere.

    A key is checked, recalled by `resume=` and handed to the jobs of a sweep as all others are.
    """
    folders, others, waiting = [], [], iter(arguments)
    for text in waiting:
        switch, separator, value = text.partition("=")
        if switch in SWITCHES:
            folders.append(value if separator else next(waiting, ""))
        else:
            others.append(text)
    if not folders:
        return others
    said = ",".join(quoted_text(str(Path(folder).expanduser().absolute())) for folder in folders)
    return [f"{KEY}=[{said}]", *others]


def own_folders(arguments: Sequence[str]) -> list[Path]:
    """Give the folders of configs that a command line adds to `conf/`."""
    folders: list[Path] = []
    for text in arguments:
        if text.startswith(f"{KEY}="):
            try:
                value: Any = OverridesParser.create().parse_override(text).value()
            except HydraException:  # told with the other mistakes
                continue
            folders += [Path(str(folder).removeprefix("file://")) for folder in value or []]
    return folders


def use_own_code(arguments: Sequence[str]) -> None:
    """Let the configs of these folders name classes of the Python files beside them."""
    for folder in own_folders(arguments):
        use_code_of(folder)


def folder_problems(folder: Path, conf: Path) -> Iterator[str]:
    """Find what is wrong with a folder of one's own: it is not there, or something else hides what is in it."""
    if not folder.is_dir():
        yield f"--config-dir={folder}: there is no such folder"
        return
    for path in sorted(folder.glob("*/**/*.yaml")):
        name = path.relative_to(folder)
        if (conf / name).is_file():
            yield f"{path}: Recorte's own {name} comes first; give yours another name"
        if name.parts[0] in WHOLE and "# @package _global_" not in path.read_text(encoding="utf-8", errors="replace"):
            yield f"{path}: its first line must be `# @package _global_`, or its keys set nothing but {name.parts[0]}"
        yield from _misspelt_keys(path, name.parts[0], conf)
    for path in sorted(folder.glob("*.py")):
        found = importlib.util.find_spec(path.stem)
        if found is not None and found.origin is not None and not path.samefile(found.origin):
            yield f"{path}: Python has a module {path.stem}, which comes first; give yours another name"


def _misspelt_keys(path: Path, group: str, conf: Path) -> Iterator[str]:
    """Find keys that come near one of Recorte's; others may be one's own. What a class takes is looked at elsewhere."""
    text = path.read_text(encoding="utf-8", errors="replace")
    try:
        given = yaml.safe_load(text)
    except yaml.YAMLError:  # told when it is composed
        return
    given = given if isinstance(given, dict) else {}
    data = given if group == "data" else given.get("data") if group in WHOLE else None
    nodes = []
    if group in WHOLE:
        nodes.append(("", given, {*_keys_in(conf), *(path.name for path in conf.iterdir()), *OF_A_PROFILE}))
    if isinstance(data, dict):
        nodes.append(("data.", data, _keys_in(conf / "data")))
    for prefix, node, known in nodes:
        for key in (str(key) for key in node if key not in known and f"${{{prefix}{key}" not in text):
            if close := difflib.get_close_matches(key, known, n=1, cutoff=0.8):
                yield f"{path}: {prefix}{key}: there is no such key; did you mean {prefix}{close[0]}?"


def _keys_in(folder: Path) -> set[str]:
    return {key for path in folder.glob("*.yaml") for key in yaml.safe_load(path.read_text(encoding="utf-8"))}


def target_problems(node: Any, key: str = "") -> Iterator[str]:
    """Find classes of a config that are nowhere in this Python; nothing is imported."""
    if isinstance(node, dict):
        for name, value in node.items():
            yield from target_problems(value, f"{key}.{name}" if key else str(name))
    elif isinstance(node, str) and key.endswith("_target_"):
        top = node.partition(".")[0]
        if not top.isidentifier() or importlib.util.find_spec(top) is None:
            place = f"put {top}.py into the folder that --config-dir names, or on PYTHONPATH"
            yield f"{key}={node}: there is no module {top}; {place}"
        elif problem := definition_problem(node):
            yield f"{key}={node}: {problem}"
