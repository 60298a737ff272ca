from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from recorte.data.folder import ImageMaskFolder
from recorte.data.reading.findings import Finding
from recorte.desk.looking.sources import check_sources

WHITE = "white is the person, so give the person's pixels 255 and all others 0"


def write_pairs(root: Path, masks: list[Image.Image]) -> Path:
    for kind in ("photos", "masks"):
        (root / kind).mkdir(parents=True)
    for number, mask in enumerate(masks):
        noise = np.random.default_rng(number).integers(0, 256, (24, 32, 3), dtype=np.uint8)
        Image.fromarray(noise).save(root / f"photos/{number}.png")
        mask.save(root / f"masks/{number}.png")
    return root


def square(value: int, kind: type = np.uint8) -> Image.Image:
    pixels = np.zeros((24, 32), kind)
    pixels[4:20, 6:26] = value
    return Image.fromarray(pixels)


def coloured(*colour: int) -> Image.Image:
    mask = square(1)
    mask.putpalette([0, 0, 0, *colour])
    return mask


def check(root: Path, full: bool) -> list[Finding]:
    return list(check_sources({"one": partial(ImageMaskFolder, root=str(root))}, full).findings)


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize(
    ("mask", "brightest"),
    # 255 of 65,535 is one of 255.
    [(square(1), 1), (square(127), 127), (coloured(38, 38, 38), 38), (square(255, np.uint16), 1)],
    ids=["classes", "grey", "palette", "16 bits"],
)
def test_masks_in_which_nobody_is_white(tmp_path: Path, mask: Image.Image, brightest: int, full: bool) -> None:
    found = check(write_pairs(tmp_path, [mask] * 8), full)
    what = f"nowhere brighter than {brightest} of 255 in 8 of the 8 masks that were read; {WHITE}"
    assert found.pop() == Finding(str(tmp_path / "masks"), "", what, grave=True)
    odd = f"nobody is marked in it: its mask is nowhere brighter than {brightest} of 255"
    assert sorted(found) == [Finding(str(tmp_path / f"photos/{n}.png"), "", odd, False) for n in range(8 * full)]


@pytest.mark.parametrize("values", [[128] * 8, [0, 0, 0, 255], [200] * 3])
def test_masks_with_people_and_without(tmp_path: Path, values: list[int]) -> None:
    assert check(write_pairs(tmp_path, [square(value) for value in values]), full=False) == []


@pytest.mark.parametrize(("values", "count", "brightest"), [([9, 0, 255, 7], 3, 9), ([0] * 4, 4, 0)])
def test_a_few_dark_masks_are_odd(tmp_path: Path, values: list[int], count: int, brightest: int) -> None:
    """A model's masks of photos of nobody, say."""
    what = f"nowhere brighter than {brightest} of 255 in {count} of the 4 masks that were read; {WHITE}"
    found = check(write_pairs(tmp_path, [square(value) for value in values]), full=False)
    assert found == [Finding(str(tmp_path / "masks"), "", what, grave=False)]


def test_of_many_masks_a_few_dozen_are_read_all_through_the_set(tmp_path: Path) -> None:
    write_pairs(tmp_path, [square(1)] * 100)
    (found,) = check(tmp_path, full=False)
    count = int(found.what.split(" in ")[1].split()[0])
    assert 24 <= count <= 64 and found.grave
    square(255).save(tmp_path / "masks/0.png")
    (found,) = check(tmp_path, full=False)
    assert not found.grave


def test_one_fault_at_opening_hides_no_other(tmp_path: Path) -> None:
    write_pairs(tmp_path, [square(255)] * 30)
    for number in range(14):
        (tmp_path / f"masks/{number}.png").unlink()
    for number in (14, 15):
        (tmp_path / f"photos/{number}.png").unlink()
    (tmp_path / "photos/20.png").write_bytes(b"<html>")
    (tmp_path / "masks/21.png").write_bytes(b"")
    square(255).save(tmp_path / "photos/22.bmp")  # comes before 22.png
    square(255).save(tmp_path / "masks/23.bmp")
    photos, masks = tmp_path / "photos", tmp_path / "masks"
    wanted = {
        **{photos / f"{number}.png": f"without a mask in {masks}" for number in range(14)},
        **{masks / f"{number}.png": f"without a photo in {photos}" for number in (14, 15)},
        photos / "20.png": "not a photo: it begins with '<html>'",
        masks / "21.png": "empty, 0 bytes",
        photos / "22.png": "of one name with another photo",
        masks / "23.png": "of one name with another mask",
    }
    found = check(tmp_path, full=False)
    assert {Path(finding.path): finding.what for finding in found if finding.grave} == wanted
    assert len(found) == len(wanted)


def test_where_no_photo_has_a_mask_each_is_told(tmp_path: Path) -> None:
    write_pairs(tmp_path, [square(255)] * 2)
    for number in range(2):
        (tmp_path / f"masks/{number}.png").rename(tmp_path / f"masks/{number}_mask.png")
    found = check(tmp_path, full=False)
    names = ["masks/0_mask.png", "masks/1_mask.png", "photos/0.png", "photos/1.png"]
    assert sorted(finding.path for finding in found) == [str(tmp_path / name) for name in names]
