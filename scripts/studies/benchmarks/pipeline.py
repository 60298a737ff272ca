"""One worker's samples a second beside the plain recipe: `python scripts/studies/benchmark.py pipeline`."""

import contextlib
import io
import itertools
import statistics
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import albumentations as A
import cv2
import numpy as np
import torch
import typer
from albumentations.pytorch import ToTensorV2
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf
from pycocotools.coco import COCO
from torch.utils.data import DataLoader, Dataset

from recorte.data.batches.datamodule import PersonDataModule
from recorte.data.coco import CocoPersons
from recorte.letterbox import PADDING_COLOUR
from recorte.model.batch import as_floats
from recorte.training.machine.hardware import CONF

SIZE, BATCH = 384, 16
KEPT = ("", "cache_dir", "preload")
"""How samples are kept: not at all, on disk (`data.cache_dir`), or in memory (`data.preload`)."""


class PlainPersons(Dataset[dict[str, Any]]):
    """What one writes first: decode, `annToMask` in a loop, one pipeline of albumentations to the end.

    The augmentations, their strengths and probabilities are those of ours; but the scale is drawn evenly between its
    limits, and blur, noise and JPEG come after enlarging, as one pipeline has it.
    """

    def __init__(self, root: Path, given: DictConfig) -> None:
        with contextlib.redirect_stdout(io.StringIO()):
            self.coco = COCO(str(root / "annotations/person_keypoints_train2017.json"))
        self.folder, self.ids = root / "train2017", list(self.coco.imgs)
        colour, least, most = given.colour, *given.scale
        jitter = (1 - colour, 1 + colour)
        border = {"fill": PADDING_COLOUR, "fill_mask": 0}
        self.augment = A.Compose(
            [
                A.LongestMaxSize(SIZE, interpolation=cv2.INTER_AREA),
                A.RandomScale((least - 1, most - 1), p=1),
                A.PadIfNeeded(SIZE, SIZE, position="random", border_mode=cv2.BORDER_CONSTANT, **border),
                A.RandomCrop(SIZE, SIZE),
                A.HorizontalFlip(p=given.flip),
                A.Affine(
                    rotate=(-given.rotation, given.rotation), mask_interpolation=cv2.INTER_LINEAR, p=0.7, **border
                ),
                A.ColorJitter(jitter, jitter, jitter, (-colour / 10, colour / 10), p=0.8),
                A.ToGray(p=given.grey),
                A.OneOf([A.GaussianBlur(0, (0.3, 1.5)), A.MotionBlur((3, 7))], p=given.blur),
                A.OneOf([A.GaussNoise((0.01, 0.06), per_channel=each) for each in (True, False)], p=given.noise),
                A.ImageCompression(quality_range=(35, 90), p=given.jpeg),
                ToTensorV2(),
            ],
            additional_targets={"weight": "mask"},
        )

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, index: int) -> dict[str, Any]:
        facts = self.coco.imgs[self.ids[index]]
        photo = cv2.cvtColor(cv2.imread(str(self.folder / facts["file_name"])), cv2.COLOR_BGR2RGB)
        people, crowd = (np.zeros(photo.shape[:2], np.uint8) for _ in range(2))
        for annotation in self.coco.loadAnns(self.coco.getAnnIds(imgIds=facts["id"])):
            target = crowd if annotation["iscrowd"] else people
            np.maximum(target, self.coco.annToMask(annotation), out=target)
        made = self.augment(image=photo, mask=people * np.uint8(255), weight=people | (1 - crowd))
        return {
            "image": made["image"].float() / 255,
            "alpha": made["mask"][None].float() / 255,
            "weight": made["weight"][None].float(),
        }


def pipeline(
    root: Annotated[Path, typer.Option("--data", help="folder in the layout of COCO")],
    rounds: Annotated[int, typer.Option(min=1, help="how often each takes its turn")] = 3,
) -> None:
    """How many samples a second one worker gives, of the training photos, in turns; medium augmentation."""
    torch.set_num_threads(1)  # the other core is the worker's
    given = OmegaConf.load(CONF / "augmentation/medium.yaml")
    plain = DataLoader(
        PlainPersons(root, given), BATCH, shuffle=True, num_workers=1, persistent_workers=True, drop_last=True,
        worker_init_fn=_one_thread,
    )  # fmt: skip
    loaders = {"the plain recipe": plain}
    opened = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for kept, on_device in itertools.product(KEPT, (False, True)):
            data = PersonDataModule(
                {"persons": partial(CocoPersons, root)}, batch_size=BATCH, image_size=SIZE, num_workers=1,
                augmentation=instantiate(given, on_device=on_device, _convert_="all"), preload=kept == "preload",
                cache_dir=folder if kept == "cache_dir" else None,
            )  # fmt: skip
            began = time.perf_counter()
            name = ", ".join(filter(None, ["recorte", kept, "on_device" * on_device]))
            loaders[name] = data.train_dataloader()
            opened = time.perf_counter() - began
        _in_turns(loaders, rounds)
    print(f"Preloading took {opened:.1f} s")


def _in_turns(loaders: dict[str, DataLoader[dict[str, Any]]], rounds: int) -> None:
    photos = len(loaders["the plain recipe"].dataset)
    print(f"One worker, {SIZE} pixels, medium augmentation, {photos:,} photos, {rounds} turns; samples a second:")
    figures: dict[str, list[float]] = {name: [] for name in loaders}
    for turn in range(rounds + 1):  # the first warms up
        for name, loader in loaders.items():
            began = time.perf_counter()
            samples = sum(len(as_floats(batch)["image"]) for batch in loader)
            if turn:
                figures[name].append(samples / (time.perf_counter() - began))
    for name, values in figures.items():
        ratio = statistics.median(a / b for a, b in zip(values, figures["the plain recipe"], strict=True))
        print(f"  {name:28} {statistics.median(values):6.0f}   ratio {ratio:.2f}")


def _one_thread(_: int) -> None:
    cv2.setNumThreads(0)
