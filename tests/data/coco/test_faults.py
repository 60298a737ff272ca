import contextlib
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from coco_files import (
    HEIGHT,
    SQUARE,
    WIDTH,
    Record,
    compressed,
    image,
    person,
    square_mask,
    write_annotations,
    write_coco,
)
from recorte.data.coco import CocoPersons
from recorte.errors import ConfigError, DataError, PhotoError


def test_photo_of_another_size(tmp_path: Path) -> None:
    root = write_coco(tmp_path, [image(7)], [person(1, 7)])
    Image.new("RGB", (50, 40)).save(root / "train2017/007.png")
    with pytest.raises(PhotoError, match=r"007\.png: the photo is 50 x 40 pixels.* 32 x 24"):
        CocoPersons(root, "train")[0]


# 3 * WIDTH pixels and a turn for each of its edges.
ZIGZAG = [-WIDTH, 1, 2 * WIDTH, 2] * 27_835

BAD_OUTLINES = {
    "empty": ([], "empty"),
    "missing": (None, "null"),
    "empty polygon": ([[]], "0 numbers"),
    "two points": ([[1, 2, 3, 4]], "4 numbers"),
    "odd": ([[*SQUARE[0], 3]], "9 numbers"),
    "good and odd": ([SQUARE[0], [*SQUARE[0], 3]], "9 numbers"),
    "crumbs alone": ([[1, 2], [3, 4, 5, 6]], "2 numbers"),
    "points alone": ([[4, 2], [12, 2], [12, 10]], "3 parts of one point each; if they are one polygon"),
    "text": ("square", 'it is "square"; polygons [[x, y, x, y, ...]] or run lengths'),
    "a word among numbers": ([SQUARE[0], [1, 2, "x", 3, 4, 5]], 'number 3 of its polygon 2 is "x"; polygons'),
    "no number as text": ([["4", "2", "nan", "2", "12", "10"]], "not all of its numbers are finite"),
    "a box": ([4, 2, 8, 8], "4 numbers"),
    "too deep": ([[[[4, 2], [12, 2], [12, 10]]]], "it is [[[[4"),
    "not a number": ([[4, 2, float("nan"), 2, 12, 10]], "null"),
    "infinity": ([[4, 2, float("-inf"), 2, 12, 10]], "null"),
    "far outside": ([[4, 2, 1e12, 2, 12, 10]], "far outside"),
    "far below": ([[4, 2, 12, -1e9, 12, 10]], "far outside"),
    "a long way": ([ZIGZAG], "5,399,990 pixels"),
    "other size": ({"size": [WIDTH, HEIGHT], "counts": [HEIGHT * WIDTH]}, "24 x 32 pixels"),
    "too short": ({"size": [HEIGHT, WIDTH], "counts": [10, 10]}, "do not add up"),
    "too long": ({"size": [HEIGHT, WIDTH], "counts": [10, HEIGHT * WIDTH]}, "do not add up"),
    "no runs": ({"size": [HEIGHT, WIDTH], "counts": []}, "do not add up"),
    "negative": ({"size": [HEIGHT, WIDTH], "counts": [HEIGHT * WIDTH + 4, -4]}, ">= 0"),
    "no size": ({"counts": [HEIGHT * WIDTH]}, "size"),
    "empty text": ({"size": [HEIGHT, WIDTH], "counts": ""}, "damaged"),
    "unfinished text": ({"size": [HEIGHT, WIDTH], "counts": compressed(square_mask())["counts"] + "o"}, "damaged"),
    "other text": ({"size": [HEIGHT, WIDTH], "counts": "ábc def"}, "damaged"),
    "endless text": ({"size": [HEIGHT, WIDTH], "counts": "o" * 40 + "0"}, "damaged"),
    "short text": ({"size": [HEIGHT, WIDTH], "counts": "55"}, "do not add up"),
}


@pytest.mark.parametrize("case", BAD_OUTLINES)
def test_bad_outline_spoils_only_its_photo(tmp_path: Path, case: str) -> None:
    outline, reason = BAD_OUTLINES[case]
    annotations = [person(1, 7), person(55, 8, outline)]
    source = CocoPersons(write_coco(tmp_path, [image(7), image(8)], annotations), "train")
    np.testing.assert_array_equal(source[0].alpha, square_mask() * 255)
    with pytest.raises(PhotoError) as error:
        source[1]
    assert "008.png" in str(error.value)
    assert "annotation 55" in str(error.value)
    assert reason in str(error.value)


