"""Does memory stay flat?

`python scripts/studies/soak.py` cuts out 2,000 photos in one process and 2,000 through the service.

Prints the memory at a tenth of the way and at the end, and their ratio. Photos are drawn in many sizes and formats.
"""

import io
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    import psutil

SIZES = ((320, 240), (512, 512), (640, 480), (1280, 960), (500, 1500))


def main(
    photos: Annotated[int, typer.Option(min=10, help="how many")] = 2000,
    model: Annotated[Path | None, typer.Option(help="a best_model folder, a run's, or an .onnx file")] = None,
) -> None:
    """Measure unique (USS) and resident (RSS) memory."""
    print("| | photos | after | USS, MiB | RSS, MiB | USS, end to start | photos/s |\n|---|---|---|---|---|---|---|")
    one_process(photos, model)
    through_the_service(photos, model)


def one_process(photos: int, model: Path | None) -> None:
    """Cut out bytes with one remover."""
    import psutil

    from recorte import BackgroundRemover

    remover = BackgroundRemover(model)
    _measure("one process", photos, remover.remove_background, psutil.Process())


def through_the_service(photos: int, model: Path | None) -> None:
    """Send photos to a service, four at a time, and measure the service."""
    from concurrent.futures import ThreadPoolExecutor

    import httpx
    import psutil

    command = [sys.executable, "-m", "recorte", "serve", "--port", "0", *(["-m", str(model)] if model else [])]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            address = process.stdout.readline().split()[3]
            with httpx.Client(base_url=address, timeout=60) as client, ThreadPoolExecutor(4) as threads:

                def four(content: bytes) -> None:
                    def ask(_: int) -> None:
                        answer = client.post("/cutout", files={"file": ("photo", content)}, data={"report": "true"})
                        answer.raise_for_status()

                    list(threads.map(ask, range(4)))

                _measure("service", photos, four, psutil.Process(process.pid), each=4)
        finally:
            process.terminate()


def _measure(name: str, photos: int, work: Callable[[bytes], object], process: "psutil.Process", each: int = 1) -> None:
    early, start, since = None, photos // 10, time.perf_counter()
    for done, content in enumerate(islice(drawn(), photos // each), start=1):
        work(content)
        if done * each >= start and early is None:
            early = process.memory_full_info()
            print(f"| {name} | {photos} | {done * each} | {early.uss / 2**20:.1f} | {early.rss / 2**20:.1f} | | |")
    late = process.memory_full_info()
    rate = photos / (time.perf_counter() - since)
    figures = f"{late.uss / 2**20:.1f} | {late.rss / 2**20:.1f} | {late.uss / early.uss:.3f} | {rate:.1f}"
    print(f"| {name} | {photos} | {photos} | {figures} |", flush=True)


def drawn() -> Iterator[bytes]:
    """Draw photos without end: noise with a figure, in all sizes as JPEG and PNG, the same ones over and over."""
    import numpy as np
    from PIL import Image, ImageDraw

    random, made = np.random.default_rng(0), []
    for width, height in SIZES:
        image = Image.fromarray(random.integers(90, 160, (height, width, 3), np.uint8))
        draw = ImageDraw.Draw(image)
        draw.ellipse((width * 0.4, height * 0.1, width * 0.6, height * 0.35), "#d8a27e")
        draw.rectangle((width * 0.3, height * 0.36, width * 0.7, height), "#27408b")
        for kind in ("JPEG", "PNG"):
            content = io.BytesIO()
            image.save(content, kind)
            made.append(content.getvalue())
    while True:
        yield from made


if __name__ == "__main__":
    typer.run(main)
