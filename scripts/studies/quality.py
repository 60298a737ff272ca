"""Does the score of the quality report follow how good cut-outs really are?

`python scripts/studies/quality.py --data data` compares it with the IoU of the validation photos of `data/persons` and
`data/portraits` (the folders of `scripts/studies/strata.py`), by rank correlation.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from recorte.cli.script import run

if TYPE_CHECKING:
    from recorte.removal.quality import QualityReport


class Judged(NamedTuple):
    """A validation photo: what the report says of it, and the truth."""

    report: "QualityReport"
    iou: float
    with_people: bool


def main(
    data: Annotated[Path, typer.Option(help="folder with persons/ and portraits/")],
    model: Annotated[Path | None, typer.Option(help="a best_model folder, a run's, or an .onnx file")] = None,
) -> None:
    """Print Spearman's rank correlation of the score, and of each figure, with the IoU of each photo."""
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


def correlation(ones: list[float], others: list[float]) -> float:
    """Spearman's rank correlation; equal values share the mean of their ranks."""
    import numpy as np

    def ranks(values: list[float]) -> np.ndarray:
        _, place, counts = np.unique(np.array(values), return_inverse=True, return_counts=True)
        return (np.cumsum(counts) - (counts - 1) / 2)[place]

    return float(np.corrcoef(ranks(ones), ranks(others))[0, 1])


if __name__ == "__main__":
    run(main)
