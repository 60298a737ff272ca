"""From a photo's bytes and options to the bytes of a result: what the service does with one photo."""

import io
import math
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from recorte.app.limits import Limits, Refusal, check_photo
from recorte.app.service.body import BACKGROUND
from recorte.errors import PhotoError, RecorteError
from recorte.letterbox import resize
from recorte.photo import Photo, read_photo
from recorte.removal import options as removal
from recorte.removal.correct.touches import Touch, check_touches, parse_touches
from recorte.removal.files.output import encode
from recorte.removal.files.pages import further_pages
from recorte.removal.quality import JudgingPipeline, QualityReport
from recorte.removal.steps.backgrounds import BLUR, Colour, ReadBackground, fitted, is_transparent, read_colour
from recorte.removal.steps.profiles import in_srgb

if TYPE_CHECKING:
    from recorte import BackgroundRemover

KINDS = {"png": "image/png", "webp": "image/webp", "jpg": "image/jpeg"}
"""Formats that results come in, with their media types."""

ZIP = "application/zip"

PEOPLE = get_args(removal.People)

MOST_WORK = 10
"""Largest photos' worth of pixels that the results for each of many people may have: half a minute's work or so."""

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
        background: a colour to lay the people over, a picture's bytes, or "blur", the photo's own, blurred; None:
            transparent.
        mask: the mask instead of the cut-out, white = person.
        crop: cut the picture to the people, with a small margin.
        people: all, the largest connected region of them, or each of these regions as a picture of its own, in a ZIP.
        format: one of `KINDS`.
        report: judge what was found in the photo.
        keep: touches that mend what was found: what must be there.
        drop: what must not.
    """

    background: Colour | bytes | Literal["blur"] | None = None
    mask: bool = False
    crop: bool = False
    people: removal.People = "all"
    format: str = "png"
    report: bool = False
    keep: tuple[Touch, ...] = ()
    drop: tuple[Touch, ...] = ()

    @classmethod
    def read(cls, given: Mapping[str, str], picture: bytes | None = None) -> "Options":
        """Read options as a form gives them; `picture` is the background's.

        Raises:
            Refusal: an unknown option, a value that it cannot have, or two that exclude each other.
        """
        known = list(cls.__slots__)
        if unknown := [repr(name[:40]) for name in given if name not in known]:
            more = f" and {len(unknown) - 3} more" if len(unknown) > 3 else ""
            raise Refusal(422, f"Unknown option {', '.join(unknown[:3])}{more}; there are {', '.join(known)}")
        flags = {name: read_flag(name, given.get(name, "")) for name in ("mask", "crop", "report")}
        kind = (given.get("format") or "png").lower().replace("jpeg", "jpg")
        if kind not in KINDS:
            raise Refusal(422, f"format must be one of {', '.join(KINDS)}, not {given['format'][:40]!r}")
        wanted = given.get("people") or "all"
        people = next((name for name in PEOPLE if name == wanted), None)
        if people is None:
            raise Refusal(422, f"people must be one of {', '.join(PEOPLE)}, not {wanted[:40]!r}")
        background = _background(given.get("background", "")) if picture is None else picture
        touches = _touches(given)
        kept, dropped = (tuple(touch for touch in touches if touch.keep is keep) for keep in (True, False))
        options = cls(background, people=people, format=kind, keep=kept, drop=dropped, **flags)
        if touches and options.report:
            raise Refusal(
                422, "report judges what the network found, not what was corrected; ask for it without touches"
            )
        if options.mask and options.background is not None:
            raise Refusal(422, removal.MASK_ALONE)
        if kind == "jpg" and is_transparent(options.background) and not options.mask:
            raise Refusal(
                422, "JPEG cannot be transparent; give an opaque background, such as #ffffff, or another format"
            )
        return options


@dataclass(frozen=True, slots=True)
class Result:
    """A finished picture, or several in a ZIP.

    Attributes:
        content: the bytes of its file.
        media_type: of HTTP.
        report: if it was asked for.
        not_kept: what of the photo it does not hold, each in a word or a few, such as "pages 2 to 5".
    """

    content: bytes
    media_type: str
    report: QualityReport | None
    not_kept: tuple[str, ...] = ()


def cut_out(remover: "BackgroundRemover", content: bytes, options: Options, limits: Limits) -> Result:
    """Cut the people out of a photo.

    Raises:
        Refusal: the photo or the background cannot be read, or is too large; or there is nobody to crop to.
    """
    photo, behind = read_both(content, options.background, limits)
    pipeline = JudgingPipeline.like(remover.pipeline)
    wanted = removal.Options(behind, options.mask, options.crop, options.people)
    judged: QualityReport | None = None
    files: list[bytes] = []
    lost = [*further_pages(content), *photo.not_read]
    alpha = _mended(remover, photo.pixels, [*options.keep, *options.drop])
    for picture in pipeline.results_one_by_one(photo.pixels, wanted, photo.alpha, alpha):
        if options.report and judged is None:
            judged = pipeline.judge_last()
        if photo.pixels[..., 0].size * len(files) > MOST_WORK * limits.pixels:
            many = f"more than {len(files)} people, too many to show each of them at its size"
            raise Refusal(422, f"The photo has {many}; scale it down, or ask for people=all")
        files.append(packed(picture, photo, options.format, lost))
    if not files:
        shown = "show" if options.people == "each" else "crop to"
        raise Refusal(422, f"Nobody was found in the photo, so there is nothing to {shown}")
    if options.people == "each":
        names = [f"person-{number}.{options.format}" for number in range(1, len(files) + 1)]
        return Result(zipped(dict(zip(names, files, strict=True))), ZIP, judged, tuple(dict.fromkeys(lost)))
    return Result(files[0], KINDS[options.format], judged, tuple(dict.fromkeys(lost)))


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


def packed(picture: np.ndarray, photo: Photo, kind: str, not_kept: list[str] | None = None) -> bytes:
    """Encode a result as one of `KINDS`; `not_kept` takes what of the photo there is no place for.

    Raises:
        Refusal: it is too large for it.
    """
    try:
        return encode(picture, photo, f".{kind}", not_kept)
    except RecorteError as error:
        raise Refusal(422, str(error)) from None


def zipped(files: Mapping[str, bytes]) -> bytes:
    """Put files into a ZIP, as they are: pictures are packed already."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, file in files.items():
            archive.writestr(zipfile.ZipInfo(name), file)
    return content.getvalue()


def read_flag(name: str, value: str) -> bool:
    """Read what is true or false.

    Raises:
        Refusal: it is neither.
    """
    try:
        return FLAGS[value.strip().lower()]
    except KeyError:
        raise Refusal(422, f"{name} must be true or false, not {value[:40]!r}") from None


def _touches(given: Mapping[str, str]) -> list[Touch]:
    try:
        return parse_touches([given.get("keep", "")], [given.get("drop", "")])
    except RecorteError as error:
        raise Refusal(422, str(error)) from None


def _background(value: str) -> Colour | Literal["blur"] | None:
    # Not `read_background`: that one reads files, too, and nobody from outside may name one.
    if not value.strip():
        return None
    if value.strip() == BLUR:
        return "blur"
    try:
        return read_colour(value.strip())
    except ValueError:
        raise Refusal(
            422,
            f"background must be a colour such as #ffffff or teal, blur, or a picture's file, not {value[:40]!r}; "
            "nothing is fetched from elsewhere",
        ) from None
