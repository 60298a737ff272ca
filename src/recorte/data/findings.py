"""What is wrong, or odd, with a data set."""

from typing import NamedTuple


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
        return f"{place}: {self.what}"
