"""A short film of somebody who walks through a picture, made of scikit-image's."""

from pathlib import Path

import av
import numpy as np
from PIL import Image
from skimage import data

from recorte import BackgroundRemover

FRAMES, RATE = 60, 30
WIDTH, HEIGHT = 854, 480
STEP = 5
"""Pixels that she moves from one frame to the next."""


def write_film(path: Path) -> int:
    """Write the film as H.264, and give its number of frames."""
    person = Image.fromarray(BackgroundRemover().cut_out(data.astronaut())).resize((HEIGHT, HEIGHT))
    behind = Image.fromarray(data.coffee()).resize((WIDTH, HEIGHT))
    with av.open(str(path), "w") as film:
        stream = film.add_stream("libx264", rate=RATE)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for number in range(FRAMES):
            frame = behind.copy()
            frame.paste(person, (STEP * number, 0), person)
            film.mux(stream.encode(av.VideoFrame.from_ndarray(np.asarray(frame), format="rgb24")))
        film.mux(stream.encode(None))
    return FRAMES
