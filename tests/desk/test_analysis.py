import json
import warnings
from pathlib import Path

import numpy as np
import pytest
from omegaconf import DictConfig, OmegaConf
from PIL import Image

from recorte.desk.analysis import analyze
from recorte.errors import DataError


def asked(kind: str, root: Path, run_dir: Path) -> DictConfig:
    source = {"_target_": f"recorte.data.{kind}", "_partial_": True, "root": str(root)}
    return OmegaConf.create({"run_dir": str(run_dir), "photos": None, "data": {"sources": {"a": source}}})


def no_constants(name: str) -> None:
    raise AssertionError(f"{name} is no JSON")


def test_areas_that_nobody_knows_are_none(tmp_path: Path) -> None:
    person = {"id": 1, "image_id": 1, "category_id": 1, "iscrowd": 0, "area": None, "segmentation": [[1, 1]]}
    image = {"id": 1, "file_name": "1.png", "width": 32, "height": 24}
    content = {"images": [image], "annotations": [person], "categories": [{"id": 1, "name": "person"}]}
    for split in ("train", "val"):
        (tmp_path / f"{split}2017").mkdir()
        Image.new("RGB", (32, 24)).save(tmp_path / f"{split}2017/1.png")
        (tmp_path / "annotations").mkdir(exist_ok=True)
        (tmp_path / f"annotations/person_keypoints_{split}2017.json").write_text(json.dumps(content))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert analyze(asked("coco.CocoPersons", tmp_path, tmp_path / "out")) == 0
    facts = json.loads((tmp_path / "out/analysis.json").read_text(), parse_constant=no_constants)
    assert facts["a, train"]["area of a person, pixels"] is None
    assert facts["a, train"]["share of the photo"] is None


def test_a_split_that_cannot_be_opened_keeps_nothing_from_the_other(tmp_path: Path) -> None:
    for folder, names in (("train/photos", "abc"), ("train/masks", "abc"), ("val/photos", ""), ("val/masks", "")):
        (tmp_path / folder).mkdir(parents=True)
        for name in names:
            Image.fromarray(np.full((9, 9), 200, np.uint8)).save(tmp_path / folder / f"{name}.png")
    with pytest.raises(DataError, match="val/photos: no photos are in it"):
        analyze(asked("folder.ImageMaskFolder", tmp_path, tmp_path / "out"))
    assert list(json.loads((tmp_path / "out/analysis.json").read_text())) == ["a, train"]
    assert (tmp_path / "out/analysis-a-train.png").is_file()


def test_photos_of_one_even_colour_each_are_drawn(tmp_path: Path) -> None:
    for split in ("train", "val"):
        for folder in ("photos", "masks"):
            (tmp_path / split / folder).mkdir(parents=True)
        for number in range(1, 6):  # means of one colour over several sizes differ by rounding errors
            size = (37 * number, 91 + 13 * number)
            Image.new("RGB", size, (91, 119, 60)).save(tmp_path / split / f"photos/{number}.png")
            Image.new("L", size, 255).save(tmp_path / split / f"masks/{number}.png")
    assert analyze(asked("folder.ImageMaskFolder", tmp_path, tmp_path / "out")) == 0
    facts = json.loads((tmp_path / "out/analysis.json").read_text())["a, val"]
    assert facts["contrast, of 255"] == {"mean": 0, "least": 0, "median": 0, "greatest": 0}
    light = round(0.299 * 91 + 0.587 * 119 + 0.114 * 60, 4)
    assert facts["brightness, of 255"] == {"mean": light, "least": light, "median": light, "greatest": light}
