"""`recorte` that is stopped with Ctrl-C, and `--watch`."""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cli_process import ENVIRONMENT, expect_mistake, files, recorte, start_recorte
from recorte.cli.photos.watch import Arrivals

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Ctrl-C and named pipes as Unix has them")


@pytest.fixture
def photo(tmp_path: Path, red_square: np.ndarray) -> Path:
    path = tmp_path / "a.jpg"
    Image.fromarray(red_square).save(path)
    return path


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_finishes_what_is_in_hand_and_a_second_run_goes_on(
    photo: Path, best_model: Path, number: signal.Signals
) -> None:
    folder = photo.parent
    os.mkfifo(folder / "b.jpg")  # opening it waits for somebody who writes: a photo in hand for as long as we like
    shutil.copy(photo, folder / "c.jpg")
    arguments = ("a.jpg", "b.jpg", "c.jpg", "-o", "cut", "-m", best_model, "--json", "--jobs", "1")
    anew = [] if number == signal.SIGINT else ["--overwrite"]
    with start_recorte(*arguments, *anew, cwd=folder) as process:
        assert json.loads(process.stdout.readline())["photo"] == "a.jpg"
        process.send_signal(number)
        assert process.stderr.readline() == "Stopping after the photos in hand.\n"
        (folder / "b.jpg").write_bytes(b"no photo")
        out, err = process.communicate()
    assert process.returncode == 130
    assert [json.loads(line)["photo"] for line in out.splitlines()] == ["b.jpg"]
    then = "goes on with them" if number == signal.SIGINT else "makes all of them anew, for --overwrite"
    assert err.splitlines()[-1] == f"1 written, 1 failed, 1 left (stopped; the same command {then})"
    assert files(folder / "cut") == ["a.png"]

    (folder / "b.jpg").unlink()
    shutil.copy(photo, folder / "b.jpg")
    answer = recorte(*arguments[:-3], cwd=folder)
    assert answer.stdout == "2 written, 1 skipped (there already; --overwrite makes them again)\n"
    assert files(folder / "cut") == ["a.png", "b.png", "c.png"]


def test_sigterm_ends_a_single_photo_with_nothing_half_done(photo: Path, best_model: Path) -> None:
    os.mkfifo(photo.parent / "b.jpg")
    with start_recorte("b.jpg", "-o", "b.png", "-m", best_model, cwd=photo.parent) as process:
        with (photo.parent / "b.jpg").open("wb"):  # opened once the photo is being read, all signals in place
            process.send_signal(signal.SIGTERM)
            assert process.wait() == 128 + signal.SIGTERM
        assert process.stderr.read() == ""
    (photo.parent / "b.jpg").unlink()
    assert files(photo.parent) == ["a.jpg"]


def test_a_run_removes_what_killed_ones_left(photo: Path, best_model: Path) -> None:
    cut = photo.parent / "cut"
    cut.mkdir()
    for name in (".recorte-0123456789abcdef.png", ".recorte-fedcba9876543210.png", "my.png"):
        (cut / name).write_text("half")
    os.utime(cut / ".recorte-0123456789abcdef.png", (0, 0))
    os.utime(cut / "my.png", (0, 0))
    assert recorte("a.jpg", "-o", "cut/", "-m", best_model, cwd=photo.parent).returncode == 0
    assert recorte(photo.parent, "-o", cut, "-m", best_model).returncode == 0
    # The other one may be in another process's hands.
    assert files(cut) == [".recorte-fedcba9876543210.png", "a.png", "my.png"]


def test_a_reader_who_has_read_enough(photo: Path, best_model: Path) -> None:
    folder = photo.parent
    os.mkfifo(folder / "b.jpg")
    arguments = ("a.jpg", "b.jpg", "-o", "cut", "-m", best_model, "--json", "--jobs", "1")
    with start_recorte(*arguments, cwd=folder) as process:
        assert json.loads(process.stdout.readline())["photo"] == "a.jpg"
        process.stdout.close()
        (folder / "b.jpg").write_bytes(b"no photo")
        assert process.stderr.read() == ""
    assert process.returncode == 1
    assert files(folder / "cut") == ["a.png"]


