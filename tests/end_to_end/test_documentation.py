"""What the pages say can be done: commands run or are checked, links lead somewhere, Spanish pages say the same."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pytest
from PIL import Image
from skimage import data

import recorte
from recorte.training.command.config import find_problems
from recorte.training.command.path_arguments import with_plain_paths
from recorte.training.machine.hardware import register_resolvers
from service_process import running
from videos.clips import write_clip

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
SPANISH = [ROOT / "README.es.md", *sorted((ROOT / "docs/es").glob("*.md"))]
ENGLISH = [page for page in PAGES if page not in SPANISH]
WEIGHTS = Path(recorte.__file__).parent / "removal/weights"

CONFIGURED = re.compile(r"^python scripts/(train|evaluate|dataset)\.py")
OTHER_SCRIPT = re.compile(r"^python scripts/(?!(train|evaluate|dataset)\.py)")
STAYS = re.compile(r"\brecorte (app|bulk|serve|teach)|--watch|-m mine")
VARIABLES = re.compile(r"^([A-Z_]+=\S+ )+")
NOT_THERE = re.compile(r"there is no folder|no such model")


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)


def commands(page: Path) -> list[str]:
    """The command lines of a page, in order and without their comments."""
    lines = (line.partition("  #")[0].strip() for block in blocks(page, "bash") for line in block.splitlines())
    return [line for line in lines if line]


def in_the_text(page: Path) -> list[str]:
    """Whole commands between backticks, in sentences and tables."""
    prose = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    found = (" ".join(text.split()) for text in re.findall(r"`([^`]+)`", prose))
    return [text for text in found if re.match(r"python scripts/\S+ |recorte \S", text)]


def once(pages: Iterable[Path], kind: re.Pattern[str]) -> list[str]:
    """The commands of a kind on some pages, each once."""
    found = (VARIABLES.sub("", text) for page in pages for text in commands(page) + in_the_text(page))
    return list(dict.fromkeys(text for text in found if kind.search(text)))


@pytest.mark.parametrize("command", once(ENGLISH, CONFIGURED))
def test_configs_are_right_but_for_data_and_models_that_pages_make_up(command: str) -> None:
    _, script, *arguments = shlex.split(command)
    if "--help" in arguments:
        return
    register_resolvers()
    if script.endswith("dataset.py"):
        arguments[0] = f"verb={arguments[0]}"
    sweep = "-m" in arguments
    given = with_plain_paths([text for text in arguments if text != "-m"], sweep)
    given = [re.sub(r"^model=((?:outputs|bundled).*)", r"model={path:'\1'}", text) for text in given]
    problems = find_problems(ROOT / "conf", Path(script).stem, given, sweep)
    assert [problem for problem in problems if not NOT_THERE.search(problem)] == []


@pytest.mark.parametrize("command", once(ENGLISH, OTHER_SCRIPT))
def test_other_scripts_have_the_options(command: str) -> None:
    """By their text: what their help imports takes seconds."""
    _, script, *words = shlex.split(command)
    path = ROOT / script
    family = [path, *path.with_name(f"{path.stem}s").glob("*.py")]
    text = "".join(one.read_text(encoding="utf-8") for one in family)
    options = [word.removeprefix("--") for word in words if word.startswith("--")]
    assert [name for name in options if not re.search(rf'"--{name}"|\b{name}: Annotated', text)] == []


@cache
def help_of(*verb: str) -> str:
    command = [sys.executable, "-m", "recorte", *verb, "--help"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True)
    return re.sub(r"\x1b\[[\d;]*m", "", shown.stdout)


@pytest.mark.parametrize("command", once(ENGLISH, re.compile("^recorte ")))
def test_recorte_has_the_options(command: str) -> None:
    _, first, *_ = words = shlex.split(command)
    verb = [first] if first in ("app", "bulk", "info", "serve", "teach", "video") else []
    used = [word for word in words if re.match("-{1,2}[a-z]", word)]
    assert [option for option in used if not re.search(rf"(?<![\w-]){option}\b", help_of(*verb))] == []


def test_what_is_installed_and_made_is_known() -> None:
    said = [line for page in ENGLISH for line in commands(page)]
    extras = {
        name
        for line in said
        for names in re.findall(r"pip install .*(?<!ray)\[(.+)\]", line)
        for name in names.split(",")
    }
    assert extras
    assert extras <= tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"].keys()
    targets = {line.split()[1] for line in said if line.startswith("make ")}
    assert targets
    assert targets <= set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


@pytest.fixture
def home(tmp_path: Path, best_model: Path) -> Path:
    """What the pages take to be there: photos, a clip, and a model of somebody's own."""
    person = Image.fromarray(data.astronaut()).resize((160, 160))
    for name in (
        "photo.jpg",
        "holiday/one.jpg",
        "holiday/beach/two.jpg",
        "portraits/three.jpg",
        "pictures/beach.jpg",
        "beach.jpg",
        "group.jpg",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        person.save(tmp_path / name)
    write_clip(tmp_path / "clip.mp4", range(0, 200, 40))
    shutil.copytree(best_model, tmp_path / "outputs/2026-01-31/12-00-00/best_model")
    return tmp_path


def run_all(lines: list[str], home: Path) -> None:
    """Run command lines one after the other, as somebody who follows the page does."""
    tools = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    for line in lines:
        command = ["bash", "-e", "-o", "pipefail", "-c", line]
        answer = subprocess.run(command, cwd=home, env=os.environ | {"PATH": tools}, capture_output=True, text=True)
        assert answer.returncode == 0, f"{line}\n{answer.stdout}{answer.stderr}"


def cuts_out(line: str) -> bool:
    return bool(re.search(r"\brecorte ", line)) and not re.match(r"pip|docker|screen", line) and not STAYS.search(line)


@pytest.mark.parametrize("page", [page for page in ENGLISH if any(map(cuts_out, commands(page)))], ids=name_of)
def test_a_page_can_be_followed_from_top_to_bottom(page: Path, home: Path) -> None:
    run_all([line for line in commands(page) if cuts_out(line)], home)


WITHOUT_RECORTE = ROOT / "docs/everywhere.md"
"""Its programs need an exported file: tests/removal/graph/test_everywhere.py runs them."""


@pytest.mark.parametrize(
    "page", [page for page in ENGLISH if blocks(page, "python") and page != WITHOUT_RECORTE], ids=name_of
)
def test_the_python_of_a_page_runs(page: Path, home: Path) -> None:
    subprocess.run([sys.executable, "-c", "\n".join(blocks(page, "python"))], cwd=home, check=True)


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl")
def test_the_service_answers_what_its_page_asks(home: Path) -> None:
    lines = [line for line in commands(ROOT / "docs/page-and-service.md") if line.startswith("curl ")]
    with running(WEIGHTS) as (client, _):
        address = str(client.base_url).rstrip("/")
        run_all(
            [line.replace("curl ", "curl -sS --fail ").replace("http://127.0.0.1:8000", address) for line in lines],
            home,
        )
    assert len(lines) > 3
    assert all(Image.open(home / name).size for name in ("cutout.png", "teal.jpg", "crop.png"))


def slugs(page: Path) -> set[str]:
    """The names that GitHub gives to the headings of a page."""
    prose = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", prose, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_to_a_file_and_a_heading_of_it(page: Path) -> None:
    for link in re.findall(r"\]\((?!https?:)([^)]+)\)", page.read_text(encoding="utf-8")):
        file, _, heading = link.partition("#")
        target = (page.parent / file).resolve() if file else page
        assert target.exists(), link
        assert not heading or heading in slugs(target), link


@pytest.mark.parametrize("page", SPANISH, ids=name_of)
def test_a_spanish_page_has_the_commands_of_the_english_one(page: Path) -> None:
    english = ROOT / "README.md" if page.parent == ROOT else ROOT / "docs" / page.name
    assert commands(page) == commands(english)
    for found, wanted in zip(blocks(page, "python"), blocks(english, "python"), strict=True):
        assert without_comments(found) == without_comments(wanted)
    assert in_the_text(page) == in_the_text(english)
    assert len(slugs(page)) == len(slugs(english))
    assert figures(page) == figures(english)


def figures(page: Path) -> list[list[str]]:
    """The numbers of the tables, row by row."""
    rows = re.findall(r"^\|.*$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return [re.findall(r"[\d.]+", row) for row in rows]


def without_comments(code: str) -> list[str]:
    return [line.partition("  #")[0].rstrip() for line in code.splitlines()]


@pytest.mark.parametrize("folder", ["docs", "docs/es"])
def test_a_folder_of_pages_can_be_read_at_a_glance(folder: str) -> None:
    assert len(list((ROOT / folder).glob("*.md"))) <= 12
