"""What refinement and colours are worth, step by step, on composites whose alpha and colours are known exactly.

`python scripts/studies/refinement.py` draws its people; `--data data` adds real ones, with the network's own alpha.
"""

import statistics
from collections import defaultdict
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import cv2
import numpy as np
import typer

from recorte.cli.script import run
from refinement_scenes import Scene, as_taken, drawn, figures, people

if TYPE_CHECKING:
    from recorte import BackgroundRemover
    from recorte.letterbox import Letterbox

NEW_BACKGROUNDS = ((255, 255, 255), (0, 0, 0), (40, 190, 60))

IMAGINED_BLUR = 1.0
"""Standard deviation, in the network's pixels, of the blur that a good network gives an exact alpha."""


def main(
    count: Annotated[int, typer.Option(min=1, help="scenes of each kind")] = 6,
    size: Annotated[int, typer.Option(min=320, help="height of the drawn scenes in pixels")] = 1200,
    data: Annotated[Path | None, typer.Option(help="folder with persons/ and portraits/")] = None,
    camera: Annotated[bool, typer.Option("--camera", help="with the blur and the grain of a camera")] = False,
    model: Annotated[Path | None, typer.Option(help="a best_model folder, a run's, or an .onnx file")] = None,
) -> None:
    """Print a table of errors in the band of soft edges, without and with each step."""
    from recorte import BackgroundRemover

    remover, mirrored = BackgroundRemover(model), BackgroundRemover(model, tta=True)
    drawings = chain(drawn(count, size), figures(count, size))
    scenes = chain(map(as_taken, drawings) if camera else drawings, people(data, count) if data else ())
    found: dict[tuple[str, str], dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for scene in scenes:
        band = _band(scene.alpha)
        for step, (alpha, colours) in _steps(scene, remover, mirrored).items():
            for name, value in _errors(scene, band, alpha, colours).items():
                found[scene.kind, step][name].append(value)
    names = ("SAD", "MSE", "gradient", "width", "colour")
    print("In the band of soft edges: mean absolute and mean squared error of alpha, and mean error of its gradient's")
    print(
        "length (all times 100); how wide edges are from 10 to 90 %, in pixels; and the root mean square error of the"
    )
    print("colours (of 255) over white, black and green, with the alpha as it is estimated.\n")
    print(f"| scenes | step | {' | '.join(names)} |\n|---|---|{'---|' * len(names)}")
    for (kind, step), errors in found.items():
        print(f"| {kind} | {step} | {' | '.join(f'{statistics.mean(errors[name]):.2f}' for name in names)} |")


def _steps(
    scene: Scene, remover: "BackgroundRemover", mirrored: "BackgroundRemover"
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Give alpha `float32` and colours `uint8` by the name of what was done."""
    from recorte.letterbox import Letterbox
    from recorte.removal.steps.colours import free_colours
    from recorte.removal.steps.refinement import refine

    photo = scene.photo
    box = Letterbox.of(photo, remover.network.image_size)
    raw, foreground = _network(scene, box, remover)
    plain, guided = box.restore(raw).clip(0, 1), refine(box.cut(raw), photo)
    once = refine(box.cut(raw), photo, large=max(photo.shape) + 1)
    steps = {
        "bilinear, photo's colours": (plain, photo),
        "guided at one scale, photo's colours": (once, photo),
        "guided, photo's colours": (guided, photo),
        "guided, blur fusion x1": (guided, free_colours(photo, _eight_bits(guided), passes=1)),
        "guided, blur fusion x2": (guided, free_colours(photo, _eight_bits(guided))),
    }
    if not scene.imagined:
        twice = refine(box.cut(mirrored.steps(photo).raw_alpha), photo)
        steps["guided, blur fusion x2, mirror image too"] = (twice, free_colours(photo, _eight_bits(twice)))
    exact = _eight_bits(scene.alpha)
    steps["exact alpha, photo's colours"] = (scene.alpha, photo)
    steps["exact alpha, blur fusion x1"] = (scene.alpha, free_colours(photo, exact, passes=1))
    steps["exact alpha, blur fusion x2"] = (scene.alpha, free_colours(photo, exact))
    if not scene.imagined:
        head = _eight_bits(box.restore(foreground).clip(0, 1))
        steps["exact alpha, network's head"] = (scene.alpha, _in_between(photo, exact, head))
    return steps


def _eight_bits(values: np.ndarray) -> np.ndarray:
    return np.rint(values * 255).astype(np.uint8)


def _network(scene: Scene, box: "Letterbox", remover: "BackgroundRemover") -> tuple[np.ndarray, np.ndarray]:
    """Give the network's alpha and foreground colours; for a drawing the alpha that a good network would give."""
    import onnxruntime

    from recorte.letterbox import PADDING_COLOUR

    canvas = box.apply(scene.photo, PADDING_COLOUR)
    session = onnxruntime.InferenceSession(remover.network.path, providers=["CPUExecutionProvider"])
    image = np.ascontiguousarray(canvas.transpose(2, 0, 1)[None], np.float32) / 255
    alpha, foreground = session.run(["alpha", "foreground"], {"image": image})
    if scene.imagined:
        return cv2.GaussianBlur(box.apply(scene.alpha), (0, 0), IMAGINED_BLUR), foreground[0].transpose(1, 2, 0)
    return alpha[0, 0], foreground[0].transpose(1, 2, 0)


def _in_between(photo: np.ndarray, alpha: np.ndarray, colours: np.ndarray) -> np.ndarray:
    """Take other colours where alpha is neither 0 nor 255."""
    return np.where(((alpha > 0) & (alpha < 255))[..., None], colours, photo)


def _band(alpha: np.ndarray) -> np.ndarray:
    """Where alpha is soft, and as far beside it as a network of 320 pixels reaches with one pixel: `bool (H, W)`."""
    soft = ((alpha > 0.01) & (alpha < 0.99)).astype(np.uint8)
    reach = 2 * round(max(alpha.shape) / 320) + 1
    return cv2.dilate(soft, np.ones((reach, reach), np.uint8)) > 0


def _errors(scene: Scene, band: np.ndarray, alpha: np.ndarray, colours: np.ndarray) -> dict[str, float]:
    away, lengths = (alpha - scene.alpha)[band], [_gradient(one) for one in (alpha, scene.alpha)]
    outlines, _ = cv2.findContours((scene.alpha > 0.5).astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    long = sum(max(1.0, cv2.arcLength(outline, closed=True)) for outline in outlines)
    errors = {
        "SAD": 100 * np.abs(away).mean(),
        "MSE": 100 * (away**2).mean(),
        "gradient": 100 * np.abs(lengths[0] - lengths[1])[band].mean(),
        "width": float(((alpha > 0.1) & (alpha < 0.9)).sum() / long),
        "colour": float("nan"),
    }
    if scene.colours is None:
        return errors
    truth, found = scene.alpha[band][:, None], alpha[band][:, None]
    squares = []
    for new in NEW_BACKGROUNDS:
        seen = found * colours[band] + (1 - found) * new
        squares.append(((seen - truth * scene.colours[band] - (1 - truth) * new) ** 2).mean())
    return errors | {"colour": float(np.mean(squares) ** 0.5)}


def _gradient(alpha: np.ndarray) -> np.ndarray:
    """Measure how steep an alpha is, per pixel, as benchmarks of matting do."""
    calm = cv2.GaussianBlur(alpha, (0, 0), 1.4)
    return cv2.magnitude(*(cv2.Sobel(calm, cv2.CV_32F, across, 1 - across, ksize=3, scale=1 / 8) for across in (1, 0)))


if __name__ == "__main__":
    run(main)
