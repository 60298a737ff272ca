"""Samples kept at training size: in memory that all worker processes share, or on disk."""

import hashlib
import logging
import mmap
import os
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.reduction import DupFd
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from recorte.data.sample import PersonSource, Sample
from recorte.errors import DataError, DiskFullError, PhotoError
from recorte.files import FULL, free_space, write_whole
from recorte.letterbox import Letterbox, resize

log = logging.getLogger(__name__)

SHARED = Path("/dev/shm")
"""Where Linux keeps files in memory; elsewhere it is up to the system whether a temporary file stays there."""
BYTES = 5
"""Of a pixel: three colours, alpha and weight."""
FORM = "1"
"""Of what is kept on disk; another one is made anew."""


def shrunk(sample: Sample, side: int) -> Sample:
    """Scale a sample down so that its longest side is `side` pixels, as `Letterbox` does; smaller ones stay."""
    height, width = sample.alpha.shape
    if max(height, width) <= side:
        return sample
    _, _, *shape = Letterbox(height, width, side).box
    photo, alpha, weight = (resize(part, *shape) for part in (sample.photo, sample.alpha, sample.weight))
    return Sample(photo, alpha, weight, sample.name)


class _Kept:
    """A source whose samples are kept; all but reading them is the source's own."""

    def __init__(self, source: PersonSource) -> None:
        self._source = source

    @property
    def negatives(self) -> Sequence[int]:
        """As the source has them."""
        return self._source.negatives

    def __len__(self) -> int:
        return len(self._source)

    def name(self, index: int) -> str:
        """As the source has it."""
        return self._source.name(index)

    def path(self, index: int) -> Path | None:
        """As the source has it."""
        return self._source.path(index)

    def mark(self, index: int) -> str:
        """As the source has it."""
        return self._source.mark(index)

    def group(self, index: int) -> str:
        """As the source has it."""
        return self._source.group(index)


class PreloadedPersons(_Kept):
    """A source's samples, all read at once into memory that worker processes share; a `PersonSource`.

    They are shrunk to the training's size and never change; a sample that comes up several times is kept once. The
    arrays of a sample are read-only.

    Args:
        source: where they come from; read in as many threads as there are cores.
        side: longest side to keep, pixels.

    Raises:
        DataError: the samples may not fit into shared memory.
    """

    def __init__(self, source: PersonSource, side: int) -> None:
        super().__init__(source)
        slots: dict[str, int] = {}
        self._slots = np.array([slots.setdefault(_key(source, index), len(slots)) for index in range(len(source))])
        room = BYTES * side * side * len(slots)
        if room > _free():
            raise _too_small(room, _free())
        # Without a name, so that nothing is left of it however the process ends; pages are taken as they are filled.
        self._file = tempfile.TemporaryFile(dir=SHARED if SHARED.is_dir() else None)  # noqa: SIM115
        self._file.truncate(room)
        self._map = mmap.mmap(self._file.fileno(), room)
        self._shapes = np.zeros((len(slots), 2), np.int32)
        self._starts = np.zeros(len(slots), np.int64)
        self._broken: dict[int, str] = {}
        self._fill(side)

    def __getitem__(self, index: int) -> Sample:
        """Give a sample.

        Raises:
            PhotoError: it could not be read.
        """
        slot = int(self._slots[index])
        if slot in self._broken:
            raise PhotoError(self._broken[slot])
        (height, width), start = self._shapes[slot].tolist(), int(self._starts[slot])
        area = height * width
        content = np.frombuffer(self._map, np.uint8, BYTES * area, start)
        content.flags.writeable = False
        photo, alpha, weight = np.split(content, [3 * area, 4 * area])
        shape = height, width
        return Sample(photo.reshape(*shape, 3), alpha.reshape(shape), weight.reshape(shape), self.name(index))

    def __reduce__(self) -> tuple[object, ...]:
        """Hand the memory itself on to a process that multiprocessing is starting."""
        arrays = (self._slots, self._shapes, self._starts, self._broken)
        return _reopened, (DupFd(self._file.fileno()), len(self._map), self._source, *arrays)

    def _fill(self, side: int) -> None:
        chosen = np.unique(self._slots, return_index=True)[1].tolist()
        start = 0
        for slot, found in enumerate(_read_all(self._source, chosen, side)):
            self._starts[slot] = start
            if isinstance(found, str):
                self._broken[slot] = found
                continue
            self._shapes[slot] = found.alpha.shape
            self._take(start, BYTES * found.alpha.size)
            for part in (found.photo, found.alpha, found.weight):
                self._map[start : start + part.size] = part.tobytes()
                start += part.size
        log.info("Preloaded %s samples, %.1f GB in shared memory", f"{len(chosen):,}", start / 1e9)

    def _take(self, start: int, size: int) -> None:
        """Take the memory of a sample, which others may have taken meanwhile: writing would then kill the process."""
        if not hasattr(os, "posix_fallocate"):
            return
        try:
            os.posix_fallocate(self._file.fileno(), start, size)
        except OSError as error:  # any other: the system cannot take it beforehand
            if error.errno in FULL:
                raise _too_small(len(self._map), start + _free()) from None


