# ruff: noqa: E501 (a table)
"""Data sets in COCO's layout that are good but for one fault each."""

import io
import json
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

HEIGHT, WIDTH, PHOTOS = 24, 32, 6
SQUARE = [[4, 2, 12, 2, 12, 10, 4, 10]]
JSON = "annotations/person_keypoints_train2017.json"
PHOTO = "train2017/003.png"


class Fault(NamedTuple):
    """A fault, where it must be found, and words of the finding."""

    make: Callable[[Path], None]
    where: str
    words: str
    grave: bool = True
    full: bool = False


def write_good(root: Path) -> Path:
    """Photos 0 to 5 to train, 10 to 12 to validate, all different; annotation n + 100 is of photo n."""
    for split, numbers in (("train", range(PHOTOS)), ("val", range(10, 13))):
        (root / f"{split}2017").mkdir(parents=True)
        for number in numbers:
            pixels = np.random.default_rng(number).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(root / f"{split}2017/{number:03}.png")
        images = [{"id": n, "file_name": f"{n:03}.png", "width": WIDTH, "height": HEIGHT} for n in numbers]
        people = [
            {"id": n + 100, "image_id": n, "category_id": 1, "iscrowd": 0, "area": 64.0, "bbox": [4, 2, 8, 8],
             "segmentation": SQUARE} for n in numbers
        ]  # fmt: skip
        content = {"images": images, "annotations": people, "categories": [{"id": 1, "name": "person"}]}
        (root / "annotations").mkdir(exist_ok=True)
        (root / f"annotations/person_keypoints_{split}2017.json").write_text(json.dumps(content))
    return root


def edited(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], None]:
    def make(root: Path) -> None:
        content = json.loads((root / JSON).read_text())
        change(content)
        (root / JSON).write_text(json.dumps(content))

    return make


def annotation(**changes: Any) -> Callable[[Path], None]:
    return edited(lambda content: content["annotations"][3].update(changes))


def image(**changes: Any) -> Callable[[Path], None]:
    return edited(lambda content: content["images"][3].update(changes))