@pytest.mark.parametrize("side", [13_343, 2**31 - 1])
def test_outlines_of_photos_beyond_the_limit_are_not_drawn(tmp_path: Path, side: int) -> None:
    root = write_coco(tmp_path, [image(7)], [person(1, 7)])
    whole = [[0, 0, side, 0, side, side]]
    write_annotations(root, document(images=[image(7, width=side, height=side)], annotations=[person(1, 7, whole)]))
    with pytest.raises(PhotoError, match=rf"annotation 1 .*{side} x {side} pixels are more than the limit"):
        CocoPersons(root, "train").masks(0)


def test_random_damage_to_compressed_run_lengths_is_an_error_or_a_mask(tmp_path: Path) -> None:
    random = np.random.default_rng(2)
    images = [image(number, file_name="same.png") for number in range(500)]
    annotations = []
    for number in range(500):
        record = compressed(random.integers(0, 2, (HEIGHT, WIDTH)))
        text = list(record["counts"])
        text[random.integers(len(text))] = chr(random.integers(40, 120))
        annotations += [person(number, number, record | {"counts": "".join(text)}), person(1000 + number, number)]
    source = CocoPersons(write_coco(tmp_path, images, annotations), "train")
    read = 0
    for index in range(500):
        with contextlib.suppress(PhotoError):
            read += set(np.unique(source[index].alpha)) <= {0, 255}
    assert read < 250


def document(**changes: object) -> str:
    """An annotation file's content, with some of its lists replaced."""
    lists = {"images": [image(7)], "annotations": [person(1, 7)], "categories": [{"id": 1, "name": "person"}]}
    return json.dumps({key: value for key, value in (lists | changes).items() if value is not None})


