"""COCO's annotation files as typed records: of each photo and annotation only what finding people needs."""

import mmap
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import msgspec

from recorte.errors import DataError

Content = bytes | mmap.mmap

_Id = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
_Side = Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]


class Image(msgspec.Struct, gc=False):
    """A photo: its id, its file below the photo folder, its sides in pixels, and the video that it is a frame of."""

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


class AnnotationFile(msgspec.Struct):
    """A whole file, as far as it is needed."""

    images: list[Image]
    annotations: list[Annotation]
    categories: list[Category]


class UncheckedFile(msgspec.Struct):
    """The same with records of any form, still JSON."""

    images: list[msgspec.Raw]
    annotations: list[msgspec.Raw]
    categories: list[msgspec.Raw]


# Python's json module writes these words, which are no JSON.
NOT_FINITE = re.compile(rb"(?<=[\[,:\s])-?(?:NaN|Infinity)(?=[\],}\s])")

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
"""What some editors of Windows put before the text of a file."""

TOO_DEEP = "lists or objects are nested in it more deeply than annotations are"

# Nothing, an absolute path, a drive letter, or a step up, with either system's separator.
OUTSIDE = re.compile(r"^$|^[/\\]|^[A-Za-z]:|(?:^|[/\\])\.\.(?:[/\\]|$)")


def read_annotations(path: Path, content: Content | None = None) -> AnnotationFile:
    """Read an annotation file in COCO's format, with the checks that need no photo.

    Args:
        path: the file.
        content: what `map_file` gives of it, where that is needed for more than this.

    Raises:
        DataError: not readable, no JSON, of another structure, two photos of one id, a photo outside its folder.
            Faults of photos and annotations are reported together, the first ten by name.
    """
    content = map_file(path) if content is None else content
    try:
        records = _decode(path, content)
    except RecursionError:
        raise DataError(f"{path}: {TOO_DEEP}; mend or remove what is nested so") from None
    seen: set[int] = set()
    faults = []
    for image in records.images:
        if image.id in seen:
            faults.append(f"image {image.id}: another one has the same id")
        seen.add(image.id)
        if OUTSIDE.search(image.file_name):
            faults.append(f"image {image.id}: its file_name {image.file_name!r} is not below the photo folder")
    report_faults(path, faults)
    if not records.images:
        raise DataError(f"{path}: lists no photos; its 'images' is empty, and at least one is needed")
    return records


def map_file(path: Path) -> Content:
    """Map a file into memory, which takes less of it and less time than reading.

    Raises:
        DataError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if path.stat().st_size else b""
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from None


def select_persons(path: Path, records: AnnotationFile) -> list[Annotation]:
    """Pick the annotations of the category `person`, whatever its id.

    Raises:
        DataError: no such category, a person in a photo that the file does not list, or what may be a person: of a
            category that it does not list, or lists as two.
    """
    people = {category.id for category in records.categories if category.is_person}
    others = {category.id for category in records.categories if not category.is_person}
    if not people:
        names = ", ".join(sorted(category.name for category in records.categories)) or "none at all"
        raise DataError(f"{path}: no category is named 'person'; there are: {names}. Rename the one that is people")
    persons = [annotation for annotation in records.annotations if annotation.category_id in people]
    known = {image.id for image in records.images}
    listed = people | others
    faults = [f"category {number}: listed as 'person' and as something else" for number in sorted(people & others)]
    faults += [f"annotation {one.id}: there is no image {one.image_id}" for one in persons if one.image_id not in known]
    unlisted = Counter(one.category_id for one in records.annotations if one.category_id not in listed)
    faults += [
        f"category {number} of {count:,} annotations: not in 'categories'; list it, whether it is people or not"
        for number, count in unlisted.items()
    ]
    report_faults(path, faults)
    return persons


def report_faults(path: Path, faults: Sequence[str]) -> None:
    """Raise one DataError for all faults, if there are any; it names the first ten."""
    if faults:
        more = f"\n  and {len(faults) - 10:,} more" if len(faults) > 10 else ""
        listed = "".join(f"\n  {fault}" for fault in faults[:10])
        count = "1 fault" if len(faults) == 1 else f"{len(faults):,} faults"
        raise DataError(f"{path}: {count} in the annotations; mend or remove these entries:{listed}{more}")


def _decode(path: Path, content: Content) -> AnnotationFile:
    if content[:3] == BYTE_ORDER_MARK:
        content = content[3:]
    try:
        return msgspec.json.decode(content, type=AnnotationFile)
    except msgspec.ValidationError as error:
        report_faults(path, _faulty_records(content))
        # Not a fault of a single record, so one of the file's outermost structure.
        valid = "COCO's is an object with the lists 'images', 'annotations' and 'categories'"
        raise DataError(f"{path}: not an annotation file in COCO's format ({error}); {valid}") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        finite = NOT_FINITE.sub(b"null", content)
        if finite != content[:]:
            return _decode(path, finite)
        size = f"{len(content):,} bytes"
        raise DataError(f"{path}: damaged or no JSON ({error}; {size}); copy or download it again") from None


def _faulty_records(content: Content) -> list[str]:
    """Name each record that is not of its type, by its place in the file and its id, where it has one."""
    try:
        unchecked = msgspec.json.decode(content, type=UncheckedFile)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return []
    faults = []
    for record_type in (Image, Annotation, Category):
        kind = record_type.__name__.lower()
        records = {"image": unchecked.images, "annotation": unchecked.annotations, "category": unchecked.categories}
        decoder = msgspec.json.Decoder(record_type)
        for position, record in enumerate(records[kind]):
            try:
                decoder.decode(record)
            except (msgspec.ValidationError, UnicodeDecodeError) as error:
                faults.append(f"{kind} {id_of(record)} (number {position + 1} in the file): {error}")
    return faults


def plain_json(content: bytes) -> bytes:
    """Give an annotation file's content without what is no JSON, but written by some: a byte order mark, and NaN."""
    return NOT_FINITE.sub(b"null", content.removeprefix(BYTE_ORDER_MARK))


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
    """Give a field that is a whole number, even one written as text; None for all else."""
    try:
        return msgspec.json.decode(fields[name], type=int, strict=False)
    except (KeyError, msgspec.DecodeError, UnicodeDecodeError):
        return None
