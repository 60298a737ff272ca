"""Kinds of values: annotations that say what an argument may be, and what that is called to a user.

A config is checked against the annotations of the class or function that it builds, before that is imported.
"""

import itertools
import os
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

from msgspec import Meta


def ascending(values: Sequence[Any]) -> bool:
    """Tell whether no value is less than the one before it."""
    return all(one <= other for one, other in itertools.pairwise(values))


def ending_in_order(pairs: Sequence[Sequence[int]]) -> bool:
    """Tell whether the last of each pair is more than that of the pair before it."""
    return all(one[-1] < other[-1] for one, other in itertools.pairwise(pairs))


FINITE = sys.float_info.max

Count = Annotated[int, Meta(ge=1, description="a whole number of at least 1")]
CountOrZero = Annotated[int, Meta(ge=0, description="a whole number of at least 0")]
Size = Annotated[int, Meta(ge=32, multiple_of=32, description="a multiple of 32, such as 256 or 384")]
"""Of a picture, in pixels."""
Folds = Annotated[int, Meta(ge=2, description="a whole number of at least 2")]
Positive = Annotated[float, Meta(gt=0, le=FINITE, description="a number above 0")]
NotNegative = Annotated[float, Meta(ge=0, le=FINITE, description="a number of at least 0")]
Share = Annotated[float, Meta(ge=0, le=1, description="a number from 0 to 1")]
"""Of a whole; a probability; a strength."""
BelowOne = Annotated[float, Meta(ge=0, lt=1, description="a number from 0 to less than 1")]
Part = Annotated[float, Meta(gt=0, lt=1, description="a number between 0 and 1")]
"""A share that is neither nothing nor all."""
Names = Annotated[str | Sequence[str], Meta(description="a name, or a list of names")]
EncoderWeights = Annotated[str, Meta(description="imagenet, none, or a file of weights")]
Factors = Annotated[
    tuple[Positive, Positive],
    Meta(description="two numbers above 0, the least and the greatest factor, such as [0.8,1.2]"),
    ascending,
]
SIZES = "pairs of a multiple of 32 and the epoch before which it ends, in order, such as [[192,10],[256,16]]"
EarlySizes = Annotated[Sequence[tuple[Size, Count]], Meta(description=SIZES), ending_in_order]
Shares = Annotated[Mapping[str, Positive], Meta(description="a number above 0 for each source, such as {persons: 1}")]
Weights = Annotated[Mapping[str, NotNegative], Meta(description="a number for each loss, such as {bce: 1, dice: 1}")]

if TYPE_CHECKING:
    AnyPath = str | os.PathLike[str]
    Folder = AnyPath
else:  # in a config, a path is text
    AnyPath = Annotated[str, Meta(description="a path")]
    Folder = Annotated[str, Meta(description="a path", title="folder")]
    """A path of a folder that must be there."""
