import json
import os
import re
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from omegaconf import OmegaConf
from PIL import Image

from bad_sets import FAULTS, JSON, NAMES, PHOTO, edited, write_good
from recorte.data.checks import mending as coco_mending
from recorte.data.coco import CocoPersons
from recorte.data.cutouts import CutoutFolder
from recorte.data.folder import ImageMaskFolder
from recorte.data.reading.findings import Finding
from recorte.data.supervisely import SuperviselyPersons
from recorte.desk import verify as verb
from recorte.desk.looking.sources import Looked, check_sources
from recorte.errors import DataError
from supervisely_files import polygon, write_project


def look(root: Path, full: bool = False, kind: type = CocoPersons) -> Looked:
    return check_sources({"one": partial(kind, root=str(root))}, full)


def check(root: Path, full: bool = False, kind: type = CocoPersons) -> list[Finding]:
    return list(look(root, full, kind).findings)


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


@pytest.mark.parametrize("full", [False, True])
def test_folders_of_masks(tmp_path: Path, full: bool) -> None:
    found = check(tmp_path, full, ImageMaskFolder)
    assert len(found) == 1 and found[0].path == str(tmp_path / "photos")
    assert found[0].what.startswith("there is no such folder")
    for number in range(7):
        noise = np.random.default_rng(number).integers(0, 256, (24, 32, 4), dtype=np.uint8)
        save(tmp_path / f"photos/{number}.png", noise[..., :3])
        save(tmp_path / f"masks/{number}.png", noise[:12, :16, 3])
    assert check(tmp_path, full, ImageMaskFolder) == []
    (tmp_path / "photos/1.png").write_bytes(b"<html>")
    (tmp_path / "photos/3.png").write_bytes((tmp_path / "photos/2.png").read_bytes())
    cut = (tmp_path / "masks/4.png").read_bytes()[:100]
    (tmp_path / "masks/4.png").write_bytes(cut)
    (tmp_path / "masks/5.png").write_bytes(b"<html>404")
    save(tmp_path / "masks/6.png", np.zeros((200, 10), np.uint8))
    save(tmp_path / "masks/0.png", np.full((24, 32), 255, np.uint8))
    found = sorted(check(tmp_path, full, ImageMaskFolder))
    told = {str(Path(finding.path).relative_to(tmp_path)): (finding.what, finding.grave) for finding in found}
    assert len(told) == len(found)
    assert not any(str(finding.what).startswith(finding.path) for finding in found)
    assert told["photos/1.png"] == ("not a photo: it begins with '<html>'", True)
    assert [told[name][0][:17] for name in told if name in ("photos/2.png", "photos/3.png")] == ["the same photo as"]
    assert told["masks/5.png"] == ("not a photo: it begins with '<html>404'", True)
    assert re.search("32 x 24 pixels, but its mask .*/6.png is for 10 x 200", told["photos/6.png"][0])
    if full:
        assert re.match("truncated", told["masks/4.png"][0])
        assert told["photos/0.png"] == ("all of it is marked as person", False)
    else:
        assert not told.keys() & {"masks/4.png", "photos/0.png"}


def test_shapes_of_supervisely_are_drawn_without_full(tmp_path: Path) -> None:
    square = [[4, 2], [12, 2], [12, 10], [4, 10]]
    write_project(tmp_path, {f"ds1/{number}.png": [polygon(square)] for number in range(6)})
    assert check(tmp_path, kind=SuperviselyPersons) == []
    for number, change in {1: {"objects": [polygon([[1, 1]])]}, 2: {"size": {"height": 9, "width": 9}}}.items():
        path = tmp_path / f"ds1/ann/{number}.png.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | change))
    found = {Path(finding.path).name: finding for finding in check(tmp_path, kind=SuperviselyPersons)}
    assert sorted(found) == ["1.png.json", "2.png"] and all(finding.grave for finding in found.values())
    assert found["1.png.json"].what.startswith("object 7 is not usable")
    assert "40 x 30 pixels, but its annotation is for 9 x 9" in found["2.png"].what


def test_cutouts_that_are_none_and_those_in_both_splits(tmp_path: Path) -> None:
    for number in range(6):
        cutout = np.random.default_rng(number).integers(0, 255, (8, 8, 4), dtype=np.uint8)
        save(tmp_path / f"{number}.png", cutout)
    assert check(tmp_path, kind=CutoutFolder) == []
    val = CutoutFolder(tmp_path, "val").name(0)
    train = CutoutFolder(tmp_path, "train")
    (tmp_path / val).write_bytes((tmp_path / train.name(0)).read_bytes())
    save(tmp_path / train.name(1), np.full((8, 8, 4), 255, np.uint8))
    found = {Path(finding.path).name: finding for finding in check(tmp_path, kind=CutoutFolder)}
    assert sorted(found) == sorted([val, train.name(1)]) and all(finding.grave for finding in found.values())
    assert found[train.name(1)].what.startswith("nothing in it is transparent")
    assert found[val].what == f"the same photo as {tmp_path / train.name(0)}: val and train must not share any"


