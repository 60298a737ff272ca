import errno
import io
import json
import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from skimage.draw import polygon as polygon_by_skimage

from recorte.data.sample import PersonSource
from recorte.data.supervisely import SuperviselyPersons
from recorte.errors import ConfigError, DataError, PhotoError
from supervisely_files import HEIGHT, WIDTH, bitmap, packed, polygon, write_project

SQUARE = [[5, 6], [14, 6], [14, 15], [5, 15]]


def only(root: Path, *objects: dict[str, Any], **arguments: Any) -> tuple[SuperviselyPersons, int]:
    """A project of one photo with these objects, and others without; the source and the photo's index."""
    filler = {f"ds1/other{number}.png": [polygon(SQUARE)] for number in range(3)}
    write_project(root, filler | {"ds1/a.png": list(objects)}, **arguments)
    for split in ("train", "val"):
        source = SuperviselyPersons(root, split)
        if "ds1/img/a.png" in [source.name(index) for index in range(len(source))]:
            return source, [source.name(index) for index in range(len(source))].index("ds1/img/a.png")
    raise AssertionError


def test_a_polygon_includes_its_corners(tmp_path: Path) -> None:
    source, index = only(tmp_path, polygon(SQUARE))
    assert isinstance(source, PersonSource)
    sample = source[index]
    wanted = np.zeros((HEIGHT, WIDTH), np.uint8)
    wanted[6:16, 5:15] = 255
    np.testing.assert_array_equal(sample.alpha, wanted)
    assert (sample.weight == 1).all()
    assert sample.name == source.name(index) == source.group(index) == "ds1/img/a.png"
    assert sample.photo.shape == (HEIGHT, WIDTH, 3)


def test_a_slanted_polygon_is_that_of_another_library(tmp_path: Path) -> None:
    corners = [[3, 2], [30, 8], [22, 27], [9, 20]]
    source, index = only(tmp_path, polygon(corners))
    rows, columns = polygon_by_skimage([y for _, y in corners], [x for x, _ in corners], (HEIGHT, WIDTH))
    wanted = np.zeros((HEIGHT, WIDTH), bool)
    wanted[rows, columns] = True
    found = source[index].alpha > 0
    assert (wanted & ~found).sum() == 0  # OpenCV counts the pixels of the outline in
    assert (found & ~wanted).sum() <= 2 * (27 + 19 + 13 + 18)


def test_holes_are_holes_but_not_in_who_stands_behind(tmp_path: Path) -> None:
    hole = [[8, 9], [11, 9], [11, 12], [8, 12]]
    alone, index = only(tmp_path / "alone", polygon(SQUARE, hole))
    alpha = alone[index].alpha
    assert not alpha[9:13, 8:12].any()
    assert (alpha > 0).sum() == 10 * 10 - 4 * 4
    behind = np.ones((2, 2), bool)
    for order in (1, -1):
        objects = [bitmap(behind, 9, 10), polygon(SQUARE, hole)][::order]
        both, index = only(tmp_path / f"both{order}", *objects)
        assert (both[index].alpha > 0).sum() == 10 * 10 - 4 * 4 + 4


def test_a_bitmap_lies_at_its_origin(tmp_path: Path) -> None:
    mask = np.random.default_rng(1).random((9, 13)) > 0.5
    source, index = only(tmp_path, bitmap(mask, left=25, top=20))
    wanted = np.zeros((HEIGHT, WIDTH), bool)
    wanted[20:29, 25:38] = mask
    np.testing.assert_array_equal(source[index].alpha > 0, wanted)


@pytest.mark.parametrize("mode", ["1", "L", "RGB", "P"])
def test_bitmaps_of_other_kinds(tmp_path: Path, mode: str) -> None:
    mask = np.random.default_rng(1).random((9, 13)) > 0.5
    content = io.BytesIO()
    Image.fromarray(mask.astype(np.uint8) * 255).convert(mode).save(content, "PNG")
    source, index = only(tmp_path, packed(content.getvalue(), 1, 2))
    np.testing.assert_array_equal(source[index].alpha[2:11, 1:14] > 0, mask)


def test_neutral_things_count_neither_way(tmp_path: Path) -> None:
    source, index = only(tmp_path, polygon(SQUARE), polygon([[10, 10], [30, 10], [30, 25], [10, 25]], title="neutral"))
    sample = source[index]
    assert (sample.alpha[6:16, 5:15] == 255).all()
    ignored = np.zeros((HEIGHT, WIDTH), bool)
    ignored[10:26, 10:31] = True
    ignored[6:16, 5:15] = False
    np.testing.assert_array_equal(sample.weight == 0, ignored)


