from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.override_parser.overrides_parser import OverridesParser

from recorte.training.command.config import find_problems
from recorte.training.command.path_arguments import quoted_text, with_plain_paths
from recorte.training.machine.hardware import register_resolvers

CONF = Path(__file__).parents[3] / "conf"


def meant(argument: str, several: bool = False) -> list[str | None]:
    """The values that Hydra takes from an argument."""
    override = OverridesParser.create().parse_override(*with_plain_paths([argument], several))
    if not override.is_sweep_override():
        return [override.value()]
    return [OverridesParser.create().parse_override(f"a={text}").value() for text in override.sweep_string_iterator()]


@pytest.mark.parametrize(
    "path",
    ["2024", "1e3", "007", "true", "Übung", "it's", "a (1)", "a=b", "a,b", "[a]", "{a: b}", "glob(*)", "int(3)",
     "año/niñas", "C:\\photos", "C:\\año\\", "it's \\'", "¿qué?/\"x\"", "a:b", "${data.other}/Übung", "a/b c"],
)  # fmt: skip
def test_a_path_is_the_text_that_it_is(path: str) -> None:
    for key in ("data.root", "data.sources.coco.root", "data.sources.a-b.backgrounds", "run_dir", "target", "+init"):
        assert meant(f"{key}={path}") == [path]


def test_what_hydra_takes_as_text_stays_as_it_is() -> None:
    said = ["data.root=COCO", "data.root='a (1)'", 'run_dir="2024"', "data.root=a\\,b", "data.cache_dir=null",
            "target=NULL", "data.root=${oc.env:HOME}/photos", "init=", "hydra.run.dir=runs/${now:%Y}", "-m",
            "~data.root"]  # fmt: skip
    assert with_plain_paths(said) == said


def test_no_other_value_is_touched() -> None:
    said = ["data.batch_size=3", "parts=[val]", "photos=24", "which=[1,2]", "data.roots=1", "model=2024", "x.run_dir=1"]
    assert with_plain_paths(said) == said


def test_home_is_where_a_shell_would_have_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/people/ana")
    assert meant("data.root=~/photos (1)") == ["/people/ana/photos (1)"]
    assert meant("data.root=a~/b") == ["a~/b"]


def test_several_paths() -> None:
    assert with_plain_paths(["data.root=a,b", "run_dir=glob(*)", "init=choice(a,b)"], several=True) == [
        "data.root=a,b", "run_dir=glob(*)", "init=choice(a,b)",
    ]  # fmt: skip
    assert meant("data.root=2024,2025", several=True) == ["2024", "2025"]
    assert meant("data.root=Übung,'a, b',it's,COCO", several=True) == ["Übung", "a, b", "it's", "COCO"]
    assert meant("data.root='a, b'", several=True) == ["a, b"]
    assert meant("data.cache_dir=null,Übung", several=True) == [None, "Übung"]
    assert meant("data.root=2024", several=True) == ["2024"]


@pytest.mark.parametrize("text", ["", "a", "it's", "\\", "a\\", "a\\'b", "\\\\'", "a\\\\b", "'", "\"'"])
def test_quoting(text: str) -> None:
    assert OverridesParser.create().parse_override(f"a={quoted_text(text)}").value() == text


def test_such_folders_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    register_resolvers()
    monkeypatch.chdir(tmp_path)
    for name in ("2024", "Übung", "it's", "a (1)", "a=b"):
        (tmp_path / name).mkdir()
        arguments = with_plain_paths([f"data.root={name}", "data=folder"])
        assert find_problems(CONF, "dataset", ["verb=analyze", *arguments], sweep=False) == []
        with initialize_config_dir(str(CONF), version_base="1.3"):
            assert compose("dataset", arguments).data.sources.folder.root == name
