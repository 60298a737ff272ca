"""Bad and odd files from the command line: each gives what it must, the rest goes on, no partial file is left."""

import json
import os
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bad_files import BadFile, bad_files, write_all
from cli_process import files, recorte

resource = pytest.importorskip("resource", reason="limits on files are a matter of Unix")


def with_largest_file(size: int) -> Callable[[], None]:
    """For a process to come: no file may grow beyond `size` bytes, as on a disk that is full."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


LINKS = {"loop.jpg": "loop.jpg", "nowhere.jpg": "no such file"}


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus") / "photos"
    write_all(bad_files(), folder)
    for name, place in LINKS.items():
        (folder / name).symlink_to(place)
    (folder / "folder.jpg").mkdir()
    (folder / "folder.jpg" / "up").symlink_to("..")
    os.mkfifo(folder / "pipe.jpg")
    return folder


@pytest.fixture(scope="module")
def answer(
    photos: Path, best_model: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[subprocess.CompletedProcess[str], Path]:
    cut = tmp_path_factory.mktemp("corpus_cut") / "cut"
    return recorte(photos, "-o", cut, "--json", "-m", best_model, "--jobs", "3"), cut


def outcomes(answer: subprocess.CompletedProcess[str]) -> dict[str, dict[str, str]]:
    lines = [json.loads(line) for line in answer.stdout.splitlines()]
    return {Path(line["photo"]).name: line for line in lines}


def check_cutout(file: BadFile, result: Path) -> None:
    with Image.open(result) as image:
        assert (image.format, image.mode, image.size) == ("PNG", "RGBA", file.size), file.name
        alpha = np.asarray(image)[..., 3]
    if file.share is not None:
        assert abs((alpha > 127).mean() - file.share) < 0.03, file.name


def test_the_whole_corpus(answer: tuple[subprocess.CompletedProcess[str], Path], photos: Path) -> None:
    said, cut = answer
    assert said.returncode == 1
    assert "Traceback" not in said.stderr
    corpus, told = bad_files(), outcomes(said)
    assert len(corpus) >= 60
    assert [Path(line["photo"]).name for line in map(json.loads, said.stdout.splitlines())] == sorted(
        [*LINKS, *(file.name for file in corpus)]
    )
    for name in LINKS:
        assert told[name]["error"] == f"{photos / name}: a link that leads nowhere"
    for file in corpus:
        outcome = told[file.name]
        if file.size:
            assert (outcome["status"], outcome["error"]) == ("written", None), file.name
            check_cutout(file, Path(outcome["result"]))
        else:
            assert (outcome["status"], outcome["result"]) == ("failed", None), file.name
            assert outcome["error"].startswith(f"{photos / file.name}: "), file.name
            assert file.error in outcome["error"], file.name
    good = [Path(told[file.name]["result"]).relative_to(cut).as_posix() for file in corpus if file.size]
    assert len(set(good)) == len(good)
    assert files(cut) == sorted(good)  # nothing half done, nothing besides


def test_every_failure_is_one_line_on_stderr(
    answer: tuple[subprocess.CompletedProcess[str], Path], photos: Path
) -> None:
    bad = [*LINKS, *(file for file in bad_files() if not file.size)]
    lines = answer[0].stderr.splitlines()
    assert len(lines) == len(bad) + 3
    assert all(line.startswith("Error: ") for line in lines[:-3])
    assert lines[-3] == f"Note: only the first page was cut out of {photos / 'three pages.tif'} (not pages 2 to 3)"
    assert lines[-2].startswith("Note: nobody was found in ")
    assert lines[-1] == f"{len(bad_files()) + len(LINKS) - len(bad)} written, {len(bad)} failed"
    assert "\x1b" not in answer[0].stderr


def alone(tmp_path: Path, names: Sequence[str]) -> Path:
    """A folder with some of the corpus."""
    write_all([file for file in bad_files() if file.name in names], tmp_path)
    return tmp_path


def test_names_given_one_by_one(tmp_path: Path, best_model: Path) -> None:
    names = ["-o.jpg", "two\nlines.jpg", "[abc].jpg", "*.jpg", "$(touch evil).jpg", "\x1b[31mbroken and red.jpg"]
    folder = alone(tmp_path, names)
    answer = recorte("-m", best_model, "--", *names, cwd=folder)
    assert (answer.returncode, answer.stdout) == (1, "5 written, 1 failed\n")
    assert "\\x1b[31mbroken and red.jpg: truncated" in answer.stderr
    assert files(folder) == sorted([*names, *(name.replace(".jpg", "-cutout.png") for name in names[:-1])])


def test_a_name_that_has_no_room_for_more(tmp_path: Path, best_model: Path) -> None:
    name = "x" * 246 + ".jpg"
    folder = alone(tmp_path, [name])
    answer = recorte(name, "-m", best_model, cwd=folder)
    assert answer.returncode == 2
    assert "-cutout.png: " in answer.stderr
    assert "too long" in answer.stderr
    assert files(folder) == [name]
    assert recorte(name, "-o", "cut/", "-m", best_model, cwd=folder).returncode == 0
    assert recorte("y" * 300, cwd=folder).returncode == 2


def test_a_disk_that_fills_up(tmp_path: Path, best_model: Path) -> None:
    photos, cut = tmp_path / "photos", tmp_path / "cut"
    photos.mkdir()
    for name, side in {"a small": 20, "b large": 400, "c small": 20}.items():
        noise = np.random.default_rng(0).integers(0, 90, (side, side, 3), np.uint8)
        noise[..., 0] = 255
        Image.fromarray(noise).save(photos / f"{name}.png")
    answer = recorte(photos, "-o", cut, "--json", "-m", best_model, preexec_fn=with_largest_file(20_000))
    assert answer.returncode == 1
    told = outcomes(answer)
    assert [told[name]["status"] for name in sorted(told)] == ["written", "failed", "written"]
    assert "b large.png: cannot be written (File too large)" in told["b large.png"]["error"]
    assert files(cut) == ["a small.png", "c small.png"]
    answer = recorte(
        photos / "b large.png", "-o", cut / "b.png", "-m", best_model, preexec_fn=with_largest_file(20_000)
    )
    assert answer.returncode != 0
    assert "b.png: cannot be written" in answer.stderr
    assert files(cut) == ["a small.png", "c small.png"]


def test_results_that_would_replace_photos(tmp_path: Path, best_model: Path) -> None:
    folder = alone(tmp_path, ["really a jpeg.png"])
    photo = folder / "really a jpeg.png"
    before = photo.read_bytes()
    (folder / "link.png").symlink_to(photo)
    for output in (photo, folder / "link.png", folder):
        answer = recorte(photo, "-o", output, "--overwrite", "-m", best_model)
        assert answer.returncode == 2
        assert "never replaced" in answer.stderr
    assert photo.read_bytes() == before
