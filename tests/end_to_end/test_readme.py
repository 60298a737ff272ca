import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from recorte.training.command.config import find_problems
from recorte.training.machine.hardware import register_resolvers

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SPANISH = (ROOT / "README.es.md").read_text(encoding="utf-8")
COMMANDS = [
    line.partition("  #")[0].strip()
    for block in re.findall(r"```bash\n(.*?)```", README + SPANISH, re.DOTALL)
    for line in block.splitlines()
]
TABLE_COMMANDS = re.findall(r"`(python scripts/\S+ [^`]*)`", README)
NOT_THERE = re.compile(r"there is no folder|no such model")


@pytest.mark.parametrize(
    "command", [c for c in [*COMMANDS, *TABLE_COMMANDS] if re.search(r"(train|evaluate|dataset)\.py", c)]
)
def test_the_readmes_configs_are_right_but_for_data_and_models_that_it_makes_up(command: str) -> None:
    _, script, *arguments = shlex.split(command)
    if "--help" in arguments:
        return
    register_resolvers()
    if script.endswith("dataset.py"):
        arguments[0] = f"verb={arguments[0]}"
    sweep = "-m" in arguments
    arguments = [
        re.sub(r"^model=((?:outputs|bundled).*)", r"model={path:'\1'}", text) for text in arguments if text != "-m"
    ]
    problems = find_problems(ROOT / "conf", Path(script).stem, arguments, sweep)
    assert [problem for problem in problems if not NOT_THERE.search(problem)] == []


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.startswith("recorte ")])
def test_the_readmes_options_of_recorte_exist(command: str) -> None:
    _, first, *_ = words = shlex.split(command)
    used = [word for word in words if word.startswith("-")]
    other = [first] if first in ("app", "info", "serve", "video") else []
    recorte = [sys.executable, "-m", "recorte", *other, "--help"]
    shown = subprocess.run(recorte, capture_output=True, text=True, check=True)
    plain = re.sub(r"\x1b\[[\d;]*m", "", shown.stdout)
    assert [option for option in used if not re.search(rf"(?<![\w-]){option}\b", plain)] == []


def test_every_picture_and_file_that_the_readme_shows_is_there() -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)]+)\)", README + SPANISH)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []
