import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from recorte.errors import ModelError
from recorte.own_code import trusted_class, use_code_of
from recorte.training.command.config import find_problems
from recorte.training.command.own_folder import own_folders, use_own_code, with_search_path

CONF = Path(__file__).parents[3] / "conf"
LOSS = """
defaults:
  - composite
terms:
  tversky:
    _target_: own_tversky.Tversky
weights:
  tversky: 0.5
"""


@pytest.fixture(autouse=True)
def _python_as_before(monkeypatch: pytest.MonkeyPatch, config_folders: Path) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr("recorte.own_code._FOLDERS", [])


@pytest.fixture
def mine(tmp_path: Path) -> Iterator[Path]:
    """A folder with a loss of one's own, and its Python beside it."""
    folder = tmp_path / "my own, [1]"
    (folder / "loss").mkdir(parents=True)
    (folder / "loss" / "tversky.yaml").write_text(LOSS)
    (folder / "own_tversky.py").write_text("class Tversky:\n    pass\n")
    yield folder
    sys.modules.pop("own_tversky", None)


def problems(*arguments: str) -> list[str]:
    return find_problems(CONF, "train", with_search_path(["data=synthetic", "hardware=cpu", *arguments]), sweep=False)


@pytest.mark.parametrize("spelled", ["--config-dir={}", "--config-dir {}", "-cd {}"])
def test_the_switch_may_stand_anywhere_and_name_any_folder(mine: Path, spelled: str) -> None:
    switch, _, separate = spelled.partition(" ")
    words = [switch.format(mine), *([separate.format(mine)] if separate else [])]
    arguments = with_search_path(["seed=1", *words, "-m"])
    assert arguments[1:] == ["seed=1", "-m"]
    assert own_folders(arguments) == [mine]


