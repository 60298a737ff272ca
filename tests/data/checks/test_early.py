from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from coco_files import image, person, write_coco
from recorte.data.checks.early import refuse_what_cannot_be
from recorte.data.coco import CocoPersons
from recorte.data.folder import ImageMaskFolder
from recorte.errors import DataError

SHARES = [[0.1, 0.1, 0.4, 0.1, 0.4, 0.9]]


def write_masks(root: Path, value: int) -> Path:
    for kind in ("photos", "masks"):
        (root / kind).mkdir(parents=True)
    for number in range(8):
        mask = np.zeros((24, 32), np.uint8)
        mask[4:20, 6:26] = value
        Image.new("RGB", (32, 24)).save(root / f"photos/{number}.png")
        Image.fromarray(mask).save(root / f"masks/{number}.png")
    return root


def look(kind: type, root: Path, *splits: str) -> None:
    refuse_what_cannot_be({"one": partial(kind, root)}, splits)


def test_outlines_in_shares_are_refused_where_most_are(tmp_path: Path) -> None:
    images = [image(n) for n in range(5)]
    write_coco(tmp_path, images, [person(n, n, SHARES) for n in range(5)])
    with pytest.raises(DataError, match=r"train2017: 5 of the 5 outlines .* shares from 0 to 1"):
        look(CocoPersons, tmp_path, "train")
    write_coco(tmp_path, images, [person(n, n, SHARES) if n == 3 else person(n, n) for n in range(5)])
    look(CocoPersons, tmp_path, "train")


def test_masks_of_class_numbers_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"masks: nowhere brighter than 1 of 255 in 8 of the 8 masks .*white is the"):
        look(ImageMaskFolder, write_masks(tmp_path / "bad", 1), "train", "val")
    look(ImageMaskFolder, write_masks(tmp_path / "good", 255), "train", "val")


def test_class_numbers_with_edges_of_255_are_refused(tmp_path: Path) -> None:
    """As in Pascal VOC and Cityscapes, where 255 is what counts for nothing."""
    write_masks(tmp_path, 15)
    for path in (tmp_path / "masks").iterdir():
        mask = np.array(Image.open(path))
        mask[4, 6:26] = mask[19, 6:26] = 255
        Image.fromarray(mask).save(path)
    with pytest.raises(DataError, match=r"darker than 128 of 255 in all 8 masks .*white is the person"):
        look(ImageMaskFolder, tmp_path, "train", "val")


@pytest.mark.parametrize("palette", [True, False])
@pytest.mark.parametrize("colour", [(192, 128, 128), (128, 0, 0), (250, 170, 30)])
def test_classes_in_colours_are_refused(tmp_path: Path, colour: tuple[int, int, int], palette: bool) -> None:
    """As VOC's and labelme's palettes have them, which may be light enough for people."""
    write_masks(tmp_path, 1)
    for path in (tmp_path / "masks").iterdir():
        mask = Image.open(path).copy()
        mask.putpalette([0, 0, 0, *colour])
        (mask if palette else mask.convert("RGB")).save(path)
    with pytest.raises(DataError) as told:
        look(ImageMaskFolder, tmp_path, "train", "val")
    assert f"8 of the 8 masks that were read are coloured, such as 0.png with {colour} (RGB)" in str(told.value)
    assert "white is the person, so give the person's pixels 255" in str(told.value)


def test_grey_ramps_and_cut_outs_are_masks(tmp_path: Path) -> None:
    write_masks(tmp_path, 255)
    for number, path in enumerate(sorted((tmp_path / "masks").iterdir())):
        mask = Image.open(path).copy()
        if number % 2:
            cutout = Image.new("RGBA", mask.size, (192, 128, 128, 0))
            cutout.putalpha(mask)
            cutout.save(path)
        else:
            mask.putpalette([value for value in range(256) for _ in range(3)])
            mask.save(path)
    look(ImageMaskFolder, tmp_path, "train", "val")


def test_photos_of_nobody_are_let_through(tmp_path: Path) -> None:
    write_coco(tmp_path, [image(1), image(2)], [], split="val")
    look(CocoPersons, tmp_path, "val")
