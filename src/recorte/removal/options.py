"""What is to become of the people that were found."""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from recorte.errors import RecorteError
from recorte.removal.steps.backgrounds import Background, ReadBackground, is_transparent, read_background

People = Literal["all", "largest", "each"]

MASK_ALONE = "a mask has no background; ask for the one or the other"


@dataclass(frozen=True, slots=True)
class Options:
    """What a result shows.

    Attributes:
        background: what lies behind the people; None = nothing, the result is transparent there.
        mask: give the alpha itself, as a grey picture, instead of the people.
        crop: give only the part of the photo that holds people, with a small margin.
        people: all of them, the largest connected region of them alone, or each region as a result of its own.
    """

    background: ReadBackground = None
    mask: bool = False
    crop: bool = False
    people: People = "all"

    @classmethod
    def of(
        cls, background: Background = None, mask: bool = False, crop: bool = False, people: People = "all"
    ) -> "Options":
        """Check options as a user gives them, and read the background.

        Raises:
            RecorteError: one that is not valid, or two that exclude each other.
        """
        if people not in get_args(People):
            raise RecorteError(f"people is {people!r}; it must be one of {', '.join(get_args(People))}")
        if mask and background is not None:
            raise RecorteError(MASK_ALONE)
        return cls(read_background(background), mask, crop, people)

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
