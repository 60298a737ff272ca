"""Let a model write the masks of photos that have none, to train on (`experiment=rounds/second` and later).

`python scripts/teach.py data/unlabelled taught/unlabelled --weights taught/weights --people boxes.json`

The masks are soft: the mean of what the model finds in the photo at several sizes and in its mirror image, which is
better than any one of these (data distillation, Radosavovic et al. 2018, arXiv:1712.04440), and around people of it
again, closer. Where the model doubts, a mask teaches doubt: `--weights` has such parts count neither way. With `--rvm`
RobustVideoMatting is a second teacher, and what either finds counts.
"""

import json
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from recorte.cli.script import run

if TYPE_CHECKING:
    import numpy as np

    from recorte.removal.network import Network

    Region = tuple[float, float, float, float]
    Look = Callable[[np.ndarray], np.ndarray]

CLOSER = 6
"""Parts of a photo, at most, that are looked at by themselves."""
KNOWN = 0.002
"""Share of a photo from which on somebody known is looked at by oneself."""
FILLED = 0.12
"""Share of somebody's box that the model must take for a person; with less it does not see who is there."""
DOUBTS = 0.2, 0.8
"""An alpha between these, away from outlines, is doubt."""
OUTLINE = 0.0125
"""How far an outline's softness reaches, as a share of the longest side."""
WHOLE, PART = 512, 384
"""Longest side, in pixels, of a photo and of a part of it as RobustVideoMatting looks at them."""
STRETCH = 0.1, 0.9
"""Alphas up to the first become 0, from the second on 1."""


def main(
    photos: Annotated[Path, typer.Argument(help="folder of photos")],
    target: Annotated[Path, typer.Argument(help="folder for the masks; those that are there already stay")],
    model: Annotated[Path | None, typer.Option(help="a best_model folder, a run's, or an .onnx file")] = None,
    sizes: Annotated[list[int], typer.Option(help="sides of the square the photo is scaled into")] = [320, 384],  # noqa: B006
    weights: Annotated[Path | None, typer.Option(help="folder for what counts of the masks: white does")] = None,
    people: Annotated[
        Path | None,
        typer.Option(help='JSON of all who are in photos: {"a.jpg": [[left, top, right, bottom], ...]}, in shares'),
    ] = None,
    rvm: Annotated[
        bool, typer.Option("--rvm", help="teach with RobustVideoMatting, too: `npm install --prefix scripts/teachers`")
    ] = False,
) -> None:
    """Write one grey PNG for each photo, in the same tree of folders."""
    import numpy as np
    from rich.progress import track

    from recorte.errors import ConfigError
    from recorte.photo import read_photo
    from recorte.removal.files.plan import plan_folder
    from recorte.removal.network import Network
    from teachers.rvm import RobustVideoMatting

    if people is not None and weights is None:
        raise ConfigError("--people says what is known; give --weights, a folder for what counts, too")
    known = {} if people is None else _known(people)
    network = Network(model)
    jobs = {photo: mask for photo, mask in plan_folder(photos, target).items() if not mask.exists()}
    ours = partial(mean_alpha, network, sizes=sizes)
    teachers = [(ours, ours)]
    with ExitStack() as stack:
        if rvm:
            second = stack.enter_context(RobustVideoMatting())
            teachers.append((partial(second.mean_alpha, longest=WHOLE), partial(second.mean_alpha, longest=PART)))
        for photo, mask in track(jobs.items(), "Masks"):
            pixels = read_photo(photo).pixels
            height, width = pixels.shape[:2]
            regions = None
            if photo.name in known:
                boxes = known[photo.name]
                regions = [(box[1] * height, box[3] * height, box[0] * width, box[2] * width) for box in boxes]
            alpha = np.max([closer_alpha(pixels, regions, *looks) for looks in teachers], axis=0)
            if weights is not None:
                alpha, counts = judged(alpha, regions)
                _write(weights / mask.relative_to(target), counts)
            _write(mask, alpha)
    print(f"{len(jobs):,} masks written into {target}")


