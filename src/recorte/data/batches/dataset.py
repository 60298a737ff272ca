"""From a source's samples to tensors: the same for any number of worker processes, in any order."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch.utils.data import Dataset, Sampler

from recorte.data.batches.augmentation import Augments
from recorte.data.batches.company import join_people, part_with_people, part_without_people, paste_person
from recorte.data.batches.mixed import MixedPersons
from recorte.data.batches.on_device import nothing
from recorte.data.sample import Sample
from recorte.errors import DataError, PhotoError


class PersonDataset(Dataset[dict[str, Any]]):
    """Augmented samples as tensors; what is random is a function of (seed, epoch, index).

    An item is `image uint8 (S, S, 3)`, RGB, `alpha uint8 (1, S, S)`, 255 = person, `weight uint8 (1, S, S)` of 0 and 1,
    `source` (number of the source), `index`, and `broken`: empty, or why the photo could not be read. The network
    takes what `as_floats` makes of it. A broken photo
    has weight 0 everywhere, so that nothing is learned from it and no batch changes its size. With
    `augmentation.on_device` an item also has `later`, what `finished` does to a batch on the device.

    Args:
        source: where the samples come from.
        image_size: S, pixels.
        augmentation: what is done to them.
        seed: of everything random.
        early_sizes: other sizes for the first epochs, each with the epoch before which it ends; see `size_in`.
    """

    def __init__(
        self,
        source: MixedPersons,
        image_size: int,
        augmentation: Augments,
        seed: int,
        early_sizes: Sequence[tuple[int, int]] = (),
    ) -> None:
        self.source, self.image_size, self.augmentation, self.seed = source, image_size, augmentation, seed
        self.early_sizes = list(early_sizes)
        self.negatives = list(source.negatives)
        # One's own need be no more than callable.
        self.paste, self.join, self.nobody, self.closer = (
            float(getattr(augmentation, name, 0)) for name in ("paste", "join", "nobody", "closer")
        )

    def __len__(self) -> int:
        return len(self.source)

    def size_in(self, epoch: int) -> int:
        """Give S in an epoch: small photos teach the large shapes in a fraction of the time that large ones take."""
        return next((size for size, end in self.early_sizes if epoch < end), self.image_size)

    def __getitem__(self, key: int | tuple[int, int]) -> dict[str, Any]:
        """Make item `index` or `(epoch, index)`."""
        epoch, index = key if isinstance(key, tuple) else (0, key)
        size, broken = self.size_in(epoch), ""
        try:
            sample = self._augmented(epoch, index, size)
        except PhotoError as error:
            broken = str(error)
            empty = np.zeros((size, size), np.uint8)
            left = nothing() if getattr(self.augmentation, "on_device", False) else None
            sample = Sample(np.zeros((*empty.shape, 3), np.uint8), empty, empty, self.source.name(index), left)
        later = {} if sample.later is None else {"later": sample.later}
        return {
            "image": torch.from_numpy(sample.photo),
            "alpha": torch.from_numpy(sample.alpha)[None],
            "weight": torch.from_numpy(sample.weight)[None],
            "source": self.source.source_of(index),
            "index": index,
            "broken": broken,
            **later,
        }

    def _augmented(self, epoch: int, index: int, size: int) -> Sample:
        rng = np.random.default_rng((self.seed, epoch, index))
        company_seed, augmentation_seed = (int(number) for number in rng.integers(2**63, size=2))
        sample = self.source[index]
        if rng.random() < self.nobody:
            sample = part_without_people(sample, company_seed)
        if self.negatives and rng.random() < self.paste and sample.alpha.any():
            background = self.source[self.negatives[int(rng.integers(len(self.negatives)))]]
            sample = paste_person(sample, background.photo, company_seed)
        if rng.random() < self.join:
            sample = join_people(sample, self.source[int(rng.integers(len(self)))], company_seed)
        if rng.random() < self.closer:
            sample = part_with_people(sample, company_seed)
        return self.augmentation(sample, size, augmentation_seed)


class EpochSampler(Sampler[tuple[int, int]]):
    """The order of an epoch's samples, as `(epoch, index)`: a function of the seed and the epoch alone.

    An epoch has as many samples as all sources together. With shares, each source gives its share of them, going
    round its own photos in an order shuffled anew each time, carried on from epoch to epoch so that none is
    seen less often than another.

    Each of several processes takes its batches of that order: in every step they see together what one process with
    a batch as large as all of theirs would see. What is left at the end and would make a smaller batch is left out: a
    batch of one photo has no variance for batch norm at the coarsest level.

    An epoch that was interrupted goes on at `start`: as many of this process's samples are left out, until another
    epoch is chosen.

    Args:
        lengths: photos in each source.
        shares: how much of an epoch each source makes; they need not sum to 1. None: by length, every photo once.
        seed: of the order.
        batch_size: of one process; where there are too few photos for one batch each, what there is, in equal parts.
        rank: number of this process, from 0.
        processes: how many there are.

    Raises:
        DataError: fewer photos than processes.
    """

    def __init__(
        self,
        lengths: Sequence[int],
        shares: Sequence[float] | None,
        seed: int,
        batch_size: int = 1,
        rank: int = 0,
        processes: int = 1,
    ) -> None:
        self.lengths, self.seed, self.epoch, self.start = list(lengths), seed, 0, 0
        self.rank, self.processes = rank, processes
        wanted = np.asarray(lengths if shares is None else shares, float)
        ends = np.rint(np.cumsum(wanted / wanted.sum()) * sum(lengths)).astype(int)
        self.counts: list[int] = np.diff(ends, prepend=0).tolist()
        photos = sum(self.counts)
        require_a_photo_each("train", photos, processes)
        self.batch_size: int = min(batch_size, photos // processes)
        self.steps: int = photos // (processes * self.batch_size)

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch that the next iteration gives; Lightning calls this."""
        if epoch != self.epoch:
            self.epoch, self.start = epoch, 0

    def __len__(self) -> int:
        return self.steps * self.batch_size

    def __iter__(self) -> Iterator[tuple[int, int]]:
        start = np.cumsum([0, *self.lengths])
        chosen = [
            start[number] + self._round(number, self.epoch * count, count) for number, count in enumerate(self.counts)
        ]
        order = np.random.default_rng((self.seed, self.epoch)).permutation(np.concatenate(chosen))
        batches = order[: len(self) * self.processes].reshape(self.steps, self.processes, self.batch_size)
        return iter([(self.epoch, int(index)) for index in batches[:, self.rank].flat[self.start :]])

    def _round(self, number: int, first: int, count: int) -> np.ndarray:
        """Take positions first to first + count of a source's endless sequence of shuffled rounds."""
        if not count:
            return np.empty(0, int)
        length = self.lengths[number]
        rounds = range(first // length, (first + count - 1) // length + 1)
        shuffled = [np.random.default_rng((self.seed, number, turn)).permutation(length) for turn in rounds]
        offset = first - rounds.start * length
        return np.concatenate(shuffled)[offset : offset + count]


def require_a_photo_each(split: str, photos: int, processes: int) -> None:
    """Make sure that no process is left without photos, where the others would wait for it.

    Raises:
        DataError: there are fewer photos than processes.
    """
    if photos < processes:
        raise DataError(
            f"{split} has {photos} photos, too few for {processes} processes; give a smaller trainer.devices or "
            "trainer.num_nodes"
        )