def _key(source: PersonSource, index: int) -> str:
    """Tell samples apart: by their names, and where one file is listed twice by what is outlined in it."""
    return f"{source.name(index)} {source.mark(index)}"


def _free() -> int:
    return free_space(SHARED if SHARED.is_dir() else Path(tempfile.gettempdir()))


def _too_small(room: int, free: int) -> DataError:
    return DataError(
        f"data.preload=true: the samples take up to {room / 1e9:.1f} GB of shared memory, and {free / 1e9:.1f} GB "
        "are free; give a smaller data.image_size, or data.cache_dir in its place (Docker: --shm-size gives more)"
    )


def _read_all(source: PersonSource, chosen: list[int], side: int) -> Iterator[Sample | str]:
    """Read samples, in order; of those that cannot be read say why. A few are read ahead, never all of them."""

    def read(index: int) -> Sample | str:
        try:
            return shrunk(source[index], side)
        except PhotoError as error:
            return str(error)

    threads = os.cpu_count() or 1
    with ThreadPoolExecutor(threads) as pool:
        for first in range(0, len(chosen), 32 * threads):
            yield from pool.map(read, chosen[first : first + 32 * threads])


def _reopened(
    file: Any, size: int, source: PersonSource, slots: np.ndarray, shapes: np.ndarray, starts: np.ndarray,
    broken: dict[int, str],
) -> PreloadedPersons:  # fmt: skip
    preloaded = PreloadedPersons.__new__(PreloadedPersons)
    _Kept.__init__(preloaded, source)
    preloaded._file = os.fdopen(file.detach(), "rb+")
    preloaded._map = mmap.mmap(preloaded._file.fileno(), size)
    preloaded._slots, preloaded._shapes, preloaded._starts, preloaded._broken = slots, shapes, starts, broken
    return preloaded


class CachedPersons(_Kept):
    """A source's samples, each kept on disk from the first time it is read; a `PersonSource`.

    They are shrunk to the training's size. What is kept of a sample is passed over when its `mark` has changed. Several
    processes, and several trainings, can share a folder.

    Args:
        source: where they come from.
        side: longest side to keep, pixels.
        folder: where they are kept; made if it is not there.
    """

    def __init__(self, source: PersonSource, side: int, folder: Path) -> None:
        super().__init__(source)
        self._side, self._folder, self._full = side, folder, False

    def __getitem__(self, index: int) -> Sample:
        """Give a sample, from the disk if it is there.

        Raises:
            PhotoError: it cannot be read.
        """
        mark = self._source.mark(index)
        if not mark:
            return shrunk(self._source[index], self._side)
        key = hashlib.blake2b(f"{FORM} {self._side} {mark}".encode("utf-8", "surrogateescape"), digest_size=16)
        place = self._folder / key.hexdigest()[:2] / f"{key.hexdigest()[2:]}.safetensors"
        try:
            kept = load(place.read_bytes())
            return Sample(kept["photo"], kept["alpha"], kept["weight"], self.name(index))
        except (OSError, SafetensorError, KeyError):
            sample = shrunk(self._source[index], self._side)
        self._keep(place, sample)
        return sample

    def _keep(self, place: Path, sample: Sample) -> None:
        parts = {"photo": sample.photo, "alpha": sample.alpha, "weight": sample.weight}
        try:
            write_whole(place, save({name: np.ascontiguousarray(part) for name, part in parts.items()}), durable=False)
        except (DiskFullError, OSError) as error:
            if not self._full:
                log.warning("data.cache_dir: samples are read from their own files from here on (%s)", error)
            self._full = True
