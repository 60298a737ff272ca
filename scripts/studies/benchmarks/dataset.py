"""The dataset desk against pycocotools and the plain recipe: `python scripts/studies/benchmark.py dataset`."""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from benchmarks.pipeline import pipeline

PHOTOS, PEOPLE = 64_115, 262_465
"""As many as COCO 2017's person_keypoints_train2017.json has."""
MASKED = 500

OPEN = {
    "pycocotools": "from pycocotools.coco import COCO\nopen_it = lambda: COCO(path)",
    "recorte, first": "from recorte.data.coco.index import read_index, _places\nfrom pathlib import Path\n"
    "[place.unlink(missing_ok=True) for place in _places(Path(path))]\nopen_it = lambda: read_index(Path(path))",
    "recorte, cached": "from recorte.data.coco.index import read_index\nfrom pathlib import Path\n"
    "open_it = lambda: read_index(Path(path))",
}
MEASURE = """
import contextlib, io, json, os, sys, time
path = sys.argv[1]
{code}
def peak():
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM")) / 1024
before, began = peak(), time.perf_counter()
with contextlib.redirect_stdout(io.StringIO()):
    opened = open_it()
print(json.dumps([time.perf_counter() - began, peak() - before]))
"""


def dataset(
    data: Annotated[Path, typer.Option(help="folder in the layout of COCO, for the pipeline")],
    rounds: Annotated[int, typer.Option(min=1, help="how often each takes its turn")] = 3,
    folder: Annotated[
        Path | None, typer.Option(help="where the generated data set is, or goes; else a new one")
    ] = None,
) -> None:
    """Opening, masks and batches, beside pycocotools; and how long each verb takes at COCO's full size."""
    with tempfile.TemporaryDirectory() as temporary:
        root = folder or Path(temporary)
        annotations = generate(root)
        print(
            f"{annotations.name}: {PHOTOS:,} photos, {PEOPLE:,} annotations, {annotations.stat().st_size / 1e6:.0f} MB"
        )
        _opening(annotations, rounds)
        _workers(annotations)
        _masks(root, rounds)
        _verbs(root)
    pipeline(data, rounds)


def generate(root: Path) -> Path:
    """Write a data set with an annotation file of COCO's full size below `root`, unless it is there.

    Returns:
        The annotations to train; those to validate are few.
    """
    train = _split(root, "train", 0, PHOTOS, PEOPLE)
    _split(root, "val", PHOTOS, 500, 2000)
    return train


def _split(root: Path, split: str, first: int, photos: int, people: int) -> Path:
    path = root / f"annotations/person_keypoints_{split}2017.json"
    if path.exists():
        return path
    rng = np.random.default_rng(first)
    sides = rng.choice([(640, 480), (480, 640), (640, 427), (500, 375)], photos)
    images = [
        {"license": 1, "file_name": f"{n:012}.jpg", "coco_url": f"http://images.cocodataset.org/train2017/{n:012}.jpg",
         "height": int(height), "width": int(width), "date_captured": "2013-11-14 16:28:13", "id": n}
        for n, (width, height) in enumerate(sides, start=first)
    ]  # fmt: skip
    annotations = []
    for number, place in enumerate(np.sort(rng.integers(0, photos, people)).tolist()):
        width, height = sides[place]
        points, radius = int(rng.integers(12, 60)), rng.uniform(5, 120)
        angles = 2 * np.pi * (np.arange(points) + rng.uniform(0, 1, points)) / points
        x = (rng.uniform(5, width - 5) + radius * np.cos(angles)).clip(0, width)
        y = (rng.uniform(5, height - 5) + 1.5 * radius * np.sin(angles)).clip(0, height)
        outline = np.stack([x, y], axis=1).round(2).ravel().tolist()
        box = [round(float(value), 2) for value in (x.min(), y.min(), np.ptp(x), np.ptp(y))]
        annotations.append(
            {"segmentation": [outline], "num_keypoints": 10, "area": round(box[2] * box[3] / 2, 4), "iscrowd": 0,
             "keypoints": rng.integers(0, 640, 51).tolist(), "image_id": first + place, "bbox": box, "category_id": 1,
             "id": number + 1}
        )  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {"info": {}, "licenses": [], "images": images, "annotations": annotations,
               "categories": [{"supercategory": "person", "id": 1, "name": "person"}]}  # fmt: skip
    _write_photos(root / f"{split}2017", [(image["file_name"], image["width"], image["height"]) for image in images])
    path.write_text(json.dumps(content))
    return path


def _write_photos(folder: Path, photos: list[tuple[str, int, int]]) -> None:
    """Write JPEGs of the right sizes whose headers differ: the pixels of each size are encoded once."""
    import io

    from PIL import Image

    folder.mkdir(parents=True, exist_ok=True)
    encoded: dict[tuple[int, int], bytes] = {}
    for name, width, height in photos:
        if (width, height) not in encoded:
            content = io.BytesIO()
            Image.new("RGB", (width, height), (90, 120, 60)).save(content, "JPEG", quality=30)
            encoded[width, height] = content.getvalue()
        content = encoded[width, height]
        comment = name.encode()
        marker = b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment
        (folder / name).write_bytes(content[:2] + marker + content[2:])


