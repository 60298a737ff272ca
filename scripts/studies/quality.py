"""Does the score of the quality report follow how good cut-outs really are?

`python scripts/studies/quality.py --data data` compares it with the IoU of the validation photos of `data/persons` and
`data/portraits` (the folders of `scripts/studies/strata.py`), by rank correlation.
"""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from recorte.cli.script import run
from recorte.removal.quality import NOBODY, POOR

if TYPE_CHECKING:
    from recorte.data.sample import Sample
    from recorte.removal.quality import QualityReport


FITTED = {"persons": 600, "portraits": 100, "more/voc_people": 150, "more/coco_scenes": 49}
"""How many training photos of which source the score is fitted to."""

QUANTILE = 1 / 6
"""The share of the cut-outs that may be worse than their score."""


class Judged(NamedTuple):
    """A validation photo: what the report says of it, and the truth."""

    report: "QualityReport"
    iou: float
    with_people: bool


def main(
    data: Annotated[Path, typer.Option(help="folder with persons/ and portraits/")],
    model: Annotated[Path | None, typer.Option(help="a best_model folder, a run's, or an .onnx file")] = None,
    fit: Annotated[bool, typer.Option(help="print DOUBT and DOUBT_LOGARITHM, fitted to training photos")] = False,
) -> None:
    """Print Spearman's rank correlation of the score, and of each figure, with the IoU of each photo."""
    if fit:
        print("DOUBT, DOUBT_LOGARITHM = {:.2f}, {:.2f}".format(*fitted(data, model)))
        return
    photos = judge_all(data, model)
    persons = photos["persons"]
    groups = {
        "persons, photos with people": [photo for photo in persons if photo.with_people],
        "persons, somebody found": [photo for photo in persons if photo.report.found],
        "persons, all; an empty cut-out is worth 0": [
            photo if photo.report.found else photo._replace(iou=0) for photo in persons
        ],
        "persons, all; IoU 1 where nobody is and nobody was found": persons,
        "portraits": photos["portraits"],
    }
    columns = ("score", "coverage", "contrast", "edges", "resolution")
    print(f"| | photos | {' | '.join(columns)} |\n|{'---|' * (len(columns) + 2)}")
    for name, group in groups.items():
        truth = [photo.iou for photo in group]
        figures = ([getattr(photo.report, column) for photo in group] for column in columns)
        cells = (f"{correlation(values, truth):.2f}" if len(set(values)) > 1 else "" for values in figures)
        print(f"| {name} | {len(group)} | {' | '.join(cells)} |")
    poor = [photo.report.score < POOR for photo in persons if photo.with_people and photo.iou < 0.6]
    good = [photo.report.score < POOR for photo in persons if photo.with_people and photo.iou > 0.75]
    print(f"\nOf persons with people {sum(poor)} of {len(poor)} with an IoU under 0.6 score below {POOR},", end=" ")
    print(f"and {sum(good)} of {len(good)} with one over 0.75.")
    print("\n| score | photos | mean IoU | IoU under 0.5 |\n|---|---|---|---|")
    scored = [photo for group in photos.values() for photo in group if photo.report.found]
    for low, high in ((0, 40), (40, 60), (60, 75), (75, 90), (90, 101)):
        ious = [photo.iou for photo in scored if low <= photo.report.score < high]
        if ious:
            poor = sum(iou < 0.5 for iou in ious) / len(ious)
            print(f"| {low} to {high - 1} | {len(ious)} | {sum(ious) / len(ious):.2f} | {poor:.0%} |")


def judge_all(data: Path, model: Path | None) -> dict[str, list[Judged]]:
    """Report on every validation photo and measure its cut-out, by data set."""
    from recorte import BackgroundRemover
    from recorte.removal.quality import judge
    from strata import measure, validation

    remover = BackgroundRemover(model)
    photos: dict[str, list[Judged]] = {"persons": [], "portraits": []}
    for sample, names in validation(data):
        steps = remover.steps(sample.photo)
        _, [(iou, _)] = measure(lambda _, alpha=steps.alpha: alpha, iter([(sample, names)]))
        with_people = bool((sample.alpha[sample.weight > 0] > 127).any())
        photos[names[0]].append(Judged(judge(sample.photo, steps), iou, with_people))
    return photos


def fitted(data: Path, model: Path | None) -> tuple[float, float]:
    """Find the line below which one in six training photos lies: the logit of their IoU by their `doubt`.

    Quantile regression (Koenker and Bassett 1978), by reweighted least squares. The network knows these photos, so that
    it doubts less than it should: the sixth keeps the score honest on others, as the table of this script shows.
    """
    import numpy as np

    from recorte import BackgroundRemover
    from recorte.removal.quality import comparable, doubt, within
    from strata import measure

    remover, points = BackgroundRemover(model), []
    for sample in learned(data):
        steps = remover.steps(sample.photo)
        alpha, *answers = comparable(steps.alpha, within(sample.photo, steps.first_alpha, steps.raw_alpha))
        if (alpha >= 0.5).mean() > NOBODY and (sample.alpha[sample.weight > 0] > 127).any():
            _, [(iou, _)] = measure(lambda _, alpha=steps.alpha: alpha, iter([(sample, [])]))
            points.append((doubt(alpha, answers), float(np.clip(iou, 0.02, 0.985))))
    x, iou = np.array(points).T
    design, logit = np.stack([np.ones_like(x), x], axis=1), np.log(iou / (1 - iou))
    line = np.array([0.0, -1.0])
    for _ in range(200):
        rest = logit - design @ line
        weighted = design * (np.where(rest > 0, QUANTILE, 1 - QUANTILE) / np.maximum(np.abs(rest), 1e-3))[:, None]
        line = np.linalg.solve(design.T @ weighted, weighted.T @ logit)
    return float(line[0]), float(line[1])


def learned(data: Path) -> "Iterator[Sample]":
    """Give training photos, drawn by chance: what `FITTED` says of each source."""
    from recorte.data.coco import CocoPersons
    from recorte.data.folder import ImageMaskFolder

    for name, most in FITTED.items():
        source = CocoPersons(data / name, "train") if name == "persons" else ImageMaskFolder(data / name, "train")
        for index in sorted(random.Random(1).sample(range(len(source)), min(most, len(source)))):
            yield source[index]


def correlation(ones: list[float], others: list[float]) -> float:
    """Spearman's rank correlation; equal values share the mean of their ranks."""
    import numpy as np

    def ranks(values: list[float]) -> np.ndarray:
        _, place, counts = np.unique(np.array(values), return_inverse=True, return_counts=True)
        return (np.cumsum(counts) - (counts - 1) / 2)[place]

    return float(np.corrcoef(ranks(ones), ranks(others))[0, 1])


if __name__ == "__main__":
    run(main)
