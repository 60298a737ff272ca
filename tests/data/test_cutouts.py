import pickle
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from recorte.data.cutouts import CutoutFolder
from recorte.data.sample import PersonSource
from recorte.errors import ConfigError, DataError, PhotoError
from recorte.letterbox import PADDING_COLOUR

RED, BLUE = (200, 0, 0), (0, 0, 200)


def write_cutouts(folder: Path, count: int = 4) -> Path:
    """Red people of 30 x 40 pixels, solid above, half transparent in the middle, and nothing below."""
    for number in range(count):
        cutout = np.zeros((30, 40, 4), np.uint8)
        cutout[..., :3] = RED
        cutout[:10, :, 3], cutout[10:20, :, 3] = 255, 51
        path = folder / f"album {number % 2}" / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(cutout).save(path)
    return folder


def test_over_grey(tmp_path: Path) -> None:
    source = CutoutFolder(write_cutouts(tmp_path), "train")
    assert isinstance(source, PersonSource)
    sample = source[0]
    assert (sample.photo[:10] == RED).all()
    assert (sample.photo[20:] == PADDING_COLOUR).all()
    mixed = [round(0.2 * red + 0.8 * grey) for red, grey in zip(RED, PADDING_COLOUR, strict=True)]
    assert (sample.photo[10:20] == mixed).all()
    assert np.unique(sample.alpha).tolist() == [0, 51, 255]
    assert (sample.weight == 1).all()


@pytest.mark.parametrize("name", ["a.png", "a.webp", "a.tif"])
def test_a_cutout_is_turned_upright(tmp_path: Path, name: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees clockwise: what is at the left is at the top
    cutout = np.zeros((20, 30, 4), np.uint8)
    cutout[:, :10] = (*RED, 255)
    options = {"a.webp": {"lossless": True}, "a.tif": {"compression": "tiff_lzw"}}
    Image.fromarray(cutout).save(tmp_path / name, exif=exif, **options.get(name, {}))
    sample = CutoutFolder(tmp_path, "train")[0]
    wanted = np.zeros((30, 20), np.uint8)
    wanted[:10] = 255
    np.testing.assert_array_equal(sample.alpha, wanted)
    assert (sample.photo[:10] == RED).all() and (sample.photo[10:] == PADDING_COLOUR).all()


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_damaged_exif_is_no_reason_to_refuse_a_cutout(tmp_path: Path) -> None:
    cutout = np.zeros((20, 30, 4), np.uint8)
    cutout[:, :10] = 255
    Image.fromarray(cutout).save(tmp_path / "a.png", exif=b"Exif\0\0II*\0nothing of the kind")
    np.testing.assert_array_equal(CutoutFolder(tmp_path, "train")[0].alpha, cutout[..., 3])


@pytest.mark.parametrize("size", [(40, 30), (400, 100), (7, 90), (1, 1)])
def test_over_photos(tmp_path: Path, size: tuple[int, int]) -> None:
    (tmp_path / "rooms").mkdir()
    Image.new("RGB", size, BLUE).save(tmp_path / "rooms/a.png")
    source = CutoutFolder(write_cutouts(tmp_path / "people"), "train", backgrounds=tmp_path / "rooms")
    sample = source[1]
    assert (sample.photo[20:] == BLUE).all()
    assert (sample.photo[10:20] == (40, 0, 160)).all()
    assert pickle.loads(pickle.dumps(source))[1].photo.tolist() == sample.photo.tolist()


def test_backgrounds_differ_and_stay(tmp_path: Path) -> None:
    (tmp_path / "rooms").mkdir()
    for value in range(8):
        Image.new("RGB", (40, 30), (0, 0, value)).save(tmp_path / f"rooms/{value}.png")
    people = write_cutouts(tmp_path / "people", 20)
    seen = [[sample.photo[25, 5, 2] for sample in CutoutFolder(people, "train", tmp_path / "rooms")] for _ in range(2)]
    assert seen[0] == seen[1]
    assert len(set(seen[0])) > 3


def test_splits_names_and_groups(tmp_path: Path) -> None:
    splits = [CutoutFolder(write_cutouts(tmp_path, 20), split, val_share=0.3) for split in ("train", "val")]
    names = [[source.name(index) for index in range(len(source))] for source in splits]
    assert sorted(names[0] + names[1]) == sorted(f"album {number % 2}/{number}.png" for number in range(20))
    assert all(names)
    assert splits[0].group(0) == names[0][0].split("/")[0]
    assert list(splits[0].negatives) == [] and splits[0].path(0) is None


def test_what_is_no_cutout(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no pictures are in it"):
        CutoutFolder(tmp_path, "train")
    with pytest.raises(DataError, match="there is no such folder"):
        CutoutFolder(tmp_path / "nowhere", "train")
    with pytest.raises(ConfigError, match="val_share"):
        CutoutFolder(tmp_path, "train", val_share=1)
    Image.new("RGB", (4, 4)).save(tmp_path / "a.png")
    with pytest.raises(PhotoError, match=r"a\.png: nothing in it is transparent"):
        CutoutFolder(tmp_path, "train")[0]
    Image.new("RGBA", (4, 4), (9, 9, 9, 255)).save(tmp_path / "a.png")
    with pytest.raises(PhotoError, match=r"a\.png: nothing in it is transparent"):
        CutoutFolder(tmp_path, "train")[0]
    with pytest.raises(DataError, match="'val' needs a second one"):
        CutoutFolder(tmp_path, "val")
    (tmp_path / "a.png").write_bytes(b"no picture")
    with pytest.raises(PhotoError, match=r"a\.png: not a photo"):
        CutoutFolder(tmp_path, "train")[0]
