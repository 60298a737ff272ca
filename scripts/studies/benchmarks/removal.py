"""How long cutting out takes, step by step, of a folder and of a film: `python scripts/studies/benchmark.py removal`.

`--before CHECKOUT` measures a former state of the project in turns with this one.
"""

import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchmarks.whole import Row, measure, states, tell

if TYPE_CHECKING:
    from PIL import Image

SIZES = {"512 x 512": (512, 512), "4000 x 3000": (4000, 3000), "6000 x 4000": (6000, 4000)}
GRAIN = 4
"""Of the noise that is laid over enlarged photos, standard deviation in 8-bit steps: a camera's own, which files must
pack."""
LONG = 3
"""How often what takes longest is run: a folder, a film."""
LONGEST = 1280
"""Of the photos of the folder that is made where none is given, in pixels."""


def removal(
    count: Annotated[int, typer.Option(min=1, help="photos in the folder")] = 200,
    data: Annotated[Path | None, typer.Option(help="a folder of photos; else scikit-image's, many times")] = None,
    rounds: Annotated[int, typer.Option(min=1, help="how often each step and each command is timed")] = 7,
    before: Annotated[
        Path | None, typer.Option(help="a checkout of a former state, measured in turns with this one")
    ] = None,
) -> None:
    """Photos of three sizes, their masks, a folder and a film, as whole processes; and step by step; medians."""
    from benchmarks.film import write_film
    from recorte.removal.files.folder import usable_cores

    if before and not (before / "src" / "recorte").is_dir():
        raise typer.BadParameter(f"{before} is no checkout: it has no src/recorte", param_hint="--before")
    photos, sources = _photos(data), states(before)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        result, rows, paths = folder / "result.png", [], {}
        for name, size in SIZES.items():
            path = paths[name] = folder / f"{name}.jpg"
            _grainy(photos[0], size).save(path, quality=92)
            rows.append(Row(f"One photo of {name}, JPEG to PNG", (path, "-o", result), rounds))
            rows.append(Row(f"One photo of {name}, --mask", (path, "-o", result, "--mask"), rounds))
        many, film = _many(photos, data, folder / "photos", count), folder / "film.mp4"
        rows.append(Row(f"{count} photos in one folder", (many, "-o", folder / "cut"), min(LONG, rounds), count))
        frames = write_film(film)
        words = ("video", film, "-o", folder / "cut.mov")
        rows.append(Row(f"A film of {frames} frames", words, min(LONG, rounds), frames, "frames"))
        print("Whole processes:")
        for row in rows:
            tell(row, measure(row, sources), sources, usable_cores())
        for name, path in paths.items():
            _one(name, path, rounds)


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
    steps = _steps(path, rounds)
    between = sum(steps[step] for step in ("letterbox", "refinement", "colours"))
    files = steps["decode"] + steps["encode"]
    print(f"One photo of {name}, warm {1000 * sum(steps.values()):.1f} ms:")
    for step, seconds in steps.items():
        print(f"  {step:12} {1000 * seconds:8.1f} ms")
    print(f"  letterbox, refinement and colours take {between / files:.2f} of decoding and encoding")
    _mask(path, rounds)


def _mask(path: Path, rounds: int) -> None:
    """Time the mask alone, from the bytes of a file to those of one, against the cut-out."""
    from recorte import BackgroundRemover

    remover, content = BackgroundRemover(), path.read_bytes()
    both = [_seconds(partial(remover.remove_background, content, mask=mask), rounds) for mask in (False, True)]
    cutout, mask = (1000 * seconds for seconds in both)
    print(
        f"  from file to file, all looks: cut-out {cutout:.1f} ms, mask alone {mask:.1f} ms, {mask / cutout:.2f} of it"
    )


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