def test_where_people_are_left_unmarked_only_the_marked_count(tmp_path: Path) -> None:
    source, index = only(tmp_path, polygon(SQUARE), tags=["not-marked-people"])
    sample = source[index]
    np.testing.assert_array_equal(sample.weight, sample.alpha // 255)
    assert list(source.negatives) == []


def test_negatives_and_splits(tmp_path: Path) -> None:
    photos = {f"ds{number % 3}/{number}.png": [polygon(SQUARE)] if number % 4 else [] for number in range(60)}
    root = write_project(tmp_path, photos)
    train, val = SuperviselyPersons(root, "train"), SuperviselyPersons(root, "val")
    names = [[source.name(index) for index in range(len(source))] for source in (train, val)]
    assert sorted(names[0] + names[1]) == sorted(name.replace("/", "/img/") for name in photos)
    assert 1 <= len(val) <= 15
    for source, listed in zip((train, val), names, strict=True):
        wanted = [index for index, name in enumerate(listed) if not photos[name.replace("/img", "")]]
        assert list(source.negatives) == wanted
        assert [index for index in range(len(source)) if not source[index].alpha.any()] == wanted
    assert pickle.loads(pickle.dumps(val))[0].name == val[0].name


PACKED = packed(b"x" * 999)["bitmap"]["data"]
FAULTS = {
    "a line": (
        {"id": 1, "classTitle": "person_poly", "geometryType": "line", "points": {"exterior": SQUARE}},
        "a line",
    ),
    "nothing": ({"id": 1, "classTitle": "person_poly", "geometryType": "polygon"}, "a polygon; a polygon or a bitmap"),
    "two corners": (polygon([[1, 1], [2, 2]]), "2 corners"),
    "a hole of two": (polygon(SQUARE, [[1, 1], [2, 2]]), "2 corners"),
    "far away": (polygon([[1, 1], [2, 2], [1e9, 3]]), "a corner at .1000000000.0, 3.0., far outside"),
    "no base64": (packed(b"") | {"bitmap": {"data": "!!", "origin": [0, 0]}}, "cannot be unpacked"),
    "no zlib": (packed(b"") | {"bitmap": {"data": "YWJj", "origin": [0, 0]}}, "cannot be unpacked"),
    "no PNG": (packed(b"hello"), "no PNG"),
    "cut off": (
        packed(b"") | {"bitmap": {"data": PACKED[:12], "origin": [0, 0]}},
        "cut off",
    ),
    "a bomb": (packed(b"\0" * 10_000_000), "far more"),
    "beyond the edge": (bitmap(np.ones((9, 9), bool), 35, 0), "reaches beyond"),
    "before the edge": (bitmap(np.ones((9, 9), bool), -1, 0), "reaches beyond"),
    "a huge picture": (bitmap(np.ones((100, 100), bool), 0, 0), "100 x 100 pixels, more than"),
    "words for numbers": (polygon([["a", 1], [2, 2], [3, 3]]), "not an annotation"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_shape_is_a_broken_photo_that_names_it(tmp_path: Path, fault: str) -> None:
    shape, words = FAULTS[fault]
    source, index = only(tmp_path, shape)
    with pytest.raises(PhotoError, match=words) as caught:
        source[index]
    assert "ds1/ann/a.png.json" in str(caught.value)


def test_a_photo_of_another_size(tmp_path: Path) -> None:
    source, index = only(tmp_path, polygon(SQUARE))
    Image.new("RGB", (10, 10)).save(tmp_path / "ds1/img/a.png")
    with pytest.raises(PhotoError, match="10 x 10 pixels, but its annotation is for 40 x 30"):
        source[index]


def test_projects_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"meta\.json: there is no such file"):
        SuperviselyPersons(tmp_path, "train")
    (tmp_path / "meta.json").write_text('{"classes": [{"title": "cat"}]}')
    with pytest.raises(DataError, match=r"none of its classes \(cat\) is one of person"):
        SuperviselyPersons(tmp_path, "train")
    (tmp_path / "meta.json").write_text('{"classes": [{"title": "person_poly"}]}')
    with pytest.raises(DataError, match="none of its folders has img/ and ann/"):
        SuperviselyPersons(tmp_path, "train")
    (tmp_path / "meta.json").write_text("{")
    with pytest.raises(DataError, match=r"meta\.json: not an annotation"):
        SuperviselyPersons(tmp_path, "train")


def test_photos_and_annotations_that_miss_each_other_are_named_together(tmp_path: Path) -> None:
    write_project(tmp_path, {f"ds1/{number}.png": [polygon(SQUARE)] for number in range(4)})
    (tmp_path / "ds1/ann/0.png.json").unlink()
    (tmp_path / "ds1/img/1.png").unlink()
    with pytest.raises(DataError, match=r"ds1/img/0\.png has no annotation, ds1/ann/1\.png\.json has no photo"):
        SuperviselyPersons(tmp_path, "train")


def test_a_damaged_annotation_is_named(tmp_path: Path) -> None:
    write_project(tmp_path, {"ds1/0.png": [polygon(SQUARE)], "ds1/1.png": [polygon(SQUARE)]})
    path = tmp_path / "ds1/ann/1.png.json"
    for content in (path.read_bytes()[:50], json.dumps({"size": {"height": 1}, "objects": []}).encode(), b"\xff"):
        for file in (tmp_path / "ds1/ann").iterdir():
            file.write_bytes(content)
        with pytest.raises(DataError, match=r"ds1/ann/\d\.png\.json: not an annotation"):
            SuperviselyPersons(tmp_path, "train")


def test_nobody_to_learn_from(tmp_path: Path) -> None:
    write_project(tmp_path, {"ds1/0.png": [], "ds1/1.png": []})
    with pytest.raises(DataError, match="nobody is marked"):
        SuperviselyPersons(tmp_path, "train")
    with pytest.raises(ConfigError, match="val_share"):
        SuperviselyPersons(tmp_path, "train", val_share=0)


def test_a_single_photo_is_for_training(tmp_path: Path) -> None:
    write_project(tmp_path, {"ds1/0.png": [polygon(SQUARE)]})
    assert len(SuperviselyPersons(tmp_path, "train")) == 1
    with pytest.raises(DataError, match="'val' needs a second one"):
        SuperviselyPersons(tmp_path, "val")


@pytest.mark.parametrize("size", [(10**12, 40), (30, 10**30), (0, 40), (30, -1), (2**16, 2**16)])
def test_an_impossible_size_is_a_broken_photo(tmp_path: Path, size: tuple[int, int]) -> None:
    source, index = only(tmp_path, polygon(SQUARE))
    path = tmp_path / "ds1/ann/a.png.json"
    content = json.loads(path.read_text())
    content["size"] = {"height": size[0], "width": size[1]}
    path.write_text(json.dumps(content))
    source = SuperviselyPersons(tmp_path, "train" if len(source) == 3 else "val")
    for read in (source.__getitem__, source.masks):
        with pytest.raises(PhotoError, match=r"ds1/ann/a\.png\.json: its size is no photo's.* 178,000,000 pixels"):
            read(index)


def test_masks_are_drawn_without_the_photo(tmp_path: Path) -> None:
    neutral = polygon([[20, 20], [30, 20], [30, 25], [20, 25]], title="neutral")
    source, index = only(tmp_path, polygon(SQUARE), neutral)
    (tmp_path / "ds1/img/a.png").unlink()
    people, ignored = source.masks(index)
    wanted = np.zeros((2, HEIGHT, WIDTH), np.uint8)
    wanted[0, 6:16, 5:15] = wanted[1, 20:26, 20:31] = 1
    np.testing.assert_array_equal([people, ignored], wanted)
    assert people.dtype == ignored.dtype == np.uint8


def test_what_a_system_leaves_in_folders_is_passed_over(tmp_path: Path) -> None:
    write_project(tmp_path, {f"ds1/{number}.png": [polygon(SQUARE)] for number in range(4)})
    for name in (
        "img/.DS_Store",
        "img/Thumbs.db",
        "img/._0.png",
        "img/.hidden.jpg",
        "ann/._0.png.json",
        "ann/notes.txt",
    ):
        (tmp_path / "ds1" / name).write_bytes(b"\0\5\26\7")
    sources = [SuperviselyPersons(tmp_path, split) for split in ("train", "val")]
    names = [source.name(index) for source in sources for index in range(len(source))]
    assert sorted(names) == [f"ds1/img/{number}.png" for number in range(4)]
    (tmp_path / "ds1/img/new.JPG").touch()
    with pytest.raises(DataError, match=r"ds1/img/new\.JPG has no annotation"):
        SuperviselyPersons(tmp_path, "train")


@pytest.mark.parametrize("refused", ["meta.json", "ds1/img", "ds1/ann"])
def test_folders_that_may_not_be_read(tmp_path: Path, refused: str, monkeypatch: pytest.MonkeyPatch) -> None:
    write_project(tmp_path, {f"ds1/{number}.png": [polygon(SQUARE)] for number in range(4)})
    system = Path.stat

    def stat(path: Path, **options: Any) -> os.stat_result:
        if path.is_relative_to(tmp_path / refused):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return system(path, **options)

    monkeypatch.setattr(Path, "stat", stat)
    with pytest.raises(DataError, match=rf"{refused}.*: cannot be read \(Permission denied\)"):
        SuperviselyPersons(tmp_path, "train")


def test_one_class_by_its_name(tmp_path: Path) -> None:
    write_project(tmp_path, {f"ds1/{number}.png": [polygon(SQUARE)] for number in range(4)})
    source = SuperviselyPersons(tmp_path, "train", classes="person_poly", ignored="neutral")
    assert (source._classes, source._ignored) == ({"person_poly"}, {"neutral"})
    assert (source[0].alpha == 255).sum() == 10 * 10
