"""What `recorte teach` gains on photos like those it was taught, and what it loses on others.

`python scripts/studies/teaching.py --data data --kinds dark --photos 6` teaches the bundled weights six dark photos
of the training split, and prints the mean IoU of validation photos of each kind, before and after.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Annotated

import typer

from recorte.cli.script import run

if TYPE_CHECKING:
    from recorte import BackgroundRemover
    from recorte.data.sample import Sample, Split

    Kinds = dict[str, list[Sample]]

DARK = 80
"""Mean brightness, of 255, below which a photo is dark."""
SMALL = 0.1
"""Of a photo, that people fill who are small."""
KINDS = ("fashion", "portraits", "drawn", "dark", "small")


def main(
    data: Annotated[Path, typer.Option(help="folder with persons/ and portraits/")],
    kinds: Annotated[list[str], typer.Option(help=f"what to teach: {', '.join(KINDS)}")] = list(KINDS),  # noqa: B006
    photos: Annotated[list[int], typer.Option(help="how many of them")] = [3, 6, 12, 24],  # noqa: B006
    judged: Annotated[int, typer.Option(help="validation photos of each kind, at most")] = 24,
) -> None:
    """Print a row for each kind and number of photos."""
    from recorte import BackgroundRemover

    others = {kind: samples_of(kind, data, "val", judged) for kind in KINDS}
    before = measure(BackgroundRemover(threads=1), others)
    print(f"| taught | photos | seconds | {' | '.join(KINDS)} |\n|{'---|' * (len(KINDS) + 3)}")
    print(f"| nothing | 0 | | {' | '.join(f'{before[kind]:.3f}' for kind in KINDS)} |", flush=True)
    for kind in kinds:
        for number in photos:
            with tempfile.TemporaryDirectory() as folder:
                seconds = teach(samples_of(kind, data, "train", number), Path(folder))
                after = measure(BackgroundRemover(Path(folder, "home/models/mine"), threads=1), others)
            cells = " | ".join(f"{after[one]:.3f} ({100 * (after[one] - before[one]):+.1f})" for one in KINDS)
            print(f"| {kind} | {number} | {seconds:.0f} | {cells} |", flush=True)


def samples_of(kind: str, data: Path, split: "Split", most: int) -> list["Sample"]:
    """Give the first photos of a kind, spread over the split, that somebody is in."""
    import numpy as np

    from recorte.data.coco import CocoPersons
    from recorte.data.folder import ImageMaskFolder
    from recorte.data.sample import PersonSource
    from recorte.data.synthetic import SyntheticPersons

    source: PersonSource
    if kind == "drawn":
        source = SyntheticPersons(split, length=2 * most, size=480, seed=2026)
    elif kind == "portraits":
        source = ImageMaskFolder(data / "portraits", split)
    else:
        source = CocoPersons(data / "persons", split)
    content = json.loads((data / f"persons/annotations/person_keypoints_{split}2017.json").read_bytes())
    sources = {image["file_name"]: image.get("source") for image in content["images"]}
    chosen: list[Sample] = []
    for index in np.random.default_rng(0).permutation(len(source)):
        if kind in ("fashion", "dark", "small") and (sources.get(source.name(index)) == "ccp") != (kind == "fashion"):
            continue
        sample = source[index]
        share = float((sample.alpha >= 128).mean())
        fits = {"dark": sample.photo.mean() < DARK, "small": share < SMALL}.get(kind, True)
        if share > 0.002 and fits:
            chosen.append(sample)
        if len(chosen) == most:
            break
    return chosen


def measure(remover: "BackgroundRemover", kinds: "Kinds") -> dict[str, float]:
    """Give the mean IoU of the photos of each kind, at full size."""
    from recorte.teaching.judging import iou

    return {
        kind: sum(iou(remover.predict_alpha(sample.photo), sample) for sample in samples) / len(samples)
        for kind, samples in kinds.items()
    }


def teach(samples: Sequence["Sample"], folder: Path) -> float:
    """Run `recorte teach` on samples, its models in a folder; gives the seconds that it took."""
    from PIL import Image

    for name in ("photos", "masks"):
        (folder / "lessons" / name).mkdir(parents=True)
    for number, sample in enumerate(samples):
        Image.fromarray(sample.photo).save(folder / "lessons/photos" / f"{number:02}.png")
        Image.fromarray(sample.alpha).save(folder / "lessons/masks" / f"{number:02}.png")
    start = monotonic()
    command = [sys.executable, "-m", "recorte", "teach", folder / "lessons"]
    subprocess.run(command, env=os.environ | {"RECORTE_HOME": str(folder / "home")}, check=True)
    return monotonic() - start


if __name__ == "__main__":
    run(main)
