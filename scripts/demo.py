"""Cut people out, teach the shipped weights twenty drawings, cut the same people out again: `make demo`.

Values behind the command are training's, such as `trainer.max_epochs=30`.
"""

import subprocess
import sys
from datetime import datetime
from pathlib import Path
from time import monotonic

import numpy as np
import skimage
from PIL import Image, ImageDraw

from recorte.data.sample import Sample, Split
from recorte.data.synthetic import SyntheticPersons
from recorte.files import whole_file
from recorte.training.figures.sheets import font

SCRIPTS = Path(__file__).parent
LESSONS: dict[Split, int] = {"train": 20, "val": 4}
"""Drawings to learn from, and to choose the best epoch by."""
SHOWN = 6
"""Drawings in the sheet: the first people of a stream that no lesson comes from, so nobody chose them."""
HEIGHT, GAP, MARGIN = 240, 12, 36
"""Pixels of a picture in the sheet, and around it."""

Pictures = dict[str, Image.Image]


def main() -> None:
    folder = Path("outputs") / f"demo-{datetime.now():%Y-%m-%d-%H-%M-%S}"
    lessons, photos, run = folder / "lessons", folder / "photos", folder / "run"
    for split, length in LESSONS.items():
        for number, drawing in enumerate(people_drawn(split, length, seed=0)):
            save(drawing.photo, lessons / split / "photos" / f"{number:02}.png")
            save(drawing.alpha, lessons / split / "masks" / f"{number:02}.png")
    shown = {f"drawing-{number}": sample for number, sample in enumerate(people_drawn("val", SHOWN, seed=2026), 1)}
    save(skimage.data.astronaut(), photos / "astronaut.png")
    for name, drawing in shown.items():
        save(drawing.photo, photos / f"{name}.png")

    print(f"1. Cut a photograph and {SHOWN} drawings out with the shipped weights, which know photographs", flush=True)
    cut = call("-m", "recorte", photos, "-o", folder / "before")
    print(f"2. Teach them {LESSONS['train']} other drawings: two minutes at most on two cores", flush=True)
    training = ["experiment=demo", f"data.root={lessons}", f"hydra.run.dir={run}", *sys.argv[1:]]
    taught = call(SCRIPTS / "train.py", *training)
    print("3. Cut the same pictures out again", flush=True)
    call("-m", "recorte", photos, "-o", folder / "after", "-m", run)

    before, after = (opened(folder / name) for name in ("before", "after"))
    ious = [{name: iou(cutouts[name], sample) for name, sample in shown.items()} for cutouts in (before, after)]
    with whole_file(folder / "before_after.png") as path:
        sheet(opened(photos), before, after, ious, taught).save(path)
    print(
        f"\nLook at {folder / 'before_after.png'}\n"
        f"Cutting out took {cut:.0f} s, teaching {taught:.0f} s. {summary(ious)}\n\nNext:\n"
        "  .venv/bin/recorte photo.jpg    cuts the people of your photo out\n"
        "  .venv/bin/recorte app          does it in your browser\n"
        "  .venv/bin/python scripts/train.py experiment=finetune data=folder data.root=my_pictures\n"
        f"                                 teaches your pictures, in folders like those of {lessons}"
    )


def people_drawn(split: Split, length: int, seed: int) -> list[Sample]:
    """Give the first drawings of a stream that somebody is in."""
    source = SyntheticPersons(split, length=2 * length, size=480, seed=seed)
    return [source[index] for index in range(len(source)) if index not in source.negatives][:length]


def save(pixels: np.ndarray, path: Path) -> None:
    with whole_file(path) as target:
        Image.fromarray(pixels).save(target)


def call(*arguments: object) -> float:
    """Let Python run a command, and end with it if it fails; gives the seconds that it took."""
    start = monotonic()
    status = subprocess.run([sys.executable, *map(str, arguments)], check=False).returncode
    if status:
        sys.exit(status)
    return monotonic() - start


def opened(folder: Path) -> Pictures:
    return {path.stem: Image.open(path) for path in sorted(folder.glob("*.png"))}


def iou(cutout: Image.Image, sample: Sample) -> float:
    """Give the part of true and found people together that both share."""
    found, true = np.asarray(cutout.getchannel("A")) >= 128, sample.alpha >= 128
    return float((found & true).sum() / (found | true).sum())


def summary(ious: list[dict[str, float]]) -> str:
    before, after = (np.mean(list(each.values())) for each in ious)
    return f"Mean IoU of the {SHOWN} drawings: {before:.2f} before, {after:.2f} after."


def sheet(
    photos: Pictures, before: Pictures, after: Pictures, ious: list[dict[str, float]], seconds: float
) -> Image.Image:
    """Lay the pictures out in one row, what was cut out of them in two more, and the figures under these."""
    rows = {"Pictures": photos, "Before: the weights that come with Recorte": before}
    rows[f"After: taught {LESSONS['train']} other drawings in {seconds:.0f} seconds"] = after
    widths = {name: round(HEIGHT * photo.width / photo.height) for name, photo in photos.items()}
    width = sum(widths.values()) + GAP * (len(widths) - 1)
    page = Image.new("RGB", (width + 2 * MARGIN, 3 * HEIGHT + 355), "white")
    draw, top = ImageDraw.Draw(page), MARGIN
    for (head, cells), figures in zip(rows.items(), ({}, *ious), strict=True):
        draw.text((MARGIN, top), head, "black", font(24, bold=True))
        left, top = MARGIN, top + 42
        for name, wide in widths.items():
            cell = cells[name].resize((wide, HEIGHT), Image.Resampling.LANCZOS)
            page.paste(on_checkerboard(cell), (left, top))
            if name in figures:
                middle = left + wide / 2, top + HEIGHT + 8
                draw.text(middle, f"IoU {figures[name]:.2f}", "#444", font(20), anchor="ma")
            left += wide + GAP
        top += HEIGHT + (54 if figures else 28)
    text = f"{summary(ious)} IoU is what true and found people share; the photograph has no truth to be held against."
    draw.text((MARGIN, page.height - MARGIN), text, "black", font(20), anchor="ls")
    return page


def on_checkerboard(picture: Image.Image) -> Image.Image:
    """Lay a picture over light squares, so that what is transparent can be seen."""
    rows, columns = np.indices((picture.height, picture.width)) // 10
    board = np.where((rows + columns) % 2, 226, 244).astype(np.uint8)
    return Image.alpha_composite(Image.fromarray(board).convert("RGBA"), picture.convert("RGBA")).convert("RGB")


if __name__ == "__main__":
    main()