def mean_alpha(network: "Network", photo: "np.ndarray", sizes: list[int]) -> "np.ndarray":
    """Mean alpha, `float32 (H, W)`, of a photo `uint8 (H, W, 3)` and its mirror image at each size."""
    import numpy as np

    from recorte.letterbox import PADDING_COLOUR, Letterbox

    found = []
    for size in sizes:
        letterbox = Letterbox.of(photo, size)
        for step in (1, -1):
            canvas = letterbox.apply(np.ascontiguousarray(photo[:, ::step]), PADDING_COLOUR)
            found.append(letterbox.restore(network.alpha(canvas))[:, ::step])
    return np.mean(found, axis=0, dtype=np.float32)


def closer_alpha(photo: "np.ndarray", people: "list[Region] | None", look: "Look", closer: "Look") -> "np.ndarray":
    """Alpha by one look with closer ones laid over it: around `people` where known, else around who was found."""
    from recorte.boxes import around, boxes
    from recorte.removal.steps.looks import frame

    height, width = photo.shape[:2]
    alpha = look(photo)
    if people is None:
        parts = boxes(alpha, height, width, CLOSER)
    else:
        large = [who for who in people if (who[1] - who[0]) * (who[3] - who[2]) >= KNOWN * height * width]
        parts = around(large, height, width, CLOSER)
    for box in parts:
        seen = closer(photo[box.window])
        share = frame(seen.shape, box, height, width)
        alpha[box.window] = (1 - share) * alpha[box.window] + share * seen
    return alpha


def judged(alpha: "np.ndarray", people: "list[Region] | None") -> "tuple[np.ndarray, np.ndarray]":
    """Give the alpha to teach with, and where it counts: `float32 (H, W)` in [0, 1] both, the second 0 or 1.

    Doubt away from outlines does not count. Where it is known who is in the photo, nobody is elsewhere, but what the
    model found there may be a crowd that nobody boxed and does not count; nor does the box of somebody it does not see.
    """
    import cv2
    import numpy as np

    height, width = alpha.shape
    reach = max(2, round(OUTLINE * max(alpha.shape)))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1,) * 2)
    inside = (alpha > 0.5).astype(np.uint8)
    away = cv2.dilate(inside, disc) == cv2.erode(inside, disc)
    doubt = ((alpha > DOUBTS[0]) & (alpha < DOUBTS[1]) & away).astype(np.uint8)
    counts = (1 - cv2.dilate(doubt, np.ones((3, 3), np.uint8))).astype(np.float32)
    sharp = ((alpha - STRETCH[0]) / (STRETCH[1] - STRETCH[0])).clip(0, 1)
    if people is None:
        return sharp, counts
    elsewhere = np.ones(alpha.shape, bool)
    for top, bottom, left, right in people:
        above, beside = 0.03 * (bottom - top) + 2, 0.03 * (right - left) + 2
        rows = slice(max(0, int(top - above)), min(height, int(bottom + above) + 1))
        columns = slice(max(0, int(left - beside)), min(width, int(right + beside) + 1))
        elsewhere[rows, columns] = False
        box = slice(int(top), int(np.ceil(bottom))), slice(int(left), int(np.ceil(right)))
        if sharp[box].size and (sharp[box] > 0.5).mean() < FILLED:
            counts[box] *= sharp[box] > 0.5
    counts[elsewhere & (sharp > 0.5)] = 0
    sharp[elsewhere & (sharp <= 0.5)] = 0
    return sharp, counts


def _known(path: Path) -> dict[str, list[list[float]]]:
    from recorte.errors import DataError

    try:
        content = json.loads(path.read_bytes())
        return {name: [[float(share) for share in box] for box in people] for name, people in content.items()}
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}; give a JSON file of boxes") from None
    except (ValueError, TypeError, AttributeError):
        raise DataError(f'{path}: not {{"a.jpg": [[left, top, right, bottom], ...]}} with shares from 0 to 1') from None


def _write(path: Path, alpha: "np.ndarray") -> None:
    import cv2

    from recorte.files import write_whole

    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, cv2.imencode(".png", cv2.convertScaleAbs(alpha, alpha=255))[1].tobytes())


if __name__ == "__main__":
    run(main)
