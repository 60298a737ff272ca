"""The plan of the house: rooms import downwards only, and cutting out needs no PyTorch."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import recorte

PACKAGE = Path(recorte.__file__).parent
SCRIPTS = PACKAGE.parents[1] / "scripts"
TESTS = PACKAGE.parents[1] / "tests"

FLOORS = [{"errors", "kinds", "messages"}, {"files", "home", "own_code"}, {"listing", "places"},
          {"boxes", "letterbox", "photo"}, {"data", "model"},
          {"training", "removal"}, {"bulk", "desk", "teaching"}, {"app"}, {"cli"}]  # fmt: skip
"""From the cellar to the roof. A room may import from the floors below its own; scripts stand on the roof."""

INSIDE = {
    "app": [{"anywhere", "limits", "listening"}, {"page", "service"}],
    "bulk": [{"cluster", "desk", "naming", "progress"}, {"cutting", "sources", "table"}, {"lock"}, {"run"}],
    "cli": [{"extras", "options", "show", "stop", "usage"}, {"script"}, {"photos"}, {"verbs"}, {"door"}],
    "data": [{"sample"}, {"reading", "drawing"},
             {"coco", "supervisely", "folder", "cutouts", "shards", "synthetic", "download"}, {"batches", "checks"}],
    "photo": [{"heif", "metadata", "modes"}, {"reading"}],
    "removal": [{"presets", "steps"}, {"network", "options"}, {"correct", "graph"}, {"files", "pipeline"},
                {"quality", "remover"}, {"video"}],
    "training": [{"build", "figures", "schedules"}, {"machine"}, {"callbacks", "runs"}, {"sweeps"}, {"command"},
                 {"measure"}, {"evaluate", "finish"}, {"fit"}],
}  # fmt: skip
"""The same within a room: its sub-rooms and the modules at its door."""

LEFT_OUT = ("__init__.py", "__pycache__", "conftest.py")
MOST_ENTRIES = 12
"""In a folder: what somebody who opens it can read at a glance."""

SMALL_TOOL = {
    "errors",
    "messages",
    "files",
    "home",
    "boxes",
    "letterbox",
    "listing",
    "photo",
    "places",
    "bulk",
    "removal",
    "cli",
}
NOT_IN_THE_SMALL_TOOL = {"torch", "torchvision", "lightning", "hydra", "omegaconf", "timm", "albumentations"}


def imported_names(code: str, package: str = "") -> Iterator[str]:
    """Every module that the code imports, in functions too, as a dotted name; not what only a type checker sees."""
    waiting: list[ast.AST] = [ast.parse(code)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
            waiting += node.orelse
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) + 1 - node.level] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            yield from (f"{base}.{alias.name}" for alias in node.names)
        else:
            waiting += ast.iter_child_nodes(node)


def room_of(name: str) -> str | None:
    """The room that a dotted name lies in; None if it is not ours."""
    if name == "recorte.BackgroundRemover":
        return "removal"
    parts = name.split(".")
    rooms = set().union(*FLOORS)
    return parts[1] if parts[0] == "recorte" and len(parts) > 1 and parts[1] in rooms else None


def floor_of(room: str, floors: list[set[str]] = FLOORS) -> int:
    return next(number for number, rooms in enumerate(floors) if room in rooms)


def inside_of(path: Path) -> str:
    """The sub-room that a module lies in, or its own name where it is at the door of its room."""
    return path.relative_to(PACKAGE).parts[1].removesuffix(".py")


def entries(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name not in LEFT_OUT)


def folders() -> list[Path]:
    """Every folder of the repository's Python, but for the package's own, whose rooms are listed above."""
    below = [path for top in (PACKAGE, SCRIPTS, TESTS) for path in sorted(top.rglob("*")) if path.is_dir()]
    return [SCRIPTS, TESTS, *(path for path in below if path.name != "__pycache__")]


def modules() -> list[tuple[str, Path]]:
    """Every module of every room, with the room's name."""
    inside = [(path.relative_to(PACKAGE).parts[0].removesuffix(".py"), path) for path in sorted(PACKAGE.rglob("*.py"))]
    return [(room, path) for room, path in inside if not room.startswith("__")]


