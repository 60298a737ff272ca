"""The table of results: what is done, what is made again, whose it is."""

import json
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet

from recorte.bulk import lock
from recorte.bulk.lock import Lock
from recorte.bulk.table import FOLDER, MOST_ROWS, Table
from recorte.errors import RecorteError
from recorte.places import Place

pytestmark = pytest.mark.long


def row(name: str, status: str, target: Path) -> dict[str, Any]:
    about = {"source": f"/photos/{name}.jpg", "result": f"{target}/{name}.png", "status": status}
    return about | {"seconds": 0.5, "error": None, "score": None}


def test_failures_and_lost_results_leave_the_table_and_the_rest_is_done(tmp_path: Path) -> None:
    table = Table(Place.of(str(tmp_path)))
    for names in (("a", "b"), ("c",), ("d", "e")):
        for name in names:
            table.add(row(name, "failed" if name in "bc" else "written", tmp_path))
        table.write(at_once=True)
    assert len(list((tmp_path / FOLDER).glob("*.parquet"))) == 3
    numbers = {"a.png": 0, "b.png": 1, "d.png": 2, "e.png": 3, "other.png": 4}
    assert [*table.clear(numbers, [True, True, False, True, True])] == [1, 0, 0, 1, 0]  # d's result is gone
    left = parquet.read_table(tmp_path / FOLDER).to_pylist()
    assert sorted(one["source"] for one in left) == ["/photos/a.jpg", "/photos/e.jpg"]
    assert all(one["seconds"] == 0.5 for one in left)
    assert len(list((tmp_path / FOLDER).glob("*.parquet"))) == 2


def test_very_many_rows_do_not_wait(tmp_path: Path) -> None:
    table = Table(Place.of(str(tmp_path)))
    for number in range(MOST_ROWS + 1):
        table.add(row(str(number), "skipped", tmp_path))
    assert parquet.read_table(tmp_path / FOLDER).num_rows == MOST_ROWS


def test_rows_wait_for_the_next_time_unless_it_is_long_ago(tmp_path: Path) -> None:
    table = Table(Place.of(str(tmp_path)))
    table.add(row("a", "written", tmp_path))
    table.write()
    assert not (tmp_path / FOLDER).exists()
    table.write(at_once=True)
    assert parquet.read_table(tmp_path / FOLDER).num_rows == 1


def test_the_table_of_another_run_is_left_alone(tmp_path: Path) -> None:
    table = Table(Place.of(str(tmp_path)))
    table.check({"source": "/photos", "mask": False})
    table.check({"source": "/photos", "mask": False})
    with pytest.raises(RecorteError, match=r"another run \(mask was False, is True\); name another -o"):
        table.check({"source": "/photos", "mask": True})


def test_two_runs_at_once_and_one_after_a_dead_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place, file = Place.of(str(tmp_path)), tmp_path / lock.NAME
    with Lock(place):
        with pytest.raises(RecorteError, match="another run is at work in it"), Lock(place):
            pass
        assert file.exists()  # the second one left it
    assert not file.exists()
    monkeypatch.setattr(lock, "BEAT", 0.01)
    for other in (
        {"machine": "elsewhere", "process": 1, "time": 0},
        {
            "machine": lock.socket.gethostname(),
            "process": 2**22 + 1,
            "time": lock.time.time(),
        },  # more than there can be
    ):
        file.write_text(json.dumps(other))
        with Lock(place) as ours:
            assert not ours.lost
            file.write_text(json.dumps(other | {"own": "other"}))
            ours._thread.join()
            assert ours.lost
        assert json.loads(file.read_text())["own"] == "other"  # the one that took over has it
        file.unlink()
