"""Paths on a command line: taken as they are written, where Hydra would see numbers, lists or a mistake in them."""

import os
import re
from collections.abc import Sequence

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, Quote, QuotedString
from hydra.errors import HydraException

KEYS = re.compile(
    r"data\.(root|cache_dir|teacher)|data\.sources\.[^.]+\.(root|(val_)?(annotations|photos)|masks|backgrounds)"
    r"|run_dir|target|resume|init|model\.encoder_weights|hydra\.(run|sweep)\.dir"
)
"""Keys whose value is a path, or a word in the place of one."""

_CHOICES = re.compile(r"""'(?:[^'\\]|\\.)*'(?=,|$)|"(?:[^"\\]|\\.)*"(?=,|$)|[^,]+""")
"""The values of a sweep `a,b`; a comma inside of quotes divides nothing."""


# Hydra has no way to say that the value of a key is text: its grammar tells by the look of it, and a path such as
# `2024-01 (a)` looks like a mistake. Nor does its API take values that are parsed already. So quotes are added here.
def with_plain_paths(arguments: Sequence[str], several: bool = False) -> list[str]:
    """Quote the paths of a command line that Hydra would not take as the text that they are.

    Text that it takes as text stays as it is, and so do null, what is quoted already, and interpolations.

    Args:
        arguments: `key=value` as a user gives them, and switches.
        several: whether a value may be several, for a sweep: `a,b`, `choice(a,b)` or `glob(*)`.
    """
    return [_plain(text, several) for text in arguments]


def quoted_text(text: str) -> str:
    """Write a text such that Hydra takes it as it is."""
    return QuotedString(text, Quote.single).with_quotes()


def _plain(argument: str, several: bool) -> str:
    key, separator, value = argument.partition("=")
    if not separator or not KEYS.fullmatch(key.lstrip("+")):
        return argument
    said = _parsed(argument)
    if several and said is not None and said.is_sweep_override() and value.endswith(")"):
        return argument
    if _is_text(said):
        return argument
    parts = _CHOICES.findall(value) if several else [value]
    return f"{key}={','.join(part if _is_text(_parsed(f'{key}={part}')) else _quoted(part) for part in parts)}"


def _parsed(argument: str) -> Override | None:
    try:
        return OverridesParser.create().parse_override(argument)
    except HydraException:
        return None


def _is_text(said: Override | None) -> bool:
    return said is not None and not said.is_sweep_override() and isinstance(said.value(), str | None)


def _quoted(path: str) -> str:
    return quoted_text(os.path.expanduser(path))  # noqa: PTH111 (a path may end with a slash, or be a pattern)
