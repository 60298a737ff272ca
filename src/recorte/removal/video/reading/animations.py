"""Animated WebP, which FFmpeg cannot read, as a film that it can."""

from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

import numpy as np
from PIL import Image, UnidentifiedImageError

from recorte.errors import RecorteError
from recorte.photo.metadata import DECODER_ERRORS


def film_of(path: Path) -> IO[bytes] | None:
    """Give an animated WebP as a lossless film in a temporary file, which goes when it is closed; None: it is none.

    Raises:
        RecorteError: it is damaged.
    """
    try:
        image = Image.open(path, formats=["WEBP"])
    except (UnidentifiedImageError, *DECODER_ERRORS):
        return None
    with image:
        if not getattr(image, "is_animated", False):
            return None
        film: IO[bytes] = TemporaryFile()  # noqa: SIM115, what reads it closes it
        try:
            _write(image, film)
        except DECODER_ERRORS as error:
            film.close()
            raise RecorteError(f"{path}: cannot be read to its end ({error})") from None
    film.seek(0)
    return film


def _write(image: Image.Image, film: IO[bytes]) -> None:
    import av

    with av.open(film, "w", format="matroska") as file:
        stream = file.add_stream("ffv1", rate=1000)
        stream.width, stream.height, stream.pix_fmt = *image.size, "bgra"
        time = 0
        for number in range(getattr(image, "n_frames", 1)):
            image.seek(number)
            pixels = np.asarray(image.convert("RGBA"))
            lasts = int(image.info.get("duration", 0)) or 100  # what browsers take for none
            frame = av.VideoFrame.from_ndarray(pixels, "rgba")
            frame.pts, frame.time_base = time, Fraction(1, 1000)
            for packet in stream.encode(frame):
                packet.duration = lasts
                file.mux(packet)
            time += lasts
        file.mux(stream.encode(None))
