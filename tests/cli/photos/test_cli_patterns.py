"""Where the results of what patterns find go; and that a mistake leaves no folder behind."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cli_process import expect_mistake, files, recorte
from recorte.cli.photos.sources import expand
from recorte.errors import RecorteError
from recorte.removal.files.plan import make_folder, plan_many


@pytest.fixture
def folder(tmp_path: Path, red_square: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Photos of equal names in a tree of folders; the current folder."""
    for name in ("g/a.jpg", "g/one/a.jpg", "g/two/deep/a.jpg", "g/two/b.jpg", "other/two/b.jpg"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(red_square).save(path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def planned(*words: str, into: str = "cut") -> dict[str, str]:
    """Where the result of each photo would go."""
    sources = expand([Path(word) for word in words])
    plan = plan_many(sources.paths, Path(into), sources.roots, {})
    return {photo.as_posix(): result.as_posix() for photo, result in plan.items()}


def test_the_tree_below_the_fixed_part_of_a_pattern_is_kept(folder: Path, best_model: Path) -> None:
    answer = recorte("g/**/*.jpg", "-o", "cut", "-m", best_model, cwd=folder)
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "4 written\n", "")
    assert files(folder / "cut") == ["a.png", "one/a.png", "two/b.png", "two/deep/a.png"]


def test_fixed_parts(folder: Path) -> None:
    assert planned("g/*/?.jpg") == {"g/one/a.jpg": "cut/one/a.png", "g/two/b.jpg": "cut/two/b.png"}
    assert planned("./g/two/*.jpg") == {"g/two/b.jpg": "cut/b.png"}
    assert planned("*/two/*.jpg") == {"g/two/b.jpg": "cut/g/two/b.png", "other/two/b.jpg": "cut/other/two/b.png"}
    assert planned(f"{folder}/g/o*/*.jpg") == {f"{folder.as_posix()}/g/one/a.jpg": "cut/one/a.png"}
    assert planned("g/o*/../../other/*/b.jpg") == {"g/one/../../other/two/b.jpg": "cut/b.png"}  # never above cut


def test_photos_and_folders_go_where_they_went_beside_patterns(folder: Path) -> None:
    assert planned("g/two/**/*.jpg", "g/one", "g/a.jpg", into="cut/x") == {
        "g/one/a.jpg": "cut/x/one/a.png", "g/two/b.jpg": "cut/x/b.png", "g/two/deep/a.jpg": "cut/x/deep/a.png",
        "g/a.jpg": "cut/x/a.png",
    }  # fmt: skip
    assert planned("g/t*/b.jpg", "g/**/b.jpg", "g/two/b.jpg") == {"g/two/b.jpg": "cut/two/b.png"}


def test_two_results_never_meet(folder: Path) -> None:
    with pytest.raises(RecorteError, match=r"other/two/b\.jpg.*these have one name"):
        planned("g/**/b.jpg", "other/**/b.jpg")
    with pytest.raises(RecorteError, match=r"other/two/b\.jpg.*these have one name"):
        planned("g/**/b.jpg", "other/two")  # the folder goes to cut/two, where the pattern's tree has one too


def test_results_below_the_fixed_part_are_not_photos(folder: Path, best_model: Path) -> None:
    arguments = ("**/[ab].*", "-o", "g/cut", "-m", best_model)
    assert recorte(*arguments, cwd=folder).stdout == "5 written\n"
    assert recorte(*arguments, cwd=folder).stdout.startswith("0 written, 5 skipped")
    assert len(files(folder / "g" / "cut")) == 5
    expect_mistake(recorte("g/*/g/a.*", "-o", "g/cut", cwd=folder), "g/cut: all photos that were found are results")
    # Beside the photos there is no telling which are.
    assert planned("g/two/*.jpg", into="g/two") == {"g/two/b.jpg": "g/two/b.png"}


def test_a_pattern_counts_as_several_whatever_it_finds(folder: Path, best_model: Path) -> None:
    answer = recorte("g/one/*.jpg", "-o", "out", "-m", best_model, cwd=folder)
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "1 written\n", "")
    assert files(folder / "out") == ["a.png"]
    expect_mistake(recorte("g/one/*.jpg", "-o", "a.png", cwd=folder), "(or a pattern) need a folder")
    expect_mistake(recorte("g/one/*.jpg", "-o", "-", cwd=folder), "- stands for one photo")


@pytest.mark.parametrize("words", [["g"], ["g", "other"], ["g/**/*.jpg"], ["g/a.jpg", "g/two/b.jpg"], ["g", "--watch"]])
def test_a_mistake_with_the_model_leaves_no_folder(folder: Path, words: list[str]) -> None:
    expect_mistake(recorte(*words, "-o", "cut/deep", "-m", "nosuch", cwd=folder), "nosuch: no such model")
    assert not (folder / "cut").exists()


def test_folders_that_cannot_be_made(folder: Path) -> None:
    for name in ("g/a.jpg", "g/a.jpg/deep/er"):
        with pytest.raises(RecorteError, match=r"cannot be made, since g/a\.jpg is no folder"):
            make_folder(Path(name))
    if os.name != "nt":
        Path("loop").symlink_to("nowhere")
        with pytest.raises(RecorteError, match="loop is no folder"):
            make_folder(Path("loop"))
