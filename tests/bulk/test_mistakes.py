"""What a user may get wrong: a sentence each, exit status 2, before Ray is started."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cli_process import recorte
from recorte.bulk import run as running
from recorte.bulk.run import Wishes, run
from recorte.errors import RecorteError
from recorte.places import Place
from tiny_models import write_red_photo

pytestmark = pytest.mark.long

PLAIN = {
    "column": "source", "kind": None, "model": None, "making": {}, "report": False, "address": None, "least": 1,
    "most": None, "most_failures": 0.1, "as_json": False,
    "showing": {},
}  # fmt: skip


def complaint(source: object, target: object, **more: Any) -> str:
    """What a run is refused for."""
    with pytest.raises(RecorteError) as caught:
        run(Wishes(source=str(source), target=str(target), **PLAIN | more), lambda: False, print)
    return str(caught.value)


def test_the_command_says_it_in_one_line(tmp_path: Path) -> None:
    answer = recorte("bulk", tmp_path / "none", "-o", tmp_path / "cut")
    assert (answer.returncode, answer.stdout) == (2, "")
    assert answer.stderr.splitlines() == [f"Error: {tmp_path}/none: cannot be listed: there is no such file or folder"]
    assert not (tmp_path / "cut").exists()


def test_neither_help_nor_the_package_loads_ray() -> None:
    code = "import sys, recorte, recorte.cli; recorte.BackgroundRemover; sys.argv = ['recorte', 'bulk', '--help']\n"
    code += "try: recorte.cli.main()\nexcept SystemExit: print({'ray', 'pyarrow', 'fsspec'} & sys.modules.keys())"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.endswith("set()\n")


def test_places_that_cannot_be(tmp_path: Path, store: Any) -> None:
    write_red_photo(tmp_path / "in/a.jpg", 1)
    inside = complaint(tmp_path, tmp_path / "cut")
    assert "lies in" in inside
    assert "lies in" in complaint(tmp_path / "in", tmp_path)
    assert "no such bucket" in complaint("s3://none/photos", tmp_path / "cut")
    assert "no such bucket" in complaint(tmp_path / "in", "s3://none/cut")
    assert "no photos in it" in complaint("s3://bulk-tests/nothing", tmp_path / "cut")
    assert "pip install gcsfs" in complaint("gs://b/photos", tmp_path / "cut")
    assert "there are no no:// addresses" in complaint("no://b/photos", tmp_path / "cut")
    assert not (tmp_path / "cut").exists()


def test_no_right(store: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: Any, **more: Any) -> None:
        raise PermissionError("Access Denied")

    write_red_photo(tmp_path / "in/a.jpg", 1)
    with monkeypatch.context() as patch:
        patch.setattr(type(store), "call_s3", refuse)
        assert "no right to it (Access Denied)" in complaint("s3://bulk-tests/photos", tmp_path / "cut")
    monkeypatch.setattr(Place, "create", refuse)
    assert "s3://bulk-tests/cut: cannot be written to: no right to it" in complaint(
        tmp_path / "in", "s3://bulk-tests/cut"
    )


def test_what_ended_the_workers_is_told_and_not_the_advice_behind_it() -> None:
    lines = ["ray::Cutting() (pid=1)", "  File x, line 1", "ValueError: of a store", "", "To change retry attempts, do"]
    assert running._reason(RuntimeError("\n".join(lines))) == "ValueError: of a store"
    assert running._reason(RuntimeError("a worker died\nfor lack of memory")) == "for lack of memory"
    assert running._reason(RuntimeError()) == "RuntimeError"


def test_a_model_that_cannot_be_opened(tmp_path: Path) -> None:
    write_red_photo(tmp_path / "in/a.jpg", 1)
    (tmp_path / "model.onnx").write_bytes(b"no model")
    assert "not an ONNX model" in complaint(tmp_path / "in", tmp_path / "cut", model=tmp_path / "model.onnx")
    assert not (tmp_path / "cut").exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("photo\na.jpg\n", "it has no column 'source' but photo; name the addresses' with --column"),
        ("n,source\n1,a.jpg\n2,\n", "row 2 of the column 'source' is empty"),
        ("source\n1\n", "the column 'source' holds int64, not addresses"),
        ("source\ns3://b/a.jpg\ngs://b/a.jpg\n", "their results would have one name"),
        ("", "this table cannot be read"),
    ],
)
def test_tables_that_cannot_be(content: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "photos.csv").write_text(content)
    assert words in complaint(tmp_path / "photos.csv", tmp_path / "cut")


def test_wishes_of_a_run_are_what_its_table_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is done already needs no cluster."""
    write_red_photo(tmp_path / "in/a.jpg", 1)
    write_red_photo(tmp_path / "cut/a.png", 2)
    monkeypatch.setattr(running, "cluster", None)
    wishes = Wishes(source=str(tmp_path / "in"), target=str(tmp_path / "cut"), **PLAIN)
    assert run(wishes, lambda: False, print)[2] == 0
    about = json.loads((tmp_path / "cut/recorte-table/_run.json").read_text())
    assert about["source"] == str(tmp_path / "in")
    assert "mask was not given, is True" in complaint(tmp_path / "in", tmp_path / "cut", showing={"mask": True})


def test_a_preset_is_what_its_file_says_and_gives_the_format(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same name with another content is another run; so is another picture."""
    write_red_photo(tmp_path / "in/a.jpg", 1)
    write_red_photo(tmp_path / "cut/a.webp", 2)
    preset, picture = tmp_path / "shop.yaml", write_red_photo(tmp_path / "behind.png", 3)
    preset.write_text("size: 100x100\nformat: webp\nbackground: behind.png\n")
    monkeypatch.setattr(running, "cluster", None)
    more = PLAIN | {"showing": {"preset": str(preset), "margin": "8%"}}
    wishes = Wishes(source=str(tmp_path / "in"), target=str(tmp_path / "cut"), **more)
    assert run(wishes, lambda: False, print)[2] == 0
    assert "1 of 1 photos are done already" in capsys.readouterr().out
    preset.write_text("size: 200x200\nformat: webp\nbackground: behind.png\n")
    write_red_photo(picture, 4)
    words = complaint(tmp_path / "in", tmp_path / "cut", **more)
    assert "size was '100x100', is '200x200'" in words and "picture was " in words and "margin" not in words
    assert "margin 80%: must be" in complaint(tmp_path / "in", tmp_path / "other", showing={"margin": "80%"})
