"""`convert`: any source as COCO's layout, or as folders of photos and masks."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from hydra.utils import instantiate
from omegaconf import DictConfig
from PIL import Image
from pycocotools import mask as coco_mask

from recorte.data.mixed import MixedPersons
from recorte.data.sample import PersonSource, Sample
from recorte.errors import ConfigError, PhotoError
from recorte.files import whole_file, write_whole


def convert(config: DictConfig) -> int:
    """Write the data of `config.data` to the folder `config.target`, in the layout `config.to`.

    Photos are copied as they are where that is possible, else written as PNG. One that cannot be read is named and
    left out.

    Returns:
        Status: 1 if photos were left out, else 0.

    Raises:
        ConfigError: no target, or one that is not empty.
        RecorteError: data that cannot be opened.
    """
    if config.target is None:
        raise ConfigError("convert: give target=<the folder to write to>")
    target = Path(config.target)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise ConfigError(f"target={target}: is there already and not empty; give a new folder")
    left_out = 0
    for split in ("train", "val"):
        source = MixedPersons({name: instantiate(opened)(split=split) for name, opened in config.data.sources.items()})
        samples = _Readable(source)
        (_write_coco if config.to == "coco" else _write_masks)(samples, target, split)
        left_out += len(samples.broken)
        print(f"{split}: {len(source) - len(samples.broken):,} photos written to {target}")
    return 1 if left_out else 0


class _Readable:
    """The samples that can be read, each with its index; the others are told and counted."""

    def __init__(self, source: MixedPersons) -> None:
        self.source, self.broken = source, []

    def __iter__(self) -> Iterator[tuple[int, Sample]]:
        for index in range(len(self.source)):
            try:
                yield index, self.source[index]
            except PhotoError as error:
                self.broken.append(str(error))
                print(f"left out: {error}")


def _write_masks(samples: _Readable, target: Path, split: str) -> None:
    for index, sample in samples:
        stem = _stem(samples.source, index)
        _write_photo(samples.source, index, sample, target / split / "photos" / stem)
        with whole_file(target / split / "masks" / f"{stem}.png") as path:
            Image.fromarray(sample.alpha).save(path)


def _write_coco(samples: _Readable, target: Path, split: str) -> None:
    """Write photos, and an annotation for all people of a photo together and one, a crowd, for what is ignored."""
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for index, sample in samples:
        name = _write_photo(samples.source, index, sample, target / f"{split}2017" / _stem(samples.source, index))
        height, width = sample.alpha.shape
        images.append({"id": index + 1, "file_name": name, "width": width, "height": height})
        for mask, crowd in ((sample.alpha >= 128, 0), ((sample.weight == 0) & (sample.alpha < 128), 1)):
            if mask.any():
                annotations.append(_annotation(len(annotations) + 1, index + 1, mask, crowd))
    content = {
        "info": {"description": "Converted by Recorte"}, "licenses": [],
        "categories": [{"id": 1, "name": "person", "supercategory": "person"}],
        "images": images, "annotations": annotations,
    }  # fmt: skip
    write_whole(target / "annotations" / f"person_keypoints_{split}2017.json", json.dumps(content))


def _annotation(number: int, image: int, mask: np.ndarray, crowd: int) -> dict[str, Any]:
    encoded = coco_mask.encode(np.asfortranarray(mask.astype(np.uint8)))
    return {
        "id": number, "image_id": image, "category_id": 1, "iscrowd": crowd, "area": float(coco_mask.area(encoded)),
        "bbox": coco_mask.toBbox(encoded).tolist(),
        "segmentation": {"size": list(mask.shape), "counts": encoded["counts"].decode()},
    }  # fmt: skip


def _stem(source: MixedPersons, index: int) -> str:
    """Name a photo in one folder for all: by its number, so that no two meet, and its own name."""
    return f"{index:06}-{PurePosixPath(source.name(index)).stem}".replace(" ", "_")


def _write_photo(source: PersonSource, index: int, sample: Sample, stem: Path) -> str:
    """Copy the photo's file if it shows the pixels of the sample, else write these; gives the name."""
    original = source.path(index)
    if original is not None:
        with Image.open(original) as photo:
            turned = photo.getexif().get(0x0112, 1) != 1
            copied = not turned and photo.size == sample.photo.shape[1::-1]
        if copied:
            with whole_file(stem.with_name(stem.name + original.suffix.lower())) as path:
                shutil.copyfile(original, path)
            return stem.name + original.suffix.lower()
    with whole_file(stem.with_name(f"{stem.name}.png")) as path:
        Image.fromarray(sample.photo).save(path)
    return f"{stem.name}.png"
