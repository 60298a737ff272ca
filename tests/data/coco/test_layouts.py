"""Data sets in COCO's format as Roboflow and CVAT lay them out, with other names, and without a split."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from coco_files import Record, image, person, write_coco
from recorte.data.coco import CocoPersons
from recorte.data.coco.layout import Names, parts_of
from recorte.desk.looking.sources import check_sources
from recorte.desk.looking.structure import structure_of
from recorte.errors import ConfigError, DataError


def write(root: Path, file: str, folder: str, numbers: range) -> None:
    """Write an annotation file and its photos, of which each is another."""
    images, people = [image(n) for n in numbers], [person(n, n) for n in numbers]
    (root / folder).mkdir(parents=True, exist_ok=True)
    for record in images:
        pixels = np.random.default_rng(record["id"]).integers(0, 256, (24, 32, 3), np.uint8)
        Image.fromarray(pixels).save(root / folder / record["file_name"])
    content: Record = {"images": images, "annotations": people, "categories": [{"id": 1, "name": "person"}]}
    (root / file).parent.mkdir(parents=True, exist_ok=True)
    (root / file).write_text(json.dumps(content))


SPLIT: dict[str, tuple[tuple[str, str], tuple[str, str]]] = {
    "Roboflow": (("train/_annotations.coco.json", "train"), ("valid/_annotations.coco.json", "valid")),
    "CVAT": (("annotations/instances_train.json", "images/train"), ("annotations/instances_val.json", "images/val")),
    "CVAT, its own words": (
        ("annotations/instances_Train.json", "images/Train"),
        ("annotations/instances_Validation.json", "images/Validation"),
    ),
    "photos of both in one": (
        ("annotations/person_keypoints_train.json", "images"),
        ("annotations/person_keypoints_val.json", "images"),
    ),
    "COCO": (
        ("annotations/instances_train2017.json", "train2017"),
        ("annotations/instances_val2017.json", "val2017"),
    ),
}
WHOLE = {
    "CVAT": ("annotations/instances_default.json", "images"),
    "CVAT, with its subset": ("annotations/instances_default.json", "images/default"),
    "Roboflow, no valid": ("train/_annotations.coco.json", "train"),
    "Roboflow, no folders": ("_annotations.coco.json", "."),
    "COCO, no val": ("annotations/instances_train2017.json", "train2017"),
}


def names_of(root: Path, **options: object) -> dict[str, list[str]]:
    sources = {split: CocoPersons(root, split, **options) for split in ("train", "val")}
    return {split: [source.name(n) for n in range(len(source))] for split, source in sources.items()}


@pytest.mark.parametrize("layout", SPLIT)
def test_splits_of_known_layouts_are_found(tmp_path: Path, layout: str) -> None:
    for (file, folder), numbers in zip(SPLIT[layout], (range(6), range(10, 13)), strict=True):
        write(tmp_path, file, folder, numbers)
    assert names_of(tmp_path) == {
        "train": [f"{n:03}.png" for n in range(6)],
        "val": [f"{n:03}.png" for n in range(10, 13)],
    }
    assert CocoPersons(tmp_path, "val")[0].alpha.any()
    looked = check_sources({"coco": opener(tmp_path)}, full=True)
    assert not looked.findings
    assert [one.split for one in looked.photos] == ["train"] * 6 + ["val"] * 3
    items = structure_of(CocoPersons, {"root": str(tmp_path)})
    assert [item.what for item in items] == ["annotations, train", "photos, train", "annotations, val", "photos, val"]
    assert all(item.found for item in items)


def opener(root: Path, **options: object) -> Callable[..., CocoPersons]:
    return partial(CocoPersons, root=str(root), **options)


@pytest.mark.parametrize("layout", WHOLE)
def test_a_set_without_val_is_parted_by_names(tmp_path: Path, layout: str) -> None:
    write(tmp_path, *WHOLE[layout], range(40))
    found = names_of(tmp_path, val_share=0.25)
    assert sorted(found["train"] + found["val"]) == [f"{n:03}.png" for n in range(40)]
    assert 4 <= len(found["val"]) <= 16
    assert found == names_of(tmp_path, val_share=0.25)
    looked = check_sources({"coco": opener(tmp_path, val_share=0.25)}, full=False)
    assert not looked.findings
    assert sorted(one.name for one in looked.photos if one.split == "val") == sorted(found["val"])
    items = structure_of(CocoPersons, {"root": str(tmp_path)})
    assert [item.what for item in items] == ["annotations", "photos", "photos, val"]
    assert all(item.found for item in items)


def test_what_roboflow_made_of_one_photo_stays_together() -> None:
    names = [f"photo{n}_jpg.rf.{'abc'[copy] * 32}.jpg" for n in range(60) for copy in range(3)]
    chosen = parts_of(names, "val", 0.3)
    assert all(len(set(chosen[n : n + 3])) == 1 for n in range(0, 180, 3)) and 9 < sum(chosen) < 150


def test_files_and_folders_can_be_named(tmp_path: Path) -> None:
    write(tmp_path, "labels.json", "data", range(6))
    write(tmp_path, "more/val_labels.json", "more", range(10, 13))
    with pytest.raises(DataError) as told:
        CocoPersons(tmp_path, "train")
    given = "data.sources.coco.annotations=labels.json data.sources.coco.photos=data"
    assert given in str(told.value) and len(str(told.value)) <= 500
    both = {"annotations": "labels.json", "photos": "data", "val_annotations": "more/val_labels.json"}
    assert names_of(tmp_path, **both, val_photos="more")["val"] == ["010.png", "011.png", "012.png"]
    alone = names_of(tmp_path, annotations="labels.json", photos=tmp_path / "data")
    assert len(alone["train"] + alone["val"]) == 6 and not set(alone["train"]) & set(alone["val"])
    twice = names_of(tmp_path, annotations="labels.json", photos="data", val_annotations="labels.json")
    assert twice == alone
    with pytest.raises(DataError, match=r"none.json: there is no such file"):
        CocoPersons(tmp_path, "train", annotations="none.json")
    with pytest.raises(DataError, match=r"data was looked|none of the photos .* name their folder with photos"):
        CocoPersons(tmp_path, "train", annotations="labels.json")
    with pytest.raises(ConfigError, match="val_share=1"):
        CocoPersons(tmp_path, "train", val_share=1)


def test_a_part_of_coco_is_not_parted(tmp_path: Path) -> None:
    """Whose photos to validate are there, but not their annotations, has forgotten something."""
    write_coco(tmp_path, [image(n) for n in range(9)], [person(1, 1)])
    assert len(CocoPersons(tmp_path, "train")) == 9
    with pytest.raises(DataError, match=r"neither annotations/person_keypoints_val2017.json"):
        CocoPersons(tmp_path, "val")
    assert Names.of({"root": "a", "photos": "b"}) == Names(photos="b")
