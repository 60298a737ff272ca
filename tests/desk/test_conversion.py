import json
import os
import sys
from pathlib import Path

import numpy as np
import pytest
from omegaconf import DictConfig, OmegaConf
from PIL import Image

from recorte.data.coco import CocoPersons
from recorte.data.folder import ImageMaskFolder
from recorte.desk.conversion import convert
from recorte.errors import ConfigError, DataError

PERSON, CROWD = [[2, 2, 10, 2, 10, 10, 2, 10]], [[16, 0, 32, 0, 32, 24, 16, 24]]  # the crowd is half of the photo


def config(kind: str, root: Path, to: str, target: Path, **options: object) -> DictConfig:
    source = {"_target_": f"recorte.data.{kind}", "_partial_": True, "root": str(root)} | options
    return OmegaConf.create({"target": str(target), "to": to, "data": {"sources": {"a": source}}})


def write_pairs(root: Path, *names: str) -> None:
    for kind in ("photos", "masks"):
        (root / kind).mkdir(parents=True)
        for number, name in enumerate(names):
            Image.new("L", (8, 6), 255 - number).save(root / kind / name)


def write_coco(root: Path, outlines: list[list[tuple[list, int]]]) -> None:
    """Photos, 24 x 32, each with outlines that are a crowd or not; the same to train and to validate."""
    (root / "annotations").mkdir(parents=True)
    images = [
        {"id": number, "file_name": f"{number}.png", "width": 32, "height": 24} for number in range(len(outlines))
    ]
    annotations = [
        {"image_id": number, "category_id": 1, "iscrowd": crowd, "area": 99, "segmentation": outline}
        for number, people in enumerate(outlines)
        for outline, crowd in people
    ]
    content = {
        "images": images, "categories": [{"id": 1, "name": "person"}],
        "annotations": [{"id": number} | one for number, one in enumerate(annotations)],
    }  # fmt: skip
    for split in ("train", "val"):
        (root / f"{split}2017").mkdir()
        for number in range(len(outlines)):
            Image.new("RGB", (32, 24), (number, 0, 0)).save(root / f"{split}2017/{number}.png")
        (root / f"annotations/person_keypoints_{split}2017.json").write_text(json.dumps(content))


