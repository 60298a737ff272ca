"""Options of the service, as forms and queries give them."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, cast, get_args

from recorte.app.limits import Refusal
from recorte.errors import RecorteError
from recorte.removal import options as removal
from recorte.removal.correct.touches import Touch, parse_touches
from recorte.removal.presets import NOT_OF_MASKS, preset_names, read_preset
from recorte.removal.steps.backgrounds import BLUR, Colour, ReadBackground, is_transparent, read_colour
from recorte.removal.steps.layout import Align

KINDS = {"png": "image/png", "webp": "image/webp", "jpg": "image/jpeg"}
"""Formats that results come in, with their media types."""

LOSSY = ("jpg", "webp")
"""Of these, those that a quality can be asked of."""

PEOPLE = get_args(removal.People)

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
        size: of the picture, as `recorte.removal.options.Showing` has it, and so are the next ones.
        margin: see there.
        align: see there.
        shadow: see there.
        quality: see there.
        preset: by its name, read already.
    """

    background: Colour | bytes | Literal["blur"] | None = None
    mask: bool = False
    crop: bool = False
    people: removal.People = "all"
    format: str = "png"
    report: bool = False
    keep: tuple[Touch, ...] = ()
    drop: tuple[Touch, ...] = ()
    size: str | None = None
    margin: str | None = None
    align: str | None = None
    shadow: bool = False
    quality: int | None = None
    preset: str | None = None

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
        given = with_preset(given, picture is not None)
        flags = {name: read_flag(name, given.get(name, "")) for name in ("mask", "crop", "report", "shadow")}
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
        size, margin, align, preset = (given.get(name) or None for name in ("size", "margin", "align", "preset"))
        quality = read_quality(given.get("quality", ""), kind, preset)
        options = cls(
            background, people=people, format=kind, keep=kept, drop=dropped, size=size, margin=margin, align=align,
            quality=quality, preset=preset, **flags,
        )  # fmt: skip
        options.shown()
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

    def shown(self, background: ReadBackground = None, most: float = math.inf) -> removal.Options:
        """Give what `Pipeline` takes of these options, before a background; a result has `most` pixels.

        Raises:
            Refusal: size, margin, align or shadow cannot be.
        """
        try:
            read = removal.Options.of(
                None, self.mask, self.crop, self.people,
                size=self.size, margin=self.margin, align=cast(Align | None, self.align), shadow=self.shadow,
            )  # fmt: skip
        except RecorteError as error:
            raise Refusal(422, str(error)) from None
        layout = read.layout and replace(read.layout, most=min(most, read.layout.most))
        return replace(read, background=background, layout=layout)


def read_flag(name: str, value: str) -> bool:
    """Read what is true or false.

    Raises:
        Refusal: it is neither.
    """
    try:
        return FLAGS[value.strip().lower()]
    except KeyError:
        raise Refusal(422, f"{name} must be true or false, not {value[:40]!r}") from None


def with_preset(given: Mapping[str, str], background: bool) -> Mapping[str, str]:
    """Add what a preset says to options that were given, which count more; `background`: whether a picture was.

    Raises:
        Refusal: there is no preset of this name; no path is taken, since nobody from outside may name a file.
    """
    name = given.get("preset") or ""
    if not name:
        return given
    names = preset_names()
    if name not in names:
        raise Refusal(422, f"preset must be one of {', '.join(names)}, not {name[:40]!r}")
    try:
        values = read_preset(name)
    except RecorteError as error:
        raise Refusal(422, str(error)) from None
    passed_over = set(NOT_OF_MASKS) if given.get("mask") else {"background"} if background else set()
    if unknown := [key for key in values if key not in Options.__slots__]:
        raise Refusal(422, f"The preset {name} has {', '.join(unknown)}, which the service does not know")
    said = {key: _text(value) for key, value in values.items() if key not in passed_over}
    return said | {key: value for key, value in given.items() if value}


def _text(value: object) -> str:
    return "x".join(str(side or "") for side in value) if isinstance(value, list | tuple) else str(value)


def read_quality(given: str, kind: str, preset: str | None) -> int | None:
    """Read the quality of a file, which a preset's format may have and another one not.

    Raises:
        Refusal: it is none, or the format has none.
    """
    if not given.strip():
        return None
    if not given.strip().isascii() or not given.strip().isdigit() or not 1 <= int(given.strip()[:9]) <= 100:
        raise Refusal(422, f"quality must be a whole number from 1 to 100, not {given[:40]!r}")
    if kind not in LOSSY and not preset:
        raise Refusal(422, f"quality is of {' and '.join(LOSSY)}; {kind} loses nothing and has none")
    return int(given.strip())


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