def test_a_folder_is_known_from_anywhere_else(mine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(mine.parent)
    assert own_folders(with_search_path([f"--config-dir={mine.name}"])) == [mine]


def test_a_config_of_ones_own_and_its_python(mine: Path) -> None:
    use_own_code([f"hydra.searchpath=['{mine}']"])
    assert problems("--config-dir", str(mine), "loss=tversky") == []
    assert problems(f"hydra.searchpath=['file://{mine}']", "loss=tversky") == []


def test_without_the_folder_neither_is_known(mine: Path) -> None:
    assert problems("loss=tversky") == ["loss=tversky: there is no such loss; valid are composite, focal_dice"]
    (problem,) = problems("--config-dir", str(mine), "loss=tversky")
    assert problem.startswith("loss.terms.tversky._target_=own_tversky.Tversky: there is no module own_tversky; put")


def test_mistakes_within_are_told_as_all_others(mine: Path) -> None:
    use_own_code([f"hydra.searchpath=['{mine}']"])
    found = problems("--config-dir", str(mine), "loss=tverski", "loss.weights.bce=-1")
    assert found == [
        "loss=tverski: there is no such loss; valid are composite, focal_dice, tversky",
        "loss.weights.bce=-1: must be a number of at least 0",
    ]


@pytest.mark.parametrize(
    ("python", "why"),
    [
        ("class Tverski: ...\ndef loss(): ...\n", " has no Tversky; it has Tverski, loss"),
        ("import torch\nx = = 1\n", ", line 2: invalid syntax"),
    ],
)
def test_a_file_without_the_class(mine: Path, python: str, why: str) -> None:
    use_own_code([f"hydra.searchpath=['{mine}']"])
    (mine / "own_tversky.py").write_text(python)
    found = problems("--config-dir", str(mine), "loss=tversky", "seed=-1")
    assert found[0].startswith("seed=-1: ")
    assert found[1:] == [f"loss.terms.tversky._target_=own_tversky.Tversky: {mine}/own_tversky.py{why}"]


@pytest.mark.parametrize(
    "python",
    ["Tversky = dict", "from torch import nn as Tversky", "from torch.nn import *", "def __getattr__(name): ...",
     "try:\n    class Tversky: ...\nfinally:\n    pass"],
)  # fmt: skip
def test_other_ways_to_a_name(mine: Path, python: str) -> None:
    use_own_code([f"hydra.searchpath=['{mine}']"])
    (mine / "own_tversky.py").write_text(python)
    assert problems("--config-dir", str(mine), "loss=tversky") == []


def test_a_config_that_is_no_yaml(mine: Path) -> None:
    path = mine / "loss" / "tversky.yaml"
    path.write_text("weights:\n   dice: 0\n  tversky: 1\n")
    (problem,) = problems("--config-dir", str(mine), "loss=tversky")
    assert problem.startswith(f"{path}, line 3: no YAML (expected <block end>")


def test_keys_that_come_near_one_of_recortes(mine: Path) -> None:
    (mine / "hardware").mkdir()
    (mine / "data").mkdir()
    profile, source = mine / "hardware" / "laptop.yaml", mine / "data" / "trips.yaml"
    profile.write_text(
        "# @package _global_\ndefaults: [cpu]\nmemory_fromat: channels_last\ndata:\n  batchsize: 4\nmy_note: laptop\n"
    )
    source.write_text("defaults: [synthetic]\nimage_sizes: 64\nroots: here\nplace: ${data.roots}/photos\n")
    assert problems("--config-dir", str(mine), "hardware=laptop", "data=trips") == [
        f"{source}: data.image_sizes: there is no such key; did you mean data.image_size?",
        f"{profile}: memory_fromat: there is no such key; did you mean memory_format?",
        f"{profile}: data.batchsize: there is no such key; did you mean data.batch_size?",
    ]


def test_a_default_that_is_nowhere(mine: Path) -> None:
    (mine / "loss" / "tversky.yaml").write_text("defaults:\n  - composit\n")
    (problem,) = problems("--config-dir", str(mine), "loss=tversky")
    assert problem == "In 'loss/tversky': Could not load 'loss/composit'."


def test_a_value_that_is_needed_beside_other_mistakes(mine: Path) -> None:
    use_own_code([f"hydra.searchpath=['{mine}']"])
    (mine / "data").mkdir()
    source = "{_target_: own_tversky.Tversky, _partial_: true, table: '${data.table}'}"
    (mine / "data" / "pairs.yaml").write_text(f"defaults:\n  - _base\ntable: ???\nsources:\n  pairs: {source}\n")
    found = problems("--config-dir", str(mine), "data=pairs", "seed=-1")
    assert found[0] == "data.table: a value is needed; give data.table=<value>"
    assert [problem.partition(":")[0] for problem in found[1:]] == ["seed=-1"]


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    assert problems("--config-dir", str(tmp_path / "none")) == [
        f"--config-dir={tmp_path}/none: there is no such folder"
    ]


def test_a_name_that_is_taken(mine: Path) -> None:
    (mine / "loss" / "focal_dice.yaml").write_text(LOSS)
    (problem,) = problems("--config-dir", str(mine))
    assert (
        problem
        == f"{mine}/loss/focal_dice.yaml: Recorte's own loss/focal_dice.yaml comes first; give yours another name"
    )


def test_python_of_a_name_that_is_taken(mine: Path) -> None:
    (mine / "statistics.py").touch()
    (problem,) = problems("--config-dir", str(mine))
    said = f"{mine}/statistics.py: Python has a module statistics, which comes first; give yours another name"
    assert problem == said


def test_a_profile_that_lacks_something(mine: Path) -> None:
    profile = mine / "hardware" / "laptop.yaml"
    profile.parent.mkdir()
    keys = "memory_format: channels_last\nhardware_profile: laptop\ntrainer:\n  accelerator: cpu\n"
    profile.write_text(keys)
    found = problems("--config-dir", str(mine), "hardware=laptop")
    first = f"{profile}: its first line must be `# @package _global_`, or its keys set nothing but hardware"
    assert found[0] == first and [problem.partition(":")[0] for problem in found[1:]] == [
        "memory_format", "hardware_profile", "card"
    ]  # fmt: skip
    profile.write_text(f"# @package _global_\n{keys}")
    found = problems("--config-dir", str(mine), "hardware=laptop")
    assert [problem.partition(":")[0] for problem in found] == ["card"]
    profile.write_text(f"# @package _global_\n{keys}card: null\n")
    assert problems("--config-dir", str(mine), "hardware=laptop") == []


def test_a_weight_of_no_term_and_a_source_that_would_be_opened_at_once() -> None:
    assert problems("data=synthetic", "+loss.weights.iou=1", "~data.sources.synthetic._partial_") == [
        "data.sources.synthetic: needs `_partial_: true`, since it is opened once for each split",
        "loss.weights: names ['bce', 'dice', 'edge', 'iou', 'perceptual'], but the terms are ['bce', 'dice', 'edge', "
        "'perceptual']; give each term a weight",
    ]


def test_which_classes_a_model_may_name(mine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(mine))
    with pytest.raises(ModelError, match="not run unless you ask for it: give --config-dir"):
        trusted_class("own_tversky.Tversky")
    assert "own_tversky" not in sys.modules
    use_code_of(mine)
    assert trusted_class("own_tversky.Tversky").__name__ == "Tversky"
    assert trusted_class("recorte.model.attention_unet.AttentionUNet").__name__ == "AttentionUNet"


@pytest.mark.parametrize("name", ["this.s", "antigravity.open", "recorte.__main__.main", "exec", "", "no_such.thing"])
def test_which_it_may_not(name: str) -> None:
    sys.modules.pop("this", None)
    with pytest.raises(ModelError, match="not run unless you ask"):
        trusted_class(name)


@pytest.mark.parametrize("name", ["recorte.model.export.json", "recorte.model.nothing.Net", "os.system"])
def test_what_is_no_class(name: str) -> None:
    with pytest.raises(ModelError, match=r"no class|not there"):
        trusted_class(name)
