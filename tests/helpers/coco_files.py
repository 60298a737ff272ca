"""Small data sets in COCO's layout, drawn with numpy and written as photos and JSON."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from pycocotools import mask as coco_mask

HEIGHT, WIDTH = 24, 32
SQUARE = [[4, 2, 12, 2, 12, 10, 4, 10]]
"""A polygon that fills rows 2 to 9 and columns 4 to 11."""

Record = dict[str, Any]


def square_mask() -> np.ndarray:
    """`SQUARE` as a mask of the default photo's size, `uint8` of 0 and 1."""
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[2:10, 4:12] = 1
    return mask


def image(number: int, **changes: object) -> Record:
    """A photo's record, of the default size."""
    return {"id": number, "file_name": f"{number:03}.png", "width": WIDTH, "height": HEIGHT} | changes


def person(number: int, image_id: object, segmentation: object = SQUARE, **changes: object) -> Record:
    """A person's record: the square, unless given otherwise."""
    record = {"id": number, "image_id": image_id, "category_id": 1, "iscrowd": 0, "area": 64.0, "bbox": [4, 2, 8, 8]}
    return record | {"segmentation": segmentation} | changes


def run_lengths(mask: np.ndarray) -> Record:
    """A mask as uncompressed run lengths."""
    runs = [0]
    for value in mask.ravel(order="F"):
        if value == len(runs) % 2:
            runs.append(0)
        runs[-1] += 1
    return {"size": list(mask.shape), "counts": runs}


def compressed(mask: np.ndarray) -> Record:
    """A mask as compressed run lengths."""
    encoded = coco_mask.encode(np.asfortranarray(mask, np.uint8))
    return {"size": list(mask.shape), "counts": encoded["counts"].decode()}


def write_coco(
    root: Path,
    images: list[Record],
    annotations: list[Record],
    categories: list[Record] | None = None,
    split: str = "train",
    kind: str = "person_keypoints",
) -> Path:
    """Write annotations, and a photo of noise for each image whose file can be in the folder; give the root back.

    There is a folder of photos to validate on as well, so that those to train on are not parted.
    """
    (root / "val2017").mkdir(parents=True, exist_ok=True)
    folder = root / f"{split}2017"
    folder.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(0)
    for record in images:
        name = record["file_name"]
        if name and not name.startswith("/") and ".." not in name and min(record["width"], record["height"]) > 0:
            path = folder / name
            path.parent.mkdir(exist_ok=True)
            size = record["height"], record["width"], 3
            Image.fromarray(noise.integers(0, 256, size, dtype=np.uint8)).save(path)
    content = {
        "info": {"description": "drawn"},
        "images": images,
        "annotations": annotations,
        "categories": [{"id": 1, "name": "person"}] if categories is None else categories,
    }
    write_annotations(root, json.dumps(content), split, kind)
    return root


def write_annotations(root: Path, content: str, split: str = "train", kind: str = "person_keypoints") -> Path:
    """Write an annotation file of any content."""
    path = root / "annotations" / f"{kind}_{split}2017.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    (root / f"{split}2017").mkdir(exist_ok=True)
    return path
