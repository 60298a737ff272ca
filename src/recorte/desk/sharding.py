"""Writing photos and masks to shards, as `recorte.data.shards` reads them."""

import hashlib
import io
import tarfile

import numpy as np
from PIL import Image

from recorte.data.sample import Sample
from recorte.data.shards import INDEX, Index, Part
from recorte.places import Place, told

SHARD = 2**26
"""Bytes after which a shard is full."""


class ShardWriter:
    """Fills shards, one after the other, each of which is written whole.

    Args:
        place: where they go.
    """

    def __init__(self, place: Place) -> None:
        self.place, self.index = place, Index()
        self._begin()

    def _begin(self) -> None:
        self._buffer = io.BytesIO()
        self._tar = tarfile.TarFile(fileobj=self._buffer, mode="w", format=tarfile.PAX_FORMAT)

    def add(self, stem: str, suffix: str, photo: bytes, sample: Sample, group: str) -> None:
        """Add a photo's file, as `stem` and `suffix`, and what the sample tells of it.

        Raises:
            RecorteError: a shard is full and cannot be written.
        """
        files = [(suffix, photo), (".mask.png", _png(sample.alpha))]
        if not sample.weight.all():
            files.append((".weight.png", _png(255 * sample.weight)))
        parts = [self._put(f"{stem}{ending}", content) for ending, content in files] + [(0, 0)]
        number, index = len(self.index.names), self.index
        index.places.append((len(index.shards), parts[0], parts[1], parts[2]))
        index.names.append(sample.name)
        index.groups.append(group)
        index.marks.append(hashlib.sha256(b"".join(content for _, content in files)).hexdigest()[:16])
        if sample.weight.all() and not sample.alpha.any():
            index.nobody.append(number)
        if self._buffer.tell() >= SHARD:
            self._write()

    def _put(self, name: str, content: bytes) -> Part:
        entry = tarfile.TarInfo(name)
        entry.size = len(content)
        self._tar.addfile(entry, io.BytesIO(content))
        return self._tar.offset - -(-len(content) // tarfile.BLOCKSIZE) * tarfile.BLOCKSIZE, len(content)

    def _write(self) -> None:
        self._tar.close()
        name = f"{len(self.index.shards):06}.tar"
        with told(self.place.full(name), "cannot be written"):
            self.place.write(name, self._buffer.getvalue())
        self.index.shards.append(name)
        self._begin()

    def finish(self) -> None:
        """Write what is left, and the index, by which the whole is known to be whole.

        Raises:
            RecorteError: that cannot be written.
        """
        if len(self.index.places) and self.index.places[-1][0] == len(self.index.shards):
            self._write()
        with told(self.place.full(INDEX), "cannot be written"):
            self.place.write(INDEX, self.index.text())


def _png(plane: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(plane).save(buffer, "png")
    return buffer.getvalue()
