"""The route of remove.bg's API, so that programs written for that one work with this service's address.

What the parameters mean is told at https://www.remove.bg/api. Nothing is fetched from elsewhere, and nothing but people
is found; whoever asks for that, or for a parameter's value that is not known here, is told so. Parameters of names that
are not known are passed over, as they are there.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from recorte.app.limits import Limits, Refusal
from recorte.app.service.options import KINDS, read_flag
from recorte.app.service.work import ZIP, packed, read_both, zipped
from recorte.removal import options as removal
from recorte.removal.steps.backgrounds import Colour, is_transparent, put_behind, read_colour
from recorte.removal.steps.people import SEEN

if TYPE_CHECKING:
    from recorte import BackgroundRemover

SIZES = {
    "preview": 250_000, "small": 250_000, "regular": 250_000, "medium": 1_500_000, "hd": 4_000_000,
    "full": math.inf, "4k": math.inf, "50MP": math.inf, "auto": math.inf,
}  # fmt: skip
"""Pixels that a result has at most."""

FORMATS = ("auto", *KINDS, "zip")

ONLY = {
    "type": ("auto", "person"),
    "type_level": ("1", "none", "2", "latest"),
    "channels": ("rgba", "alpha"),
    "roi": ("0% 0% 100% 100%", "0 0 100% 100%"),
    "crop_margin": ("0", "0px", "0%"),
    "scale": ("original", "100%"),
    "position": ("original",),
    "shadow_type": ("none",),
}
"""Values that other parameters may have, the default first."""

FLAGS = ("crop", "add_shadow", "semitransparency")
"""The last two are for cars, and change nothing about people."""

PHOTO, BACKGROUND = "image_file", "bg_image_file"
"""The fields that hold files."""

NOTHING_FETCHED = "this service fetches nothing from elsewhere"

INSIDE = 128
"""Of 255: what is nowhere as opaque as this is nobody."""

HEX = re.compile("|".join(f"[0-9a-fA-F]{{{digits}}}" for digits in (3, 4, 6, 8)))
"""Colours that are given without their #; of four and eight digits the last say how opaque they are."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is wanted of a photo.

    Attributes:
        pixels: that the result has at most.
        format: one of `FORMATS`.
        background: a colour, or a picture's bytes; None: transparent.
        mask: the mask instead of the cut-out, white = person.
        crop: cut the picture to the people.
        typed: say that a person was found.
    """

    pixels: float
    format: str
    background: Colour | bytes | None
    mask: bool
    crop: bool
    typed: bool

    @classmethod
    def read(cls, given: Mapping[str, str], picture: bytes | None) -> "Wanted":
        """Read parameters; `picture` is the background's.

        Raises:
            Refusal: a value that a parameter cannot have here.
        """
        if given.get("bg_image_url"):
            raise Refusal(400, f"bg_image_url: {NOTHING_FETCHED}; send {BACKGROUND}", "invalid_bg_image_url")
        if picture is not None and given.get("bg_color"):
            raise Refusal(400, f"bg_color and {BACKGROUND} are two backgrounds; send one", "multiple_bg_sources")
        chosen = {name: _one_of(name, given, values) for name, values in ONLY.items()}
        flags = {name: _flag(name, given) for name in FLAGS}
        return cls(
            SIZES[_one_of("size", given, tuple(SIZES))],
            _one_of("format", {"format": given.get("format", "").replace("jpeg", "jpg")}, FORMATS),
            _colour(given.get("bg_color", "")) if picture is None else picture,
            chosen["channels"] == "alpha",
            flags["crop"],
            chosen["type_level"] != "none",
        )


@dataclass(frozen=True, slots=True)
class Answer:
    """A finished picture, or a ZIP of its colours and its mask.

    Attributes:
        content: the bytes of its file.
        media_type: of HTTP.
        width: in pixels.
        height: in pixels.
    """

    content: bytes
    media_type: str
    width: int
    height: int


def cut_out(remover: "BackgroundRemover", content: bytes, wanted: Wanted, limits: Limits) -> Answer:
    """Cut the people out of a photo.

    Raises:
        Refusal: photo or background cannot be read or are too large, or nobody was found.
    """
    photo, behind = read_both(content, wanted.background, limits, wanted.pixels)
    ((cutout, _),) = remover.pipeline.results(photo.pixels, removal.Options(), "the photo", photo.alpha)
    alpha = cutout[..., 3]
    if alpha.max() < INSIDE:
        raise Refusal(400, "Nobody was found in the photo", "unknown_foreground")
    frame = _frame(alpha) if wanted.crop else (slice(None), slice(None))
    picture = cutout if behind is None else put_behind(cutout, photo.pixels, behind)
    height, width = alpha[frame].shape
    if wanted.format == "zip":
        picture = np.where(alpha[..., None] > 0, picture[..., :3], photo.pixels)  # no hard edges for JPEG to smear
        colours, mask = np.ascontiguousarray(picture[frame]), np.ascontiguousarray(alpha[frame])
        files = {"color.jpg": packed(colours, photo, "jpg"), "alpha.png": packed(mask, photo, "png")}
        return Answer(zipped(files), ZIP, width, height)
    kind = wanted.format
    if kind == "auto":
        kind = "png" if wanted.mask or (is_transparent(behind) and alpha[frame].min() < 255) else "jpg"
    if wanted.mask:
        picture = alpha
    elif kind == "jpg" and picture.shape[2] == 4:
        picture = put_behind(picture, photo.pixels, (255, 255, 255))
    return Answer(packed(np.ascontiguousarray(picture[frame]), photo, kind), KINDS[kind], width, height)


def _frame(alpha: np.ndarray) -> tuple[slice, slice]:
    """The rows and columns of `uint8 (H, W)` that hold people, and no margin."""
    left, top, width, height = cv2.boundingRect((alpha >= SEEN).astype(np.uint8))
    return slice(top, top + height), slice(left, left + width)


def _one_of(name: str, given: Mapping[str, str], values: tuple[str, ...]) -> str:
    value = given.get(name, "").strip() or values[0]
    if value not in values:
        raise Refusal(400, f"{name} must be one of {', '.join(values)} here, not {value[:40]!r}", f"invalid_{name}")
    return value


def _flag(name: str, given: Mapping[str, str]) -> bool:
    try:
        return read_flag(name, given.get(name, ""))
    except Refusal as error:
        raise Refusal(400, str(error), f"invalid_{name}") from None


def _colour(value: str) -> Colour | None:
    value = value.strip()
    if not value:
        return None
    try:
        return read_colour(f"#{value}" if HEX.fullmatch(value) else value)
    except ValueError:
        message = f"bg_color must be a colour such as 81d4fa, 81d4fa77, #fff or green, not {value[:40]!r}"
        raise Refusal(400, message, "invalid_bg_color") from None
