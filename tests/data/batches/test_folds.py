from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from coco_files import image, person, write_coco
from recorte.data.batches.augmentation import Augmentation
from recorte.data.batches.datamodule import PersonDataModule
from recorte.data.batches.folds import FoldOfPersons
from recorte.data.coco import CocoPersons
from recorte.data.folder import ImageMaskFolder
from recorte.data.sample import PersonSource, Sample
from recorte.data.synthetic import SyntheticPersons
from recorte.errors import DataError

FOLDS = 5


class Videos:
    """Frames of one pixel whose value is the number of their video."""

    def __init__(self, frames: Sequence[int], negatives: Sequence[int] = ()) -> None:
        self.frames = list(frames)
        self.negatives = negatives

    def __len__(self) -> int:
        return len(self.frames)

    def __getitem__(self, index: int) -> Sample:
        pixel = np.zeros((1, 1), np.uint8)
        return Sample(np.full((1, 1, 3), self.frames[index], np.uint8), pixel, pixel, self.name(index))

    def name(self, index: int) -> str:
        return f"{self.frames[index]}/{index}"

    def group(self, index: int) -> str:
        return f"video {self.frames[index]}"


def names(source: PersonSource) -> list[str]:
    return [source.name(index) for index in range(len(source))]


def sides(source: PersonSource) -> list[tuple[list[str], list[str]]]:
    return [
        (names(FoldOfPersons(source, "train", FOLDS, fold)), names(FoldOfPersons(source, "val", FOLDS, fold)))
        for fold in range(FOLDS)
    ]


def test_every_photo_validates_once_and_trains_otherwise() -> None:
    source = SyntheticPersons("train", length=1000)
    found = sides(source)
    assert sorted(name for _, val in found for name in val) == sorted(names(source))
    for train, val in found:
        assert sorted(train + val) == sorted(names(source))
        assert 160 < len(val) < 240  # five standard deviations would be 137 to 263


def test_groups_never_straddle_folds() -> None:
    source = Videos([number % 40 for number in range(400)])
    for train, val in sides(source):
        assert val
        assert not {name.partition("/")[0] for name in train} & {name.partition("/")[0] for name in val}


def test_photos_stay_in_their_fold_when_others_are_added() -> None:
    before = sides(SyntheticPersons("train", length=50))
    after = sides(SyntheticPersons("train", length=80))
    for (_, few), (_, more) in zip(before, after, strict=True):
        assert few == more[: len(few)]


def test_a_side_is_a_source_of_its_own() -> None:
    source = Videos([3, 1, 4, 1, 5, 9, 2, 6, 5, 3], negatives=[0, 2, 9])
    for fold in range(2):
        for split in ("train", "val"):
            side = FoldOfPersons(source, split, 2, fold)
            assert isinstance(side, PersonSource)
            for index in range(len(side)):
                number = int(side.name(index).partition("/")[2])
                assert side[index].name == source.name(number)
                assert side[index].photo[0, 0, 0] == source.frames[number]
                assert side.group(index) == source.group(number)
                assert (index in side.negatives) == (number in source.negatives)


def test_too_few_groups() -> None:
    source = Videos([7] * 12)
    with pytest.raises(DataError, match=r"12 photos in 1 groups.*fewer data\.folds than 5"):
        sides(source)


def test_a_folders_own_split_does_not_empty_a_fold(tmp_path: Path) -> None:
    """The split takes the photos of the lowest hashes; folds must not be cut by the same ones."""
    for kind in ("photos", "masks"):
        (tmp_path / kind).mkdir()
        for number in range(400):
            (tmp_path / kind / f"{number}.png").touch()
    counts = [len(val) for _, val in sides(ImageMaskFolder(tmp_path, "train", val_share=0.3))]
    assert min(counts) > 30


def test_groups_of_a_folder(tmp_path: Path) -> None:
    for kind in ("photos", "masks"):
        for name in ("alone.png", "trip/1.png", "trip/2.png", "trip/day/1.png"):
            (tmp_path / "train" / kind / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "train" / kind / name).touch()
    (tmp_path / "val/photos").mkdir(parents=True)
    source = ImageMaskFolder(tmp_path, "train")
    groups = {source.name(index): source.group(index) for index in range(len(source))}
    assert groups == {
        "alone.png": "alone.png", "trip/1.png": "trip", "trip/2.png": "trip", "trip/day/1.png": "trip/day",
    }  # fmt: skip


def test_groups_of_coco(tmp_path: Path) -> None:
    images = [image(1, video_id=7), image(2, video_id="7"), image(3), image(4, video_id=None), image(5, video_id=0)]
    source = CocoPersons(write_coco(tmp_path, images, [person(1, 1)]), "train")
    groups = [source.group(index) for index in range(len(source))]
    assert groups == ["video 7", "video 7", "003.png", "004.png", "video 0"]


def test_a_fold_of_a_data_module() -> None:
    """Both sides come from the training photos; pasted backgrounds from the folds that are trained on alone."""
    sources = {
        "few": partial(SyntheticPersons, size=32, length=20),
        "many": partial(SyntheticPersons, size=32, length=60, seed=1),
    }
    seen: Counter[tuple[str, str]] = Counter()
    for fold in range(FOLDS):
        data = PersonDataModule(
            sources, batch_size=4, image_size=32, num_workers=0, augmentation=Augmentation(paste=1),
            folds=FOLDS, fold=fold,
        )  # fmt: skip
        train, val = data.dataset("train"), data.dataset("val")
        assert len(train) + len(val) == 80
        backgrounds = {(train.source.source_of(index), train.source.name(index)) for index in train.negatives}
        validated = {(val.source.source_of(index), val.source.name(index)) for index in range(len(val))}
        assert backgrounds
        assert not backgrounds & validated
        seen.update(validated)
    assert len(seen) == 80
    assert set(seen.values()) == {1}
    assert all(name.startswith("synthetic train") for _, name in seen)