def test_one_source_trains_on_what_another_validates_on(tmp_path: Path) -> None:
    write_good(tmp_path / "a"), write_good(tmp_path / "b")
    for number in (10, 11, 12):
        save(tmp_path / f"b/val2017/{number:03}.png", np.full((24, 32, 3), number, np.uint8))
    for number in range(6):
        save(tmp_path / f"b/train2017/{number:03}.png", np.full((24, 32, 3), 50 + number, np.uint8))
    (tmp_path / "b/train2017/004.png").write_bytes((tmp_path / "a/val2017/011.png").read_bytes())
    sources = {name: partial(CocoPersons, root=str(tmp_path / name)) for name in ("a", "b")}
    looked = check_sources(sources, full=False)
    what = f"the same photo as {tmp_path / 'a/val2017/011.png'}: train and val must not share any"
    assert list(looked.findings) == [Finding(str(tmp_path / "b/train2017/004.png"), "", what)]


def test_a_set_of_links_trains_and_is_not_mended_away(tmp_path: Path) -> None:
    root = write_good(tmp_path / "links")
    (root / "train2017").rename(tmp_path / "store")
    (root / "train2017").mkdir()
    for photo in (tmp_path / "store").iterdir():
        (root / "train2017" / photo.name).symlink_to(photo)
    looked = look(root)
    assert len(looked.findings) == 6 and not any(finding.grave for finding in looked.findings)
    assert looked.annotations == []
    assert CocoPersons(root, "train")[0].photo.shape == (24, 32, 3)


def save(path: Path, pixels: np.ndarray) -> None:
    path.parent.mkdir(exist_ok=True)
    Image.fromarray(pixels).save(path)


def run_verify(root: Path, run_dir: Path, kind: str = "recorte.data.coco.CocoPersons") -> int:
    """The verb, of data with faults, so that no network is made."""
    opened = {"_target_": kind, "_partial_": True, "root": str(root)}
    data = {"root": str(root), "sources": {"one": opened}}
    return verb.verify(OmegaConf.create({"data": data, "full": False, "fix": True, "run_dir": str(run_dir)}))


def reported(run_dir: Path) -> list[str]:
    return [finding["what"] for finding in json.loads((run_dir / "verify.json").read_text())]


def faulty(root: Path) -> Path:
    edited(lambda content: content["annotations"][1].update(area="sixty"))(write_good(root))
    return root


def test_a_report_is_written_though_nothing_can_be_mended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    root = faulty(tmp_path / "bad")
    with monkeypatch.context() as patched:
        patched.setattr(coco_mending, "write_whole", refuse)
        with pytest.raises(DataError, match=r"clean\.json: cannot be written \(Permission denied\)"):
            run_verify(root, tmp_path / "first")
    assert len(reported(tmp_path / "first")) == 1
    assert "annotation 101" in capsys.readouterr().out
    assert run_verify(root, tmp_path / "second") == 1
    with pytest.raises(DataError, match=r"clean\.json: is there already"):
        run_verify(root, tmp_path / "third")
    assert len(reported(tmp_path / "second")) == 2 and len(reported(tmp_path / "third")) == 1


def test_a_faulty_category_alone_is_mended(tmp_path: Path) -> None:
    root = write_good(tmp_path / "bad")
    good = json.loads((root / JSON).read_text())
    edited(lambda content: content["categories"].append({"id": 2}))(root)
    assert run_verify(root, tmp_path / "run") == 1
    assert json.loads((root / JSON).with_suffix(".clean.json").read_text()) == good


USELESS = {
    "every outline": ("annotations", {"segmentation": []}),
    "every photo": ("images", {"file_name": "no.png"}),
    "every photo's record": ("images", {"width": "wide"}),
}


@pytest.mark.parametrize("case", USELESS)
def test_where_nothing_is_left_nothing_is_written(tmp_path: Path, case: str) -> None:
    records, change = USELESS[case]
    root = write_good(tmp_path / "bad")
    edited(lambda content: [one.update(change) for one in content[records]])(root)
    with pytest.raises(DataError, match=r"fix=true cannot mend it: .* \(lists no photos"):
        run_verify(root, tmp_path / "run")
    assert list(root.glob("annotations/*.clean.json")) == []
    assert len(reported(tmp_path / "run")) >= 6


def test_a_report_that_cannot_be_written_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match=r"verify\.json: cannot be written"):
        run_verify(faulty(tmp_path / "bad"), tmp_path / "file/below")
    assert "annotation 101" in capsys.readouterr().out


def test_names_that_are_no_text_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for folder in ("photos", "masks"):
        (tmp_path / folder).mkdir()
        for name in (b"a.png", b"caf\xe9.png"):
            Path(os.fsdecode(os.fsencode(tmp_path / folder) + b"/" + name)).write_bytes(b"x")
    sys.stdout.reconfigure(errors="backslashreplace")  # as the door does
    assert run_verify(tmp_path, tmp_path / "run", "recorte.data.folder.ImageMaskFolder") == 1
    assert any("caf\udce9" in finding["path"] for finding in json.loads((tmp_path / "run/verify.json").read_text()))
    out = capsys.readouterr().out
    assert "caf\\udce9.png: not a photo" in out
    assert "fix=true mends annotations of COCO only; nothing is changed of one" in out
