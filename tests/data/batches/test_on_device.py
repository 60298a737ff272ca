"""What is done to whole batches on the device, against what albumentations, OpenCV and a JPEG file do to one photo."""

from functools import partial
from typing import Any

import albumentations as A
import cv2
import numpy as np
import pytest
import torch
from skimage import data as pictures
from torch import Tensor
from torch.utils.data import default_collate

from recorte.data.batches.augmentation import Augmentation
from recorte.data.batches.datamodule import PersonDataModule
from recorte.data.batches.dataset import PersonDataset
from recorte.data.batches.mixed import MixedPersons
from recorte.data.batches.on_device import INSIDE, finished, nothing
from recorte.data.sample import Sample
from recorte.data.synthetic import SyntheticPersons
from recorte.errors import PhotoError
from recorte.letterbox import PADDING_COLOUR

ASTRONAUT = cv2.resize(pictures.astronaut(), (128, 128), interpolation=cv2.INTER_AREA)
EVERYTHING: dict[str, Any] = {
    "flip": 0.5, "rotation": 20, "scale": (0.5, 1.8), "colour": 0.5, "grey": 0.2, "blur": 0.5, "noise": 0.5,
    "jpeg": 0.5,
}  # fmt: skip


def on_device(photo: np.ndarray, weight: np.ndarray | None = None, **later: Any) -> dict[str, Tensor]:
    """Do something to one photo, between two to which other things are done."""
    weight = np.full(photo.shape[:2], 1 + INSIDE, np.uint8) if weight is None else weight
    other = nothing() | {
        "quality": np.float32([50]),
        "noise": np.float32([0.05, 1]),
        "jitter": np.float32([2, 1, 1, 0]),
    }
    alpha = photo[..., 0]
    item = {"image": photo, "alpha": alpha[None], "weight": weight[None]}
    batch = default_collate([item] * 3)
    result = finished(batch, default_collate([other, nothing() | later, other]))
    return {name: part[1] for name, part in result.items()}


def bytes_of(result: dict[str, Tensor]) -> np.ndarray:
    return (255 * result["image"]).round().permute(1, 2, 0).numpy().astype(np.uint8)


def off(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one.astype(float) - other).mean())


def test_nothing_changes_nothing() -> None:
    result = on_device(ASTRONAUT)
    assert (bytes_of(result) == ASTRONAUT).all()
    assert set(result["weight"].unique().tolist()) == {1.0}
    assert torch.equal(result["alpha"][0], torch.from_numpy(ASTRONAUT[..., 0]) / 255)


@pytest.mark.parametrize(
    ("jitter", "most"),
    [((1.3, 1, 1, 0), 0.6), ((0.7, 1, 1, 0), 0.6), ((1, 1.4, 1, 0), 0.6), ((1, 0.6, 1, 0), 0.6), ((1, 1, 1.4, 0), 0.6),
     ((1, 1, 0, 0), 0.6), ((1.2, 0.8, 1.3, 0.03), 4)],
)  # fmt: skip
def test_colours_are_those_of_albumentations(jitter: tuple[float, ...], most: float) -> None:
    brightness, contrast, saturation, hue = jitter
    wanted = A.ColorJitter(*((value, value) for value in jitter), p=1)
    wanted.get_params = lambda: {  # type: ignore[method-assign]  # its order is drawn; ours is fixed
        "brightness": brightness, "contrast": contrast, "saturation": saturation, "hue": hue, "order": [0, 1, 2, 3],
    }  # fmt: skip
    found = bytes_of(on_device(ASTRONAUT, jitter=np.float32(jitter)))
    assert off(found, wanted(image=ASTRONAUT)["image"]) < most < off(found, ASTRONAUT)


def test_blur_is_that_of_opencv_and_takes_nothing_from_the_padding() -> None:
    kernel = np.zeros((11, 11), np.float32)
    kernel[5, 4:7] = kernel[4, 4] = 0.25
    found = bytes_of(on_device(ASTRONAUT, kernel=kernel))
    wanted = cv2.filter2D(ASTRONAUT, -1, kernel)
    assert np.abs(found[6:-6, 6:-6].astype(int) - wanted[6:-6, 6:-6]).max() <= 1
    photo, weight = np.zeros((64, 64, 3), np.uint8), np.zeros((64, 64), np.uint8)
    photo[16:48, 16:48], weight[16:48, 16:48] = 200, INSIDE
    result = on_device(photo, weight, kernel=kernel, jitter=np.float32([1, 0, 1, 0]))
    assert (bytes_of(result) == photo).all()  # its mean grey is its own, and so is what a blur makes of it
    assert not result["weight"].any()  # a crowd, that counts neither way


