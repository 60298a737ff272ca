"""What became of each of many photos."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple


class Failure(NamedTuple):
    """A photo that could not be cut out.

    Attributes:
        photo: its path.
        reason: one or two sentences, which name the file.
    """

    photo: Path
    reason: str


@dataclass(slots=True)
class Aside:
    """What is told of a cut-out beside it.

    Attributes:
        not_kept: what of the photo it does not hold, each in a word or a few, such as "16 bits per channel".
        empty: nobody is in it.
    """

    not_kept: list[str] = field(default_factory=list)
    empty: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one photo.

    Attributes:
        photo: its path.
        result: where its cut-out is, or would have been.
        status: `written`, `skipped` (it existed already and was left alone) or `failed`.
        seconds: the time it took, from opening the photo to the finished file.
        error: why it failed, in one or two sentences which name the file; else None.
        not_kept: see `Aside`.
        empty: the same.
    """

    photo: Path
    result: Path
    status: Literal["written", "skipped", "failed"]
    seconds: float = 0.0
    error: str | None = None
    not_kept: tuple[str, ...] = ()
    empty: bool = False

    @classmethod
    def tried(cls, photo: Path, result: Path, seconds: float, error: str | None, aside: Aside) -> "Outcome":
        """Say what became of a photo that was worked on, whether it went well or failed."""
        status: Literal["written", "failed"] = "failed" if error else "written"
        return cls(photo, result, status, seconds, error, tuple(aside.not_kept), aside.empty)

    @property
    def pages(self) -> str | None:
        """The pages that its cut-out does not show, as `not_kept` names them."""
        return next((item for item in self.not_kept if item.startswith("page")), None)


@dataclass(slots=True)
class BatchReport:
    """What became of many photos.

    Attributes:
        written: the cut-outs that were made.
        skipped: the cut-outs that existed already and were left alone.
        failed: the photos that could not be cut out.
        left_out: how many files were of no kind that is read, by their suffix in lower case.
        not_kept: by photo, what of it its cut-out does not hold, such as "16 bits per channel" or "pages 2 to 5".
        empty: the photos in which nobody was found, whose cut-outs show nobody.
    """

    written: list[Path] = field(default_factory=list)
    skipped: list[Path] = field(default_factory=list)
    failed: list[Failure] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    not_kept: dict[Path, tuple[str, ...]] = field(default_factory=dict)
    empty: list[Path] = field(default_factory=list)

    def add(self, outcome: Outcome) -> None:
        """Note what became of one more photo."""
        if outcome.not_kept:
            self.not_kept[outcome.photo] = outcome.not_kept
        if outcome.empty:
            self.empty.append(outcome.photo)
        if outcome.error is not None:
            self.failed.append(Failure(outcome.photo, outcome.error))
        else:
            (self.written if outcome.status == "written" else self.skipped).append(outcome.result)
