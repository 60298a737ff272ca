"""What an annotation file in COCO's format says of people: a few arrays, kept in a cache that all processes share."""

import hashlib
import json
import logging
import os
import weakref
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import platformdirs
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from recorte.data.coco.fields import Annotation
from recorte.data.coco.records import AnnotationFile, Content, map_file, read_annotations, select_persons
from recorte.files import write_whole

log = logging.getLogger(__name__)

CACHED_FROM = 8_000_000
"""Bytes of an annotation file from which on a cache is worth its place; smaller ones are read in a moment."""
FORM = "4"
"""Of the cache's content; another one is made anew."""


class Packed(NamedTuple):
    """Many byte strings in one: nothing for each string to pickle, nor to count references of in each worker.

    Attributes:
        content: `uint8 (bytes,)`.
        ends: `int64 (n + 1,)`, where each string ends; 0 first.
    """

    content: np.ndarray
    ends: np.ndarray

    def part(self, index: int) -> bytes:
        """Give a string."""
        return self.content[self.ends[index] : self.ends[index + 1]].tobytes()

    @classmethod
    def of(cls, parts: Sequence[bytes | memoryview]) -> "Packed":
        """Pack strings."""
        content = np.frombuffer(b"".join(parts), np.uint8)
        return cls(content, np.cumsum([0, *map(len, parts)]))


class InFile:
    """Many byte strings that stay where they are in a file; what is read of it becomes no part of a process's memory.

    Args:
        path: the file, which is kept open.
        starts: `int64 (n,)`, where each string begins.
        ends: `int64 (n,)`, and ends.
    """

    def __init__(self, path: Path, starts: np.ndarray, ends: np.ndarray) -> None:
        self.path, self.starts, self.ends = path, starts, ends
        self._file = os.open(path, os.O_RDONLY)
        weakref.finalize(self, os.close, self._file)

    def part(self, index: int) -> bytes:
        """Read a string."""
        start, end = int(self.starts[index]), int(self.ends[index])
        return os.pread(self._file, end - start, start)

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.path, self.starts, self.ends)


@dataclass(frozen=True, slots=True)
class PersonIndex:
    """Photos in their file's order, and their people, photo by photo.

    Attributes:
        image_ids: `int64 (photos,)`.
        sizes: `int32 (photos, 2)`, height and width in pixels; 0 where the file does not say.
        names: file names below the folder of photos.
        videos: what video each is a frame of; empty for none.
        first: `int64 (photos + 1,)`; the people of photo i are those from first[i] to first[i + 1].
        ids: `int64 (people,)`, of their annotations.
        areas: `float64 (people,)`, pixels; NaN where the file does not say.
        crowds: `bool (people,)`.
        outlines: each one's `segmentation` as JSON; of a large file where it lies in it.
        cached: whether the arrays lie in a file that all processes share.
    """

    image_ids: np.ndarray
    sizes: np.ndarray
    names: Packed
    videos: Packed
    first: np.ndarray
    ids: np.ndarray
    areas: np.ndarray
    crowds: np.ndarray
    outlines: Packed | InFile
    cached: bool = False


def read_index(path: Path) -> PersonIndex:
    """Read an annotation file, or what a cache of it holds.

    The cache lies beside a large file, or, if nothing can be written there, in the user's cache folder. It is of use as
    long as the file has its size and time, and what samples of its content were.

    Raises:
        DataError: the file is missing, damaged or of another structure; see `read_annotations` and `select_persons`.
    """
    if not path.is_file() or path.stat().st_size < CACHED_FROM:
        return _build(path, read_annotations(path))
    fingerprint = _fingerprint(path)
    for place in _places(path):
        cached = _load(path, place, fingerprint)
        if cached is not None:
            return cached
    content = map_file(path)
    index = _build(path, read_annotations(path, content), content if hasattr(os, "pread") else None)
    kept = save(_arrays(index), metadata=fingerprint)
    for place in _places(path):
        try:
            write_whole(place, kept, durable=False)
        except OSError as error:
            log.debug("%s: no cache can be written here (%s)", place, error)
        else:
            return _load(path, place, fingerprint) or index
    return index


def _build(path: Path, records: AnnotationFile, content: Content | None = None) -> PersonIndex:
    persons = select_persons(path, records)
    images = records.images
    place = {image.id: number for number, image in enumerate(images)}
    places = np.fromiter((place[person.image_id] for person in persons), np.int64, len(persons))
    order = np.argsort(places, kind="stable")
    # Not spans[:, order]: its rows would not be in one piece, which safetensors does not see.
    spans = None if content is None else np.take(_spans(content, persons), order, axis=1)
    persons = [persons[number] for number in order.tolist()]
    videos = ["" if image.video_id is None else str(image.video_id) for image in images]
    return PersonIndex(
        image_ids=np.array([image.id for image in images], np.int64),
        sizes=np.array([(image.height, image.width) for image in images], np.int32).reshape(-1, 2),
        names=Packed.of([image.file_name.encode() for image in images]),
        videos=Packed.of([video.encode() for video in videos]),
        first=np.concatenate(([0], np.cumsum(np.bincount(places, minlength=len(images))))),
        ids=np.array([person.id for person in persons], np.int64),
        areas=np.array([np.nan if person.area is None else person.area for person in persons], np.float64),
        crowds=np.array([bool(person.iscrowd) for person in persons], bool),
        outlines=InFile(path, *spans)
        if spans is not None and (spans >= 0).all()
        else Packed.of([bytes(person.segmentation) for person in persons]),
    )


