"""Which photos there are in a folder, a store or a table, and which result goes where."""

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import fsspec
import pytest

from recorte.bulk.sources import find_photos
from recorte.places import Place

pytestmark = pytest.mark.long


def test_a_table_may_have_paths_seen_from_its_folder_and_addresses(tmp_path: Path) -> None:
    (tmp_path / "photos.csv").write_text(
        "n,address\n1,in/a.jpg\n2,https://host/x/../../b.jpg?w=1\n3,in/a.jpg\n4,s3://b/c.d.png\n"
    )
    found = find_photos(Place.of(str(tmp_path / "photos.csv")), "address", ".png")
    below = str(tmp_path).strip("/")
    assert dict(zip(found.names, found.results, strict=True)) == {
        f"{tmp_path}/in/a.jpg": f"{below}/in/a.png",
        "https://host/x/../../b.jpg?w=1": "b.png",
        "s3://b/c.d.png": "b/c.d.png",
    }


def test_what_lies_beside_photos_is_counted_and_what_is_hidden_is_not(store: Any, tmp_path: Path) -> None:
    memory = fsspec.filesystem("memory")
    for name in ("a.jpg", "sub/b.PNG", "sub/deep/c.webp", ".hidden.jpg", ".thumbs/d.jpg", "notes.txt", "sub/film.mp4"):
        store.pipe_file(f"bulk-tests/tree/{name}", b"x")
        memory.pipe_file(f"/tree/{name}", b"x")
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    for address in ("s3://bulk-tests/tree", "memory://tree", str(tmp_path)):
        found = find_photos(Place.of(address), "source", ".png")
        assert found.names == ["a.jpg", "sub/b.PNG", "sub/deep/c.webp"]
        assert found.results == ["a.png", "sub/b.png", "sub/deep/c.png"]
        assert found.left_out == {".txt": 1, ".mp4": 1}


def test_a_million_names_take_less_than_a_gigabyte_and_a_minute(tmp_path: Path) -> None:
    """By a tenth of them, which are told a thousand at a time, as S3 does."""
    code = """
import json, resource, time
from recorte.bulk import run
from recorte.places import Place
from recorte.bulk.sources import find_photos
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
Place.names = lambda self: (f"2026/november/wedding-{n // 5000:04}/IMG_{n:08}.jpg" for n in range(100_000))
found = find_photos(Place.of("/photos"), "source", ".png")
assert len(found.results) == 100_000
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    started = time.perf_counter()
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(answer.stdout) / 1e3 < 100  # MB
    assert time.perf_counter() - started < 60
