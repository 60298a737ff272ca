import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from coco_files import image, person, square_mask, write_coco
from recorte.data.checks.coco import check_annotations, check_photos_of
from recorte.data.checks.mending import mend
from recorte.data.coco.layout import locate
from recorte.data.coco.persons import CocoPersons
from recorte.errors import DataError

CATEGORIES = [{"id": 1, "name": "person"}, {"id": 2, "name": "dog"}]


def mended(root: Path) -> dict[str, Any]:
    """Mend the set to train on, put the clean file in the place of the old one, and give its content."""
    path, folder, _ = locate(root, "train")
    checked = check_annotations(path, folder)
    list(check_photos_of(folder, root, path, checked))
    finding = mend(path, checked)
    Path(finding.path).replace(path)
    again = check_annotations(path, folder)
    assert not [finding for finding in again.findings if finding.grave]
    return json.loads(path.read_text()) | {"told": finding.what}


BAD = {
    "outline": {"segmentation": [[1, 2, 3, 4]]},
    "area": {"area": "sixty"},
    "crowd": {"iscrowd": "many"},
    "no category": {"category_id": None},
    "unknown category": {"category_id": 99},
    "photo as text": {"area": "sixty", "image_id": "2"},
    "id": {"id": "eleven"},
}


@pytest.mark.parametrize("case", BAD)
def test_nobody_whose_annotation_is_dropped_stays_as_background(tmp_path: Path, case: str) -> None:
    annotations = [person(10, 1), person(11, 2) | BAD[case], person(12, 2), person(13, 3)]
    root = write_coco(tmp_path, [image(number) for number in (1, 2, 3)], annotations, CATEGORIES)
    content = mended(root)
    assert [one["id"] for one in content["images"]] == [1, 3]
    assert [one["id"] for one in content["annotations"]] == [10, 13]
    assert "0 faulty photos, 1 more because an annotation in them that is or may be a person's" in content["told"]
    source = CocoPersons(root, "train")
    assert len(source) == 2 and list(source.negatives) == []
    assert all((sample.alpha == square_mask() * 255).all() for sample in source)


def test_other_categories_are_dropped_alone(tmp_path: Path) -> None:
    annotations = [person(10, 1), person(11, 2, category_id=2, area="sixty"), person(12, 3, category_id=2)]
    content = mended(write_coco(tmp_path, [image(number) for number in (1, 2, 3)], annotations, CATEGORIES))
    assert [one["id"] for one in content["images"]] == [1, 2, 3]
    assert [one["id"] for one in content["annotations"]] == [10, 12]


def test_nobody_is_told_from_a_category_that_is_listed_as_two(tmp_path: Path) -> None:
    categories = [{"id": 1, "name": "person"}, {"id": 2, "name": "person"}, {"id": 2, "name": "dog"}]
    annotations = [person(10, 1), person(11, 2, category_id=2), person(12, 3)]
    content = mended(write_coco(tmp_path, [image(number) for number in (1, 2, 3)], annotations, categories))
    assert content["categories"] == [{"id": 1, "name": "person"}]
    assert [one["id"] for one in content["images"]] == [1, 3]
    assert [one["id"] for one in content["annotations"]] == [10, 12]


def test_categories_that_are_faulty_or_listed_again_are_dropped(tmp_path: Path) -> None:
    categories = [*CATEGORIES, {"id": 3}, {"id": 2, "name": "cat"}, {"id": 1, "name": "Person "}]
    annotations = [person(10, 1), person(11, 2, category_id=2), person(12, 3, category_id=3)]
    content = mended(write_coco(tmp_path, [image(number) for number in (1, 2, 3)], annotations, categories))
    assert content["categories"] == CATEGORIES
    assert [one["id"] for one in content["images"]] == [1, 2]
    assert [one["id"] for one in content["annotations"]] == [10, 11]
    assert "is not usable, 3 categories" in content["told"]


def test_photos_of_nobody_alone_are_mended(tmp_path: Path) -> None:
    content = mended(
        write_coco(
            tmp_path, [image(1), image(2, width=-1, file_name="../2.png")], [person(10, 1, category_id=2)], CATEGORIES
        )
    )
    assert [one["id"] for one in content["images"]] == [1]


def test_one_finding_tells_of_all_annotations_of_a_category_that_is_not_listed(tmp_path: Path) -> None:
    annotations = [person(10, 1), *(person(number, 2, category_id=18) for number in (11, 12, 13))]
    root = write_coco(tmp_path, [image(1), image(2)], annotations, CATEGORIES)
    (finding,) = check_annotations(*locate(root, "train")[:2]).findings
    assert (finding.item, finding.grave) == ("annotation 11 and 2 more", True)
    assert finding.what.startswith("there is no usable category 18; list it")


