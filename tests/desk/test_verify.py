import json
import re
from functools import partial
from pathlib import Path

import pytest
from bad_sets import FAULTS, JSON, NAMES, PHOTO, edited, write_good
from omegaconf import OmegaConf

from recorte.data.coco import CocoPersons
from recorte.data.findings import Finding
from recorte.data.folder import ImageMaskFolder
from recorte.desk.verify import _check_coco, _check_source
from recorte.errors import DataError


def check(root: Path, full: bool = False, fix: bool = False) -> list[Finding]:
    config = OmegaConf.create({"full": full, "fix": fix})
    return list(_check_coco(partial(CocoPersons, root=str(root)), config))


def test_a_good_set_has_no_faults(tmp_path: Path) -> None:
    assert check(write_good(tmp_path / "good"), full=True) == []


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_is_found_and_named(tmp_path: Path, name: str) -> None:
    fault = FAULTS[name]
    root = write_good(tmp_path / "bad")
    fault.make(root)
    found = [finding for finding in check(root, fault.full) if re.search(fault.words, str(finding))]
    assert found, check(root, fault.full)
    assert fault.where in found[0].path
    assert all(finding.grave == fault.grave for finding in found)


def test_there_are_forty_kinds_and_more() -> None:
    assert len(FAULTS) >= 40


@pytest.mark.parametrize("name", NAMES)
def test_odd_names_are_no_faults(tmp_path: Path, name: str) -> None:
    root = write_good(tmp_path / "odd name 'of' \"a\" folder")
    (root / PHOTO).rename((root / PHOTO).with_name(name))
    edited(lambda content: content["images"][3].update(file_name=name))(root)
    assert check(root, full=True) == []


def test_all_faults_are_found_at_once(tmp_path: Path) -> None:
    root = write_good(tmp_path / "bad")
    edited(lambda content: [content["annotations"][number].update(segmentation=[[1, 2]]) for number in (1, 2)])(root)
    (root / "train2017/004.png").unlink()
    (root / "val2017/012.png").write_bytes(b"x")
    assert len(check(root)) == 4


def test_what_is_left_without_the_faults_is_good(tmp_path: Path) -> None:
    root = write_good(tmp_path / "bad")
    edited(lambda content: content["annotations"][1].update(segmentation=[[1, 2]], note="kept elsewhere"))(root)
    (root / "train2017/004.png").write_bytes(b"x")
    before = (root / JSON).read_bytes()
    assert len(check(root, fix=True)) == 2
    assert (root / JSON).read_bytes() == before
    clean = (root / JSON).with_suffix(".clean.json")
    content = json.loads(clean.read_text())
    assert [image["id"] for image in content["images"]] == [0, 1, 2, 3, 5]
    assert [person["id"] for person in content["annotations"]] == [100, 102, 103, 105]
    assert content["annotations"][0]["bbox"] == [4, 2, 8, 8]  # what training does not need stays too
    with pytest.raises(DataError, match=r"clean\.json: is there already"):
        check(root, fix=True)
    clean.replace(root / JSON)
    assert check(root, full=True) == []


def test_folders_of_masks(tmp_path: Path) -> None:
    source = partial(ImageMaskFolder, root=str(tmp_path))
    config = OmegaConf.create({"full": False})
    found = list(_check_source(source, config))
    assert len(found) == 2 and "there is no such folder" in str(found[0])
    good = write_good(tmp_path / "good")
    for folder in ("photos", "masks"):
        (tmp_path / folder).mkdir()
        for number in range(5):
            (tmp_path / folder / f"{number}.png").write_bytes((good / f"train2017/{number:03}.png").read_bytes())
    assert list(_check_source(source, config)) == []
    (tmp_path / "photos/1.png").write_bytes(b"<html>")
    (tmp_path / "photos/3.png").write_bytes((tmp_path / "photos/2.png").read_bytes())
    found = [str(finding) for finding in _check_source(source, config)]
    assert len(found) == 2
    assert "photos/1.png: not a photo" in found[0] and "the same photo as" in found[1]
    (tmp_path / "masks/4.png").write_bytes((tmp_path / "masks/4.png").read_bytes()[:100])
    full = [str(finding) for finding in _check_source(source, OmegaConf.create({"full": True}))]
    assert any("masks/4.png: truncated" in text for text in full)
