"""How long cutting out takes, step by step and in a folder: `python scripts/studies/benchmark.py removal`."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from PIL import Image

SIZES = {"512 x 512": (512, 512), "4000 x 3000": (4000, 3000)}
GRAIN = 4
"""Of the noise that is laid over enlarged photos, standard deviation in 8-bit steps: a camera's own, which files must
pack."""
LONGEST = 1280
"""Of the photos of the folder that is made where none is given, in pixels."""


def removal(
    count: Annotated[int, typer.Option(min=1, help="photos in the folder")] = 200,
    data: Annotated[Path | None, typer.Option(help="a folder of photos; else scikit-image's, many times")] = None,
    rounds: Annotated[int, typer.Option(min=1, help="how often each step is timed")] = 7,
) -> None:
    """One small photo and one of 12 megapixels, whole process and warm, then a folder; medians; the bundled model."""
    photos = _photos(data)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for name, size in SIZES.items():
            path = folder / f"{name}.jpg"
            _grainy(photos[0], size).save(path, quality=92)
            _one(name, path, rounds)
        _folder(_many(photos, data, folder / "photos", count), folder / "cut", count)


def _photos(data: Path | None) -> list["Image.Image"]:
    from PIL import Image

    from recorte.listing import list_photos
    from recorte.photo import read_photo

    if data is not None:
        return [Image.fromarray(read_photo(path).pixels) for path in list_photos(data)[:1]]
    from skimage import data as pictures

    return [Image.fromarray(pictures.astronaut()), Image.fromarray(pictures.coffee()), Image.fromarray(pictures.cat())]


def _grainy(photo: "Image.Image", size: tuple[int, int]) -> "Image.Image":
    """Scale and crop a photo to a size, with the grain of a camera on it."""
    import numpy as np
    from PIL import Image, ImageOps

    fitted = np.asarray(ImageOps.fit(photo, size), np.float32)
    noise = np.random.default_rng(0).normal(0, GRAIN, fitted.shape)
    return Image.fromarray((fitted + noise).clip(0, 255).astype(np.uint8))


def _one(name: str, path: Path, rounds: int) -> None:
    result = path.with_suffix(".png")
    command = [sys.executable, "-m", "recorte", path, "-o", result, "--overwrite"]
    whole = _seconds(lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL), rounds)
    steps = _steps(path, rounds)
    between = sum(steps[step] for step in ("letterbox", "refinement", "colours"))
    files = steps["decode"] + steps["encode"]
    print(f"One photo of {name}, JPEG to PNG: whole process {whole:.3f} s; warm {1000 * sum(steps.values()):.1f} ms:")
    for step, seconds in steps.items():
        print(f"  {step:12} {1000 * seconds:8.1f} ms")
    print(f"  letterbox, refinement and colours take {between / files:.2f} of decoding and encoding")


def _steps(path: Path, rounds: int) -> dict[str, float]:
    """Time each step on its own, with what the step before gave."""
    from recorte import BackgroundRemover
    from recorte.letterbox import PADDING_COLOUR, Letterbox
    from recorte.photo import read_photo
    from recorte.removal.files import output
    from recorte.removal.steps.islands import drop_unsure

    pipeline = BackgroundRemover().pipeline
    photo = read_photo(path)
    box = Letterbox.of(photo.pixels, pipeline.network.image_size)
    canvas = box.apply(photo.pixels, PADDING_COLOUR)
    raw = pipeline.network.alpha(canvas)
    alpha = pipeline.enlarge(drop_unsure(raw, pipeline.network.sure), photo.pixels, eight_bits=True)
    cutout = pipeline.cut_out(alpha, photo.pixels)
    steps: dict[str, Callable[[], object]] = {
        "decode": lambda: read_photo(path),
        "letterbox": lambda: box.apply(photo.pixels, PADDING_COLOUR),
        "network": lambda: pipeline.network.alpha(canvas),
        "refinement": lambda: pipeline.enlarge(drop_unsure(raw, pipeline.network.sure), photo.pixels, eight_bits=True),
        "colours": lambda: pipeline.cut_out(alpha, photo.pixels),
        "encode": lambda: output.encode(cutout, photo),
    }
    return {name: _seconds(step, rounds) for name, step in steps.items()}


def _seconds(task: Callable[[], object], rounds: int) -> float:
    """The median of some rounds, after one that does not count."""
    task()
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        task()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def _many(photos: list["Image.Image"], data: Path | None, folder: Path, count: int) -> Path:
    """Make a folder of so many photos: links to those of `data`, or scikit-image's, turned and scaled."""
    folder.mkdir()
    if data is not None:
        from recorte.listing import list_photos

        found = list_photos(data)[:count]
        if len(found) < count:
            raise typer.BadParameter(f"{data} has {len(found)} photos, not {count}; give --count {len(found)}")
        for number, path in enumerate(found):
            (folder / f"{number:05}{path.suffix}").symlink_to(path.absolute())
        return folder
    for number in range(count):
        width, height = (LONGEST, LONGEST * 2 // 3) if number % 2 else (LONGEST * 2 // 3, LONGEST)
        turned = photos[number % len(photos)].rotate(number % 15 - 7)
        _grainy(turned, (width, height)).save(folder / f"{number:05}.jpg", quality=92)
    return folder


def _folder(photos: Path, cut: Path, count: int) -> None:
    """Cut out a folder, as the command does; processor time is that of the process, its start too."""
    from recorte.removal.files.folder import usable_cores

    before, began = _processor_seconds(), time.perf_counter()
    command = [sys.executable, "-m", "recorte", photos, "-o", cut]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    wall, worked = time.perf_counter() - began, _processor_seconds() - before
    cores = usable_cores()
    share = worked / (wall * cores)
    print(f"{count} photos in one folder: {wall:.1f} s, {count / wall:.2f} photos/s; {cores} cores worked {share:.0%}")


def _processor_seconds() -> float:
    used = os.times()
    return used.children_user + used.children_system
