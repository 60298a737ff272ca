from pathlib import Path

import pytest
from coco_files import image, person, write_coco
from PIL import Image

from recorte.data.coco import CocoPersons
from recorte.data.folder import ImageMaskFolder
from recorte.data.structure import structure_of
from recorte.data.supervisely import SuperviselyPersons
from recorte.data.synthetic import SyntheticPersons
from recorte.files import free_space
from supervisely_files import polygon, write_project


def found(kind: type, root: Path, **options: str) -> dict[str, str]:
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


def test_what_is_drawn_needs_nothing() -> None:
    assert structure_of(SyntheticPersons, {"length": 3}) == []


def test_free_space_where_nothing_is_yet(tmp_path: Path) -> None:
    assert free_space(tmp_path / "a/b/c") == pytest.approx(free_space(tmp_path), rel=0.01)
