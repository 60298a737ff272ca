"""What a class takes is read from its source, whoever wrote it, and nothing of it is imported."""

import subprocess
import sys
from pathlib import Path

import pytest

from recorte.kinds import Folder, Share
from recorte.training.command.arguments import arguments_of
from recorte.training.command.config import find_problems

CONF = Path(__file__).parents[3] / "conf"

MINE = """
import torch
from typing import Annotated, Literal
from msgspec import Meta
from recorte.kinds import Folder, Share
from {package}parts import Base, passed_on as renamed

Few = Annotated[int, Meta(ge=1, le=3, description="1, 2 or 3")]
raise SystemExit("imported")

class Source(Base):
    def __init__(self, root: Folder, split: "Split", *, few: Few = 1, share: Share = None, mode: Literal["a"] = "a",
                 tensor: torch.Tensor | None = None) -> None: ...

class Silent(Base): ...

def function(split, share: Share = 0.5, **options): ...
"""
PARTS = """
class Base:
    def __init__(self, size: int, split=None): ...

def passed_on(few: int): ...
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A package of somebody's own, of a name that no other test has seen."""
    name = f"mine_{abs(hash(tmp_path))}"
    for path, text in (("__init__.py", f"from {name}.sources import Source"), ("parts.py", PARTS)):
        (tmp_path / name).mkdir(exist_ok=True)
        (tmp_path / name / path).write_text(text)
    (tmp_path / name / "sources.py").write_text(MINE.format(package="."))
    monkeypatch.syspath_prepend(tmp_path)
    return name


def test_arguments_and_their_kinds(package: str) -> None:
    for target in (f"{package}.Source", f"{package}.sources.Source"):
        taken = arguments_of(target)
        assert taken is not None and not taken.open
        assert list(taken.kinds) == ["root", "split", "few", "share", "mode", "tensor"]
        assert taken.kinds["root"] == Folder
        assert taken.kinds["share"] == Share | None  # its default
        assert taken.kinds["tensor"] is None  # nothing is known of it
    taken = arguments_of(f"{package}.sources.Silent")
    assert taken is not None and taken.kinds == {"size": int, "split": None}
    taken = arguments_of(f"{package}.sources.renamed")
    assert taken is not None and taken.kinds == {"few": int}
    taken = arguments_of(f"{package}.sources.function")
    assert taken is not None and taken.open
    assert list(taken.kinds) == ["split", "share", "options"][:2]


@pytest.mark.parametrize("target", ["nowhere.Source", "Source", "recorte.nowhere.Source", "math.floor", "recorte.data"])
def test_what_has_no_source_is_not_known(target: str) -> None:
    assert arguments_of(target) is None


def test_a_source_of_ones_own_is_checked_by_its_annotations(config_folders: Path, package: str) -> None:
    def problems(*options: str) -> list[str]:
        said = ",".join([f"_target_:{package}.Source", "_partial_:true", *options])
        return find_problems(CONF, "train", ["data=synthetic", f"+data.sources.mine={{{said}}}"], False)

    assert problems("root:COCO", "few:3", "share:null", "mode:a", "tensor:5") == []
    assert problems("root:nowhere", "few:4", "share:2", "mode:b", "tensr:5") == [
        "data.sources.mine.root: there is no folder nowhere; give data.sources.mine.root=<the folder with your photos>",
        "data.sources.mine.few=4: must be 1, 2 or 3",
        "data.sources.mine.share=2: must be a number from 0 to 1, or null",
        "data.sources.mine.mode=b: must be one of a",
        "data.sources.mine.tensr: Source takes no such argument; did you mean tensor?",
    ]


def test_the_trainers_arguments_are_true_and_lightning_is_not_imported() -> None:
    code = """
import sys
from recorte.training.command.arguments import arguments_of
read = set(arguments_of("lightning.pytorch.Trainer").kinds)
assert not {"lightning", "torch"} & set(sys.modules)
import inspect
from lightning.pytorch import Trainer
assert read == set(inspect.signature(Trainer).parameters), read
"""
    subprocess.run([sys.executable, "-c", code], check=True)
