"""The records of an annotation file: typed as COCO has them, and read field by field where written otherwise."""

import math
from collections.abc import Callable, Mapping
from typing import Annotated, Any, NamedTuple

import msgspec

_Id = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
_Side = Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]


class Image(msgspec.Struct, gc=False):
    """A photo: its id, its file below the photo folder, its sides in pixels, and the video that it is a frame of.

    Sides of 0 are not known, which `read_leniently` alone gives.
    """

    id: _Id
    file_name: str
    width: _Side
    height: _Side
    video_id: int | str | None = None


class Annotation(msgspec.Struct, gc=False):
    """An outlined object. `segmentation` stays JSON, decoded when its photo is read; `area` is in pixels."""

    id: _Id
    image_id: _Id
    category_id: int
    segmentation: msgspec.Raw
    area: float | None = None
    iscrowd: int | bool = 0


class Category(msgspec.Struct):
    """A kind of object."""

    id: int
    name: str

    @property
    def is_person(self) -> bool:
        """Whether the objects are people."""
        return self.name.strip().casefold() == "person"


class Lenient(NamedTuple):
    """A record that is not as COCO has it.

    Attributes:
        record: what could be understood; None where a field that is needed could not.
        changes: of such a record the fields that are written otherwise, each with its value as COCO has it.
        problem: what could not be understood, in words of fields; empty for a record.
    """

    record: Any
    changes: dict[str, Any]
    problem: str = ""


def read_leniently(kind: type, record: msgspec.Raw, position: int) -> Lenient:
    """Understand what is certain of a record that is not of its type: numbers as text, 120.0, null for nothing.

    Args:
        kind: `Image`, `Annotation` or `Category`.
        record: JSON.
        position: in the file, from 0; what annotations without an id are known by is this and one.
    """
    fields = fields_of(record)
    if not fields:
        return Lenient(None, {}, "no object with fields, as a record of COCO's format is")
    values: dict[str, Any] = {}
    changes: dict[str, Any] = {}
    problems = []
    for name, (read, needed) in _READERS[kind].items():
        if name in _OPTIONAL and name not in fields:
            continue
        said = _value(fields.get(name))
        if name == "segmentation":
            values[name] = fields.get(name)
            problems += [] if name in fields else [f"it has no {name}, which is {needed}"]
            continue
        try:
            value = values[name] = position + 1 if (kind, name, said) == (Annotation, "id", None) else read(said)
        except (ValueError, OverflowError):
            what = f"its {name} is {shown(fields[name])}" if name in fields else f"it has no {name}"
            problems.append(f"{what}, where {needed} is needed")
            continue
        if (value, type(value)) != (said, type(said)):
            changes[name] = value
    if kind is Image and not problems and not (values["width"] and values["height"]):
        values |= {"width": 0, "height": 0}
        changes |= {"width": 0, "height": 0}
    return Lenient(None, {}, "; ".join(problems)) if problems else Lenient(kind(**values), changes)


def _whole(said: Any) -> int:
    """Give a whole number that was written as one, as 120.0, or as text."""
    number = float(said) if isinstance(said, str) and not said.strip().lstrip("+-").isdecimal() else said
    if isinstance(said, bool) or said is None or (isinstance(number, float) and not number.is_integer()):
        raise ValueError
    whole = int(number)
    if not -(2**63) <= whole < 2**63:
        raise ValueError
    return whole


def _side(said: Any) -> int:
    """Give a side in pixels; 0 where none is said."""
    side = 0 if said is None else _whole(said)
    if side >= 2**31:
        raise ValueError
    return max(side, 0)


def _area(said: Any) -> float | None:
    if said is None or (isinstance(said, str) and not said.strip()):
        return None
    area = float(said)
    if isinstance(said, bool) or not math.isfinite(area):
        raise ValueError
    return area if isinstance(said, str) else said


def _crowd(said: Any) -> int:
    words = {None: 0, "": 0, "false": 0, "true": 1}
    if isinstance(said, bool):
        return int(said)
    plain = said.strip().lower() if isinstance(said, str) else said
    return words[plain] if plain is None or plain in words else _whole(plain)


def _text(said: Any) -> str:
    if not isinstance(said, str):
        raise ValueError
    return said


def _video(said: Any) -> int | str | None:
    return said if said is None or isinstance(said, str) else _whole(said)


_OPTIONAL = ("video_id", "area", "iscrowd")
_WHOLE = "a whole number"
_READERS: dict[type, dict[str, tuple[Callable[[Any], Any], str]]] = {
    Image: {
        "id": (_whole, _WHOLE),
        "file_name": (_text, "the name of a file"),
        "width": (_side, "a whole number of pixels"),
        "height": (_side, "a whole number of pixels"),
        "video_id": (_video, "a whole number or a name"),
    },
    Annotation: {
        "id": (_whole, _WHOLE),
        "image_id": (_whole, _WHOLE),
        "category_id": (_whole, _WHOLE),
        "segmentation": (_text, "polygons or run lengths"),
        "area": (_area, "a number of pixels"),
        "iscrowd": (_crowd, "0 or 1"),
    },
    Category: {"id": (_whole, _WHOLE), "name": (_text, "a name")},
}


def _value(field: msgspec.Raw | None) -> Any:
    """Give a plain value; of a list or an object, or what cannot be read, one that no reader takes."""
    try:
        value = None if field is None else msgspec.json.decode(field)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return math.nan
    return math.nan if isinstance(value, list | dict) else value


def shown(field: msgspec.Raw) -> str:
    """Give a field as it stands there, for a message."""
    return bytes(field)[:40].decode(errors="replace")


def id_of(record: msgspec.Raw) -> str:
    """Give a record's id as it stands there, for a message."""
    found = fields_of(record).get("id")
    return "without id" if found is None else bytes(found)[:40].decode(errors="replace").strip('"')


def fields_of(record: msgspec.Raw) -> dict[str, msgspec.Raw]:
    """Give a record's fields, still JSON; none of what is no object."""
    try:
        return msgspec.json.decode(record, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}


def number_in(fields: Mapping[str, msgspec.Raw], name: str) -> int | None:
    """Give a field that is a whole number, even one written as text or as 12.0; None for all else."""
    try:
        return _whole(_value(fields.get(name)))
    except (ValueError, OverflowError):
        return None
