import pickle
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from recorte.data.folder import ImageMaskFolder
from recorte.data.reading.findings import Finding
from recorte.data.sample import PersonSource
from recorte.errors import ConfigError, DataError, PhotoError

SOFT = np.tile(np.arange(32, dtype=np.uint8) * 8, (24, 1))


def save(path: Path, pixels: np.ndarray, **options: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, **options)


def photo(height: int = 24, width: int = 32) -> np.ndarray:
    return np.random.default_rng(height).integers(0, 256, (height, width, 3), dtype=np.uint8)


def write_pairs(root: Path, keys: list[str]) -> Path:
    for key in keys:
        save(root / "photos" / f"{key}.png", photo())
        save(root / "masks" / f"{key}.png", SOFT)
    return root


def names(source: ImageMaskFolder) -> list[str]:
    return [source.name(index) for index in range(len(source))]


def test_two_split_folders_and_soft_masks(tmp_path: Path) -> None:
    write_pairs(tmp_path / "train", ["b", "a"])
    write_pairs(tmp_path / "val", ["c"])
    source = ImageMaskFolder(tmp_path, "train")
    assert isinstance(source, PersonSource)
    assert names(source) == ["a.png", "b.png"]
    assert names(ImageMaskFolder(tmp_path, "val")) == ["c.png"]
    sample = source[0]
    assert sample.name == "a.png"
    np.testing.assert_array_equal(sample.photo, photo())
    np.testing.assert_array_equal(sample.alpha, SOFT)
    assert sample.weight.dtype == np.uint8
    assert (sample.weight == 1).all()
    assert list(source.negatives) == []
    assert names(pickle.loads(pickle.dumps(source))) == ["a.png", "b.png"]
    with pytest.raises(IndexError):
        source[2]


def test_root_is_named_like_a_split(tmp_path: Path) -> None:
    root = write_pairs(tmp_path / "train", ["a", "b", "c"])
    assert len(ImageMaskFolder(root, "train")) + len(ImageMaskFolder(root, "val")) == 3


@pytest.mark.parametrize("below", ["", "train"])
def test_shared_folder_is_split_by_name(tmp_path: Path, below: str) -> None:
    keys = [f"{number:03}" for number in range(100)]
    write_pairs(tmp_path / below, keys)
    train, val = (names(ImageMaskFolder(tmp_path, split, val_share=0.3)) for split in ("train", "val"))
    assert sorted(train + val) == [f"{key}.png" for key in keys]
    assert train == sorted(train)
    assert 18 < len(val) < 42
    write_pairs(tmp_path / below, [f"{number:03}" for number in range(100, 150)])
    assert set(val) <= set(names(ImageMaskFolder(tmp_path, "val", val_share=0.3)))


