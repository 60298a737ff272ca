"""`correct.json`: the touches of one photo, kept beside its cut-out, so that it can be made again and gone on with."""

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from recorte.errors import RecorteError
from recorte.removal.correct.touches import Touch

FORMAT = 1
"""The newest that this version reads."""

ENDING = ".correct.json"
"""What the file's name ends with, after the cut-out's."""


@dataclass(frozen=True, slots=True)
class Record:
    """Touches and the photo that they are of.

    Attributes:
        width: of the photo, upright, in pixels.
        height: the same.
        sha256: of its pixels, as they are read; tags and the file's name do not matter.
        touches: in the order in which they were made.
    """

    width: int
    height: int
    sha256: str
    touches: tuple[Touch, ...]

    @classmethod
    def of(cls, photo: np.ndarray, touches: Sequence[Touch]) -> "Record":
        """Make a record for a photo, `uint8 (H, W, 3)`."""
        height, width = photo.shape[:2]
        return cls(width, height, _mark(photo), tuple(touches))

    def check(self, photo: np.ndarray) -> None:
        """Find out whether a photo, `uint8 (H, W, 3)`, is the one that was touched.

        Raises:
            RecorteError: it is another one.
        """
        height, width = photo.shape[:2]
        reason = ""
        if (width, height) != (self.width, self.height):
            reason = f"it has {width} x {height} pixels, not {self.width} x {self.height}"
        elif _mark(photo) != self.sha256:
            reason = "its pixels are others"
        if reason:
            raise RecorteError(f"the touches were made for another photo than this one: {reason}; touch it anew")

    def text(self) -> str:
        """Give the file's content; the same for the same touches."""
        photo = {"width": self.width, "height": self.height, "sha256": self.sha256}
        lines = ",\n".join(f"    {json.dumps(touch.plain())}" for touch in self.touches)
        head = f'{{\n  "format": {FORMAT},\n  "photo": {json.dumps(photo)},\n  "touches": ['
        return f"{head}\n{lines}\n  ]\n}}\n" if lines else f"{head}]\n}}\n"


def beside(cutout: Path) -> Path:
    """Say where the record of a cut-out lies: `person.png` has `person.correct.json`."""
    return cutout.with_name(f"{cutout.stem}{ENDING}")


def check_record(file: Path, record: Record, overwrite: bool) -> None:
    """Find out whether a record may be written.

    Raises:
        RecorteError: another one is there already, and must not be replaced.
    """
    if file.exists() and not overwrite and not (file.is_file() and file.read_bytes() == record.text().encode()):
        raise RecorteError(f"{file}: exists already, with other touches; go on with it (--correct), or allow it with "
                           "--overwrite (in Python: overwrite=True)")  # fmt: skip


def read_record(path: str | os.PathLike[str]) -> Record:
    """Read a `correct.json`.

    Raises:
        RecorteError: it is missing, broken, or of a newer version; the message names it.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise RecorteError(f"{path}: cannot be read ({reason}); give the .correct.json of a cut-out") from None
    try:
        return parsed(text)
    except RecorteError as error:
        raise RecorteError(f"{path}: {error}") from None


def parsed(text: str) -> Record:
    """Understand the text of a `correct.json`.

    Raises:
        RecorteError: it is broken, or of a newer version.
    """
    try:
        content = json.loads(text)
        version, photo, listed = content["format"], content["photo"], content["touches"]
        width, height, mark = photo["width"], photo["height"], photo["sha256"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        reason = f"{error} is missing" if isinstance(error, KeyError) else "not JSON of its form"
        raise RecorteError(f"no record of touches, or a damaged one ({reason})") from None
    if type(version) is not int or not 1 <= version <= FORMAT:
        raise RecorteError(f"format {version!r} cannot be read, only up to {FORMAT}; update Recorte")
    if type(width) is not int or type(height) is not int or not isinstance(mark, str) or not isinstance(listed, list):
        raise RecorteError("no record of touches, or a damaged one (width and height are whole numbers, sha256 a text, "
                           "touches a list)")  # fmt: skip
    return Record(width, height, mark, tuple(_touch(plain) for plain in listed))


def _touch(plain: Any) -> Touch:
    if not isinstance(plain, dict) or len(plain) != 1 or next(iter(plain)) not in ("keep", "drop"):
        raise RecorteError(f'each touch must be {{"keep": ...}} or {{"drop": ...}}, not {str(plain)[:60]}')
    ((word, shape),) = plain.items()
    return Touch.of(word == "keep", shape)


def _mark(photo: np.ndarray) -> str:
    return hashlib.sha256(np.ascontiguousarray(photo).data).hexdigest()
