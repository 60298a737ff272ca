"""What is wrong, or odd, with a data set."""

from pathlib import Path
from typing import NamedTuple

from recorte.errors import RecorteError, within_limits


class Finding(NamedTuple):
    """One thing that was found.

    Attributes:
        path: the file.
        item: what in it, such as "annotation 17"; may be empty.
        what: in a few words.
        grave: training cannot use it, or learns something wrong; else it is only odd.
    """

    path: str
    item: str
    what: str
    grave: bool = True

    def __str__(self) -> str:
        place = f"{self.path}: {self.item}" if self.item else self.path
        return within_limits(f"{place}: {self.what}")


def finding_of(error: RecorteError, *places: Path) -> Finding:
    """Give an error as a finding, which names its file once.

    Args:
        error: its message begins with the file that it is about, or says what is wrong at once.
        places: files and folders, the first that the message begins with is, or holds, that file; the first of all is
            named where it begins with none.
    """
    text = str(error)
    for place in places:
        end = text.find(": ", len(str(place)))
        if text.startswith(str(place)) and end > 0:
            return Finding(text[:end], "", text[end + 2 :])
    return Finding(str(places[0]), "", text)