def test_a_category_that_is_listed_twice_alike_keeps_nobody_from_training(tmp_path: Path) -> None:
    root = write_coco(tmp_path, [image(1)], [person(10, 1)], [*CATEGORIES, CATEGORIES[0]])
    (finding,) = check_annotations(*locate(root, "train")[:2]).findings
    assert (finding.item, finding.grave) == ("category number 3 in the file", False)


LOST = {
    "photos": ([person(10, 1, [[1, 2]]), person(11, 2, [])], CATEGORIES, "lists no photos"),
    "people": ([person(10, 1, [[1, 2]]), person(11, 2, category_id=2)], CATEGORIES, "nobody is outlined in it"),
    "category": ([person(10, 1)], [{"id": "one", "name": "person"}, {"id": 2, "name": "dog"}], "no category .*: dog"),
}


@pytest.mark.parametrize("case", LOST)
def test_nothing_is_written_of_what_training_would_refuse(tmp_path: Path, case: str) -> None:
    annotations, categories, reason = LOST[case]
    root = write_coco(tmp_path, [image(1), image(2)], annotations, categories)
    with pytest.raises(DataError, match=rf"train2017\.json: fix=true cannot mend it: .*{reason}"):
        mended(root)
    assert list((root / "annotations").glob("*.clean.json")) == []


def test_an_id_that_is_given_twice_becomes_a_free_one(tmp_path: Path) -> None:
    right = [[16, 2, 24, 2, 24, 10, 16, 10]]
    annotations = [person(1, 1), person(2, 2, category_id=2), person(1, 2, right, note="5e999")]
    root = write_coco(tmp_path, [image(1), image(2)], annotations, CATEGORIES)
    content = mended(root)
    assert [(one["id"], one["image_id"]) for one in content["annotations"]] == [(1, 1), (2, 2), (3, 2)]
    assert content["annotations"][2]["note"] == "5e999"
    expected = np.zeros((24, 32), np.uint8)
    expected[2:10, 16:24] = 255
    np.testing.assert_array_equal(CocoPersons(root, "train")[1].alpha, expected)


def test_of_photos_that_are_mistaken_for_one_another_none_stays(tmp_path: Path) -> None:
    images = [image(1), image(2), image(2, file_name="b.png"), image(3), image(4, file_name="003.png"), image(5)]
    annotations = [person(10, 1), person(11, 2), person(12, 4), person(13, 5)]
    content = mended(write_coco(tmp_path, images, annotations))
    assert [one["id"] for one in content["images"]] == [1, 5]
    assert [one["id"] for one in content["annotations"]] == [10, 13]


def test_a_photo_that_is_listed_under_two_spellings_does_not_stay(tmp_path: Path) -> None:
    images = [image(1), image(2, file_name="a/b.png"), image(3, file_name="./a//b.png"), image(4)]
    content = mended(write_coco(tmp_path, images, [person(10, 1), person(11, 2), person(12, 4)]))
    assert [one["id"] for one in content["images"]] == [1, 4]
    assert [one["id"] for one in content["annotations"]] == [10, 12]


@pytest.mark.parametrize("name", ["002.png", "./002.png"])
def test_a_photo_that_is_listed_twice_alike_stays_once(tmp_path: Path, name: str) -> None:
    images = [image(1), image(2), image(2, file_name=name)]
    content = mended(write_coco(tmp_path, images, [person(10, 1), person(11, 2)]))
    assert [one["id"] for one in content["images"]] == [1, 2]
    assert [one["id"] for one in content["annotations"]] == [10, 11]


def test_a_person_in_no_photo_is_not_mended(tmp_path: Path) -> None:
    root = write_coco(tmp_path, [image(1), image(2)], [person(10, 1), person(11, None)])
    with pytest.raises(DataError, match=r"which photos 1 faulty annotations are of, such as number 2 in the file"):
        mended(root)
    assert list((root / "annotations").glob("*.clean.json")) == []


def test_faulty_photos_are_dropped_and_all_else_stays(tmp_path: Path) -> None:
    images = [image(number) for number in (1, 2, 3)]
    annotations = [person(10, 1), person(11, 2), person(12, 3, score=float("nan"))]
    root = write_coco(tmp_path, images, annotations)
    (root / "train2017/002.png").unlink()
    path = root / "annotations/person_keypoints_train2017.json"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b'"drawn"', b"1e999"))
    content = mended(root)
    assert content["info"] == {"description": float("inf")}
    assert [one["id"] for one in content["annotations"]] == [10, 12]
    assert content["annotations"][0]["bbox"] == [4, 2, 8, 8] and content["annotations"][1]["score"] is None
    assert "it leaves out 1 faulty photos, 0 more" in content["told"]
