"""A whole run over a cluster and a store; what is killed on the way costs no photo."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from pyarrow import parquet
from skimage import data

from cli_process import ENVIRONMENT, recorte
from recorte.bulk.table import FOLDER
from tiny_models import write_red_photo

pytestmark = pytest.mark.long

PHOTOS = 60

DEADLY = """
import os, sys
if "default_worker.py" in " ".join(sys.orig_argv):
    from recorte.places import Place
    read = Place.read
    def deadly(self, name):
        if self.full(name).endswith(os.environ["DEADLY"]):
            os._exit(1)
        return read(self, name)
    Place.read = deadly
"""
"""Ends every worker that reads a certain photo."""


def start(*arguments: object, env: dict[str, str] | None = None) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "recorte", "bulk", *map(str, arguments)]
    env = {**ENVIRONMENT, **os.environ, **(env or {})}  # the store's address is in os.environ by now
    return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def read(process: subprocess.Popen[str], count: int) -> list[dict[str, Any]]:
    """Read so many lines of JSON while the command runs."""
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(count)]
    assert all(lines), finish(process)
    assert [line for line in lines if not line.startswith("{")] == []
    return [json.loads(line) for line in lines]


def finish(process: subprocess.Popen[str]) -> subprocess.CompletedProcess[str]:
    assert process.stdout is not None
    assert process.stderr is not None
    out, err = process.stdout.read(), process.stderr.read()
    process.wait()
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def rows(fs: Any, target: str) -> list[dict[str, Any]]:
    return parquet.read_table(f"{target}/{FOLDER}", filesystem=fs).to_pylist()


def upload(fs: Any, folder: Path, key: str) -> None:
    for path in sorted(folder.rglob("*.*")):
        fs.pipe_file(f"bulk-tests/{key}/{path.relative_to(folder).as_posix()}", path.read_bytes())


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bulk") / "photos"
    for seed in range(PHOTOS):
        write_red_photo(folder / f"{seed % 3}/{seed:03}.png", seed)
    return folder


@pytest.fixture(scope="module")
def wanted(photos: Path, best_model: Path) -> dict[str, bytes]:
    """What `recorte` makes of them."""
    target = photos.with_name("cut")
    assert recorte(photos, "-o", target, "--model", best_model).returncode == 0
    return {path.relative_to(target).as_posix(): path.read_bytes() for path in target.rglob("*.png")}


def results(fs: Any, target: str) -> dict[str, bytes]:
    fs.invalidate_cache()
    found = [path for path in fs.find(target) if path.endswith(".png")]
    return {path.removeprefix(f"{target}/"): fs.cat_file(path) for path in found}


def check_table(fs: Any, target: str) -> None:
    """One row a photo, and a lock that is gone."""
    table = rows(fs, target)
    assert Counter(row["source"] for row in table).most_common(1)[0][1] == 1
    assert Counter(row["status"] == "failed" for row in table) == {False: PHOTOS, True: 1}
    assert not fs.exists(f"{target}/recorte-table/_lock.json")


def test_one_machine_makes_what_the_small_tool_makes_and_no_photo_again(
    store: Any, photos: Path, wanted: dict[str, bytes], best_model: Path
) -> None:
    upload(store, photos, "in")
    store.pipe_file("bulk-tests/in/2/broken.jpg", b"no photo")
    command = ("s3://bulk-tests/in", "-o", "s3://bulk-tests/out", "--model", best_model, "--json")
    first = finish(start(*command, "--most", "1"))
    assert first.returncode == 1, first.stderr
    said = [line for line in first.stderr.splitlines() if " done, " not in line]  # a slow machine tells how far it is
    assert said[0].startswith("Error: s3://bulk-tests/in/2/broken.jpg: not a photo")
    assert said[1:] == [f"{PHOTOS} written, 1 failed (the table says why)"]
    told = [json.loads(line) for line in first.stdout.splitlines()]
    assert sorted(told, key=str) == sorted(rows(store, "bulk-tests/out"), key=str)
    assert results(store, "bulk-tests/out") == wanted
    check_table(store, "bulk-tests/out")
    store.rm("bulk-tests/in/2/broken.jpg")
    again = finish(start(*command))
    assert (again.returncode, again.stdout) == (0, "")
    assert f"{PHOTOS} of {PHOTOS} photos are done already" in again.stderr


def test_names_that_are_no_text_are_failures(photos: Path, best_model: Path, tmp_path: Path) -> None:
    odd = tmp_path / "odd"
    odd.mkdir()
    for name in (b"a.png", b"caf\xe9.png", b"a-cutout.png"):
        shutil.copy(next(photos.glob("1/*.png")), os.fsencode(odd) + b"/" + name)
    for said in ("1 written, 1 failed (the table says why), 1 left out, made by", "0 written, 1 failed"):
        answer = finish(start(odd, "-o", tmp_path / "cut", "--model", best_model, "--most", "1"))
        assert answer.returncode == 1, answer.stderr
        assert f"{odd}/caf\\udce9.png: its name is no text" in answer.stderr
        assert said in answer.stdout
    table = parquet.read_table(tmp_path / "cut" / FOLDER).to_pylist()
    assert sorted((row["source"], row["status"]) for row in table) == [
        (f"{odd}/a.png", "written"), (f"{odd}/caf\\udce9.png", "failed")
    ]  # fmt: skip


def test_a_machine_is_lost_and_the_driver_is_killed_and_every_photo_is_made_once(
    machines: tuple[Any, list[Any]], store: Any, photos: Path, wanted: dict[str, bytes], best_model: Path
) -> None:
    cluster, nodes = machines
    upload(store, photos, "kill")
    store.pipe_file("bulk-tests/kill/2/broken.jpg", b"no photo")
    command = (
        "s3://bulk-tests/kill",
        "-o",
        "s3://bulk-tests/kept",
        "--model",
        best_model,
        "--address",
        cluster.address,
    )
    first = start(*command, "--json")
    seen = read(first, 16)
    cluster.remove_node(nodes[0], allow_graceful=False)
    seen += read(first, 16)
    first.send_signal(signal.SIGKILL)
    first.wait()
    assert len({row["source"] for row in seen}) == len(seen)
    again = finish(start(*command))
    assert again.returncode == 1, again.stderr
    assert "s3://bulk-tests/kill/2/broken.jpg: not a photo" in again.stderr
    assert results(store, "bulk-tests/kept") == wanted
    check_table(store, "bulk-tests/kept")


def test_ctrl_c_leaves_a_table_that_says_what_is_done(photos: Path, best_model: Path, tmp_path: Path) -> None:
    process = start(photos, "-o", tmp_path / "cut", "--model", best_model, "--most", "1", "--json")
    seen = read(process, 1)
    process.send_signal(signal.SIGINT)
    stopped = finish(process)
    assert stopped.returncode == 130, stopped.stderr
    assert "left (stopped; the same command goes on with them)" in stopped.stderr
    seen += [json.loads(line) for line in stopped.stdout.splitlines()]
    table = parquet.read_table(tmp_path / "cut" / FOLDER).to_pylist()
    there = {str(path) for path in (tmp_path / "cut").rglob("*.png")}
    assert {row["result"] for row in table} == {row["result"] for row in seen} == there
    assert 0 < len(there) < PHOTOS


def test_a_photo_that_ends_its_process_fails_and_the_others_are_made(
    photos: Path, best_model: Path, tmp_path: Path
) -> None:
    """What would be a giant that the system ends the process for."""
    (tmp_path / "sitecustomize.py").write_text(DEADLY)
    env = {"PYTHONPATH": f"{tmp_path}:{os.environ.get('PYTHONPATH', '')}", "DEADLY": "1/022.png"}
    answer = finish(start(photos / "1", "-o", tmp_path / "cut", "--model", best_model, "--most", "1", env=env))
    assert answer.returncode == 1, answer.stderr
    assert "1/022.png: the process that cut it out ended each time" in answer.stderr
    # Hidden is what the process was writing when it ended.
    assert len([path for path in (tmp_path / "cut").glob("*.png") if path.name[0] != "."]) == PHOTOS // 3 - 1


def test_too_many_failures_and_a_full_store_stop_everything(best_model: Path, tmp_path: Path, small_disk: Path) -> None:
    for number in range(200):
        (tmp_path / "bad").mkdir(exist_ok=True)
        (tmp_path / f"bad/{number:03}.jpg").write_bytes(b"no photo")
    answer = finish(start(tmp_path / "bad", "-o", tmp_path / "cut", "--model", best_model))
    assert answer.returncode == 2
    assert "photos failed, more than --most-failures 0.1; the last one: " in answer.stderr
    Image.fromarray(data.astronaut()).save(tmp_path / "large.png")  # as a cut-out some 100 kB
    for number in range(8):
        (tmp_path / "large").mkdir(exist_ok=True)
        shutil.copy(tmp_path / "large.png", tmp_path / f"large/{number}.png")
    answer = finish(start(tmp_path / "large", "-o", small_disk / "cut", "--background", "white"))
    assert answer.returncode == 2
    assert "no room for" in answer.stderr