def test_a_terminal_shows_how_far_it_is(photo: Path, best_model: Path) -> None:
    terminal, end = os.openpty()
    shutil.copy(photo, photo.with_name("[b].jpg"))
    command = [sys.executable, "-m", "recorte", "a.jpg", "[b].jpg", "-o", "cut", "-m", best_model]
    with subprocess.Popen(command, cwd=photo.parent, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=end) as process:
        os.close(end)
        shown = b""
        # Linux ends a terminal whose last user has gone with an error, others with nothing.
        with contextlib.suppress(OSError):
            while piece := os.read(terminal, 4096):
                shown += piece
        os.close(terminal)
        assert process.stdout.read() == b"2 written\n"
    assert process.returncode == 0
    assert b"2/2" in shown
    assert re.search(rb"\d photos/s, 0:00:00 left \[b\]\.jpg", shown)


def test_watching_a_folder(photo: Path, best_model: Path) -> None:
    folder = photo.parent
    inbox = folder / "inbox"
    (inbox / "sub").mkdir(parents=True)
    with start_recorte("inbox", "-o", "inbox/cut", "--watch", "--json", "-m", best_model, cwd=folder) as process:
        assert process.stderr.readline() == "Watching inbox; Ctrl-C ends it.\n"
        photo.rename(inbox / "sub" / "a.jpg")
        told = json.loads(process.stdout.readline())
        assert (told["photo"], told["result"]) == ("inbox/sub/a.jpg", "inbox/cut/sub/a.png")
        (inbox / "broken.jpg").write_bytes(b"<html>")
        told = json.loads(process.stdout.readline())
        assert (told["photo"], told["status"]) == ("inbox/broken.jpg", "failed")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
    assert (process.returncode, out) == (1, "")
    lines = err.splitlines()
    assert lines[0].startswith("Error: inbox/broken.jpg: not a photo")
    assert lines[-1] == "1 written, 1 failed"
    assert files(inbox / "cut") == ["sub/a.png"]


def test_watching_names_the_photos_whose_results_are_there(photo: Path, best_model: Path) -> None:
    folder = photo.parent
    for name in ("inbox/IMG_1.jpeg", "inbox/IMG_2.jpg", "inbox/x/IMG_3.jpg", "inbox/x/IMG_4.jpg", "cut/IMG_1.png"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(photo.read_bytes())
    for name in ("cut/IMG_2.png", "cut/x/IMG_3.png", "cut/x/IMG_4.png"):  # of other photos, it may be
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"before")
    with start_recorte("inbox", "-o", "cut", "--watch", "-m", best_model, cwd=folder) as process:
        skipped = "inbox/IMG_1.jpeg, inbox/IMG_2.jpg, inbox/x/IMG_3.jpg and 1 more"
        assert process.stdout.readline() == f"Skipped {skipped}: there already; --overwrite makes them again\n"
        photo.rename(folder / "inbox" / "new.png")
        assert process.stdout.readline() == "Wrote cut/new.png\n"
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate()
    assert (process.returncode, out) == (
        0, "1 written, 4 skipped (there already; --overwrite makes them again)\n",
    )  # fmt: skip


def test_mistakes_with_watching(photo: Path) -> None:
    folder = photo.parent
    (folder / "inbox").mkdir()
    wanted = "--watch needs a folder of photos and one for the results"
    expect_mistake(recorte(photo, "-o", "cut/", "--watch", cwd=folder), wanted)
    expect_mistake(recorte("inbox", "--watch", cwd=folder), "needs a folder for the results")
    expect_mistake(recorte("inbox", "-o", "-", "--watch", cwd=folder), wanted)
    assert not (folder / "-").exists()
    expect_mistake(recorte("inbox", "-o", ".", "--watch", cwd=folder), "must not go into the folder of the photos")
    expect_mistake(recorte("inbox", "-o", "inbox", "--watch", cwd=folder), "must not go into the folder of the photos")


def test_a_photo_is_taken_once_it_no_longer_changes(tmp_path: Path) -> None:
    one, two = tmp_path / "one.jpg", tmp_path / "two.jpg"
    plan, arrivals = {one: tmp_path / "1.png", two: tmp_path / "2.png"}, Arrivals()
    assert arrivals.look(plan) == {}
    one.write_bytes(b"half")
    assert arrivals.look(plan) == {}
    one.write_bytes(b"half and more")
    two.write_bytes(b"whole")
    assert arrivals.look(plan) == {}
    assert arrivals.look(plan) == plan
    assert arrivals.look(plan) == {}
    os.utime(two, ns=(0, 1))  # written again, of the same size
    assert arrivals.look(plan) == {}
    assert arrivals.look(plan) == {two: plan[two]}
    one.unlink()
    assert arrivals.look(plan) == {}
    one.write_bytes(b"half and more")
    assert arrivals.look(plan) == {}
    assert arrivals.look(plan) == {one: plan[one]}
