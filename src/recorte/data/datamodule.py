"""Batches for training and validation, over any sources."""

from collections.abc import Callable, Mapping
from typing import Any

import cv2
import lightning.pytorch as pl
import torch
from torch.utils.data import DataLoader

from recorte.data.augmentation import Augmentation
from recorte.data.dataset import EpochSampler, PersonDataset
from recorte.data.mixed import MixedPersons
from recorte.data.sample import PersonSource


class PersonDataModule(pl.LightningDataModule):
    """Batches of `image (N, 3, S, S)`, `alpha (N, 1, S, S)` and `weight (N, 1, S, S)`.

    Args:
        sources: by name, what opens each for a split: `source(split="train")`.
        shares: how much of a training epoch each source makes, by name; None: every photo once.
        batch_size: N.
        image_size: S, pixels.
        num_workers: processes that load; 0 loads in the main one. The samples are the same for any number.
        augmentation: of the training photos; those of the validation are letterboxed and nothing else.
        seed: of order and augmentation.
    """

    def __init__(
        self,
        sources: Mapping[str, Callable[..., PersonSource]],
        shares: Mapping[str, float] | None = None,
        batch_size: int = 4,
        image_size: int = 256,
        num_workers: int = 2,
        augmentation: Augmentation | None = None,
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.sources, self.seed = dict(sources), seed
        self.shares = None if shares is None else [shares[name] for name in self.sources]
        self.batch_size, self.image_size, self.num_workers = batch_size, image_size, num_workers
        self.augmentation = augmentation or Augmentation()
        self.opened: dict[str, PersonDataset] = {}

    def dataset(self, split: str) -> PersonDataset:
        """Open a split, once.

        Raises:
            DataError: one of the sources is missing or broken.
        """
        if split not in self.opened:
            source = MixedPersons({name: open_source(split=split) for name, open_source in self.sources.items()})
            augmentation = self.augmentation if split == "train" else Augmentation()
            self.opened[split] = PersonDataset(source, self.image_size, augmentation, self.seed)
        return self.opened[split]

    def train_dataloader(self) -> DataLoader[dict[str, Any]]:
        """Give the training batches; the sampler's epoch decides order and augmentation."""
        dataset = self.dataset("train")
        return self._loader(dataset, sampler=EpochSampler(dataset.source.lengths, self.shares, self.seed))

    def val_dataloader(self) -> DataLoader[dict[str, Any]]:
        """Give the validation batches, every photo once and in order."""
        return self._loader(self.dataset("val"))

    def _loader(self, dataset: PersonDataset, sampler: EpochSampler | None = None) -> DataLoader[dict[str, Any]]:
        return DataLoader(
            dataset,
            batch_size=self.batch_size,
            sampler=sampler,
            num_workers=self.num_workers,
            persistent_workers=self.num_workers > 0,
            pin_memory=torch.cuda.is_available(),
            worker_init_fn=_one_thread_each,
            # A last batch of one photo has no variance for batch norm at the coarsest level.
            drop_last=sampler is not None and len(dataset) >= self.batch_size,
        )


def _one_thread_each(_: int) -> None:
    cv2.setNumThreads(0)
