"""Let a model write the masks of photos that have none, to train another model on (`data=taught`).

`python scripts/teach.py data/unlabelled taught/unlabelled`

The masks are soft: the mean of what the model finds in the photo at several sizes and in its mirror image, which is
better than any one of these (data distillation, Radosavovic et al. 2018, arXiv:1712.04440).
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from recorte.cli.script import run

if TYPE_CHECKING:
    import numpy as np

    from recorte.removal.network import Network


def main(
    photos: Annotated[Path, typer.Argument(help="folder of photos")],
    target: Annotated[Path, typer.Argument(help="folder for the masks; those that are there already stay")],
    model: Annotated[Path | None, typer.Option(help="a best_model folder, a run's, or an .onnx file")] = None,
    sizes: Annotated[list[int], typer.Option(help="sides of the square the photo is scaled into")] = [320, 384],  # noqa: B006
) -> None:
    """Write one grey PNG for each photo, in the same tree of folders."""
    import cv2
    from rich.progress import track

    from recorte.files import write_whole
    from recorte.photo import read_photo
    from recorte.removal.files.plan import plan_folder
    from recorte.removal.network import Network

    network = Network(model)
    jobs = {photo: mask for photo, mask in plan_folder(photos, target).items() if not mask.exists()}
    for photo, mask in track(jobs.items(), "Masks"):
        alpha = mean_alpha(network, read_photo(photo).pixels, sizes)
        mask.parent.mkdir(parents=True, exist_ok=True)
        write_whole(mask, cv2.imencode(".png", cv2.convertScaleAbs(alpha, alpha=255))[1].tobytes())
    print(f"{len(jobs):,} masks written into {target}")


def mean_alpha(network: "Network", photo: "np.ndarray", sizes: list[int]) -> "np.ndarray":
    """Mean alpha, `float32 (H, W)`, of a photo `uint8 (H, W, 3)` and its mirror image at each size."""
    import numpy as np

    from recorte.letterbox import PADDING_COLOUR, Letterbox

    found = []
    for size in sizes:
        letterbox = Letterbox(*photo.shape[:2], size)
        for step in (1, -1):
            canvas = letterbox.apply(np.ascontiguousarray(photo[:, ::step]), PADDING_COLOUR)
            found.append(letterbox.restore(network.alpha(canvas))[:, ::step])
    return np.mean(found, axis=0, dtype=np.float32)


if __name__ == "__main__":
    run(main)
