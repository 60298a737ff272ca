"""`convert`: any source as COCO's layout, or as folders of photos and masks."""

import json
import re
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import numpy as np
from hydra.utils import instantiate
from omegaconf import DictConfig
from PIL import Image
from pycocotools import mask as coco_mask

from recorte.data.sample import PersonSource, Sample
from recorte.desk.looking.statistics import distinct
from recorte.desk.results import result_file
from recorte.errors import ConfigError, PhotoError
from recorte.listing import EXTENSIONS
from recorte.metadata import ORIENTATION
from recorte.photo import opened

LONGEST = 200
"""Bytes of a photo's own name that are kept: with a number and a suffix they stay below the 255 of file systems."""


def convert(config: DictConfig) -> int:
    """Write the data of `config.data` to the folder `config.target`, in the layout `config.to`.

    Photos are copied as they are where that is possible, else written as PNG. One that cannot be read is named and
    left out; and so is, in folders of photos and masks, one of which some part has weight 0: no mask can say that.

    Returns:
        Status: 1 if photos were left out, else 0.

    Raises:
        ConfigError: no target, one that is not empty, or one inside a folder that the data are read from.
        DataError: nothing can be written there.
        RecorteError: data that cannot be opened; nothing has been written then.
    """
    target = _target(config)
    splits = {
        split: [instantiate(source)(split=split) for source in config.data.sources.values()]
        for split in ("train", "val")
    }
    try:
        left_out = sum(_write(sources, target, split, config.to) for split, sources in splits.items())
    except KeyboardInterrupt:
        print(f"{target}: only a part is there; remove it before you convert again", file=sys.stderr)
        raise
    return 1 if left_out else 0


def _write(sources: Sequence[PersonSource], target: Path, split: str, layout: str) -> int:
    """Write a split, and tell of it; gives how many photos were left out."""
    photos = _Photos(sources, weighted=layout == "coco")
    (_write_coco if layout == "coco" else _write_masks)(photos, target, split)
    others = f", {photos.left_out:,} left out" if photos.left_out else ""
    print(f"{split}: {photos.given:,} photos written to {target}{others}")
    return photos.left_out


def _target(config: DictConfig) -> Path:
    if config.target is None:
        raise ConfigError("convert: give target=<the folder to write to>")
    target = Path(config.target)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise ConfigError(f"target={target}: is there already and not empty; give a new folder")
    for source in config.data.sources.values():
        for folder in filter(None, (source.get("root"), source.get("backgrounds"))):
            if target.resolve().is_relative_to(Path(folder).resolve()):
                raise ConfigError(
                    f"target={target}: lies in {folder}, where what is written could be read as data; give a folder "
                    "outside of it"
                )
    return target


class _Photo(NamedTuple):
    """A photo to write: under which name, without suffix, what its file is, if it has one, and who is in it."""

    stem: str
    original: Path | None
    sample: Sample


class _Photos:
    """The photos of all sources that can be written, each once; the others are told and counted."""

    def __init__(self, sources: Sequence[PersonSource], weighted: bool) -> None:
        self.sources, self.weighted = sources, weighted
        self.given = self.left_out = 0

    def __iter__(self) -> Iterator[_Photo]:
        for source in self.sources:
            for index in distinct(source):
                try:
                    sample = source[index]
                    if not self.weighted:
                        _require_weight(sample, source.path(index))
                except PhotoError as error:
                    self.left_out += 1
                    print(f"left out: {error}")
                    continue
                yield _Photo(_stem(self.given + self.left_out, sample.name), source.path(index), sample)
                self.given += 1


def _require_weight(sample: Sample, path: Path | None) -> None:
    if not sample.weight.all():
        share = 100 * float((sample.weight == 0).mean())
        raise PhotoError(
            f"{path or sample.name}: {share:.2g} % of it count neither as people nor as background (crowds, say), "
            "which no mask can tell; to=coco keeps this"
        )


def _write_masks(photos: _Photos, target: Path, split: str) -> None:
    for photo in photos:
        _write_photo(photo, target / split / "photos")
        with result_file(target / split / "masks" / f"{photo.stem}.png") as path:
            Image.fromarray(photo.sample.alpha).save(path)


def _write_coco(photos: _Photos, target: Path, split: str) -> None:
    """Write photos, and an annotation for all people of a photo together and one, a crowd, for what is ignored."""
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for number, photo in enumerate(photos, start=1):
        name, sample = _write_photo(photo, target / f"{split}2017"), photo.sample
        height, width = sample.alpha.shape
        images.append({"id": number, "file_name": name, "width": width, "height": height})
        for mask, crowd in ((sample.alpha >= 128, 0), ((sample.weight == 0) & (sample.alpha < 128), 1)):
            if mask.any():
                annotations.append(_annotation(len(annotations) + 1, number, mask, crowd))
    content = {
        "info": {"description": "Converted by Recorte"}, "licenses": [],
        "categories": [{"id": 1, "name": "person", "supercategory": "person"}],
        "images": images, "annotations": annotations,
    }  # fmt: skip
    with result_file(target / "annotations" / f"person_keypoints_{split}2017.json") as path:
        path.write_text(json.dumps(content))


def _annotation(number: int, image: int, mask: np.ndarray, crowd: int) -> dict[str, Any]:
    encoded = coco_mask.encode(np.asfortranarray(mask.astype(np.uint8)))
    return {
        "id": number, "image_id": image, "category_id": 1, "iscrowd": crowd, "area": float(coco_mask.area(encoded)),
        "bbox": coco_mask.toBbox(encoded).tolist(),
        "segmentation": {"size": list(mask.shape), "counts": encoded["counts"].decode()},
    }  # fmt: skip


def _stem(number: int, name: str) -> str:
    """Name a photo in one folder for all: by its number, so that no two meet, and what can be kept of its own name."""
    # What is no UTF-8 in a file's name are surrogates here, which JSON cannot hold.
    own = re.sub(r"[\ud800-\udfff ]", "_", PurePosixPath(name).stem)
    return f"{number:06}-{own.encode()[:LONGEST].decode(errors='ignore')}"


def _write_photo(photo: _Photo, folder: Path) -> str:
    """Copy the photo's file if it shows the pixels of the sample, else write these; gives the name."""
    if photo.original is not None:
        with opened(photo.original) as image:
            turned = image.getexif().get(ORIENTATION, 1) != 1
            listed = photo.original.suffix.lower() in EXTENSIONS  # others COCO may name, but folders are read by these
            copied = listed and not turned and image.size == photo.sample.photo.shape[1::-1]
        if copied:
            name = f"{photo.stem}{photo.original.suffix.lower()}"
            with result_file(folder / name) as path:
                shutil.copyfile(photo.original, path)
            return name
    with result_file(folder / f"{photo.stem}.png") as path:
        Image.fromarray(photo.sample.photo).save(path)
    return f"{photo.stem}.png"
