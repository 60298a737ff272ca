import errno
import json
import multiprocessing
import os
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from coco_files import SQUARE, image, person, write_coco
from recorte.data.batches import kept
from recorte.data.batches.augmentation import Augmentation
from recorte.data.batches.datamodule import PersonDataModule
from recorte.data.batches.kept import CachedPersons, PreloadedPersons, shrunk
from recorte.data.coco import CocoPersons
from recorte.data.folder import ImageMaskFolder
from recorte.data.reading.photo_size import read_photo_of_size
from recorte.errors import DataError, PhotoError
from recorte.photo import read_photo

SIDE = 32
HEAVY = Augmentation(flip=0.5, rotation=30, scale=(0.5, 1.5), colour=1, blur=1, noise=1, paste=0.5, join=0.5)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    images = [image(1), image(2, width=64, height=48), image(3, width=20, height=30), image(4)]
    people = [person(1, 1), person(2, 2, [[2 * number for number in SQUARE[0]]]), person(3, 3), person(4, 1, iscrowd=1)]
    for split in ("train", "val"):
        write_coco(tmp_path / "data", images, people, split=split)
    return tmp_path / "data"


def module(root: Path, **options: object) -> PersonDataModule:
    sources = {"persons": partial(CocoPersons, root, negatives=2)}
    return PersonDataModule(sources, batch_size=2, image_size=SIDE, num_workers=0, **options)


def test_samples_are_scaled_as_the_letterbox_does() -> None:
    source = np.arange(48 * 64, dtype=np.uint8).reshape(48, 64)
    sample = shrunk(kept.Sample(np.dstack([source] * 3), source, np.ones_like(source), "a"), SIDE)
    np.testing.assert_array_equal(sample.alpha, cv2.resize(source, (32, 24), interpolation=cv2.INTER_AREA))
    assert sample.photo.shape == (24, 32, 3)
    assert shrunk(sample, SIDE) is sample


@pytest.mark.parametrize("way", ["preload", "cache_dir", "both"])
def test_validation_is_the_same_whether_samples_are_kept_or_not(root: Path, tmp_path: Path, way: str) -> None:
    options = {"preload": way != "cache_dir", "cache_dir": None if way == "preload" else str(tmp_path / "kept")}
    plain, data = module(root).dataset("val"), module(root, **options).dataset("val")
    assert data.negatives == plain.negatives == [3]
    for _ in range(2):
        for one, other in zip(plain, data, strict=True):
            for part in ("image", "alpha", "weight"):
                assert torch.equal(one[part], other[part])


def test_what_is_preloaded_is_kept_once_and_cannot_be_changed(root: Path) -> None:
    source = CocoPersons(root, "train", negatives=2)
    preloaded = PreloadedPersons(source, SIDE)
    assert len(preloaded) == len(source) == 5
    assert [preloaded.name(index) for index in range(5)] == ["001.png", "002.png", "003.png", "004.png", "004.png"]
    assert preloaded._slots.tolist() == [0, 1, 2, 3, 3]
    with pytest.raises(ValueError, match="read-only"):
        preloaded[0].photo[0] = 0


def test_augmentation_leaves_preloaded_samples_as_they_are(root: Path) -> None:
    dataset = module(root, preload=True, augmentation=HEAVY).dataset("train")
    before = bytes(dataset.source._sources["persons"]._map)
    first = [dataset[epoch, index]["image"] for epoch in range(5) for index in range(len(dataset))]
    again = [dataset[epoch, index]["image"] for epoch in range(5) for index in range(len(dataset))]
    assert bytes(dataset.source._sources["persons"]._map) == before
    assert all(torch.equal(one, other) for one, other in zip(first, again, strict=True))


def test_one_file_that_is_listed_twice_keeps_both_truths(tmp_path: Path) -> None:
    images = [image(1), image(2, file_name="001.png")]
    half = [[4, 2, 12, 2, 12, 6, 4, 6]]
    write_coco(tmp_path, images, [person(1, 1), person(2, 2, half)])
    preloaded = PreloadedPersons(CocoPersons(tmp_path, "train"), SIDE)
    assert [(sample.alpha == 255).sum() for sample in preloaded] == [8 * 8, 8 * 4]


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_worker_processes_share_the_memory(root: Path, method: str) -> None:
    preloaded = PreloadedPersons(CocoPersons(root, "train"), SIDE)
    context = multiprocessing.get_context(method)
    process = context.Process(target=_blacken, args=(preloaded,))
    process.start()
    process.join()
    assert process.exitcode == 0
    assert preloaded[0].photo.max() == 0
    assert preloaded[1].photo.max() > 0


def _blacken(preloaded: PreloadedPersons) -> None:
    assert preloaded[0].photo.max() > 0
    preloaded._map[: preloaded[0].photo.size] = bytes(preloaded[0].photo.size)


