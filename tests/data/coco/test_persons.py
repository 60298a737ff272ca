import contextlib
import json
import os
import pickle
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pycocotools.coco import COCO

from coco_files import (
    HEIGHT,
    WIDTH,
    Record,
    compressed,
    image,
    person,
    run_lengths,
    square_mask,
    write_annotations,
    write_coco,
)
from recorte.data.coco import CocoPersons
from recorte.data.sample import PersonSource
from recorte.errors import PhotoError

CATEGORIES = [{"id": 1, "name": "person"}]


def random_outline(random: np.random.Generator) -> object:
    """One of COCO's three kinds of outlines, at random."""
    kind = random.integers(3)
    if kind == 0:
        corners = [random.uniform(-3, [WIDTH + 3, HEIGHT + 3], (count, 2)) for count in random.integers(3, 9, 2)]
        return [points.round(2).ravel().tolist() for points in corners]
    mask = np.kron(random.integers(0, 2, (6, 8)), np.ones((4, 4))) if kind == 1 else random.integers(0, 2, (24, 32))
    return run_lengths(mask) if kind == 1 else compressed(mask)


def test_sample_of_a_square(tmp_path: Path) -> None:
    source = CocoPersons(write_coco(tmp_path, [image(7)], [person(1, 7)]), "train")
    sample = source[0]
    assert isinstance(source, PersonSource)
    assert len(source) == 1
    assert sample.name == source.name(0) == "007.png"
    assert sample.photo.dtype == sample.alpha.dtype == sample.weight.dtype == np.uint8
    np.testing.assert_array_equal(sample.photo, np.asarray(Image.open(tmp_path / "train2017/007.png")))
    np.testing.assert_array_equal(sample.alpha, square_mask() * 255)
    assert (sample.weight == 1).all()


@pytest.mark.parametrize("encode", [run_lengths, compressed])
def test_run_lengths_of_a_square(tmp_path: Path, encode: Callable[[np.ndarray], Record]) -> None:
    source = CocoPersons(write_coco(tmp_path, [image(7)], [person(1, 7, encode(square_mask()))]), "train")
    np.testing.assert_array_equal(source[0].alpha, square_mask() * 255)


