"""From a photo's bytes and options to the bytes of a result: what the service does with one photo."""

import io
import math
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from recorte.app.limits import Limits, Refusal, check_photo
from recorte.app.service.body import BACKGROUND
from recorte.app.service.options import KINDS, Options
from recorte.errors import PhotoError, RecorteError
from recorte.letterbox import resize
from recorte.photo import Photo, read_photo
from recorte.removal import options as removal
from recorte.removal.correct.touches import Touch, check_touches
from recorte.removal.files.output import encode
from recorte.removal.files.pages import further_pages
from recorte.removal.pipeline import Made
from recorte.removal.quality import JudgingPipeline, QualityReport
from recorte.removal.steps.backgrounds import Colour, ReadBackground, fitted
from recorte.removal.steps.profiles import in_srgb

if TYPE_CHECKING:
    from recorte import BackgroundRemover

ZIP = "application/zip"

MOST_WORK = 10
"""Largest photos' worth of pixels that the results for each of many people may have: half a minute's work or so."""


@dataclass(frozen=True, slots=True)
class Result:
    """A finished picture, or several in a ZIP.

    Attributes:
        content: the bytes of its file.
        media_type: of HTTP.
        report: if it was asked for.
        not_kept: what of the photo it does not hold, each in a word or a few, such as "pages 2 to 5".
        empty: nobody is in it.
    """

    content: bytes
    media_type: str
    report: QualityReport | None
    not_kept: tuple[str, ...] = ()
    empty: bool = False


def cut_out(remover: "BackgroundRemover", content: bytes, options: Options, limits: Limits) -> Result:
    """Cut the people out of a photo.

    Raises:
        Refusal: the photo or the background cannot be read, or is too large; or there is nobody to crop to.
    """
    photo, behind = read_both(content, options.background, limits)
    pipeline = JudgingPipeline.like(remover.pipeline)
    wanted = options.shown(behind, limits.pixels)
    judged: QualityReport | None = None
    files: list[bytes] = []
    lost = [*further_pages(content), *photo.not_read]
    alpha = _mended(remover, photo.pixels, [*options.keep, *options.drop])
    for one in _made(pipeline, photo, wanted, alpha):
        if options.report and judged is None:
            judged = pipeline.judge_last()
        if max(photo.pixels[..., 0].size, one.picture[..., 0].size) * len(files) > MOST_WORK * limits.pixels:
            many = f"more than {len(files)} people, too many to show each of them at its size"
            raise Refusal(422, f"The photo has {many}; scale it down, or ask for people=all")
        files.append(packed(one.picture, photo, options.format, lost, options.quality))
    if not files:
        shown = "show" if options.people == "each" else "crop to"
        raise Refusal(422, f"Nobody was found in the photo, so there is nothing to {shown}")
    if options.people == "each":
        names = [f"person-{number}.{options.format}" for number in range(1, len(files) + 1)]
        return Result(zipped(dict(zip(names, files, strict=True))), ZIP, judged, tuple(dict.fromkeys(lost)))
    return Result(files[0], KINDS[options.format], judged, tuple(dict.fromkeys(lost)), one.empty)


def _made(
    pipeline: JudgingPipeline, photo: Photo, options: removal.Options, alpha: np.ndarray | None
) -> Iterator[Made]:
    try:
        yield from pipeline.results_one_by_one(photo.pixels, options, photo.alpha, alpha)
    except PhotoError as error:  # a result that would be too large
        raise Refusal(422, f"{str(error)[0].upper()}{str(error)[1:]}") from None


def _mended(remover: "BackgroundRemover", photo: np.ndarray, touches: Sequence[Touch]) -> np.ndarray | None:
    """The alpha of the photo's size that touches give; None without any."""
    if not touches:
        return None
    try:
        check_touches(touches, *photo.shape[:2])
    except RecorteError as error:
        raise Refusal(422, str(error)) from None
    return remover.correct(photo, remover.predict_alpha(photo), touches=touches)


def read_both(
    content: bytes, background: Colour | bytes | Literal["blur"] | None, limits: Limits, pixels: float = math.inf
) -> tuple[Photo, ReadBackground]:
    """Decode a photo, scaled to `pixels` at most, and the picture behind it if there is one, in the photo's colours.

    Raises:
        Refusal: one of them cannot be read, or is too large.
    """
    # The sizes first, and here, not before a worker is free: Pillow may take seconds for a strange header.
    longest, shortest = _sides(check_photo(content, limits))
    if isinstance(background, bytes):
        long, short = _sides(check_photo(background, limits, BACKGROUND))
    enough = math.ceil(math.sqrt(pixels * longest / shortest)) if longest * shortest > pixels else None
    photo = _scaled(_read(content, "photo", enough), pixels)
    if isinstance(background, bytes):
        # So much that its shorter side covers the photo's longer one.
        read = _read(background, BACKGROUND, math.ceil(max(photo.pixels.shape) * long / short))
        return photo, fitted(in_srgb(read), photo)
    return photo, fitted(background, photo)


def _sides(size: tuple[int, int]) -> tuple[int, int]:
    return max(size), min(size)


def _scaled(photo: Photo, pixels: float) -> Photo:
    height, width = photo.pixels.shape[:2]
    if height * width <= pixels:
        return photo
    scale = math.sqrt(pixels / (height * width))
    size = max(1, int(height * scale)), max(1, int(width * scale))
    alpha = None if photo.alpha is None else resize(photo.alpha, *size)
    return replace(photo, pixels=resize(photo.pixels, *size), alpha=alpha)


def _read(content: bytes, what: str, enough: int | None) -> Photo:
    try:
        return read_photo(content, enough=enough)
    except PhotoError as error:
        raise Refusal(422, f"The {what} cannot be read: {str(error).partition(': ')[2]}") from None


def packed(
    picture: np.ndarray, photo: Photo, kind: str, not_kept: list[str] | None = None, quality: int | None = None
) -> bytes:
    """Encode a result as one of `KINDS`; `not_kept` takes what of the photo there is no place for.

    Raises:
        Refusal: it is too large for it.
    """
    try:
        return encode(picture, photo, f".{kind}", not_kept, quality)
    except RecorteError as error:
        raise Refusal(422, str(error)) from None


def zipped(files: Mapping[str, bytes]) -> bytes:
    """Put files into a ZIP, as they are: pictures are packed already."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, file in files.items():
            archive.writestr(zipfile.ZipInfo(name), file)
    return content.getvalue()