@pytest.mark.parametrize("quality", [35, 60, 90])
def test_jpeg_is_that_of_a_file(quality: int) -> None:
    _, packed = cv2.imencode(".jpg", ASTRONAUT[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    wanted = cv2.imdecode(packed, cv2.IMREAD_COLOR)[..., ::-1]
    found = bytes_of(on_device(ASTRONAUT, quality=np.float32([quality])))
    assert off(found, wanted) < 0.2 * off(wanted, ASTRONAUT)


def test_noise_has_its_deviation_and_is_the_same_for_a_seed() -> None:
    grey = np.full((128, 128, 3), 128, np.uint8)
    each, again, other = (
        on_device(grey, noise=np.float32([0.05, 1]), seed=np.array([seed]))["image"] for seed in (5, 5, 6)
    )
    assert torch.equal(each, again)
    assert not torch.equal(each, other)
    assert float((each - 128 / 255).std()) == pytest.approx(0.05, rel=0.02)
    shared = on_device(grey, noise=np.float32([0.05, 0]), seed=np.array([5]))["image"]
    assert torch.equal(shared[0], shared[2])
    assert not torch.equal(each[0], each[2])


def test_rotation_is_that_of_the_workers() -> None:
    alpha = np.zeros((90, 120), np.uint8)
    cv2.ellipse(alpha, (40, 45), (25, 30), 20, 0, 360, 255, -1)
    alpha = cv2.GaussianBlur(alpha, (0, 0), 3)
    photo = np.stack([alpha, np.full_like(alpha, 80), np.full_like(alpha, 200)], axis=-1)
    sample = Sample(photo, alpha, np.ones_like(alpha), "ellipse")
    for seed in range(10):
        wanted = Augmentation(rotation=30, flip=0.5, scale=(0.6, 1.4))(sample, 128, seed)
        left = Augmentation(rotation=30, flip=0.5, scale=(0.6, 1.4), on_device=True)(sample, 128, seed)
        assert left.later is not None
        item = {"image": left.photo, "alpha": left.alpha[None], "weight": left.weight[None]}
        result = {
            name: part[0] for name, part in finished(default_collate([item]), default_collate([left.later])).items()
        }
        assert np.abs(255 * result["alpha"][0].numpy() - wanted.alpha).max() < 5  # OpenCV's own versions differ by one
        assert (result["weight"][0].numpy() != wanted.weight).mean() < 0.01
        well_inside = cv2.erode(wanted.weight, np.ones((7, 7), np.uint8)) > 0
        assert np.abs(bytes_of(result).astype(int) - wanted.photo)[well_inside].max() <= 4
        outside = cv2.dilate(wanted.weight, np.ones((7, 7), np.uint8)) == 0
        assert (bytes_of(result)[outside] == PADDING_COLOUR).all()


def module(workers: int, batch: int) -> PersonDataModule:
    drawn = partial(SyntheticPersons, length=8, size=48)
    return PersonDataModule({"drawn": drawn}, batch_size=batch, image_size=64, num_workers=workers,
                            augmentation=Augmentation(**EVERYTHING, on_device=True), seed=3)  # fmt: skip


def photos(data: PersonDataModule, epoch: int) -> dict[int, Tensor]:
    loader = data.train_dataloader()
    loader.sampler.set_epoch(epoch)
    moved = [data.transfer_batch_to_device(batch, torch.device("cpu"), 0) for batch in loader]
    return {int(index): batch["image"][place] for batch in moved for place, index in enumerate(batch["index"])}


def test_a_photo_depends_on_seed_epoch_and_index_alone() -> None:
    first = photos(module(0, 4), 1)
    for data in (module(2, 4), module(0, 2)):
        again = photos(data, 1)
        assert first.keys() == again.keys()
        assert all(torch.allclose(first[index], again[index], atol=1e-6) for index in first)
    assert all(torch.equal(first[index], photo) for index, photo in photos(module(0, 4), 1).items())
    other = photos(module(0, 4), 2)
    assert not any(torch.equal(first[index], other[index]) for index in first)


def test_a_broken_photo_stays_empty_among_others() -> None:
    class Broken(SyntheticPersons):
        def __getitem__(self, index: int) -> Sample:
            if index == 1:
                raise PhotoError("gone")
            return super().__getitem__(index)

    source = MixedPersons({"drawn": Broken("train", 3, 48)})
    items = PersonDataset(source, 64, Augmentation(**EVERYTHING, on_device=True), 0)
    batch: dict[str, Any] = default_collate([items[index] for index in range(3)])
    result = finished(batch, batch.pop("later"))
    assert [bool(weight.any()) for weight in result["weight"]] == [True, False, True]
    assert result["image"].isfinite().all()
