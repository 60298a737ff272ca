import json
from functools import partial
from pathlib import Path

import pytest
from PIL import Image

from recorte.data.supervisely import SuperviselyPersons
from recorte.desk.looking.sources import check_sources
from supervisely_files import polygon, write_project

SQUARE = polygon([[4, 2], [12, 2], [12, 10], [4, 10]])


def check(root: Path, full: bool = False) -> dict[str, str]:
    """What is grave, by the file's path below the project's folder; each file once."""
    found = list(check_sources({"one": partial(SuperviselyPersons, root=str(root))}, full).findings)
    grave = [finding for finding in found if finding.grave]
    told = {str(Path(finding.path).relative_to(root)): finding.what for finding in grave}
    assert len(told) == len(grave), grave
    return told


def test_one_fault_at_opening_hides_no_other(tmp_path: Path) -> None:
    write_project(tmp_path, {f"ds1/{number:02}.png": [SQUARE] for number in range(40)})
    for number in range(12):
        (tmp_path / f"ds1/ann/{number:02}.png.json").unlink()
    for number in (12, 13, 14):
        path = tmp_path / f"ds1/ann/{number}.png.json"
        path.write_bytes(path.read_bytes()[:50])
    (tmp_path / "ds1/img/15.png").unlink()
    (tmp_path / "ds1/img/16.png").write_bytes(b"<html>")
    found = check(tmp_path)
    truncated = [found.pop(f"ds1/ann/{number}.png.json") for number in (12, 13, 14)]
    assert all(what.startswith("not an annotation in Supervisely's format") for what in truncated)
    assert found == {
        **{f"ds1/img/{number:02}.png": "has no annotation" for number in range(12)},
        "ds1/ann/15.png.json": "has no photo",
        "ds1/img/16.png": "not a photo: it begins with '<html>'",
    }


def test_where_no_photo_has_an_annotation_each_is_told(tmp_path: Path) -> None:
    write_project(tmp_path, {f"ds1/{number}.png": [SQUARE] for number in range(3)})
    for path in (tmp_path / "ds1/ann").iterdir():
        path.write_text("[]")
    assert sorted(check(tmp_path)) == ["ds1/ann/0.png.json", "ds1/ann/1.png.json", "ds1/ann/2.png.json"]
    for path in (tmp_path / "ds1/ann").iterdir():
        path.unlink()
    assert sorted(check(tmp_path)) == ["ds1/img/0.png", "ds1/img/1.png", "ds1/img/2.png"]


@pytest.mark.parametrize("full", [False, True])
def test_photos_of_twice_or_half_the_size_of_their_annotation(tmp_path: Path, full: bool) -> None:
    write_project(tmp_path, {f"ds1/{number}.jpg": [SQUARE] for number in range(4)} | {"ds1/half.png": [SQUARE]})
    large = Image.linear_gradient("L").resize((400, 300))
    for number, size in enumerate([(400, 300), (800, 600), (200, 150), (300, 400)]):
        large.resize(size).save(tmp_path / f"ds1/img/{number}.jpg")
    large.resize((200, 150)).save(tmp_path / "ds1/img/half.png")
    for path in (tmp_path / "ds1/ann").iterdir():
        path.write_text(json.dumps(json.loads(path.read_text()) | {"size": {"height": 300, "width": 400}}))
    assert {name: what.partition(" pixels, ")[0] for name, what in check(tmp_path, full).items()} == {
        "ds1/img/1.jpg": "the photo is 800 x 600",
        "ds1/img/2.jpg": "the photo is 200 x 150",
        "ds1/img/3.jpg": "the photo is 300 x 400",
        "ds1/img/half.png": "the photo is 200 x 150",
    }