def below(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_photos_with_crowds_are_left_out_of_masks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_coco(tmp_path / "in", [[(PERSON, 0)], [(PERSON, 0), (CROWD, 1)], []])
    assert convert(config("coco.CocoPersons", tmp_path / "in", "masks", tmp_path / "out")) == 1
    for split in ("train", "val"):
        assert below(tmp_path / "out" / split / "masks") == ["000000-0.png", "000002-2.png"]
        assert below(tmp_path / "out" / split / "photos") == ["000000-0.png", "000002-2.png"]
    told = capsys.readouterr().out
    assert f"left out: {tmp_path}/in/train2017/1.png: 50 % of it count neither as people nor as background" in told
    assert f"val: 2 photos written to {tmp_path}/out, 1 left out" in told


def test_crowds_stay_crowds_in_coco(tmp_path: Path) -> None:
    write_coco(tmp_path / "in", [[(PERSON, 0), (CROWD, 1)], [(CROWD, 1)]])
    assert convert(config("coco.CocoPersons", tmp_path / "in", "coco", tmp_path / "out")) == 0
    weight = np.ones((24, 32), np.uint8)
    weight[:, 16:] = 0
    both = list(CocoPersons(tmp_path / "out", "val"))
    assert [int(sample.alpha.sum()) // 255 for sample in both] == [64, 0]
    assert all(np.array_equal(sample.weight, weight) for sample in both)


def test_a_photo_that_comes_up_often_is_written_once(tmp_path: Path) -> None:
    write_coco(tmp_path / "in", [[(PERSON, 0)], [], []])
    convert(config("coco.CocoPersons", tmp_path / "in", "masks", tmp_path / "out", negatives=3))
    assert below(tmp_path / "out/train/photos") == ["000000-0.png", "000001-1.png", "000002-2.png"]


def test_nothing_is_written_where_one_split_cannot_be_opened(tmp_path: Path) -> None:
    write_pairs(tmp_path / "in", "only.png")
    with pytest.raises(DataError, match="'val' needs a second one"):
        convert(config("folder.ImageMaskFolder", tmp_path / "in", "masks", tmp_path / "out"))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("target", ["cut/out", "rooms/new/out", "cut/../cut/out"])
def test_what_is_written_is_never_read_as_data(tmp_path: Path, target: str) -> None:
    for folder in ("cut", "rooms"):
        (tmp_path / folder).mkdir()
        for name in ("a", "b"):
            Image.new("RGBA", (8, 6), (200, 0, 0, 99)).save(tmp_path / folder / f"{name}.png")
    options = {"backgrounds": str(tmp_path / "rooms")}
    with pytest.raises(ConfigError, match="give a folder outside of it"):
        convert(config("cutouts.CutoutFolder", tmp_path / "cut", "masks", tmp_path / target, **options))
    assert below(tmp_path / "cut") == below(tmp_path / "rooms") == ["a.png", "b.png"]


@pytest.mark.skipif(sys.platform != "linux", reason="names of files are any bytes on Linux only")
def test_names_that_are_no_text_or_too_long(tmp_path: Path) -> None:
    write_pairs(tmp_path / "in", os.fsdecode(b"ni\xf1o ana.png"), f"{'ñ' * 125}.png", "c.png")
    assert convert(config("folder.ImageMaskFolder", tmp_path / "in", "coco", tmp_path / "out")) == 0
    written = [sample.name for split in ("train", "val") for sample in CocoPersons(tmp_path / "out", split)]
    assert sorted(name.partition("-")[2] for name in written) == ["c.png", "ni_o_ana.png", f"{'ñ' * 100}.png"]
    listed = [json.loads(path.read_bytes()) for path in (tmp_path / "out/annotations").iterdir()]
    assert sorted(image["file_name"] for content in listed for image in content["images"]) == sorted(written)


def test_a_target_below_a_file_is_told(tmp_path: Path) -> None:
    write_pairs(tmp_path / "in", "a.png", "b.png")
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(DataError, match=r"cannot be written \(Not a directory\); give another folder"):
        convert(config("folder.ImageMaskFolder", tmp_path / "in", "masks", tmp_path / "file/out"))


def test_a_kind_that_folders_are_not_read_for_becomes_png(tmp_path: Path) -> None:
    write_coco(tmp_path / "in", [[(PERSON, 0)], []])
    for split in ("train", "val"):
        file = tmp_path / f"in/annotations/person_keypoints_{split}2017.json"
        file.write_text(file.read_text().replace("0.png", "0.gif").replace("1.png", "1"))
        for name in ("0.gif", "1"):
            Image.new("RGB", (32, 24), (0, 0, 99)).save(tmp_path / f"in/{split}2017/{name}", "GIF")
    assert convert(config("coco.CocoPersons", tmp_path / "in", "masks", tmp_path / "out")) == 0
    assert len(ImageMaskFolder(tmp_path / "out", "train")) == len(ImageMaskFolder(tmp_path / "out", "val")) == 2
    sample = ImageMaskFolder(tmp_path / "out", "train")[0]
    assert (sample.photo == (0, 0, 99)).all() and sample.alpha.any()


def test_a_conversion_that_is_stopped_says_that_only_a_part_is_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_pairs(tmp_path / "in", "a.png", "b.png")

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("recorte.desk.conversion.shutil.copyfile", stop)
    with pytest.raises(KeyboardInterrupt):
        convert(config("folder.ImageMaskFolder", tmp_path / "in", "masks", tmp_path / "out"))
    assert capsys.readouterr().err == f"{tmp_path / 'out'}: only a part is there; remove it before you convert again\n"
