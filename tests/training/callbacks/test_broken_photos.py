import logging
from types import SimpleNamespace

import pytest
import torch

from recorte.errors import DataError
from recorte.training.callbacks.broken_photos import BrokenPhotos


def batch(reasons: dict[int, str]) -> dict[str, object]:
    return {"index": torch.tensor(list(reasons)), "broken": list(reasons.values())}


def trainer(photos: int) -> SimpleNamespace:
    loader = SimpleNamespace(dataset=range(photos))
    return SimpleNamespace(train_dataloader=loader, val_dataloaders=loader)


def look(callback: BrokenPhotos, split: str, photos: int, reasons: dict[int, str]) -> None:
    look_at = {"train": callback.on_train_batch_end, "val": callback.on_validation_batch_end}[split]
    look_at(trainer(photos), None, None, batch(reasons), 0)


@pytest.mark.parametrize("split", ["train", "val"])
def test_each_broken_photo_is_told_once(split: str, caplog: pytest.LogCaptureFixture) -> None:
    callback = BrokenPhotos(most=0.02)
    for _ in range(3):
        look(callback, split, 100, {3: "", 7: "seven.jpg: truncated", 8: ""})
        look(callback, split, 100, {9: "nine.jpg: no such file"})
    told = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert told == ["Passed over: seven.jpg: truncated", "Passed over: nine.jpg: no such file"]
    callback.on_train_end(trainer(100), None)
    assert caplog.records[-1].getMessage() == f"2 photos of {split} were broken, and passed over"


def test_the_same_photo_again_and_again_never_stops_a_run() -> None:
    callback = BrokenPhotos(most=0.01)
    for _ in range(10):
        look(callback, "train", 100, {7: "seven.jpg: truncated"})


@pytest.mark.parametrize("split", ["train", "val"])
def test_too_many_stop_the_run(split: str) -> None:
    callback = BrokenPhotos(most=0.01)
    look(callback, split, 150, {1: "a.jpg: truncated"})
    with pytest.raises(DataError, match=rf"2 of the 150 photos of {split} .*callbacks\.broken_photos\.most=0\.01"):
        look(callback, split, 150, {2: "b.jpg: truncated"})


def test_training_and_validation_are_counted_apart() -> None:
    callback = BrokenPhotos(most=0.01)
    look(callback, "train", 100, {1: "a.jpg: truncated"})
    look(callback, "val", 100, {2: "b.jpg: truncated"})


@pytest.mark.parametrize("most", [0, 1])
def test_none_and_all_may_be_broken(most: float) -> None:
    callback = BrokenPhotos(most)
    look(callback, "train", 2, {0: "", 1: ""})
    if most:
        look(callback, "train", 2, {0: "a.jpg: truncated", 1: "b.jpg: truncated"})
    else:
        with pytest.raises(DataError, match="1 of the 2"):
            look(callback, "train", 2, {0: "a.jpg: truncated"})
