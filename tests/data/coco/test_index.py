import json
import os
import pickle
from pathlib import Path

import numpy as np
import pytest

from coco_files import image, person, run_lengths, square_mask, write_coco
from recorte.data.coco import CocoPersons
from recorte.data.coco import index as coco_index
from recorte.data.coco.index import InFile, Packed, read_index
from recorte.errors import DataError


@pytest.fixture(autouse=True)
def _small_files_are_cached_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coco_index, "CACHED_FROM", 0)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user"))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    images = [image(9, file_name="žluťoučký.png", video_id="day 1"), image(3), image(5)]
    people = [person(1, 3), person(2, 9, run_lengths(square_mask()), iscrowd=1), person(3, 3, area=None), person(4, 9)]
    return write_coco(tmp_path / "data", images, people)


def annotations(root: Path) -> Path:
    return root / "annotations/person_keypoints_train2017.json"


def cache(root: Path) -> Path:
    return root / "annotations/.person_keypoints_train2017.json.recorte"


def test_what_comes_from_the_cache_is_what_was_read(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coco_index, "CACHED_FROM", 10**9)
    read = read_index(annotations(root))
    assert not read.cached and not cache(root).exists()
    monkeypatch.setattr(coco_index, "CACHED_FROM", 0)
    first, second = read_index(annotations(root)), read_index(annotations(root))
    for index in (first, second):
        assert index.cached
        assert index.ids.tolist() == [2, 4, 1, 3]  # photo by photo
        assert index.first.tolist() == [0, 2, 4, 4]
        assert index.crowds.tolist() == [True, False, False, False]
        assert index.image_ids.tolist() == [9, 3, 5]
        assert [index.names.part(number).decode() for number in range(3)] == ["žluťoučký.png", "003.png", "005.png"]
        assert [index.videos.part(number) for number in range(3)] == [b"day 1", b"", b""]
        for field in ("sizes", "areas"):
            np.testing.assert_array_equal(getattr(index, field), getattr(read, field))
        for field in ("names", "videos"):
            for one, other in zip(getattr(index, field), getattr(read, field), strict=True):
                np.testing.assert_array_equal(one, other)
        assert isinstance(index.outlines, InFile) and isinstance(read.outlines, Packed)
        assert [index.outlines.part(number) for number in range(4)] == [read.outlines.part(n) for n in range(4)]


def test_outlines_with_words_that_are_no_json_are_kept_in_the_cache_instead(root: Path) -> None:
    content = json.loads(annotations(root).read_text())
    content["annotations"][0]["segmentation"] = [[1, 1, float("nan"), 2, 5, 5]]
    annotations(root).write_text(json.dumps(content))
    for index in (read_index(annotations(root)), read_index(annotations(root))):
        assert index.cached and isinstance(index.outlines, Packed)
        assert index.outlines.part(2) == b"[[1, 1, null, 2, 5, 5]]"


def test_a_second_opening_does_not_read_the_annotations(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = [sample.alpha for sample in CocoPersons(root, "train")]
    monkeypatch.setattr(coco_index, "read_annotations", lambda path: pytest.fail("read again"))
    for one, other in zip(CocoPersons(root, "train"), wanted, strict=True):
        np.testing.assert_array_equal(one.alpha, other)


def test_another_process_is_sent_the_place_only(root: Path) -> None:
    source = CocoPersons(root, "train", min_area=70)
    content = pickle.dumps(source)
    assert len(content) < 300
    for one, other in zip(pickle.loads(content), source, strict=True):
        np.testing.assert_array_equal(one.alpha, other.alpha)
        np.testing.assert_array_equal(one.weight, other.weight)


@pytest.mark.parametrize("change", ["size", "time", "content"])
def test_a_changed_file_is_read_again(root: Path, change: str) -> None:
    path = annotations(root)
    assert read_index(path).ids.tolist() == [2, 4, 1, 3]
    before, content = path.stat(), path.read_text()
    if change == "size":
        path.write_text(content.replace('"id": 4,', '"id": 44,'))
    else:
        path.write_text(content.replace('"id": 4,', '"id": 8,'))
    times = (before.st_atime_ns, before.st_mtime_ns + (change == "time"))
    os.utime(path, ns=times)
    assert read_index(path).ids.tolist() == [2, 44 if change == "size" else 8, 1, 3]


@pytest.mark.parametrize("content", [b"", b"\0" * 100, b"\xff" * 9])
def test_a_damaged_cache_is_made_anew(root: Path, content: bytes) -> None:
    wanted = read_index(annotations(root)).ids.tolist()
    cache(root).write_bytes(content)
    assert read_index(annotations(root)).ids.tolist() == wanted
    assert cache(root).stat().st_size > 500


def test_a_cut_cache_is_made_anew(root: Path) -> None:
    wanted = read_index(annotations(root)).ids.tolist()
    whole = cache(root).read_bytes()
    cache(root).write_bytes(whole[:-50])
    assert read_index(annotations(root)).ids.tolist() == wanted
    assert cache(root).stat().st_size == len(whole)


def test_where_nothing_can_be_written_the_user_has_a_place(root: Path, tmp_path: Path) -> None:
    cache(root).mkdir()  # no file can take its name, not even the administrator's
    (cache(root) / "something").touch()
    first = read_index(annotations(root))
    assert first.cached
    assert len(list((tmp_path / "user").rglob("*.recorte"))) == 1
    (tmp_path / "user").rename(tmp_path / "gone")
    (tmp_path / "user").touch()
    last = read_index(annotations(root))
    assert not last.cached
    assert last.ids.tolist() == first.ids.tolist()
    copy = pickle.loads(pickle.dumps(CocoPersons(root, "train")))
    assert copy.name(0) == "žluťoučký.png"
    np.testing.assert_array_equal(copy[0].alpha, CocoPersons(root, "train")[0].alpha)


def test_faulty_annotations_leave_no_cache(root: Path) -> None:
    annotations(root).write_text(annotations(root).read_text()[:100])
    with pytest.raises(DataError, match="damaged or no JSON"):
        read_index(annotations(root))
    assert not cache(root).exists()


def test_packed_strings() -> None:
    packed = Packed.of([b"ab", b"", memoryview(b"cde")])
    assert [packed.part(index) for index in range(3)] == [b"ab", b"", b"cde"]
    assert Packed.of([]).content.size == 0