def raw(change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    return lambda root: (root / JSON).write_bytes(change((root / JSON).read_bytes())) and None


def photo(content: bytes) -> Callable[[Path], None]:
    return lambda root: (root / PHOTO).write_bytes(content) and None


def png_of(width: int, height: int, pixels: bytes = b"") -> bytes:
    """A PNG whose header promises so many pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(pixels)) + chunk(b"IEND", b"")


def jpeg() -> bytes:
    content = io.BytesIO()
    Image.fromarray(np.random.default_rng(3).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)).save(content, "JPEG")
    return content.getvalue()


def replaced(by: Callable[[Path], object]) -> Callable[[Path], None]:
    def make(root: Path) -> None:
        (root / PHOTO).unlink()
        by(root / PHOTO)

    return make


def renamed(name: str) -> Callable[[Path], None]:
    """The photo under another name, but the annotations know it by the old one."""
    return lambda root: (root / PHOTO).rename((root / PHOTO).with_name(name)) and None


def outside(path: Path) -> None:
    target = path.parents[2] / "elsewhere.png"
    Image.new("RGB", (WIDTH, HEIGHT)).save(target)
    path.symlink_to(target)


def one_name(root: Path) -> None:
    """Another photo to validate on, of the name of one to train on."""
    (root / "val2017/011.png").rename(root / "val2017/003.png")
    path = root / JSON.replace("train", "val")
    path.write_text(path.read_text().replace("011.png", "003.png"))


RUNS = {"size": [HEIGHT, WIDTH], "counts": [HEIGHT * WIDTH]}
A, IMAGE, P = "annotation 103", "image 3", "train2017/003.png"

FAULTS = {
    "empty file": Fault(raw(lambda _: b""), JSON, "damaged or no JSON"),
    "truncated JSON": Fault(raw(lambda content: content[:300]), JSON, "damaged or no JSON"),
    "not JSON": Fault(raw(lambda _: b"\x89PNG\r\n\x1a\n" * 20), JSON, "damaged or no JSON"),
    "HTML": Fault(raw(lambda _: b"<html>404</html>"), JSON, "damaged or no JSON"),
    "a list": Fault(raw(lambda _: b"[]"), JSON, "not COCO's format"),
    "no images": Fault(edited(lambda content: content.pop("images")), JSON, "images"),
    "no annotations": Fault(edited(lambda content: content.pop("annotations")), JSON, "annotations"),
    "images are none": Fault(edited(lambda content: content["images"].clear()), JSON, "lists no photos"),
    "wrong category": Fault(edited(lambda content: content["categories"][0].update(name="dog")), JSON, "there are: dog"),
    "no categories": Fault(edited(lambda content: content["categories"].clear()), JSON, "none at all"),
    "category without name": Fault(edited(lambda content: content["categories"][0].pop("name")), JSON, "category number 1"),
    "category id twice": Fault(edited(lambda content: content["categories"].append({"id": 1, "name": "dog"})), JSON, "category number 2 in the file: number 1 has the same id, 1"),
    "unknown category": Fault(annotation(category_id=99), JSON, f"{A}: there is no usable category 99"),
    "image id twice": Fault(image(id=2), JSON, "image 2: another one has the same id"),
    "image id missing": Fault(edited(lambda content: content["images"][3].pop("id")), JSON, "number 4 in the file"),
    "image id text": Fault(image(id="three"), JSON, "image three \\(number 4"),
    "file name twice": Fault(image(file_name="002.png"), JSON, f"{IMAGE}: its file 002.png is that of image 2 too"),
    "file name twice, spelled anew": Fault(image(file_name=".//002.png"), JSON, f"{IMAGE}: its file .//002.png is that of image 2 too"),
    "file name missing": Fault(edited(lambda content: content["images"][3].pop("file_name")), JSON, f"{IMAGE} \\(number 4"),
    "file name empty": Fault(image(file_name=""), JSON, f"{IMAGE}: its file_name '' is not below"),
    "file name absolute": Fault(image(file_name="/etc/passwd"), JSON, f"{IMAGE}: its file_name '/etc/passwd' is not below"),
    "file name goes up": Fault(image(file_name="../val2017/010.png"), JSON, "is not below the photo folder"),
    "file name of Windows": Fault(image(file_name="C:\\photos\\3.png"), JSON, "is not below the photo folder"),
    "negative width": Fault(image(width=-5), JSON, f"{IMAGE}: not as COCO has it, but understood: width -5, read as 32$", grave=False),
    "no height": Fault(image(height=0), JSON, f"{IMAGE}: .*understood: height 0, read as 24$", grave=False),
    "no size and no photo": Fault(image(height=0, file_name="no.png"), JSON, f"{IMAGE}: it says no width and height, and its photo .*no.png cannot be read"),
    "width of half a pixel": Fault(image(width=32.5), JSON, f"{IMAGE} \\(number 4 in the file\\): its width is 32.5, where a whole number of pixels is needed"),
    "huge height": Fault(image(height=10**12), JSON, f"{IMAGE} \\(number 4"),
    "id as text": Fault(image(id="3"), JSON, f'{IMAGE}: .*understood: id "3", read as 3$', grave=False),
    "backslash": Fault(image(file_name="photos\\003.PNG"), JSON, f"{IMAGE}: .*, read as 003.png$", grave=False),
    "crowd of null": Fault(annotation(iscrowd=None), JSON, f"{A}: .*understood: iscrowd null, read as 0$", grave=False),
    "a crumb": Fault(annotation(segmentation=[*SQUARE, [5, 5], []]), JSON, f"{A}: 2 parts of outlines of fewer than three points", grave=False),
    "shares": Fault(annotation(segmentation=[[0.1, 0.1, 0.4, 0.1, 0.4, 0.9]]), JSON, f"{A}: its outline is all within one pixel, as shares"),
    "of another size": Fault(annotation(bbox=[8, 4, 24, 20], area=480, segmentation=[[2, 1, 8, 1, 8, 6, 2, 6]]), JSON, f"{A}: .* another size or another person"),
    "another box": Fault(annotation(bbox=[20, 14, 8, 8]), JSON, f"{A}: its outline spans x 4 to 12, y 2 to 10, but its bbox x 20 to 28, y 14 to 22$", grave=False),
    "another area": Fault(annotation(area=700), JSON, f"{A}: .*, but its area of 700 pixels is not the 64 inside$", grave=False),
    "a huge photo": Fault(image(width=2**31 - 1, height=2**31 - 1), JSON, f"{IMAGE}: its 2147483647 x 2147483647 pixels are more than"),
    "unknown image": Fault(annotation(image_id=999), JSON, f"{A}: there is no usable image 999"),
    "annotation id twice": Fault(annotation(id=102), JSON, "annotation 102: another one has the same id"),
    "annotation id missing": Fault(edited(lambda content: content["annotations"][3].pop("id")), JSON, "without id: .*understood: no id, read as 4$", grave=False),
    "annotation of no object": Fault(edited(lambda content: content["annotations"].append(5)), JSON, "annotation without id \\(number 7"),
    "area beyond numbers": Fault(raw(lambda content: content.replace(b"64.0", b"1e999", 1)), JSON, "annotation 100 \\(number 1 .*: its area is 1e999"),
    "nested deeply": Fault(raw(lambda content: content.replace(b'"iscrowd": 0', b'"iscrowd": ' + b"[" * 5000 + b"]" * 5000, 1)), JSON, "more deeply than annotations are"),
    "no outline": Fault(edited(lambda content: content["annotations"][3].pop("segmentation")), JSON, f"{A} \\(number 4"),
    "empty outline": Fault(annotation(segmentation=[]), JSON, f"{A}: its outline is not usable: empty"),
    "two corners": Fault(annotation(segmentation=[[1, 2, 3, 4]]), JSON, f"{A}: its outline is not usable: a polygon of 4"),
    "odd corners": Fault(annotation(segmentation=[[*SQUARE[0], 1]]), JSON, f"{A}: its outline is not usable: a polygon of 9"),
    "NaN in an outline": Fault(annotation(segmentation=[[4, float("nan"), 12, 2, 12, 10]]), JSON, A),
    "endless outline": Fault(annotation(segmentation=[[4, float("inf"), 12, 2, 12, 10]]), JSON, A),
    "text in an outline": Fault(annotation(segmentation=[["x", 2, 12, 2, 12, 10]]), JSON, f"{A}: .* number 1 of its polygon 1"),
    "far outside": Fault(annotation(segmentation=[[4, 2, 1e12, 2, 12, 10]]), JSON, "far outside"),
    "a long way": Fault(annotation(segmentation=[[-32, 1, 64, 2] * 27_835]), JSON, f"{A}: its outline is not usable: .* 5,399,990 pixels"),
    "a line": Fault(annotation(segmentation=[[4, 2, 4, 2, 4, 2]]), JSON, f"{A}: its outline covers no pixel"),
    "passes the edge": Fault(annotation(bbox=[4, 2, 28, 8], area=224, segmentation=[[4, 2, 40, 2, 40, 10, 4, 10]]), JSON, "passes the photo's edge", False),
    "runs too short": Fault(annotation(segmentation=RUNS | {"counts": [5, 5]}), JSON, f"{A}: .* do not add up"),
    "runs of another size": Fault(annotation(segmentation=RUNS | {"size": [9, 9]}), JSON, f"{A}: .* 9 x 9 pixels"),
    "negative runs": Fault(annotation(segmentation=RUNS | {"counts": [HEIGHT * WIDTH + 1, -1]}), JSON, A),
    "damaged text": Fault(annotation(segmentation=RUNS | {"counts": "§§"}), JSON, f"{A}: .* damaged"),
    "runs of nobody": Fault(annotation(segmentation=RUNS), JSON, f"{A}: its outline covers no pixel"),
    "area of nothing": Fault(annotation(area=0), JSON, f"{A}: its area is 0", False),
    "negative area": Fault(annotation(area=-7), JSON, f"{A}: its area is -7", False),
    "area of a planet": Fault(annotation(area=1e20), JSON, f"{A}: its area is 1e\\+20", False),
    "a photo is missing": Fault(lambda root: (root / PHOTO).unlink(), P, "there is no such file"),
    "a photo of 0 bytes": Fault(photo(b""), P, "empty, 0 bytes"),
    "a photo is HTML": Fault(photo(b"<!DOCTYPE html><html>not found</html>"), P, "not a photo: it begins with '<!DOCTYPE"),
    "a photo is text": Fault(photo(b"hello"), P, "not a photo"),
    "a photo is a folder": Fault(replaced(lambda path: path.mkdir()), P, "this is a folder"),
    "a photo is a link outside": Fault(replaced(outside), P, "a link to .*, outside of", False),
    "a photo is a link to nothing outside": Fault(replaced(lambda path: path.symlink_to("/nowhere/3.png")), P, "a link to /nowhere/3.png, outside of .*, where there is no"),
    "a photo is a link to nothing": Fault(replaced(lambda path: path.symlink_to("nothing.png")), P, "no such file"),
    "a photo links to itself": Fault(replaced(lambda path: path.symlink_to(path.name)), P, "a link|cannot be read|no such"),
    "a photo of 30,000 x 30,000": Fault(photo(png_of(30_000, 30_000)), P, "30000 x 30000 pixels|more than the limit"),
    "a photo of another size": Fault(photo(png_of(50, 40)), P, "50 x 40 pixels, but .* says 32 x 24"),
    "half a header": Fault(photo(jpeg()[:9]), P, "not a photo|cannot be read"),
    "a photo cut in the middle": Fault(photo(jpeg()[:-200]), P, "truncated or damaged", full=True),
    "a photo that unpacks to more": Fault(photo(png_of(WIDTH, HEIGHT, b"\1\2\3")), P, "truncated or damaged", full=True),
    "a photo in both splits": Fault(
        lambda root: (root / "val2017/011.png").write_bytes((root / PHOTO).read_bytes()) and None,
        "val2017/011.png", "the same photo as .*train2017/003.png: val and train",
    ),
    "a photo twice": Fault(
        lambda root: (root / "train2017/004.png").write_bytes((root / PHOTO).read_bytes()) and None,
        "train2017/004.png", "the same photo as 003.png", False,
    ),
    "a name in both splits": Fault(one_name, "val2017/003.png", "the same name as .*train2017/003.png, but not the same file", False),
    "another name": Fault(renamed("003 (1).png"), P, "there is no such file"),
    "no photo folder": Fault(lambda root: (root / "train2017").rename(root / "train"), "", "train2017: there is no such folder"),
    "no annotation file": Fault(lambda root: (root / JSON).unlink(), "", "neither .*person_keypoints_train2017.json"),
}  # fmt: skip

NAMES = [
    "with space.png",
    "quote'\".png",
    "žluťoučký 猫.png",
    f"{'n' * 246}.png",
    "-m.png",
    "$(reboot).png",
    "a\nb.png",
]
"""Odd names of photos, none of which is a fault."""
