"""Photos and masks in tar files, shards, on this machine or in an object store.

A shard is named and filled as WebDataset's are (https://github.com/webdataset/webdataset): `000000-a.jpg`,
`000000-a.mask.png` and, where some of a photo does not count, `000000-a.weight.png`. Beside the shards of a split lies
`index.json`, which says where in them each photo is. So a sample is one request for a part of a file, whichever it is:
order, equal shares of several processes and going on where a run was stopped are those of every other source, to which
a stream without an index could only come near.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

import cv2
import numpy as np

from recorte.data.reading.photo_size import fits
from recorte.data.sample import Sample, Split
from recorte.errors import DataError, PhotoError
from recorte.kinds import AnyPath
from recorte.letterbox import resize
from recorte.photo import read_mask, read_photo
from recorte.places import Place, told

INDEX = "index.json"
"""Written when all shards are there."""

FORMAT = 1
"""The newest index that this version reads."""

Part = tuple[int, int]
"""Where in its shard a file begins, and its length, in bytes; a length of 0: there is none."""


@dataclass(slots=True)
class Index:
    """Where the photos of a split are; a list entry for each.

    Attributes:
        shards: names of the tar files.
        names: of the photos.
        groups: what they belong to; see `PersonSource.group`.
        marks: hashes of their files.
        nobody: numbers of the photos that show nobody.
        places: the number of the shard, then where in it photo, mask and weight are.
        format: of this file.
    """

    shards: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    marks: list[str] = field(default_factory=list)
    nobody: list[int] = field(default_factory=list)
    places: list[tuple[int, Part, Part, Part]] = field(default_factory=list)
    format: int = FORMAT

    def text(self) -> bytes:
        """Give the file."""
        return json.dumps(asdict(self)).encode()


class ShardedPersons:
    """Photos and masks as `dataset.py convert to=shards` writes them; a `PersonSource`.

    Args:
        root: folder, or address in an object store (`s3://bucket/people`), with `train/` and `val/` in it.
        split: "train" or "val".

    Attributes:
        enough: the longest side of photos, in pixels, that does; see `read_photo`. None: photos as they are.

    Raises:
        DataError: no index is there, or one that cannot be read.
        RecorteError: nothing is installed for such an address, or the store cannot be reached.
    """

    def __init__(self, root: AnyPath, split: Split) -> None:
        self._place = Place.of(f"{str(root).rstrip('/')}/{split}")
        index, self._places = _read_index(self._place, str(root))
        self._shards, self._names, self._groups, self._marks = index.shards, index.names, index.groups, index.marks
        self._nobody = index.nobody
        self.enough: int | None = None

    @property
    def negatives(self) -> Sequence[int]:
        """Indices of the photos that show nobody."""
        return self._nobody

    def __len__(self) -> int:
        return len(self._names)

    def name(self, index: int) -> str:
        """The photo's name."""
        return self._names[index]

    def path(self, index: int) -> None:
        """None: the photo has no file of its own."""
        return

    def mark(self, index: int) -> str:
        """A hash of the photo, its mask and its weight."""
        return self._marks[index]

    def group(self, index: int) -> str:
        """What the photo belonged to where it came from."""
        return self._groups[index]

    def __getitem__(self, index: int) -> Sample:
        """Read a photo, its mask and its weight, at once.

        Raises:
            PhotoError: one of them is damaged, or the shard is cut off.
            RecorteError: the store cannot be reached.
        """
        shard, *numbers = (int(number) for number in self._places[index])
        parts = [(start, length) for start, length in zip(numbers[::2], numbers[1::2], strict=True) if length]
        first, last = parts[0][0], sum(parts[-1])
        file, name = self._shards[shard], self._names[index]
        with told(self._place.full(file), "cannot be read"):
            content = bytes(self._place.fs.cat_file(self._place.path(file), start=first, end=last))
        if len(content) < last - first:
            raise PhotoError(f"{self._place.full(file)}: cut off before {name} ends; convert the data again")
        photo, mask, *more = (content[start - first : start - first + length] for start, length in parts)
        try:
            return self._decoded(photo, mask, more, name)
        except PhotoError as error:
            raise PhotoError(f"{self._place.full(file)}, {name}: {error}") from None

    def _decoded(self, photo: bytes, mask: bytes, more: list[bytes], name: str) -> Sample:
        alpha, pixels = read_mask(mask), read_photo(photo, enough=self.enough).pixels
        if not fits(pixels.shape, alpha.shape[0], alpha.shape[1], False, self.enough):
            raise PhotoError(f"the photo is {pixels.shape[1::-1]} pixels, its mask {alpha.shape[::-1]}")
        weight = (read_mask(more[0]) >= 128).astype(np.uint8) if more else np.ones_like(alpha)
        height, width = pixels.shape[:2]
        counts = cv2.resize(weight, (width, height), interpolation=cv2.INTER_NEAREST)
        return Sample(pixels, resize(alpha, height, width), counts, name)


def _read_index(place: Place, root: str) -> tuple[Index, np.ndarray]:
    """Read the index, and its places as one array, `(N, 7)`: much less to send to a worker process than lists."""
    address = place.full(INDEX)
    try:
        with told(address, "cannot be read"):
            content = place.read(INDEX) if place.exists(INDEX) else None
        if content is None:
            way = f"data=stream reads what `dataset.py convert to=shards target={root}` writes, this file last"
            raise DataError(f"{address}: there is no such file; {way}")
        index = Index(**json.loads(content))
        places = np.array([[shard, *photo, *mask, *weight] for shard, photo, mask, weight in index.places])
    except (TypeError, ValueError) as error:
        raise DataError(f"{address}: broken ({error}); convert the data again") from None
    if index.format != FORMAT:
        raise DataError(f"{address}: of format {index.format}, this version of Recorte reads {FORMAT}; update it")
    if not index.names:
        raise DataError(f"{address}: no photos are in it")
    return index, places
