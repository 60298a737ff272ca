"""What the page makes of one photo: files to download, and small pictures to show."""

import base64
import io
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import cv2
import numpy as np
from PIL import Image

from recorte.app.limits import Limits, check_photo
from recorte.letterbox import resize
from recorte.photo import Photo, read_photo
from recorte.removal.correct.touches import Touch
from recorte.removal.files.output import encode
from recorte.removal.quality import SIDE, QualityReport, report, within
from recorte.removal.steps.people import frame
from recorte.removal.steps.profiles import in_srgb

if TYPE_CHECKING:
    from recorte import BackgroundRemover

SHOWN = 960
"""The longest side of the pictures on the slider, in pixels."""

THUMBNAIL = 360

STEPS = ("original", "letterboxed", "raw_alpha", "alpha", "foreground", "cutout")


@dataclass(frozen=True, slots=True)
class Made:
    """One photo, cut out. Large pictures are kept as files only, since a session may hold many.

    Attributes:
        width: of the photo, in pixels.
        height: of the photo, in pixels.
        photo: its file, as it was given.
        box: the rows and columns where people are; all of them if nobody is.
        cutout: the file of the cut-out, PNG.
        mask: the file of the mask, PNG.
        photo_shown: `uint8 (h, w, 3)`, at most `SHOWN` pixels, in sRGB.
        cutout_shown: `uint8 (h, w, 4)`, of the same size, in sRGB.
        steps: by name of `STEPS`, small pictures as `data:` addresses.
        answers: the network's for the photo, `float32 (h, w)` in [0, 1] each, no side longer than a report looks at.
        report: how good it is likely to be.
        first: the file of the mask before any touch, PNG.
        touches: by which it was corrected since.
    """

    width: int
    height: int
    photo: bytes
    box: tuple[slice, slice]
    cutout: bytes
    mask: bytes
    photo_shown: np.ndarray
    cutout_shown: np.ndarray
    steps: dict[str, str]
    answers: list[np.ndarray]
    report: QualityReport
    first: bytes
    touches: tuple[Touch, ...] = ()


def make(remover: "BackgroundRemover", content: bytes, limits: Limits) -> Made:
    """Cut the people out of a photo, and keep every step.

    Raises:
        Refusal: too large, or no photo.
        PhotoError: it cannot be read.
    """
    check_photo(content, limits)
    photo = read_photo(content)
    height, width = photo.pixels.shape[:2]
    steps = remover.steps(photo.pixels, photo.alpha)
    alpha, raw = steps.cutout[..., 3].copy(), (steps.raw_alpha * 255).round().astype(np.uint8)
    pictures = (photo.pixels, steps.letterboxed, raw, alpha, steps.foreground, steps.cutout)
    answers = [smaller(answer, SIDE) for answer in within(photo.pixels, steps.first_alpha, steps.raw_alpha)]
    mask = encode(alpha, photo)
    return Made(
        width=width,
        height=height,
        photo=content,
        box=_box(alpha),
        cutout=encode(steps.cutout, photo),
        mask=mask,
        photo_shown=small(photo.pixels, photo),
        cutout_shown=small(steps.cutout, photo),
        steps=_thumbnails(photo, STEPS, pictures),
        answers=answers,
        report=report(photo.pixels, steps.alpha, answers),
        first=mask,
    )


def corrected(
    remover: "BackgroundRemover", made: Made, photo: Photo, alpha: np.ndarray, touches: tuple[Touch, ...]
) -> Made:
    """Make everything again of a photo whose alpha was corrected.

    Args:
        remover: frees the edges of the old background's colours.
        made: what the photo was before.
        photo: it, decoded.
        alpha: `uint8 (H, W)`, the corrected one.
        touches: all by which it was corrected.
    """
    cutout = remover.pipeline.cut_out(alpha, photo.pixels, photo.alpha)
    alpha = cutout[..., 3].copy()
    share = alpha.astype(np.float32) / 255
    changed = share - mask_pixels(made.first) / np.float32(255)
    answers = [
        np.where(np.abs(resize(changed, *answer.shape)) > 0.5, resize(share, *answer.shape), answer)
        for answer in made.answers
    ]
    pictures = (alpha, np.ascontiguousarray(cutout[..., :3]), cutout)
    return replace(
        made,
        box=_box(alpha),
        cutout=encode(cutout, photo),
        mask=encode(alpha, photo),
        cutout_shown=small(cutout, photo),
        steps=made.steps | _thumbnails(photo, STEPS[-3:], pictures),
        report=report(photo.pixels, share, answers),
        touches=touches,
    )


def mask_pixels(file: bytes) -> np.ndarray:
    """The pixels of a mask's file: `uint8 (H, W)`."""
    with Image.open(io.BytesIO(file)) as image:
        return np.asarray(image)


def _box(alpha: np.ndarray) -> tuple[slice, slice]:
    height, width = alpha.shape
    rows, columns = frame(alpha)
    if rows.stop == 0:
        return slice(0, height), slice(0, width)
    return slice(int(rows.start), int(min(height, rows.stop))), slice(int(columns.start), int(min(width, columns.stop)))


def small(picture: np.ndarray, photo: Photo, side: int = SHOWN) -> np.ndarray:
    """Give a picture in small, with the colours of a browser, which is told no profile: the photo's own has it."""
    picture = smaller(picture, side)
    if picture.ndim == 2:  # an alpha has no colours
        return picture
    colours = in_srgb(Photo(np.ascontiguousarray(picture[..., :3]), photo.icc_profile))
    return np.dstack([colours, picture[..., 3:]])


def _thumbnails(photo: Photo, names: Iterable[str], pictures: Iterable[np.ndarray]) -> dict[str, str]:
    shown_by_name = zip(names, pictures, strict=True)
    return {name: address(small(picture, photo, THUMBNAIL)) for name, picture in shown_by_name}


def smaller(picture: np.ndarray, side: int) -> np.ndarray:
    """Scale a picture down to a longest side; colours of transparent pixels do not bleed into the others."""
    scale = min(1.0, side / max(picture.shape[:2]))
    size = [max(1, round(length * scale)) for length in picture.shape[:2]]
    if scale == 1 or picture.ndim == 2 or picture.shape[2] == 3:
        return resize(picture, *size)
    weighted = cv2.cvtColor(picture, cv2.COLOR_RGBA2mRGBA)
    return cv2.cvtColor(resize(weighted, *size), cv2.COLOR_mRGBA2RGBA)


def address(picture: np.ndarray) -> str:
    """A small picture as an address that holds the picture itself."""
    kind = ".webp" if picture.ndim == 3 and picture.shape[2] == 4 else ".jpg"
    code = {1: None, 3: cv2.COLOR_RGB2BGR, 4: cv2.COLOR_RGBA2BGRA}[1 if picture.ndim == 2 else picture.shape[2]]
    quality = [cv2.IMWRITE_WEBP_QUALITY if kind == ".webp" else cv2.IMWRITE_JPEG_QUALITY, 88]
    _, content = cv2.imencode(kind, picture if code is None else cv2.cvtColor(picture, code), quality)
    return f"data:image/{kind[1:].replace('jpg', 'jpeg')};base64,{base64.b64encode(content.tobytes()).decode()}"


def safe_name(name: str) -> str:
    """The last part of a file's name as a visitor's machine gave it, without anything that could lead elsewhere."""
    last = PurePosixPath(name.replace("\\", "/")).name
    kept = "".join(letter for letter in last if letter.isprintable() and letter not in ':*?"<>|').strip(" .")
    return kept[-100:] or "photo"