def imports_of(path: Path) -> list[str]:
    package = ".".join(path.relative_to(PACKAGE.parent).parent.parts)
    return list(imported_names(path.read_text(encoding="utf-8"), package))


def test_every_module_lies_in_a_room() -> None:
    assert {room for room, _ in modules()} <= set().union(*FLOORS)


def test_the_newcomers_page_tells_of_every_room_and_script() -> None:
    page = (SCRIPTS.parent / "CONTRIBUTING.md").read_text(encoding="utf-8")
    plan = page.partition("```\nscripts >")[2].partition("```")[0]
    assert [set(re.findall(r"\w+", floor)) for floor in plan.split(">")] == FLOORS[::-1]
    scripts = [path.stem for folder in (SCRIPTS, SCRIPTS / "studies") for path in folder.glob("*.py")]
    assert not [name for name in scripts if f"`{name}`" not in page]


@pytest.mark.parametrize(("room", "path"), modules(), ids=lambda value: value.stem if isinstance(value, Path) else None)
def test_imports_go_downwards_only(room: str, path: Path) -> None:
    for name in imports_of(path):
        other = room_of(name)
        assert other in (None, room) or floor_of(other) < floor_of(room), f"{path} imports {name}"


@pytest.mark.parametrize(
    ("room", "path"), [(room, path) for room, path in modules() if room in INSIDE and path.name != "__init__.py"],
    ids=lambda value: value.stem if isinstance(value, Path) else None,
)  # fmt: skip
def test_imports_within_a_room_go_downwards_only(room: str, path: Path) -> None:
    here, floors = inside_of(path), INSIDE[room]
    for name in imports_of(path):
        parts = name.split(".")
        if parts[:2] == ["recorte", room] and parts[2] != here:
            assert floor_of(parts[2], floors) < floor_of(here, floors), f"{path} imports {name}"


@pytest.mark.parametrize("folder", folders(), ids=lambda path: "-".join(path.relative_to(TESTS.parent).parts))
def test_a_folder_can_be_read_at_a_glance(folder: Path) -> None:
    found = entries(folder)
    assert len(found) <= MOST_ENTRIES, f"{folder} holds {len(found)} entries; cut on: {', '.join(found)}"


def test_the_tests_have_the_rooms_of_the_package() -> None:
    ours = {"end_to_end", "helpers", "photo"}
    rooms = [path.relative_to(TESTS) for path in folders() if path.is_relative_to(TESTS) and path != TESTS]
    assert not [str(room) for room in rooms if room.parts[0] not in ours and not (PACKAGE / room).is_dir()]


def test_nothing_imports_a_script() -> None:
    scripts = {path.stem for path in SCRIPTS.rglob("*.py")} | {"scripts", "studies"}
    for _, path in modules():
        assert not {name.split(".")[0] for name in imports_of(path)} & scripts, path


@pytest.mark.parametrize(
    "path", [path for room, path in modules() if room in SMALL_TOOL], ids=lambda path: f"{path.parent.name}-{path.stem}"
)
def test_the_small_tool_imports_no_pytorch(path: Path) -> None:
    assert not {name.split(".")[0] for name in imports_of(path)} & NOT_IN_THE_SMALL_TOOL


def test_cutting_out_loads_no_pytorch_and_help_loads_next_to_nothing() -> None:
    code = "import sys, recorte.cli; heavy = {'numpy', 'cv2', 'onnxruntime', 'PIL'} & sys.modules.keys(); "
    code += "from recorte import BackgroundRemover; print(heavy, 'torch' in sys.modules, 'onnx' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert answer.split() == ["set()", "False", "False"]


def test_the_reader_of_imports_sees_what_it_must() -> None:
    code = """
import a.b, c
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    import unseen
else:
    import d
def function():
    try:
        from recorte.model import module
    except ImportError:
        pass
class Inside:
    from . import sibling
    from ..photo import read_photo
"""
    assert set(imported_names(code, "recorte.data")) == {
        "a.b", "c", "typing.TYPE_CHECKING", "d", "recorte.model.module", "recorte.data.sibling",
        "recorte.photo.read_photo",
    }  # fmt: skip
    assert room_of("recorte.model.module") == room_of("recorte.model") == "model"
    assert room_of("recorte.__version__") is None
    assert room_of("recorte_other.data") is None
