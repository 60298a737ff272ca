"""From a photo's bytes and options to the bytes of a result: what the service does with one photo."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from recorte.app.limits import Limits, Refusal, check_photo
from recorte.errors import PhotoError, RecorteError
from recorte.photo import read_photo
from recorte.removal import options as removal
from recorte.removal.files.output import encode
from recorte.removal.quality import JudgingPipeline, QualityReport
from recorte.removal.steps.backgrounds import BLUR, Colour, in_colours_of, read_colour

if TYPE_CHECKING:
    from recorte import BackgroundRemover

KINDS = {"png": "image/png", "webp": "image/webp", "jpg": "image/jpeg"}
"""Formats that results come in, with their media types."""

PEOPLE = ("all", "largest")

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
        background: a colour to lay the people over, or "blur", the photo's own, blurred; None: transparent.
        mask: the mask instead of the cut-out, white = person.
        crop: cut the picture to the people, with a small margin.
        people: all, or the largest connected region of them.
        format: one of `KINDS`.
        report: judge what was found in the photo.
    """

    background: Colour | Literal["blur"] | None = None
    mask: bool = False
    crop: bool = False
    people: Literal["all", "largest"] = "all"
    format: str = "png"
    report: bool = False

    @classmethod
    def read(cls, given: Mapping[str, str]) -> "Options":
        """Read options as a form gives them.

        Raises:
            Refusal: an unknown option, a value that it cannot have, or two that exclude each other.
        """
        known = list(cls.__slots__)
        unknown = [repr(name[:40]) for name in given if name not in known]
        if unknown:
            raise Refusal(422, f"Unknown option {', '.join(unknown)}; there are {', '.join(known)}")
        flags = {name: _flag(name, given.get(name, "")) for name in ("mask", "crop", "report")}
        kind = (given.get("format") or "png").lower().replace("jpeg", "jpg")
        if kind not in KINDS:
            raise Refusal(422, f"format must be one of {', '.join(KINDS)}, not {given['format'][:40]!r}")
        people = given.get("people") or "all"
        if people not in PEOPLE:
            raise Refusal(422, f"people must be one of {', '.join(PEOPLE)}, not {people[:40]!r}")
        options = cls(background=_background(given.get("background", "")), people=people, format=kind, **flags)
        if options.mask and options.background is not None:
            raise Refusal(422, removal.MASK_ALONE)
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


def cut_out(remover: "BackgroundRemover", content: bytes, options: Options, limits: Limits) -> Result:
    """Cut the people out of a photo.

    Raises:
        Refusal: the photo cannot be read, is too large, or shows nobody to crop to.
    """
    check_photo(content, limits)  # here, not before a worker is free: Pillow may take seconds for a strange header
    try:
        photo = read_photo(content)
    except PhotoError as error:
        raise Refusal(422, f"The photo cannot be read: {str(error).partition(': ')[2]}") from None
    pipeline = JudgingPipeline.like(remover.pipeline)
    background = in_colours_of(options.background, photo.icc_profile)
    wanted = removal.Options(background, options.mask, options.crop, options.people)
    try:
        (picture,) = pipeline.results(photo.pixels, wanted, "the photo")
    except PhotoError:
        raise Refusal(422, "Nobody was found in the photo, so there is nothing to crop to") from None
    judged = pipeline.judge_last() if options.report else None
    try:
        content = encode(picture, photo, f".{options.format}")
    except RecorteError as error:  # too large for the format
        raise Refusal(422, str(error)) from None
    return Result(content, KINDS[options.format], judged)


def _flag(name: str, value: str) -> bool:
    try:
        return FLAGS[value.strip().lower()]
    except KeyError:
        raise Refusal(422, f"{name} must be true or false, not {value[:40]!r}") from None


def _background(value: str) -> Colour | Literal["blur"] | None:
    # Not `read_background`: that one reads files, too, and nobody from outside may name one.
    if not value.strip():
        return None
    if value.strip() == BLUR:
        return BLUR
    try:
        return read_colour(value.strip())
    except ValueError:
        raise Refusal(
            422, f"background must be a colour such as #ffffff or teal, or blur, not {value[:40]!r}"
        ) from None