def test_masks_equal_the_union_of_pycocotools_masks(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    images = [image(number) for number in range(40)]
    annotations = [
        person(number, int(random.integers(40)), random_outline(random), iscrowd=int(random.random() < 0.2))
        for number in range(160)
    ]
    source = CocoPersons(write_coco(tmp_path, images, annotations), "train")
    with contextlib.redirect_stdout(None):
        coco = COCO(tmp_path / "annotations/person_keypoints_train2017.json")
    for index in range(40):
        people, crowd = np.zeros((2, HEIGHT, WIDTH), np.uint8)
        for annotation in coco.imgToAnns[index]:
            union = crowd if annotation["iscrowd"] else people
            union |= coco.annToMask(annotation)
        sample = source[index]
        np.testing.assert_array_equal(sample.alpha, people * 255)
        np.testing.assert_array_equal(sample.weight == 0, (crowd == 1) & (people == 0))


def test_empty_runs_in_two_outlines_at_the_same_pixel(tmp_path: Path) -> None:
    runs = {"size": [HEIGHT, WIDTH], "counts": [100, 0, 0, 8, 0, 0, 0, HEIGHT * WIDTH - 108, 0]}
    source = CocoPersons(write_coco(tmp_path, [image(7)], [person(1, 7, runs), person(2, 7, runs)]), "train")
    expected = np.zeros(HEIGHT * WIDTH, np.uint8)
    expected[100:] = 255
    np.testing.assert_array_equal(source[0].alpha, expected.reshape(WIDTH, HEIGHT).T)


def test_crowd_is_ignored_but_where_somebody_is_outlined(tmp_path: Path) -> None:
    crowd = np.zeros((HEIGHT, WIDTH), np.uint8)
    crowd[:, 8:20] = 1
    annotations = [person(1, 7), person(2, 7, run_lengths(crowd), iscrowd=1)]
    sample = CocoPersons(write_coco(tmp_path, [image(7)], annotations), "train")[0]
    np.testing.assert_array_equal(sample.alpha, square_mask() * 255)
    np.testing.assert_array_equal(sample.weight, 1 - (crowd & (1 - square_mask())))


def test_small_people_are_ignored_not_background(tmp_path: Path) -> None:
    annotations = [person(1, 7, area=64.0), person(2, 7, [[20, 12, 24, 12, 24, 16, 20, 16]], area=16.0)]
    sample = CocoPersons(write_coco(tmp_path, [image(7)], annotations), "train", min_area=64)[0]
    np.testing.assert_array_equal(sample.alpha, square_mask() * 255)
    ignored = np.zeros((HEIGHT, WIDTH), bool)
    ignored[12:16, 20:24] = True
    np.testing.assert_array_equal(sample.weight == 0, ignored)


def test_negatives_are_photos_without_any_person(tmp_path: Path) -> None:
    everything = [image(number) for number in range(4)]
    annotations = [person(1, 0), person(2, 1, iscrowd=1), person(3, 2, area=5.0)]
    source = CocoPersons(write_coco(tmp_path, everything, annotations), "train", min_area=10)
    assert list(source.negatives) == [3]
    assert [source[index].weight.min() for index in range(4)] == [1, 0, 0, 1]
    assert source[3].alpha.max() == 0


def test_negatives_may_come_up_several_times_in_training(tmp_path: Path) -> None:
    annotations = [person(number, number - 1) for number in range(1, 4)]
    for split in ("train", "val"):
        write_coco(tmp_path, [image(number) for number in range(103)], annotations, split=split)
    train, val = (CocoPersons(tmp_path, split, negatives=2.5) for split in ("train", "val"))
    times = Counter(train.name(index) for index in train.negatives)
    assert len(times) == 100 and set(times.values()) == {2, 3}
    assert 30 < list(times.values()).count(3) < 70
    assert [train[index].alpha.any() for index in (0, 1, 2, 3, 200)] == [True] * 3 + [False] * 2
    assert len(val) == 103 and len(val.negatives) == 100


def test_share_of_negatives_is_stable_when_photos_are_added(tmp_path: Path) -> None:
    def kept(count: int, share: float) -> set[str]:
        images = [image(number) for number in range(count)]
        source = CocoPersons(write_coco(tmp_path / f"{count}", images, [person(1, 0)]), "train", negatives=share)
        return {source.name(index) for index in source.negatives}

    few, many = kept(200, 0.25), kept(400, 0.25)
    assert 30 < len(few) < 70
    assert few == {name for name in many if name < "200"}
    assert few < kept(200, 0.5)
    assert len(kept(200, 1.0)) == 199
    assert kept(200, 0.0) == set()


def test_category_by_name_and_other_categories_left_out(tmp_path: Path) -> None:
    categories = [{"id": 1, "name": "dog"}, {"id": 40, "name": "Person"}]
    annotations = [person(1, 7, category_id=40), person(2, 7, [[1]], category_id=1), person(3, 999, category_id=1)]
    source = CocoPersons(write_coco(tmp_path, [image(7), image(8)], annotations, categories), "train")
    np.testing.assert_array_equal(source[0].alpha, square_mask() * 255)
    assert list(source.negatives) == [1]


def test_instances_where_there_are_no_keypoints_and_val_without_people(tmp_path: Path) -> None:
    write_coco(tmp_path, [image(7)], [], split="val", kind="instances")
    source = CocoPersons(tmp_path, "val")
    assert (len(source), list(source.negatives)) == (1, [0])
    write_coco(tmp_path, [image(8)], [], split="val")
    assert CocoPersons(tmp_path, "val").name(0) == "008.png"


def test_source_survives_pickling_and_knows_its_end(tmp_path: Path) -> None:
    images = [image(7, file_name="a/žluťoučký.png"), image(8)]
    source = CocoPersons(write_coco(tmp_path, images, [person(1, 8)]), "train")
    copy = pickle.loads(pickle.dumps(source))
    assert [copy.name(index) for index in range(2)] == ["a/žluťoučký.png", "008.png"]
    assert [sample.alpha.any() for sample in copy] == [False, True]
    np.testing.assert_array_equal(source[-1].alpha, copy[1].alpha)
    assert source.name(-1) == "008.png"
    for method in (source.__getitem__, source.name):
        with pytest.raises(IndexError):
            method(2)


@pytest.mark.parametrize("annotated", ["upright", "stored"])
def test_photo_with_exif_orientation(tmp_path: Path, annotated: str) -> None:
    height, width = (WIDTH, HEIGHT) if annotated == "upright" else (HEIGHT, WIDTH)
    root = write_coco(tmp_path, [image(7, height=height, width=width)], [person(1, 7)])
    path = root / "train2017/007.png"
    stored = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees clockwise
    Image.fromarray(stored).save(path, exif=exif)
    expected = np.rot90(stored, -1) if annotated == "upright" else stored
    np.testing.assert_array_equal(CocoPersons(root, "train")[0].photo, expected)


def test_a_mark_changes_with_the_size_that_outlines_are_for(tmp_path: Path) -> None:
    marks = []
    for height, width in ((24, 32), (32, 24)):
        root = write_coco(tmp_path, [image(7, height=height, width=width)], [person(1, 7)])
        path = root / "train2017/007.png"
        path.write_bytes(b"the same photo")
        os.utime(path, (0, 0))
        marks.append(CocoPersons(root, "train").mark(0))
    assert marks[0] != marks[1]


def test_names_that_are_too_long_for_any_file_do_no_harm(tmp_path: Path) -> None:
    images = [image(7, file_name=f"{'n' * 400}.png"), image(8)]
    root = write_coco(tmp_path, images[1:], [])
    write_annotations(root, json.dumps({"images": images, "annotations": [person(1, 7)], "categories": CATEGORIES}))
    source = CocoPersons(root, "train")
    assert "n" * 400 in source.mark(0)
    with pytest.raises(PhotoError, match=r"nnn\.png \(\d+ characters\): no such file"):
        source[0]


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    root = write_coco(tmp_path, [image(7)], [person(1, 7, area=float("nan"))])
    path = root / "annotations/person_keypoints_train2017.json"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    np.testing.assert_array_equal(CocoPersons(root, "train")[0].alpha, square_mask() * 255)


def test_not_finite_numbers_elsewhere_do_no_harm(tmp_path: Path) -> None:
    annotations = [person(1, 7, area=float("nan"), bbox=[float("inf"), 0, 1, 1])]
    source = CocoPersons(write_coco(tmp_path, [image(7)], annotations), "train", min_area=10)
    np.testing.assert_array_equal(source[0].alpha, square_mask() * 255)
