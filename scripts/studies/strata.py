"""Figures at full photo size, as a user gets them: overall, and by source, people and light.

`python scripts/studies/strata.py --data data` measures the bundled weights on the validation photos of `data/persons`
(the layout of COCO) and `data/portraits` (photos and masks). With `--split train` it measures how well they fit what
they have learned from: where that is hardly better, more photos are not what is missing.
"""

import json
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from recorte.cli.script import run
from recorte.model.figures import FIGURES

if TYPE_CHECKING:
    import numpy as np

    from recorte import BackgroundRemover
    from recorte.data.sample import Sample, Split
    from recorte.model.metrics import SegmentationMetrics

    Predict = Callable[[np.ndarray], np.ndarray]

SHARES = {"under 3 %": 0.03, "3 to 10 %": 0.10, "10 to 30 %": 0.30, "over 30 %": 1.01}
"""Of the photo that the largest person outlined in it covers."""
NUMBERS = ("nobody", "one", "two", "three to five", "six or more")
LIGHT = {"dark (mean below 80 of 255)": 80, "middling": 150, "bright (mean above 150)": 256}


def main(
    data: Annotated[Path, typer.Option(help="folder with persons/ and portraits/")],
    model: Annotated[Path | None, typer.Option(help="a best_model folder, a run's, or an .onnx file")] = None,
    split: Annotated[Literal["val", "train"], typer.Option(help="the photos to measure on")] = "val",
    worst: Annotated[int, typer.Option(min=0, help="how many of the worst photos to name")] = 0,
    sheet: Annotated[Path | None, typer.Option(help="a PNG of the worst photos: photo, truth and cut-out")] = None,
) -> None:
    """Print a table of figures by stratum."""
    from recorte import BackgroundRemover

    remover = BackgroundRemover(model)
    strata, scores = measure(remover.predict_alpha, photos_of(data, split))
    shown = [figure for figure in FIGURES if figure.main or figure.name == "nobody_marked"]
    print(f"| | photos | {' | '.join(f'`{figure.name}`' for figure in shown)} |\n|{'---|' * (len(shown) + 2)}")
    for name in sorted(strata, key=_place):
        metrics = strata[name]
        figures = {key: float(value) for key, value in metrics.compute().items()}
        cells = (figure.text(figures[figure.name]) for figure in shown)
        print(f"| {name} | {int(metrics.photos)} | {' | '.join(cells)} |")
    scores.sort(key=lambda item: item[0])
    for score, sample in scores[:worst]:
        print(f"{score:.3f} {sample.name}")
    if sheet is not None:
        _draw(sheet, [sample for _, sample in scores[:worst]], remover)


def validation(data: Path) -> Iterator[tuple["Sample", list[str]]]:
    """Give every validation photo with the names of the strata it belongs to."""
    return photos_of(data, "val")


def photos_of(data: Path, split: "Split") -> Iterator[tuple["Sample", list[str]]]:
    """Give every photo of a split with the names of the strata it belongs to."""
    from recorte.data.coco import CocoPersons
    from recorte.data.folder import ImageMaskFolder

    persons, portraits = CocoPersons(data / "persons", split), ImageMaskFolder(data / "portraits", split)
    content = json.loads((data / f"persons/annotations/person_keypoints_{split}2017.json").read_bytes())
    people: dict[int, list[float]] = {image["id"]: [] for image in content["images"]}
    for person in content["annotations"]:
        people[person["image_id"]].append(person["area"])
    facts = {image["file_name"]: image for image in content["images"]}
    for index in range(len(persons)):
        sample, fact = persons[index], facts[persons.name(index)]
        areas = people[fact["id"]]
        strata = ["persons", f"source: {fact.get('source', 'unnamed')}", _light(sample), _number(len(areas))]
        if areas:
            share = max(areas) / sample.alpha.size
            strata.append("largest person: " + next(name for name, end in SHARES.items() if share < end))
        yield sample, strata
    for index in range(len(portraits)):
        sample = portraits[index]
        yield sample, ["portraits", _light(sample)]


def _number(count: int) -> str:
    return f"people: {NUMBERS[count] if count < 3 else NUMBERS[3 if count < 6 else 4]}"


def _light(sample: "Sample") -> str:
    return "light: " + next(name for name, end in LIGHT.items() if sample.photo.mean() < end)


def measure(
    predict: "Predict", photos: "Iterator[tuple[Sample, list[str]]]"
) -> tuple[dict[str, "SegmentationMetrics"], list[tuple[float, "Sample"]]]:
    """Measure a function from photo to alpha, at the photos' own sizes.

    Returns:
        Metrics by stratum, "all" among them, and every photo with its IoU.
    """
    import torch

    from recorte.model.metrics import SegmentationMetrics

    warnings.filterwarnings("ignore", message=".*was called before the ``update``.*")  # merged, they have been
    strata: dict[str, SegmentationMetrics] = {}
    scores = []
    for sample, names in photos:
        alpha = torch.from_numpy(predict(sample.photo))[None, None]
        truth = torch.tensor(sample.alpha)[None, None].float() / 255
        weight = torch.tensor(sample.weight)[None, None].float()
        one = SegmentationMetrics()
        one.update(alpha, truth, weight)
        scores.append((float(one.compute()["photo_iou"]), sample))
        for name in ("all", *names):
            strata.setdefault(name, SegmentationMetrics()).merge_state(one)
    return strata, scores


def _place(name: str) -> tuple[int, int, str]:
    """Sort strata by kind, and within a kind by what they say."""
    kind, _, value = name.partition(": ")
    kinds = ("all", "persons", "portraits", "source", "largest person", "people", "light")
    values = [*SHARES, *NUMBERS, *LIGHT]
    return kinds.index(kind), values.index(value) if value in values else 0, value


def _draw(path: Path, samples: "list[Sample]", remover: "BackgroundRemover") -> None:
    import numpy as np
    from PIL import Image

    from recorte.files import whole_file
    from recorte.letterbox import PADDING_COLOUR, Letterbox

    rows = []
    for sample in samples:
        alpha = (remover.predict_alpha(sample.photo) * 255).astype(np.uint8)
        fit = Letterbox.of(sample.alpha, 240)
        grey = fit.apply(sample.photo, PADDING_COLOUR)
        masks = [fit.apply(mask)[..., None] / 255 for mask in (sample.alpha, alpha)]
        cells = [grey, *((grey * mask + np.array((90, 200, 120)) * (1 - mask)).astype(np.uint8) for mask in masks)]
        rows.append(np.concatenate(cells, axis=1))
    rows += [np.zeros_like(rows[0])] * (len(rows) % 2)
    columns = [np.concatenate(rows[start::2], axis=0) for start in (0, 1)]
    with whole_file(path) as target:
        Image.fromarray(np.concatenate(columns, axis=1)).save(target)


if __name__ == "__main__":
    run(main)
