"""A small copy of a set of photos, to take to a card to which little can be taken."""

import io
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image
from pycocotools import mask as outlines
from pycocotools.coco import COCO

from recorte.errors import ConfigError, PhotoError
from recorte.files import write_whole
from recorte.letterbox import resize
from recorte.listing import list_photos
from recorte.photo import read_mask, read_photo

SIDE = 320
"""Longest side, pixels: that at which the shipped weights are trained."""
QUALITIES = (85, 75, 65, 55, 45)
"""Of WebP, the highest that fits."""
TRIED = 40
"""Photos by which it is chosen."""
MARGIN = 0.93
"""Share of the room that is planned with."""
PERSON = [{"id": 1, "name": "person", "supercategory": "person"}]


class Made(NamedTuple):
    """What the copy has of a photo: files by their paths, and what its page of annotations says of it."""

    files: dict[str, bytes]
    split: str = ""
    image: dict[str, Any] | None = None
    annotations: Sequence[dict[str, Any]] = ()


Job = Callable[[int], Made]
"""Makes them, in a quality."""


def make_pack(data: Path | None, target: Path, mib: int) -> None:
    """Copy the photos of `persons`, `portraits`, `more` and, where they are taught, `unlabelled`, with their masks.

    Photos are shrunk to 320 pixels and written as WebP, outlines with them. Where even that is too much, training
    photos are left out evenly.

    Raises:
        ConfigError: no data, a target that is there already, or room for not even the validation photos.
    """
    if data is None:
        raise ConfigError("--pack: say of what; --data <folder with persons/ and portraits/>")
    if target.exists():
        raise ConfigError(f"--pack {target}: it is there already; give another folder")
    train = [*_outlined(data, "train"), *_pairs(data, "portraits/train"), *_more(data)]
    val = [*_outlined(data, "val"), *_pairs(data, "portraits/val")]
    quality, share = _plan(train, val, mib * 2**20 * MARGIN)
    kept = [train[number] for number in _spread(len(train), round(share * len(train)))]
    half = target.with_name(f".{target.name}.part")
    shutil.rmtree(half, ignore_errors=True)
    size, pages = 0, {split: {"images": [], "annotations": [], "categories": PERSON} for split in ("train", "val")}
    with ThreadPoolExecutor() as pool:
        for made in pool.map(lambda job: _made(job, quality), [*val, *kept]):
            for path, content in made.files.items():
                (half / path).parent.mkdir(parents=True, exist_ok=True)
                (half / path).write_bytes(content)
                size += len(content)
            if made.split:
                pages[made.split]["images"].append(made.image)
                pages[made.split]["annotations"].extend(made.annotations)
    for split, page in pages.items():
        text = json.dumps(page, separators=(",", ":"))
        write_whole(half / f"persons/annotations/person_keypoints_{split}2017.json", text)
        size += len(text)
    half.rename(target)
    print(
        f"{target}: {size / 2**20:.1f} MiB; {len(val):,} photos to validate, {len(kept):,} of {len(train):,} to train; "
        f"up to {SIDE} pixels, WebP of quality {quality}"
    )


def _outlined(data: Path, split: str) -> Iterator[Job]:
    """Give a job for each photo of a page of COCO's."""
    page = data / f"persons/annotations/person_keypoints_{split}2017.json"
    known = COCO()
    known.dataset = json.loads(page.read_text(encoding="utf-8"))
    known.createIndex()
    for facts in known.dataset["images"]:

        def job(quality: int, facts: dict[str, Any] = facts) -> Made:
            photo = read_photo(data / f"persons/{split}2017" / facts["file_name"]).pixels
            if photo.shape[:2] != (facts["height"], facts["width"]):
                raise PhotoError(f"{facts['file_name']}: of another size than its annotation")
            height, width = _shrunk(photo.shape)
            image = {"id": facts["id"], "file_name": f"{facts['id']:012}.webp", "height": height, "width": width}
            annotations = [_outline(known, one, height, width) for one in known.imgToAnns[facts["id"]]]
            files = {f"persons/{split}2017/{image['file_name']}": _webp(photo, quality)}
            return Made(files, split, image, annotations)

        yield job


