"""`convert`: any source as COCO's layout, as folders of photos and masks, or as shards."""

import io
import json
import re
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
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
from recorte.desk.sharding import ShardWriter
from recorte.errors import ConfigError, PhotoError
from recorte.listing import EXTENSIONS
from recorte.photo import opened
from recorte.photo.metadata import ORIENTATION
from recorte.places import Place, told

LONGEST = 200
"""Bytes of a photo's own name that are kept: with a number and a suffix they stay below the 255 of file systems."""


def convert(config: DictConfig) -> int:
    """Write the data of `config.data` to `config.target`, in the layout `config.to`; shards to an object store, too.

    Photos are copied as they are where that is possible, else written as PNG. One that cannot be read is named and
    left out; and so is, in folders of photos and masks, one of which some part has weight 0: no mask can say that.

    Returns:
        Status: 1 if photos were left out, else 0.

    Raises:
        ConfigError: no target, one that is not empty, or one inside a folder that the data are read from.
        DataError: nothing can be written there.
        RecorteError: data that cannot be opened; nothing has been written then.
    """
    target = _target(config.target, config.to, config.data.sources.values())
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


def _write(sources: Sequence[PersonSource], target: str, split: str, layout: str) -> int:
    """Write a split, and tell of it; gives how many photos were left out."""
    photos = _Photos(sources, weighted=layout != "masks")
    if layout == "shards":
        _write_shards(photos, Place.of(f"{target.rstrip('/')}/{split}"))
    else:
        (_write_coco if layout == "coco" else _write_masks)(photos, Path(target), split)
    others = f", {photos.left_out:,} left out" if photos.left_out else ""
    print(f"{split}: {photos.given:,} photos written to {target}{others}")
    return photos.left_out


def _target(target: str | None, layout: str, sources: Iterable[DictConfig]) -> str:
    if target is None:
        raise ConfigError("convert: give target=<the folder to write to>")
    if "://" in target:
        if layout != "shards":
            raise ConfigError(f"target={target}: to={layout} writes folders; give to=shards, or a folder")
        place = Place.of(target)
        with told(target, "cannot be looked into"):
            taken = bool(place.fs.exists(place.root)) and next(place.names(), None) is not None
        if taken:
            raise ConfigError(f"target={target}: is there already and not empty; give a new one")
        return target
    folder = Path(target)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigError(f"target={target}: is there already and not empty; give a new folder")
    for source in sources:
        for read in filter(None, (source.get("root"), source.get("backgrounds"))):
            if "://" not in read and folder.resolve().is_relative_to(Path(read).resolve()):
                raise ConfigError(
                    f"target={target}: lies in {read}, where what is written could be read as data; give a folder "
                    "outside of it"
                )
    return target


class _Photo(NamedTuple):
    """A photo to write: under which name, without suffix, what its file is, if it has one, and who is in it."""

    stem: str
    original: Path | None
    sample: Sample
    group: str


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
                yield _Photo(
                    _stem(self.given + self.left_out, sample.name), source.path(index), sample, source.group(index)
                )
                self.given += 1


def _require_weight(sample: Sample, path: Path | None) -> None:
    if not sample.weight.all():
        share = 100 * float((sample.weight == 0).mean())
        raise PhotoError(
            f"{path or sample.name}: {share:.2g} % of it count neither as people nor as background (crowds, say), "
            "which no mask can tell; to=coco and to=shards keep this"
        )


def _write_masks(photos: _Photos, target: Path, split: str) -> None:
    for photo in photos:
        _write_photo(photo, target / split / "photos")
        with result_file(target / split / "masks" / f"{photo.stem}.png") as path:
            Image.fromarray(photo.sample.alpha).save(path)


def _write_shards(photos: _Photos, place: Place) -> None:
    writer = ShardWriter(place)
    for photo in photos:
        copied = _copied(photo)
        if copied is not None:
            writer.add(photo.stem, copied.suffix.lower(), copied.read_bytes(), photo.sample, photo.group)
        else:
            pixels = io.BytesIO()
            Image.fromarray(photo.sample.photo).save(pixels, "png")
            writer.add(photo.stem, ".png", pixels.getvalue(), photo.sample, photo.group)
    writer.finish()


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


def _copied(photo: _Photo) -> Path | None:
    """Give the photo's file if it shows the pixels of the sample, else None."""
    if photo.original is None:
        return None
    with opened(photo.original) as image:
        turned = image.getexif().get(ORIENTATION, 1) != 1
        listed = photo.original.suffix.lower() in EXTENSIONS  # others COCO may name, but folders are read by these
        return photo.original if listed and not turned and image.size == photo.sample.photo.shape[1::-1] else None


def _write_photo(photo: _Photo, folder: Path) -> str:
    """Copy the photo's file if that shows what the sample does, else write its pixels; gives the name."""
    copied = _copied(photo)
    name = f"{photo.stem}{'.png' if copied is None else copied.suffix.lower()}"
    with result_file(folder / name) as path:
        if copied is None:
            Image.fromarray(photo.sample.photo).save(path, "png")
        else:
            shutil.copyfile(copied, path)
    return name
