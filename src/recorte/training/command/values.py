"""Whether a value of a config is of the kind that an annotation says, and what that kind is called."""

from collections.abc import Iterator, Mapping
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

import msgspec

PLAIN = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}


def value_problems(key: str, value: Any, kind: Any) -> Iterator[str]:
    """Say of a value, or of each that is wrong in a mapping, what it must be; nothing of a kind that has no words."""
    words = words_of(kind)
    if not words or fits(value, kind):
        return
    inner = [get_args(member.__origin__)[1] for member in _members(kind) if _origin(member) is Mapping]
    if inner and isinstance(value, dict):
        for name, one in value.items():
            yield from value_problems(f"{key}.{name}", one, inner[0])
    else:
        yield f"{key}={'null' if value is None else value}: must be {words}"


def fits(value: Any, kind: Any) -> bool:
    """Tell whether a value is of a kind; of kinds that no config can hold, every value is."""
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return False
    except TypeError:
        return True
    more = [holds for member in _members(kind) for holds in getattr(member, "__metadata__", ()) if callable(holds)]
    return value is None or all(holds(value) for holds in more)


def words_of(kind: Any) -> str:
    """Name a kind as a user would; empty for those that have no name."""
    members = _members(kind)
    words = [
        _word(member) for member in members if member is not NoneType and (member is not int or float not in members)
    ]
    if not all(words):
        return ""
    return " or ".join(dict.fromkeys(words)) + ", or null" * (NoneType in members)


def _members(kind: Any) -> tuple[Any, ...]:
    return get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)


def _origin(kind: Any) -> Any:
    return get_origin(getattr(kind, "__origin__", None))


def _word(kind: Any) -> str:
    for meta in getattr(kind, "__metadata__", ()):
        if isinstance(meta, msgspec.Meta) and meta.description:
            return meta.description
    if get_origin(kind) is Literal:
        return f"one of {', '.join(map(str, get_args(kind)))}"
    return PLAIN.get(kind, "")