BAD_FILES = {
    "empty": ("", "truncated"),
    "truncated": (document()[:-30], "truncated"),
    "no JSON": ("<html>not found</html>", "damaged or no JSON"),
    "list": ("[]", "without a list 'images' and 'annotations' and 'categories'"),
    "no images": (document(images=None), "(without a list 'images')"),
    "no categories": (document(categories=None), "(without a list 'categories')"),
    "images no list": (document(images={}), "(without a list 'images')"),
    "no photos": (document(images=[], annotations=[]), "lists no photos"),
    "other categories": (document(categories=[{"id": 1, "name": "dog"}, {"id": 2, "name": "cat"}]), "cat, dog"),
    "nobody": (document(annotations=[]), "nothing to learn"),
    "only crowds": (document(annotations=[person(1, 7, iscrowd=1)]), "nothing to learn"),
    "same id": (document(images=[image(7), image(8), image(7)]), "image 7: another one has the same id"),
    "unknown photo": (document(annotations=[person(31, 8)]), "annotation 31: there is no image 8"),
    "unknown category": (
        document(annotations=[person(31, 7, category_id=9)]),
        "category 9 of 1 annotations: not in",
    ),
    "a category at odds": (
        document(categories=[{"id": 1, "name": "person"}, {"id": 1, "name": "dog"}]),
        "category 1: listed as 'person' and as something else",
    ),
    "half a width": (
        document(images=[image(7, width=32.5)]),
        "image 7 (number 1 in the file): its width is 32.5, where a whole number of pixels is needed",
    ),
    "two faults of one": (
        document(images=[image(7, height="high", file_name=7)]),
        'its file_name is 7, where the name of a file is needed; its height is "high", where a whole number',
    ),
    "a crowd of many": (document(annotations=[person(1, 7, iscrowd="many")]), 'its iscrowd is "many", where 0 or 1'),
    "an area of words": (document(annotations=[person(1, 7, area="big")]), 'its area is "big", where a number of pix'),
    "no segmentation": (
        document(annotations=[person(1, 7), {"id": 9, "image_id": 7, "category_id": 1}]),
        "annotation 9 (number 2 in the file): it has no segmentation, which is polygons or run lengths",
    ),
    "text for id": (
        document(annotations=[person(1, "x")]),
        'annotation 1 (number 1 in the file): its image_id is "x", where a whole number is needed',
    ),
    "huge id": (document(images=[image(10**30, file_name="7.png")]), "number 1 in the file"),
    "record no object": (document(images=[3]), "image without id (number 1 in the file): no object with fields"),
    "absolute": (document(images=[image(7, file_name="/etc/photo.png")]), "image 7: its file_name '/etc/photo.png'"),
    "step up": (document(images=[image(7, file_name="a/../../b.png")]), "not below the photo folder"),
    "backslash": (document(images=[image(7, file_name="..\\b.png")]), "not below the photo folder"),
    "drive": (document(images=[image(7, file_name="C:\\b.png")]), "not below the photo folder"),
    "no name": (document(images=[image(7, file_name="")]), "not below the photo folder"),
    "a fault and truncated": (document(images=[image(7, width=0)])[:-30], "damaged or no JSON"),
    "beyond numbers": (document().replace("64.0", "1e999"), "annotation 1 (number 1 in the file): its area is 1e999"),
    "nested deeply": (document().replace("64.0", "[" * 5000 + "]" * 5000), "nested in it more deeply"),
    "photos missing": (document(), "train2017/007.png was looked for, say"),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_bad_annotation_file(tmp_path: Path, case: str) -> None:
    content, reason = BAD_FILES[case]
    path = write_annotations(tmp_path, content)
    with pytest.raises(DataError) as error:
        CocoPersons(tmp_path, "train")
    assert path.name in str(error.value)
    assert reason in str(error.value)


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    write_annotations(tmp_path, "").write_bytes(document().encode().replace(b"007", b"\xff07"))
    with pytest.raises(DataError, match="damaged"):
        CocoPersons(tmp_path, "train")


def test_a_fault_and_bytes_that_are_no_text(tmp_path: Path) -> None:
    content = document(images=[image(7, width="?"), image(8, file_name="XX.png")]).encode().replace(b"XX", b"\xff")
    write_annotations(tmp_path, "").write_bytes(content)
    with pytest.raises(DataError, match=r"(?s)image 7 .*image 8 "):
        CocoPersons(tmp_path, "train")


def test_faults_are_reported_together_ten_by_name(tmp_path: Path) -> None:
    write_annotations(tmp_path, document(annotations=[person(number, 500 + number) for number in range(1, 26)]))
    with pytest.raises(DataError) as error:
        CocoPersons(tmp_path, "train")
    lines = str(error.value).splitlines()
    assert "25 faults" in lines[0]
    assert [line.split(":")[0].strip() for line in lines[1:-1]] == [f"annotation {number}" for number in range(1, 11)]
    assert "15 more" in lines[-1]


def missing_root(root: Path) -> None:
    root.rename(root.parent / "elsewhere")


def missing_annotations(root: Path) -> None:
    (root / "annotations/person_keypoints_train2017.json").unlink()


def missing_photos(root: Path) -> None:
    (root / "train2017/007.png").unlink()
    (root / "train2017").rmdir()


@pytest.mark.parametrize(
    ("remove", "reason"),
    [
        (missing_root, "there is no such folder"),
        (missing_annotations, "neither annotations/person_keypoints_train2017.json nor annotations/instances_train"),
        (missing_photos, "train2017: there is no such folder"),
    ],
)
def test_missing_folders(tmp_path: Path, remove: Callable[[Path], None], reason: str) -> None:
    root = write_coco(tmp_path / "coco", [image(7)], [person(1, 7)])
    remove(root)
    with pytest.raises(DataError) as error:
        CocoPersons(root, "train")
    assert str(root) in str(error.value)
    assert reason in str(error.value)
    assert "https://cocodataset.org/#download" in str(error.value)


def test_missing_photo_is_named(tmp_path: Path) -> None:
    source = CocoPersons(write_coco(tmp_path, [image(7), image(8)], [person(1, 7)]), "train")
    (tmp_path / "train2017/008.png").unlink()
    with pytest.raises(PhotoError, match=r"008\.png: no such file"):
        source[1]


def test_no_photo_is_kept(tmp_path: Path) -> None:
    write_coco(tmp_path, [image(7)], [], split="val")
    with pytest.raises(DataError, match="negatives=0 keeps none"):
        CocoPersons(tmp_path, "val", negatives=0)


@pytest.mark.parametrize("wrong", [{"min_area": -1}, {"negatives": 101}, {"negatives": float("nan")}])
def test_options_out_of_range(tmp_path: Path, wrong: Record) -> None:
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        CocoPersons(write_coco(tmp_path, [image(7)], [person(1, 7)]), "train", **wrong)
