"""Train on drawn figures for some minutes, then cut figures out that training never saw: `make demo`."""

import subprocess
import sys
from datetime import datetime
from pathlib import Path

import numpy as np
from PIL import Image

from recorte.data.synthetic import SyntheticPersons
from recorte.files import whole_file
from recorte.photo import read_photo

SCRIPTS = Path(__file__).parent
PHOTOS = 8
CELL = 220
"""Pixels of a picture's side in the sheet."""


def main() -> None:
    folder = Path("outputs") / f"demo-{datetime.now():%Y-%m-%d-%H-%M-%S}"
    run, photos, cutouts = folder / "run", folder / "photos", folder / "cutouts"
    _call(sys.executable, SCRIPTS / "train.py", "experiment=demo", f"hydra.run.dir={run}")
    write_photos(photos)
    _call(sys.executable, "-m", "recorte", photos, "-o", cutouts, "-m", run)
    with whole_file(folder / "before_after.png") as path:
        before_after(photos, cutouts).save(path)
    print(
        f"\nLook at   {folder / 'before_after.png'}\nand at    {run / 'plots'}\nor run    tensorboard --logdir outputs"
    )


def write_photos(folder: Path) -> None:
    """Draw photos from a stream that neither training nor its validation has seen, as JPEG."""
    source = SyntheticPersons("val", length=PHOTOS, size=480, seed=2026)
    for index in range(PHOTOS):
        with whole_file(folder / f"drawn-{index}.jpg") as path:
            Image.fromarray(source[index].photo).save(path, quality=92)


def before_after(photos: Path, cutouts: Path) -> Image.Image:
    """Put photos in one row and their cut-outs, on a checkerboard, in the row below."""
    paths = sorted(photos.iterdir())
    sheet = Image.new("RGB", (CELL * len(paths), 2 * CELL), "white")
    for column, path in enumerate(paths):
        photo = Image.fromarray(read_photo(path).pixels)
        with Image.open(cutouts / f"{path.stem}.png") as cutout:
            pair = photo, on_checkerboard(cutout)
        for row, picture in enumerate(pair):
            picture.thumbnail((CELL - 8, CELL - 8))
            left = column * CELL + (CELL - picture.width) // 2
            sheet.paste(picture, (left, row * CELL + (CELL - picture.height) // 2))
    return sheet


def on_checkerboard(cutout: Image.Image) -> Image.Image:
    """Lay a cut-out over light squares, so that what is transparent can be seen."""
    rows, columns = np.indices((cutout.height, cutout.width)) // max(8, cutout.height // 30)
    board = np.where((rows + columns) % 2, 205, 240).astype(np.uint8)
    return Image.alpha_composite(Image.fromarray(board).convert("RGBA"), cutout.convert("RGBA")).convert("RGB")


def _call(*command: object) -> None:
    status = subprocess.run([str(part) for part in command], check=False).returncode
    if status:
        sys.exit(status)


if __name__ == "__main__":
    main()