def test_a_broken_photo_is_told_each_time_it_comes_up(root: Path, tmp_path: Path) -> None:
    (root / "train2017/002.png").write_bytes(b"<html>")
    source = CocoPersons(root, "train")
    for keeping in (PreloadedPersons(source, SIDE), CachedPersons(source, SIDE, tmp_path / "kept")):
        for _ in range(2):
            with pytest.raises(PhotoError, match=r"002\.png: not a photo"):
                keeping[1]
        assert keeping[2].alpha.any()
    assert "002.png: not a photo" in module(root, preload=True).dataset("train")[1]["broken"]


def test_too_little_shared_memory(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "free_space", lambda path: 5 * SIDE * SIDE * 4 - 1)
    with pytest.raises(DataError, match=r"data\.preload=true: .* shared memory.*data\.cache_dir"):
        PreloadedPersons(CocoPersons(root, "train"), SIDE)


@pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="room cannot be taken beforehand here")
def test_shared_memory_that_others_take_meanwhile(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, taken = CocoPersons(root, "train"), []

    def refuse_the_third(file: int, start: int, size: int) -> None:
        if len(taken) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        taken.append((start, size))

    monkeypatch.setattr(os, "posix_fallocate", refuse_the_third)
    with pytest.raises(DataError, match=r"data\.preload=true: .* shared memory.*data\.cache_dir"):
        PreloadedPersons(source, SIDE)
    assert taken == [(0, 5 * 24 * 32), (5 * 24 * 32, 5 * 24 * 32)]


def test_no_process_is_killed_where_shared_memory_ends(
    root: Path, small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "SHARED", small_disk)
    monkeypatch.setattr(kept, "free_space", lambda path: 10**9)  # as it was before another process took it
    (small_disk / "other").write_bytes(bytes(252 * 1024))
    process = multiprocessing.get_context("fork").Process(target=_preload_too_much, args=(root,))
    process.start()
    process.join()
    assert process.exitcode == 0


def _preload_too_much(root: Path) -> None:
    with pytest.raises(DataError, match=r"data\.preload=true"):
        PreloadedPersons(CocoPersons(root, "train"), SIDE)


def test_what_is_on_disk_is_not_read_again(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cached = CachedPersons(CocoPersons(root, "train"), SIDE, tmp_path / "kept")
    wanted = [sample.photo for sample in cached]
    monkeypatch.setattr(CocoPersons, "__getitem__", lambda *_: pytest.fail("read again"))
    anew = CachedPersons(CocoPersons(root, "train"), SIDE, tmp_path / "kept")
    for one, other in zip(wanted, anew, strict=True):
        np.testing.assert_array_equal(one, other.photo)


@pytest.mark.parametrize("change", ["photo", "outline", "size", "damage"])
def test_what_has_changed_is_read_again(root: Path, tmp_path: Path, change: str) -> None:
    cached = CachedPersons(CocoPersons(root, "train"), SIDE, tmp_path / "kept")
    assert (cached[0].alpha == 255).sum() == 64
    path, side = root / "annotations/person_keypoints_train2017.json", SIDE
    if change == "photo":
        Image.new("RGB", (32, 24), "white").save(root / "train2017/001.png")
    elif change == "outline":
        content = json.loads(path.read_text())
        content["annotations"][0]["segmentation"] = [[4, 2, 12, 2, 12, 6, 4, 6]]
        path.write_text(json.dumps(content))
    elif change == "size":
        side = 16
    else:
        for file in (tmp_path / "kept").rglob("*.safetensors"):
            file.write_bytes(file.read_bytes()[:-1])
    sample = CachedPersons(CocoPersons(root, "train"), side, tmp_path / "kept")[0]
    assert (sample.alpha == 255).sum() == {"photo": 64, "outline": 32, "size": 16, "damage": 64}[change]
    assert (sample.photo.min() == 255) == (change == "photo")


def test_masks_of_a_folder_are_looked_at_too(tmp_path: Path) -> None:
    for split in ("train", "val"):
        for kind, colour in (("photos", 90), ("masks", 255)):
            (tmp_path / split / kind).mkdir(parents=True)
            Image.new("L", (8, 8), colour).save(tmp_path / split / kind / "a.png")
    source = CachedPersons(ImageMaskFolder(tmp_path, "train"), SIDE, tmp_path / "kept")
    assert source[0].alpha.min() == 255
    Image.new("L", (8, 8), 0).save(tmp_path / "train/masks/a.png")
    os.utime(tmp_path / "train/masks/a.png", (1, 1))
    assert source[0].alpha.max() == 0


def test_a_mask_is_read_again_though_its_size_and_time_are_those_of_the_old_one(tmp_path: Path) -> None:
    for kind, suffix in (("photos", "png"), ("masks", "bmp")):
        (tmp_path / kind).mkdir()
        Image.new("L", (8, 8), 255).save(tmp_path / kind / f"a.{suffix}")
    mask, new = tmp_path / "masks/a.bmp", tmp_path / "new.bmp"
    os.utime(mask, (1, 1))
    before = mask.stat()
    source = CachedPersons(ImageMaskFolder(tmp_path, "train"), SIDE, tmp_path / "kept")
    assert source[0].alpha.min() == 255
    Image.new("L", (8, 8), 0).save(new)
    os.utime(new, (1, 1))
    while new.stat().st_ctime_ns == before.st_ctime_ns:  # until the system's clock has moved on
        os.utime(new, (1, 1))
    new.replace(mask)
    after = mask.stat()
    assert (after.st_size, after.st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    assert source[0].alpha.max() == 0


def test_where_nothing_can_be_kept_training_goes_on(
    root: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "kept").write_text("a file, where a folder should be")
    cached = CachedPersons(CocoPersons(root, "train"), SIDE, tmp_path / "kept")
    assert all(sample.photo.size for sample in cached)
    assert len(caplog.records) == 1
    assert "data.cache_dir" in caplog.text


def test_large_photos_are_decoded_at_a_part_of_their_size(tmp_path: Path) -> None:
    tall = np.add.outer(np.linspace(0, 150, 1001), np.linspace(0, 100, 700)).astype(np.uint8)
    Image.fromarray(np.dstack([tall] * 3)).save(tmp_path / "a.jpg", quality=95)
    for enough, height in (
        (1001, 1001),
        (600, 1001),
        (500, 501),
        (251, 501),
        (250, 251),
        (130, 251),
        (120, 126),
        (1, 126),
    ):
        pixels = read_photo(tmp_path / "a.jpg", enough=enough).pixels
        assert pixels.shape[0] == height
        wanted = cv2.resize(tall, pixels.shape[1::-1], interpolation=cv2.INTER_AREA)
        assert np.abs(pixels[..., 0].astype(int) - wanted).max() <= 3
    assert read_photo_of_size(tmp_path / "a.jpg", 1001, 700, "it", enough=200).shape == (251, 175, 3)
    with pytest.raises(PhotoError, match="350 x 501"):
        read_photo_of_size(tmp_path / "a.jpg", 501, 350, "it", enough=600)
    for enough in (None, 350, 501, 126):  # decoded at a half, it would have the size asked for
        with pytest.raises(PhotoError, match="the photo is 700 x 1001 pixels, but it is for 350 x 501"):
            read_photo_of_size(tmp_path / "a.jpg", 501, 350, "it", enough=enough)
    Image.fromarray(tall).resize((350, 501)).save(tmp_path / "half.png")
    with pytest.raises(PhotoError, match="the photo is 350 x 501 pixels, but it is for 700 x 1001"):
        read_photo_of_size(tmp_path / "half.png", 1001, 700, "it", enough=100)
    with pytest.raises(PhotoError, match="the photo is 700 x 1001 pixels, but it is for 240 x 320"):
        read_photo_of_size(tmp_path / "a.jpg", 320, 240, "it", enough=200)


@pytest.mark.parametrize(
    ("name", "orientation", "asked", "shape"),
    [
        ("a.jpg", 1, (500, 800), (250, 400)),
        ("a.jpg", 6, (800, 500), (400, 250)),
        ("a.jpg", 6, (500, 800), (250, 400)),  # annotated as it is stored
        ("a.tif", 6, (800, 500), (800, 500)),  # Pillow itself turns it, and does not decode parts
    ],
)
def test_parts_of_turned_photos(
    tmp_path: Path, name: str, orientation: int, asked: tuple[int, int], shape: tuple[int, int]
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.new("RGB", (800, 500)).save(tmp_path / name, exif=exif)
    assert read_photo_of_size(tmp_path / name, *asked, "it", enough=400).shape[:2] == shape
    with pytest.raises(PhotoError, match="but it is for"):
        read_photo_of_size(tmp_path / name, *(side // 2 for side in asked), "it", enough=400)


def test_training_reads_no_more_of_a_photo_than_it_may_look_at(tmp_path: Path) -> None:
    outline = [[100 * number for number in SQUARE[0]]]
    large = image(1, file_name="a.jpg", width=3200, height=2400)
    for split in ("train", "val"):
        write_coco(tmp_path, [large], [person(1, 1, outline)], split=split)
    source = module(tmp_path)._open("persons", "train")
    assert source[0].photo.shape == (300, 400, 3)  # an eighth; augmentation may enlarge to twice 32 pixels
    assert (source[0].alpha == 255).sum() == 100 * 100
    assert module(tmp_path).dataset("train")[0]["alpha"].sum() == 64 * 255
