"""From a photo's bytes and options to the bytes of a result: what the service does with one photo."""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageColor

from recorte.app.limits import Refusal
from recorte.errors import PhotoError
from recorte.photo import Photo, read_photo
from recorte.removal.output import encode
from recorte.removal.quality import QualityReport, report

if TYPE_CHECKING:
    from recorte import BackgroundRemover

KINDS = {"png": "image/png", "webp": "image/webp", "jpg": "image/jpeg"}
"""Formats that results come in, with their media types."""

FLAGS = {
    "true": True,
    "1": True,
    "yes": True,
    "on": True,
    "false": False,
    "0": False,
    "no": False,
    "off": False,
    "": False,
}


@dataclass(frozen=True, slots=True)
class Options:
    """What is wanted of a photo.

    Attributes:
        background: a colour to lay the people over, as `#rrggbb` or a name of CSS; None: transparent.
        mask: the mask instead of the cut-out, white = person.
        crop: cut the picture to the people.
        format: one of `KINDS`.
        report: judge the result.
    """

    background: tuple[int, int, int] | None = None
    mask: bool = False
    crop: bool = False
    format: str = "png"
    report: bool = False

    @classmethod
    def read(cls, given: Mapping[str, str]) -> "Options":
        """Read options as a form gives them.

        Raises:
            Refusal: an unknown option, or a value that it cannot have.
        """
        known = list(cls.__slots__)
        unknown = [repr(name[:40]) for name in given if name not in known]
        if unknown:
            raise Refusal(422, f"Unknown option {', '.join(unknown)}; there are {', '.join(known)}")
        flags = {name: _flag(name, given.get(name, "")) for name in ("mask", "crop", "report")}
        kind = given.get("format", "png").lower().replace("jpeg", "jpg")
        if kind not in KINDS:
            raise Refusal(422, f"format must be one of {', '.join(KINDS)}, not {given['format'][:40]!r}")
        options = cls(background=_colour(given.get("background", "")), format=kind, **flags)
        if kind == "jpg" and options.background is None and not options.mask:
            raise Refusal(422, "JPEG cannot be transparent; give a background, such as #ffffff, or another format")
        return options


@dataclass(frozen=True, slots=True)
class Result:
    """A finished picture.

    Attributes:
        content: the bytes of its file.
        media_type: of HTTP.
        report: if it was asked for.
    """

    content: bytes
    media_type: str
    report: QualityReport | None


def cut_out(remover: "BackgroundRemover", content: bytes, options: Options) -> Result:
    """Cut the people out of a photo.

    Raises:
        Refusal: the photo cannot be read.
    """
    try:
        photo = read_photo(content)
    except PhotoError as error:
        raise Refusal(422, f"The photo cannot be read: {str(error).partition(': ')[2]}") from None
    picture = remover.remove_background(photo.pixels)
    mask = picture[..., 3]
    judged = report(photo.pixels, mask / np.float32(255)) if options.report else None
    if options.mask:
        picture = mask
    elif options.background is not None:
        picture = over_colour(picture, options.background)
    if options.crop:
        picture = picture[people_box(mask)]
    return Result(encode_picture(picture, photo, options.format), KINDS[options.format], judged)


def over_colour(cutout: np.ndarray, colour: tuple[int, int, int]) -> np.ndarray:
    """Lay a cut-out `uint8 (H, W, 4)` over a colour: `uint8 (H, W, 3)`."""
    alpha = cutout[..., 3:].astype(np.float32) / 255
    return (cutout[..., :3] * alpha + np.float32(colour) * (1 - alpha)).round().astype(np.uint8)


def people_box(mask: np.ndarray) -> tuple[slice, slice]:
    """The rows and columns of `uint8 (H, W)` where people are; all of them where nobody is."""
    rows, columns = (np.flatnonzero((mask >= 128).any(axis=axis)) for axis in (1, 0))
    if not rows.size:
        return slice(0, mask.shape[0]), slice(0, mask.shape[1])
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def encode_picture(picture: np.ndarray, photo: Photo, kind: str) -> bytes:
    """Encode a mask, a cut-out or a picture over a colour as `kind`."""
    if picture.ndim == 3 and picture.shape[2] == 4:
        return encode(np.ascontiguousarray(picture), photo, f".{kind}")
    content = io.BytesIO()
    options = {
        "jpg": {"quality": 92},
        "webp": {"lossless": True, "quality": 0, "method": 0},
        "png": {"compress_level": 1},
    }
    kept = {} if picture.ndim == 2 else {"icc_profile": photo.icc_profile, "exif": photo.exif or b""}
    Image.fromarray(np.ascontiguousarray(picture)).save(
        content, {"jpg": "JPEG"}.get(kind, kind.upper()), **options[kind], **kept
    )
    return content.getvalue()


def _flag(name: str, value: str) -> bool:
    try:
        return FLAGS[value.strip().lower()]
    except KeyError:
        raise Refusal(422, f"{name} must be true or false, not {value[:40]!r}") from None


def _colour(value: str) -> tuple[int, int, int] | None:
    if not value.strip():
        return None
    try:
        return ImageColor.getrgb(value.strip())[:3]
    except ValueError:
        raise Refusal(422, f"background must be a colour such as #ffffff or teal, not {value[:40]!r}") from None