def _outline(known: COCO, annotation: dict[str, Any], height: int, width: int) -> dict[str, Any]:
    full = known.annToMask(annotation)
    mask = (resize(full * np.uint8(255), height, width) >= 128).astype(np.uint8)
    code = outlines.encode(np.asfortranarray(mask))
    left, top, across, down = outlines.toBbox(code).tolist()
    return {
        **{key: annotation[key] for key in ("id", "image_id", "category_id", "iscrowd")},
        "segmentation": {"size": [height, width], "counts": code["counts"].decode()},
        "area": int(mask.sum()), "bbox": [left, top, across, down],
    }  # fmt: skip


def _more(data: Path) -> Iterator[Job]:
    for folder in sorted((data / "more").glob("*")):
        yield from _pairs(data, f"more/{folder.name}")
    if (data / "taught/unlabelled").is_dir():
        yield from _pairs(data, "unlabelled", "", "taught/unlabelled", "taught/weights")


def _pairs(data: Path, below: str, photos: str = "photos", *masks: str) -> Iterator[Job]:
    """Give a job for each photo of a folder with its mask, or with what lies under its name in several folders."""
    folder = f"{below}/{photos}".rstrip("/")
    for path in list_photos(data / folder):
        stem = path.relative_to(data / folder).with_suffix("")
        with_it = [f"{place}/{stem}" for place in masks or (f"{below}/masks",)]
        found = {one: mask for one in with_it for mask in (data / one).parent.glob(f"{stem.name}.*")}

        def job(quality: int, path: Path = path, stem: Path = stem, found: dict[str, Path] = found) -> Made:
            files = {f"{folder}/{stem}.webp": _webp(read_photo(path).pixels, quality)}
            return Made(files | {f"{name}.png": _png(read_mask(mask)) for name, mask in found.items()})

        yield job


def _plan(train: list[Job], val: list[Job], room: float) -> tuple[int, float]:
    """Choose the quality, and the share of the training photos that is kept."""
    sizes = [0.0, 0.0]
    for quality in QUALITIES:
        sizes = [_size(jobs, quality) for jobs in (train, val)]
        if sum(sizes) <= room:
            return quality, 1.0
    share = (room - sizes[1]) / sizes[0]
    if share <= 0:
        raise ConfigError(f"--mib: the validation photos alone take {sizes[1] / 2**20:.0f} MiB; give more")
    return QUALITIES[-1], share


def _size(jobs: list[Job], quality: int) -> float:
    """Guess the bytes of all photos from some."""
    made = [_made(jobs[number], quality) for number in _spread(len(jobs), min(TRIED, len(jobs)))]
    bytes_each = [sum(map(len, one.files.values())) + len(json.dumps([one.image, one.annotations])) for one in made]
    return len(jobs) * sum(bytes_each) / max(1, len(bytes_each))


def _spread(length: int, count: int) -> list[int]:
    chosen: list[int] = np.linspace(0, length - 1, count).round().astype(int).tolist()
    return chosen


def _made(job: Job, quality: int) -> Made:
    try:
        return job(quality)
    except PhotoError as error:
        print(f"Left out: {error}")
        return Made({})


def _shrunk(shape: tuple[int, ...]) -> tuple[int, int]:
    share = min(1.0, SIDE / max(shape[:2]))
    return max(1, round(shape[0] * share)), max(1, round(shape[1] * share))


def _webp(photo: np.ndarray, quality: int) -> bytes:
    file = io.BytesIO()
    Image.fromarray(resize(photo, *_shrunk(photo.shape))).save(file, "WEBP", quality=quality)
    return file.getvalue()


def _png(mask: np.ndarray) -> bytes:
    small = Image.fromarray(resize(mask, *_shrunk(mask.shape)))
    hard = set(np.unique(mask)) <= {0, 255}  # then half a pixel is not worth eight bits
    file = io.BytesIO()
    (small.point(lambda value: 255 * (value >= 128), "1") if hard else small).save(file, "PNG", optimize=True)
    return file.getvalue()