def test_photos_of_a_path_of_their_own_are_split(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Below the working directory there may be train/ and val/, of which such a path is no part."""
    for folder in ("here/train", "here/val"):
        (tmp_path / folder).mkdir(parents=True)
    write_pairs(tmp_path / "apart", [f"{number}" for number in range(20)])
    monkeypatch.chdir(tmp_path / "here")
    for apart in (str(tmp_path / "apart"), "../../apart"):
        folders = {"photos": f"{apart}/photos", "masks": f"{apart}/masks"}
        train, val = (names(ImageMaskFolder(".", split, **folders, val_share=0.3)) for split in ("train", "val"))
        assert train and val
        assert sorted(train + val) == sorted(f"{number}.png" for number in range(20))


@pytest.mark.parametrize("val_share", [1e-9, 1 - 1e-9])
def test_each_split_gets_a_photo(tmp_path: Path, val_share: float) -> None:
    write_pairs(tmp_path, ["a", "b"])
    sizes = [len(ImageMaskFolder(tmp_path, split, val_share=val_share)) for split in ("train", "val")]
    assert sizes == [1, 1]


def test_only_photo_is_for_training(tmp_path: Path) -> None:
    write_pairs(tmp_path, ["a"])
    assert len(ImageMaskFolder(tmp_path, "train")) == 1
    with pytest.raises(DataError, match="only photo"):
        ImageMaskFolder(tmp_path, "val")


def test_folders_of_other_names_with_folders_in_them(tmp_path: Path) -> None:
    for key in ("x/1", "y/1", "y/b.c"):
        save(tmp_path / "train/images" / f"{key}.jpg", photo())
        save(tmp_path / "train/alphas" / f"{key}.png", SOFT)
        (tmp_path / "val/images").mkdir(parents=True, exist_ok=True)
    source = ImageMaskFolder(tmp_path, "train", photos="images", masks="alphas")
    assert names(source) == ["x/1.jpg", "y/1.jpg", "y/b.c.jpg"]
    np.testing.assert_array_equal(source[2].alpha, SOFT)


@pytest.mark.parametrize(("height", "width"), [(12, 16), (8, 11), (48, 64), (3, 4), (25, 32), (235, 320)])
def test_mask_of_the_same_aspect_ratio_is_resized(tmp_path: Path, height: int, width: int) -> None:
    save(tmp_path / "photos/a.png", photo())
    save(tmp_path / "masks/a.png", np.full((height, width), 77, np.uint8))
    np.testing.assert_array_equal(ImageMaskFolder(tmp_path, "train")[0].alpha, np.full((24, 32), 77))


@pytest.mark.parametrize(("height", "width"), [(32, 24), (24, 30), (12, 18), (1, 1), (2, 2), (1, 2)])
def test_mask_of_another_aspect_ratio(tmp_path: Path, height: int, width: int) -> None:
    save(tmp_path / "photos/a.png", photo())
    save(tmp_path / "masks/a.png", np.zeros((height, width), np.uint8))
    with pytest.raises(PhotoError, match=rf"a\.png: the photo is 32 x 24 pixels.*{width} x {height}"):
        ImageMaskFolder(tmp_path, "train")[0]


@pytest.mark.parametrize("masked", ["upright", "stored"])
def test_photo_with_exif_orientation(tmp_path: Path, masked: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees clockwise
    save(tmp_path / "photos/a.png", photo(), exif=exif)
    save(tmp_path / "masks/a.png", np.rot90(SOFT, -1) if masked == "upright" else SOFT)
    sample = ImageMaskFolder(tmp_path, "train")[0]
    turns = -1 if masked == "upright" else 0
    np.testing.assert_array_equal(sample.photo, np.rot90(photo(), turns))
    np.testing.assert_array_equal(sample.alpha, np.rot90(SOFT, turns))


def test_what_is_black_in_a_weight_does_not_count(tmp_path: Path) -> None:
    write_pairs(tmp_path, ["x/a", "b"])
    save(tmp_path / "weights/x/a.bmp", np.uint8([[0, 255], [127, 128]]).repeat(12, 0).repeat(16, 1))
    source = ImageMaskFolder(tmp_path, "train", val_share=1e-9, weights="weights")
    weights = {source.name(index): source[index].weight for index in range(len(source))}
    weights |= {name: ImageMaskFolder(tmp_path, "val", val_share=1e-9, weights="weights")[0].weight for name in
                {"b.png", "x/a.png"} - weights.keys()}  # fmt: skip
    assert weights["b.png"].dtype == weights["x/a.png"].dtype == np.uint8
    assert weights["b.png"].shape == (24, 32) and (weights["b.png"] == 1).all()
    np.testing.assert_array_equal(weights["x/a.png"], np.uint8([[0, 1], [0, 1]]).repeat(12, 0).repeat(16, 1))


def test_a_weight_of_another_size_is_resized(tmp_path: Path) -> None:
    write_pairs(tmp_path, ["a"])
    save(tmp_path / "weights/a.png", np.uint8([[0, 0, 255, 255]]).repeat(3, 0))
    source = ImageMaskFolder(tmp_path, "train", weights="weights")
    np.testing.assert_array_equal(source[0].weight, np.uint8([0, 1]).repeat(16)[None].repeat(24, 0))
    before = source.mark(0)
    save(tmp_path / "weights/a.png", np.zeros((32, 24), np.uint8))
    assert str(tmp_path / "weights/a.png") in before != source.mark(0)
    with pytest.raises(PhotoError, match=r"weights.a\.png: 24 x 32 pixels, but its mask is 32 x 24"):
        source[0]


def test_faults_of_weights(tmp_path: Path) -> None:
    write_pairs(tmp_path, ["a", "b"])
    with pytest.raises(DataError, match=r"weights: there is no such folder of weights; give weights=null"):
        ImageMaskFolder(tmp_path, "train", weights="weights")
    save(tmp_path / "weights/c.png", SOFT)
    with pytest.raises(DataError, match=r"1 in .*weights without a mask in .*masks: c\.png"):
        ImageMaskFolder(tmp_path, "train", weights="weights")
    found: list[Finding] = []
    assert len(ImageMaskFolder(tmp_path, "train", weights="weights", found=found)) == 1
    assert [finding.path for finding in found] == [str(tmp_path / "weights/c.png")]


def test_faults_of_pairing_are_reported_together(tmp_path: Path) -> None:
    write_pairs(tmp_path, ["a"])
    for number in range(12):
        save(tmp_path / f"photos/alone{number:02}.png", photo())
    save(tmp_path / "masks/lonely.png", SOFT)
    save(tmp_path / "photos/a.jpg", photo())
    with pytest.raises(DataError) as error:
        ImageMaskFolder(tmp_path, "train")
    lines = str(error.value).splitlines()[1:]
    assert len(lines) == 3
    assert lines[0].strip() == f"1 in {tmp_path / 'photos'} of one name with another photo: a.png"
    assert lines[1].strip().startswith("12 in ")
    assert "alone09.png, ..." in lines[1]
    assert "alone10" not in lines[1]
    assert lines[2].endswith("lonely.png")


def test_names_are_paired_however_their_accents_are_written(tmp_path: Path) -> None:
    one, other = "caf\N{LATIN SMALL LETTER E WITH ACUTE}", "cafe\N{COMBINING ACUTE ACCENT}"
    save(tmp_path / f"photos/{one}/{one}.png", photo())
    save(tmp_path / f"masks/{other}/{other}.png", SOFT)
    np.testing.assert_array_equal(ImageMaskFolder(tmp_path, "train")[0].alpha, SOFT)
    save(tmp_path / f"photos/{one}/{other}.bmp", photo())
    with pytest.raises(DataError, match=r"1 in .*photos of one name with another photo"):
        ImageMaskFolder(tmp_path, "train")


def test_missing_and_empty_folders(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="photos: there is no such folder"):
        ImageMaskFolder(tmp_path, "train")
    (tmp_path / "photos").mkdir()
    with pytest.raises(DataError, match="no photos are in it"):
        ImageMaskFolder(tmp_path, "train")
    save(tmp_path / "photos/a.png", photo())
    with pytest.raises(DataError, match="masks: there is no such folder"):
        ImageMaskFolder(tmp_path, "train")
    (tmp_path / "masks").mkdir()
    (tmp_path / "masks/notes.txt").write_text("none yet")
    with pytest.raises(DataError, match="no masks are in it"):
        ImageMaskFolder(tmp_path, "train")


def test_damaged_mask_is_named(tmp_path: Path) -> None:
    write_pairs(tmp_path, ["a"])
    (tmp_path / "masks/a.png").write_bytes(b"no picture")
    with pytest.raises(PhotoError, match=r"masks.a\.png"):
        ImageMaskFolder(tmp_path, "train")[0]


@pytest.mark.parametrize("val_share", [0.0, 1.0, -1.0])
def test_share_out_of_range(tmp_path: Path, val_share: float) -> None:
    with pytest.raises(ConfigError, match="val_share"):
        ImageMaskFolder(write_pairs(tmp_path, ["a", "b"]), "train", val_share=val_share)
