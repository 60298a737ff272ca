"""Correcting by touches, measured as interactive segmentation is: how many touches until a cut-out is good.

`python scripts/studies/touches.py --data data` takes the validation photos of `data/persons` and `data/portraits` whose
first cut-out has an IoU between 0.4 and 0.9. A simulated user touches the middle of the largest wrong region, again and
again (Xu et al. 2016; Sofiiuk et al. 2021, RITM, arXiv 2102.06583). NoC@90 is the number of touches until the IoU is
0.90, 20 at most.
"""

import platform
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from recorte.cli.script import run

if TYPE_CHECKING:
    import numpy as np

    from recorte import BackgroundRemover
    from recorte.removal.correct.touches import Touch

    Correct = Callable[[np.ndarray, np.ndarray, list[Touch]], np.ndarray]

MOST = 20
"""Touches for one photo."""

SHOWN = (0, 1, 2, 3, 5)
"""After so many touches the mean IoU is told."""

LEAST, ENOUGH = 0.4, 0.9
"""IoU of a first cut-out: below, a photo is too hard for touches alone; above, it needs none."""


@dataclass(slots=True)
class Walk:
    """What became of one photo.

    Attributes:
        ious: before the first touch and after each.
        seconds: of the processor, for each touch.
    """

    ious: list[float]
    seconds: list[float] = field(default_factory=list)

    def after(self, touches: int) -> float:
        """The IoU after so many touches; where nothing was left to touch, the last one."""
        return self.ious[min(touches, len(self.ious) - 1)]

    def clicks(self, goal: float) -> int:
        """How many touches the goal takes, `MOST` if it is not reached."""
        return next((number for number, iou in enumerate(self.ious) if iou >= goal), MOST)


def main(
    data: Annotated[Path, typer.Option(help="folder with persons/ and portraits/")],
    model: Annotated[Path | None, typer.Option(help="a best_model folder, a run's, or an .onnx file")] = None,
    cache: Annotated[Path | None, typer.Option(help="folder for the first alphas, which take longest")] = None,
    each: Annotated[int, typer.Option(min=1, help="take every n-th of the photos alone")] = 1,
    touches: Annotated[int, typer.Option(min=5, max=MOST, help="at most, for one photo")] = MOST,
) -> None:
    """Print a table of the methods: IoU by touches, NoC, milliseconds."""
    import cv2

    from recorte import BackgroundRemover
    from recorte.removal.correct.follow import by_distance
    from recorte.removal.correct.method import correct

    remover = BackgroundRemover(model, threads=1)
    cv2.setNumThreads(1)
    methods: dict[str, Correct | None] = {
        "what was wrong, exactly": None,
        "geodesic distance": lambda photo, alpha, given: correct(photo, alpha, given, by_distance),
        "network": correct,
    }
    photos = [*chosen(remover, data, cache)][::each]
    print(f"{len(photos)} photos; {processor()}; milliseconds of one thread's processor time\n")
    columns = [*(f"after {number}" if number else "first" for number in SHOWN), "NoC@85", "NoC@90", "ms a touch"]
    print(f"| method | {' | '.join(columns)} | ms at 640 x 480 | ms at 12 MP |\n|{'---|' * (len(columns) + 3)}")
    for name, method in methods.items():
        walks = [simulate(method, *photo, touches) for photo in photos]
        means = [sum(walk.after(number) for walk in walks) / len(walks) for number in SHOWN]
        clicks = [sum(walk.clicks(goal) for walk in walks) / len(walks) for goal in (0.85, 0.90)]
        seconds = [second for walk in walks for second in walk.seconds]
        cells = [*(f"{mean:.3f}" for mean in means), *(f"{number:.2f}" for number in clicks)]
        if method is not None:
            cells += [f"{1000 * sum(seconds) / len(seconds):.0f}"]
            cells += [f"{1000 * timed(method, photos[0], size):.0f}" for size in ((480, 640), (3000, 4000))]
        print(f"| {name} | {' | '.join(cells + ['-'] * (len(columns) + 2 - len(cells)))} |", flush=True)


def chosen(
    remover: "BackgroundRemover", data: Path, cache: Path | None
) -> "Iterator[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]]":
    """Give photo, truth, weight and first alpha of the photos that touches could help."""
    import numpy as np

    from recorte.removal.correct.simulated import iou_of
    from strata import validation

    if cache is not None and (found := sorted(cache.glob("*.npz"))):
        for path in found:
            with np.load(path) as kept:
                yield kept["photo"], kept["truth"], kept["weight"], kept["alpha"].astype(np.float32)
        return
    for number, (sample, _) in enumerate(validation(data)):
        truth, weight = sample.alpha > 127, sample.weight > 0
        if not (truth & weight).any():
            continue
        alpha = remover.predict_alpha(sample.photo)
        if LEAST <= iou_of(alpha, truth, weight) < ENOUGH:
            if cache is not None:
                cache.mkdir(parents=True, exist_ok=True)
                np.savez(cache / f"{number:04}.npz", photo=sample.photo, truth=truth, weight=weight, alpha=alpha)
            yield sample.photo, truth, weight, alpha


def simulate(
    correct: "Correct | None",
    photo: "np.ndarray",
    truth: "np.ndarray",
    weight: "np.ndarray",
    alpha: "np.ndarray",
    most: int,
) -> Walk:
    """Touch the middle of the largest wrong region until nothing is wrong, or the goal is reached.

    Without a method each touch mends the region that it was made for, exactly: what the best of methods could do.
    """
    import numpy as np

    from recorte.removal.correct.simulated import iou_of, largest_wrong

    walk, touches = Walk([iou_of(alpha, truth, weight)]), []
    while len(touches) < most and (walk.ious[-1] < ENOUGH or len(touches) < max(SHOWN)):
        wrong = largest_wrong(alpha, truth, weight)
        if wrong is None:
            break
        touches.append(wrong.touch)
        if correct is None:
            alpha = np.where(wrong.region, np.float32(wrong.touch.keep), alpha)
            walk.ious.append(iou_of(alpha, truth, weight))
            continue
        started = time.process_time()
        alpha = correct(photo, alpha, touches)
        walk.seconds.append(time.process_time() - started)
        walk.ious.append(iou_of(alpha, truth, weight))
    return walk


def timed(correct: "Correct", photo: "tuple[np.ndarray, ...]", size: tuple[int, int]) -> float:
    """Give the seconds of one touch at a photo of this height and width, the best of three."""
    import numpy as np

    from recorte.letterbox import resize
    from recorte.removal.correct.simulated import largest_wrong

    pixels, truth, weight, alpha = photo
    pixels, alpha = (np.ascontiguousarray(resize(plane, *size)) for plane in (pixels, alpha))
    truth, weight = (resize(plane.astype(np.uint8), *size) > 0 for plane in (truth, weight))
    wrong = largest_wrong(alpha, truth, weight)
    seconds = []
    for _ in range(3):
        started = time.process_time()
        correct(pixels, alpha, [wrong.touch] if wrong else [])
        seconds.append(time.process_time() - started)
    return min(seconds)


def processor() -> str:
    """The processor's name, where the system tells it."""
    facts = Path("/proc/cpuinfo")
    lines = facts.read_text().splitlines() if facts.is_file() else []
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.processor())


if __name__ == "__main__":
    run(main)
