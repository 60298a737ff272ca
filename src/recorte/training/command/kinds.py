"""Kinds of values: how each is known, and what it is called to a user."""

import math
from collections.abc import Callable
from typing import Any

Rule = tuple[Callable[[Any], bool], str]
"""Whether a value is of the kind, and what the kind is called."""


def whole(value: Any, least: int) -> bool:
    """Tell whether a value is a whole number of at least `least`."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def is_number(value: Any) -> bool:
    """Tell whether a value is a number, and neither infinite nor none at all."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def is_device_list(value: Any) -> bool:
    """Tell whether a value is a list of the numbers of graphics cards."""
    return isinstance(value, list) and value != [] and all(whole(number, 0) for number in value)


def one_of(*valid: str) -> Rule:
    """Make the rule for a value that is one of a few words."""
    return (lambda value: value in valid), f"one of {', '.join(valid)}"


POSITIVE: Rule = (lambda value: is_number(value) and value > 0), "a number above 0"
NOT_NEGATIVE: Rule = (lambda value: is_number(value) and value >= 0), "a number of at least 0"
SHARE: Rule = (lambda value: is_number(value) and 0 <= value <= 1), "a number from 0 to 1"
BELOW_ONE: Rule = (lambda value: is_number(value) and 0 <= value < 1), "a number from 0 to less than 1"
COUNT: Rule = (lambda value: whole(value, 1)), "a whole number of at least 1"
COUNT_OR_ZERO: Rule = (lambda value: whole(value, 0)), "a whole number of at least 0"
SIZE: Rule = (lambda value: whole(value, 32) and value % 32 == 0), "a multiple of 32, such as 256 or 384"
YES_OR_NO: Rule = (lambda value: isinstance(value, bool)), "true or false"
TEXT: Rule = (lambda value: isinstance(value, str)), "a text"
PATH: Rule = (lambda value: isinstance(value, str)), "a path"
NAMES: Rule = (
    (
        lambda value: (
            isinstance(value, str) or (isinstance(value, list) and all(isinstance(name, str) for name in value))
        )
    ),
    "a name, or a list of names",
)