def _opening(path: Path, rounds: int) -> None:
    figures: dict[str, list[tuple[float, float]]] = {name: [] for name in OPEN}
    for turn in range(rounds + 1):  # the first warms up
        for name, code in OPEN.items():
            command = [sys.executable, "-c", MEASURE.format(code=code), str(path)]
            answer = subprocess.run(command, capture_output=True, text=True, check=True)
            if turn:
                figures[name].append(tuple(json.loads(answer.stdout)))
    print(f"Opening, {rounds} turns each:")
    for name, values in figures.items():
        seconds, megabytes = (statistics.median(column) for column in zip(*values, strict=True))
        print(f"  {name:18} {seconds:8.3f} s   {megabytes:8.0f} MB more at the peak")
    base = figures["pycocotools"]
    for name in ("recorte, first", "recorte, cached"):
        faster, smaller = (
            statistics.median(a / max(b, 1e-9) for a, b in zip(*columns, strict=True))
            for columns in zip(zip(*base, strict=True), zip(*figures[name], strict=True), strict=True)
        )
        print(f"Ratio {name}: {faster:.1f} times as fast, with 1/{smaller:.1f} of the memory")


def _workers(path: Path) -> None:
    """Tell what a worker process adds, in proportional set size."""
    code = """
import multiprocessing, sys, psutil
from recorte.data.coco import CocoPersons
source = CocoPersons(sys.argv[1], "train")
def work(source, ready, done):
    for index in range(0, len(source), 7):
        source.masks(index)
    ready.set(); done.wait()
if __name__ == "__main__":
    pss = lambda *ids: sum(psutil.Process(i).memory_full_info().pss for i in ids) / 1e6
    context = multiprocessing.get_context("fork")
    ready, done = context.Event(), context.Event()
    alone = pss(psutil.Process().pid)
    worker = context.Process(target=work, args=(source, ready, done))
    worker.start()
    ready.wait()
    print(f"{pss(psutil.Process().pid, worker.pid) - alone:.1f}")
    done.set()
"""
    root = path.parents[1]
    answer = subprocess.run([sys.executable, "-c", code, str(root)], capture_output=True, text=True, check=True)
    print(
        f"A worker that has drawn every seventh photo's people adds {answer.stdout.strip()} MB (proportional set size)"
    )


def _masks(root: Path, rounds: int) -> None:
    import contextlib
    import io

    from pycocotools.coco import COCO

    from recorte.data.coco import CocoPersons

    source = CocoPersons(root, "train")
    with contextlib.redirect_stdout(io.StringIO()):
        theirs = COCO(str(root / "annotations/person_keypoints_train2017.json"))
    chosen = np.random.default_rng(1).choice(len(source), MASKED, replace=False).tolist()

    def plain() -> list[np.ndarray]:
        masks = []
        for index in chosen:
            image = theirs.imgs[int(source.index.image_ids[source.photos[index]])]
            mask = np.zeros((image["height"], image["width"]), np.uint8)
            for annotation in theirs.loadAnns(theirs.getAnnIds(imgIds=image["id"])):
                mask = np.maximum(mask, theirs.annToMask(annotation))
            masks.append(mask)
        return masks

    def ours() -> list[np.ndarray]:
        return [source.masks(index)[0] for index in chosen]

    equal = all(np.array_equal(one, other) for one, other in zip(plain(), ours(), strict=True))
    ratio = _ratio(plain, ours, rounds)
    print(
        f"Masks of {MASKED} photos: {ratio:.1f} times as fast as the loop of annToMask; equal pixel by pixel: {equal}"
    )


def _ratio(one: Callable[[], Any], other: Callable[[], Any], rounds: int) -> float:
    """Give how many times as fast the other is, median of the turns."""
    ratios = []
    for _ in range(rounds):
        began = time.perf_counter()
        one()
        middle = time.perf_counter()
        other()
        ratios.append((middle - began) / (time.perf_counter() - middle))
    return statistics.median(ratios)


def _verbs(root: Path) -> None:
    script = Path(__file__).parents[2] / "dataset.py"
    for verb in ("quick", "analyze", "verify"):
        command = [sys.executable, str(script), verb, "data=coco", f"data.root={root}", f"run_dir={root / 'seen'}"]
        began = time.perf_counter()
        answer = subprocess.run(command, capture_output=True, text=True, check=False)
        if answer.returncode:
            sys.exit(f"dataset.py {verb} ended with status {answer.returncode}: {answer.stdout[-2000:]}{answer.stderr}")
        print(f"dataset.py {verb}: {time.perf_counter() - began:.1f} s, as a whole process")
