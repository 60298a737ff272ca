"""What is to become of the people that were found."""

import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypedDict, get_args

from recorte.errors import RecorteError
from recorte.removal.presets import merged, read_preset
from recorte.removal.steps.backgrounds import Background, ReadBackground, is_transparent, read_background
from recorte.removal.steps.layout import Align, Layout, Sides
from recorte.removal.steps.shape import check_shape

People = Literal["all", "largest", "each"]

MASK_ALONE = "a mask has no background; ask for the one or the other"


class Showing(TypedDict, total=False):
    """The options that a user may give, of one photo or of many; each may be left out.

    Attributes:
        background: what lies behind the people: a colour ("white", "#ffcc00", (255, 204, 0)); a picture (path,
            Pillow image or array), scaled to cover the result; or "blur", the photo's own background, blurred.
            Behind a colour with an alpha ("#ff000080", (255, 0, 0, 128)) the result is transparent.
            Colours and arrays are of sRGB; they are converted to the photo's colour space.
        mask: give the alpha itself, as a grey picture.
        crop: give only the part that holds people, with a small margin.
        people: "all"; "largest", the largest connected region of people alone; or "each", every such region as a
            result of its own, the largest first, written as `target-1.png`, `target-2.png` and so on.
        size: of the result: "1000x1000" or (1000, 1000), in which the photo is fitted; or one side alone, "1000x"
            (so wide) or "x1000" (so high), the other one follows.
        margin: room on all sides of the people, as a share of the result's shorter side: "8%" or 0.08. With a size
            the people are as large as that leaves room for, in every photo.
        align: "centre", or "bottom": where they stand in a size of two sides; None = in its centre, but for people whom
            the photo cuts off below, who stand on its border.
        shadow: a soft shadow on the ground, below people whom the photo shows down to their feet.
        threshold: alphas above it become 1, all others 0: hard edges. None: soft ones.
        grow: pixels of the photo by which the people become wider; negative: narrower.
        quality: of JPEG (92 as a rule), and of WebP, which else loses nothing: 1 to 100.
        preset: a name, such as "amazon", or the path of a YAML file, that has all these; what is given beside counts
            more.
    """

    background: Background
    mask: bool
    crop: bool
    people: People
    size: str | Sides | None
    margin: str | float | None
    align: Align | None
    shadow: bool
    threshold: float | None
    grow: int
    quality: int | None
    preset: str | os.PathLike[str] | None


@dataclass(frozen=True, slots=True)
class Options:
    """What a result shows, once it was read; `Showing` says more.

    Attributes:
        background: what lies behind the people; None = nothing, the result is transparent there.
        mask: give the alpha itself, as a grey picture, instead of the people.
        crop: give only the part of the photo that holds people, with a small margin.
        people: all of them, the largest connected region of them alone, or each region as a result of its own.
        layout: size and margins; None = the photo's own.
        shadow: a soft one on the ground.
        threshold: of hard edges; None = soft ones.
        grow: pixels by which people become wider.
        quality: of files that lose something; None = as a rule.
        kind: of files, where nothing else says it; of a preset.
    """

    background: ReadBackground = None
    mask: bool = False
    crop: bool = False
    people: People = "all"
    layout: Layout | None = None
    shadow: bool = False
    threshold: float | None = None
    grow: int = 0
    quality: int | None = None
    kind: str | None = None

    @classmethod
    def of(
        cls,
        background: Background = None,
        mask: bool = False,
        crop: bool = False,
        people: People = "all",
        *,
        size: str | Sides | None = None,
        margin: str | float | None = None,
        align: Align | None = None,
        shadow: bool = False,
        threshold: float | None = None,
        grow: int = 0,
        quality: int | None = None,
    ) -> "Options":
        """Check options as a user gives them, and read the background.

        Raises:
            RecorteError: one that is not valid, or two that exclude each other.
        """
        if people not in get_args(People):
            raise RecorteError(f"people is {people!r}; it must be one of {', '.join(get_args(People))}")
        if mask and background is not None:
            raise RecorteError(MASK_ALONE)
        if mask and shadow:
            raise RecorteError("a mask has no shadow; ask for the one or the other")
        whole = isinstance(quality, int) and not isinstance(quality, bool) and 1 <= quality <= 100
        if quality is not None and not whole:
            raise RecorteError(f"quality is {quality!r}; it must be a whole number from 1 to 100")
        for name, value in (("mask", mask), ("crop", crop), ("shadow", shadow)):
            if value not in (True, False):
                raise RecorteError(f"{name} is {value!r}; it must be true or false")
        check_shape(threshold, grow)
        layout = Layout.of(size, margin, crop, align)
        behind = read_background(background)
        return cls(behind, mask, crop, people, layout, shadow, threshold, int(grow), quality)

    @classmethod
    def read(cls, showing: Showing) -> "Options":
        """Do as `of`, of options by their names, and of a preset among them.

        Raises:
            RecorteError: one that is not valid, or two that exclude each other; or the preset cannot be read.
        """
        given: dict[str, Any] = dict(showing)
        preset = given.pop("preset", None)
        if preset is None:
            return cls.of(**given)
        values = read_preset(preset)
        try:
            cls.of(**merged(values, {}))
        except RecorteError as error:
            raise RecorteError(f"preset {os.fspath(preset)}: {error}") from None
        return replace(cls.of(**merged(values, given)), kind=values.get("format"))

    @property
    def transparent(self) -> bool:
        """Whether the result has transparency, which some formats cannot hold."""
        return is_transparent(self.background) and not self.mask

    def targets(self, target: str | os.PathLike[str], count: int) -> list[Path]:
        """Name the files of `count` results: `target` itself, or numbered (`cut-1.png`) if each person has one."""
        target = Path(target)
        if self.people != "each":
            return [target]
        return [target.with_name(f"{target.stem}-{number}{target.suffix}") for number in range(1, count + 1)]

    def target_of(self, file: Path) -> Path | None:
        """Name the target that `targets` would name `file` for; None if there is none."""
        if self.people != "each":
            return file
        numbered = re.fullmatch(r"(.+)-[1-9]\d*", file.stem)
        return file.with_name(f"{numbered[1]}{file.suffix}") if numbered else None
