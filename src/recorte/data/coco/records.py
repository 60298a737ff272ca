"""COCO's annotation files: of each photo and annotation only what finding people needs."""

import mmap
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from recorte.data.coco.fields import Annotation, Category, Image, Lenient, fields_of, id_of, read_leniently
from recorte.errors import DataError

T = TypeVar("T", Image, Annotation, Category)
Content = bytes | mmap.mmap


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
        try:
            return msgspec.json.decode(content, type=AnnotationFile)
        except msgspec.ValidationError:
            return _decode_leniently(path, content)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        finite = NOT_FINITE.sub(b"null", content)
        if finite != content[:]:
            return _decode(path, finite)
        size = f"{len(content):,} bytes"
        raise DataError(f"{path}: damaged or no JSON ({error}; {size}); copy or download it again") from None


def _decode_leniently(path: Path, content: Content) -> AnnotationFile:
    """Read a file of which some records are not of their types; those are read field by field.

    Raises:
        DataError: some cannot be understood; each is named by its place in the file and its id, where it has one.
    """
    try:
        unchecked = msgspec.json.decode(content, type=UncheckedFile)
    except msgspec.ValidationError:
        valid = "COCO's is an object with the lists 'images', 'annotations' and 'categories'"
        raise DataError(f"{path}: not an annotation file in COCO's format ({no_lists(content)}); {valid}") from None
    faults: list[str] = []
    images = _understood(Image, unchecked.images, faults)
    annotations = _understood(Annotation, unchecked.annotations, faults)
    categories = _understood(Category, unchecked.categories, faults)
    report_faults(path, faults)
    return AnnotationFile(images, annotations, categories)


def no_lists(content: Content) -> str:
    """Say which of the lists of an annotation file are not in one."""
    fields = fields_of(msgspec.Raw(content[:]))
    absent = [name for name in UncheckedFile.__struct_fields__ if bytes(fields.get(name, b""))[:1] != b"["]
    return f"without a list {' and '.join(map(repr, absent))}"


def _understood(kind: type[T], records: Sequence[msgspec.Raw], faults: list[str]) -> list[T]:
    decoder = msgspec.json.Decoder(kind)
    read = []
    for position, record in enumerate(records):
        one = understand(decoder, record, position)
        if one.problem:
            faults.append(f"{kind.__name__.lower()} {id_of(record)} (number {position + 1} in the file): {one.problem}")
        else:
            read.append(one.record)
    return read


def understand(decoder: msgspec.json.Decoder[T], record: msgspec.Raw, position: int) -> Lenient:
    """Read a record as its type has it, which most are, or else leniently."""
    try:
        return Lenient(decoder.decode(record), {})
    except (msgspec.ValidationError, UnicodeDecodeError):
        return read_leniently(decoder.type, record, position)


def plain_json(content: bytes) -> bytes:
    """Give an annotation file's content without what is no JSON, but written by some: a byte order mark, and NaN."""
    return NOT_FINITE.sub(b"null", content.removeprefix(BYTE_ORDER_MARK))