def _spans(content: Content, persons: Sequence[Annotation], skip: bool = True) -> np.ndarray:
    """Find where in its file each outline begins and ends: `int64 (2, n)`; -1 where it is not found.

    With `skip` an outline is searched first nearly as far on as the one before was: what lies between takes longer to
    search than to skip.
    """
    spans = np.full((2, len(persons)), -1, np.int64)
    starts, ends, end, gap = [], [], 0, 0
    for person in persons:
        outline = memoryview(person.segmentation)
        # Equal bytes elsewhere would do as well, so none can be mistaken; but later ones may pass over the next.
        likely = end + gap * 7 // 8 if skip else end
        start = content.find(outline, likely, likely + len(outline) + 1000)
        if start < 0:
            start = content.find(outline, end)
        if start < 0:
            return _spans(content, persons, skip=False) if skip else spans
        end, gap = start + len(outline), start - end
        starts.append(start)
        ends.append(end)
    spans[:] = starts, ends
    return spans


def _arrays(index: PersonIndex) -> dict[str, np.ndarray]:
    """Name every array of an index, for a file."""
    return dict(_flat((field.name, getattr(index, field.name)) for field in fields(index) if field.name != "cached"))


def _flat(values: Iterator[tuple[str, np.ndarray | Packed | InFile]]) -> Iterator[tuple[str, np.ndarray]]:
    for name, value in values:
        if isinstance(value, Packed):
            yield from ((f"{name}.{part}", array) for part, array in value._asdict().items())
        elif isinstance(value, InFile):
            yield from ((f"{name}.starts", value.starts), (f"{name}.ends", value.ends))
        else:
            yield name, value


def _fingerprint(path: Path) -> dict[str, str]:
    """Say by what a file is known again: size, time, and a hash of a hundred samples of its content."""
    facts = path.stat()
    digest = hashlib.blake2b(digest_size=16)
    with path.open("rb") as file:
        for start in np.linspace(0, facts.st_size, 100, dtype=np.int64).tolist():
            file.seek(start)
            digest.update(file.read(4096))
    return {"form": FORM, "bytes": str(facts.st_size), "time": str(facts.st_mtime_ns), "samples": digest.hexdigest()}


def _places(path: Path) -> list[Path]:
    name = hashlib.blake2b(os.fsencode(path.absolute()), digest_size=12).hexdigest()
    return [
        path.with_name(f".{path.name}.recorte"),
        platformdirs.user_cache_path("recorte", appauthor=False) / f"{name}.recorte",
    ]


def _load(path: Path, place: Path, fingerprint: Mapping[str, str]) -> PersonIndex | None:
    """Open a file's cache; None if there is none, or one of another state of the file, or a damaged one."""
    try:
        with safe_open(place, framework="numpy") as file:
            if file.metadata() != fingerprint:
                return None
        content = np.memmap(place, np.uint8, mode="r").view(np.ndarray)  # whose items are found in half the time
        start = 8 + int.from_bytes(content[:8].tobytes(), "little")
        header = json.loads(content[8:start].tobytes())
        arrays = {name: _view(content[start:], facts) for name, facts in header.items() if name[0] != "_"}
        return _index_of(path, arrays)
    except (OSError, SafetensorError, ValueError, KeyError, TypeError):
        return None


_KINDS = {"I64": np.int64, "I32": np.int32, "F64": np.float64, "U8": np.uint8, "BOOL": np.bool_}


def _view(content: np.ndarray, facts: Mapping[str, Any]) -> np.ndarray:
    """Give an array of a safetensors file without reading it."""
    start, end = facts["data_offsets"]
    return content[start:end].view(_KINDS[facts["dtype"]]).reshape(facts["shape"])


def _index_of(path: Path, arrays: Mapping[str, np.ndarray]) -> PersonIndex:
    values: dict[str, Any] = {"cached": True}
    for field in fields(PersonIndex):
        if f"{field.name}.starts" in arrays:
            values[field.name] = InFile(path, arrays[f"{field.name}.starts"], arrays[f"{field.name}.ends"])
        elif f"{field.name}.ends" in arrays:
            values[field.name] = Packed(arrays[f"{field.name}.content"], arrays[f"{field.name}.ends"])
        elif field.name != "cached":
            values[field.name] = arrays[field.name]
    return PersonIndex(**values)
