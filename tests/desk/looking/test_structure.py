import errno
import os
import shlex
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from coco_files import image, person, write_coco
from recorte.data.coco import CocoPersons
from recorte.data.cutouts import CutoutFolder
from recorte.data.folder import ImageMaskFolder
from recorte.data.supervisely import SuperviselyPersons
from recorte.data.synthetic import SyntheticPersons
from recorte.desk.looking.structure import structure_of
from recorte.files import free_space
from supervisely_files import polygon, write_project


def found(kind: type, root: Path, **options: object) -> dict[str, str]:
    return {item.what: item.found for item in structure_of(kind, {"root": str(root), **options})}


def test_coco(tmp_path: Path) -> None:
    items = {item.what: item for item in structure_of(CocoPersons, {"root": str(tmp_path)})}
    assert not any(item.found for item in items.values())
    assert items["photos, val"].remedy.endswith(f"data.root={tmp_path} 'parts=[val]'")
    write_coco(tmp_path, [image(7), image(8)], [person(1, 7)])
    write_coco(tmp_path, [image(7)], [], split="val", kind="instances")
    (tmp_path / "train2017/notes.txt").touch()
    assert found(CocoPersons, tmp_path) == {
        "annotations, train": "0.0 MB", "photos, train": "2 files",
        "annotations, val": "0.0 MB", "photos, val": "1 files",
    }  # fmt: skip


def test_coco_without_val_says_how_many_photos_are_parted_for_it(tmp_path: Path) -> None:
    write_coco(tmp_path, [image(number) for number in range(30)], [person(1, 7)])
    (tmp_path / "val2017").rmdir()
    items = found(CocoPersons, tmp_path, val_share=0.2)
    assert items["photos, val"] == "about 6 of the 30, by val_share=0.2: val has no annotation file of its own"
    (tmp_path / "annotations/person_keypoints_train2017.json").unlink()
    assert list(found(CocoPersons, tmp_path)) == ["annotations", "photos"]


@pytest.mark.parametrize("others", [0, 5])
def test_no_download_is_offered_where_another_set_is_there(tmp_path: Path, others: int) -> None:
    write_coco(tmp_path, [image(7)], [person(1, 7)])
    (tmp_path / "val2017").rmdir()
    (tmp_path / "train2017").rename(tmp_path / "pictures")
    labels = (tmp_path / "annotations/person_keypoints_train2017.json").rename(tmp_path / "annotations/labels.json")
    for number in range(others):
        labels.with_name(f"{number}.json").write_bytes(labels.read_bytes())
    (item,) = structure_of(CocoPersons, {"root": str(tmp_path)})
    assert (item.path, item.found) == (tmp_path, "")
    assert "scripts/dataset.py download" not in item.remedy
    named = "annotations=annotations/labels.json data.sources.coco.photos=pictures" in item.remedy
    assert named == (not others)  # of six files nobody knows which one it is


@pytest.mark.parametrize(
    ("folders", "wanted"),
    [
        (["photos", "masks"], ["photos", "masks"]),
        (["train/photos", "train/masks"], ["photos", "masks"]),
        (
            ["train/photos", "train/masks", "val/photos", "val/masks"],
            ["photos, train", "masks, train", "photos, val", "masks, val"],
        ),
    ],
)
def test_folders(tmp_path: Path, folders: list[str], wanted: list[str]) -> None:
    for folder in folders:
        (tmp_path / folder / "album").mkdir(parents=True)
        Image.new("L", (2, 2)).save(tmp_path / folder / "album/a.png")
    assert found(ImageMaskFolder, tmp_path) == dict.fromkeys(wanted, "1 files")
    assert found(ImageMaskFolder, tmp_path, masks="mattes")[wanted[1]] == ""
    assert found(ImageMaskFolder, tmp_path / "nowhere") == {"photos": "", "masks": ""}


def test_supervisely(tmp_path: Path) -> None:
    assert found(SuperviselyPersons, tmp_path / "nowhere") == {"classes": "", "photos, ds1": "", "annotations, ds1": ""}
    write_project(tmp_path, {"ds1/a.png": [polygon([[1, 1], [5, 1], [5, 5]])], "ds2/a.png": [], "ds2/b.png": []})
    assert found(SuperviselyPersons, tmp_path) == {
        "classes": "0.0 MB", "photos, ds1": "1 files", "annotations, ds1": "1 files", "photos, ds2": "2 files",
        "annotations, ds2": "2 files",
    }  # fmt: skip


def test_a_remedy_can_be_pasted_into_a_shell(tmp_path: Path) -> None:
    root = tmp_path / "it's a (1)"
    remedies = [item.remedy for item in structure_of(CocoPersons, {"root": str(root)})]
    assert shlex.split(remedies[3]) == [
        "python", "scripts/dataset.py", "download", "data=coco", f"data.root={root}", "parts=[val]",
    ]  # fmt: skip


def test_an_empty_file_is_not_there(tmp_path: Path) -> None:
    write_coco(tmp_path, [image(7)], [person(1, 7)])
    (tmp_path / "annotations/person_keypoints_train2017.json").write_bytes(b"")
    item = structure_of(CocoPersons, {"root": str(tmp_path)})[0]
    assert item.found == ""
    assert item.remedy.startswith("it is empty: remove it; python scripts/dataset.py download")


def test_what_may_not_be_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_coco(tmp_path, [image(7)], [person(1, 7)])
    scan = os.scandir

    def refuse(folder: str) -> Any:
        if str(folder) == str(tmp_path / "train2017"):
            raise PermissionError(errno.EACCES, "Permission denied", str(folder))
        return scan(folder)

    monkeypatch.setattr(os, "scandir", refuse)
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path).suffix != ".json")
    annotations, photos, *_ = structure_of(CocoPersons, {"root": str(tmp_path)})
    assert (annotations.found, photos.found) == ("", "")
    assert annotations.remedy == "cannot be read (no permission); give yourself the right to"
    assert photos.remedy == f"{tmp_path}/train2017 cannot be read (Permission denied); give yourself the right to"


def test_a_data_set_that_may_not_be_looked_into(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_project(tmp_path, {"ds1/a.png": [], "ds2/a.png": []})
    system, scan = Path.stat, os.scandir

    def refuse(path: Path | str) -> None:
        if Path(path).is_relative_to(tmp_path / "ds1"):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(Path, "stat", lambda path, **options: refuse(path) or system(path, **options))
    monkeypatch.setattr(os, "scandir", lambda path: refuse(path) or scan(path))
    items = {item.what: item for item in structure_of(SuperviselyPersons, {"root": str(tmp_path)})}
    assert items["photos, ds2"].found == "1 files"
    assert items["photos, ds1"].found == ""
    assert "cannot be read (Permission denied)" in items["photos, ds1"].remedy


def test_hidden_files_do_not_count(tmp_path: Path) -> None:
    for name in ("photos/a.jpg", "photos/._a.jpg", "photos/.trash/b.jpg", "masks/a.png", "masks/.DS_Store"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert found(ImageMaskFolder, tmp_path) == {"photos": "1 files", "masks": "1 files"}


def test_linked_folders_are_told(tmp_path: Path) -> None:
    for kind in ("photos", "masks"):
        (tmp_path / "data" / kind / "album").mkdir(parents=True)
        (tmp_path / "elsewhere").mkdir(exist_ok=True)
        Image.new("L", (2, 2)).save(tmp_path / "elsewhere/b.png")
        (tmp_path / "data" / kind / "linked").symlink_to(tmp_path / "elsewhere")
        (tmp_path / "data" / kind / "album/round").symlink_to(tmp_path / "data" / kind)
    for item in structure_of(ImageMaskFolder, {"root": str(tmp_path / "data")}):
        assert item.found == ""
        assert item.remedy.endswith("; linked folders are passed over: linked, round")
    for kind in ("photos", "masks"):
        Image.new("L", (2, 2)).save(tmp_path / "data" / kind / "album/a.png")
    note = "1 files; linked folders are passed over: linked, round"
    assert found(ImageMaskFolder, tmp_path / "data") == {"photos": note, "masks": note}
    assert found(CutoutFolder, tmp_path / "data/photos") == {"cut-outs": note}


def test_what_is_drawn_needs_nothing() -> None:
    assert structure_of(SyntheticPersons, {"length": 3}) == []


def test_free_space_where_nothing_is_yet(tmp_path: Path) -> None:
    assert free_space(tmp_path / "a/b/c") == pytest.approx(free_space(tmp_path), rel=0.01)
