"""Batches for training and validation, over any sources."""

import atexit
import multiprocessing
import signal
import weakref
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import cv2
import lightning.pytorch as pl
import torch
from lightning.pytorch.utilities.combined_loader import CombinedLoader
from torch.utils.data import DataLoader

from recorte.data.batches.augmentation import Augmentation, Augments
from recorte.data.batches.dataset import EpochSampler, PersonDataset, require_a_photo_each
from recorte.data.batches.folds import FoldOfPersons
from recorte.data.batches.kept import CachedPersons, PreloadedPersons
from recorte.data.batches.mixed import MixedPersons
from recorte.data.batches.on_device import finished
from recorte.data.sample import PersonSource, Split
from recorte.errors import DataError
from recorte.kinds import AnyPath, Count, CountOrZero, EarlySizes, Folds, Shares, Size


class PersonDataModule(pl.LightningDataModule):
    """Batches of `image (N, S, S, 3)`, `alpha (N, 1, S, S)` and `weight (N, 1, S, S)`, bytes, ready for `as_floats`.

    Where several processes train together, each has its own share of the photos: of each training step, so that all
    see together what one with a larger batch would; and of the validation, where no photo is given twice.

    Args:
        sources: by name, what opens each for a split: `source(split="train")`.
        shares: how much of a training epoch each source makes, by name; None: every photo once.
        batch_size: N, of each process.
        image_size: S, pixels.
        num_workers: processes that load; 0 loads in the main one. The samples are the same for any number. While it is
            validated there are as many more, which with `EndValidationWorkers` go afterwards.
        augmentation: of the training photos; those of the validation are letterboxed and nothing else.
        seed: of order and augmentation.
        folds: for cross validation: in how many parts the training photos of each source are cut. One of them is
            validated on and the others are trained on, instead of the sources' own splits.
        fold: which of them, from 0.
        early_sizes: other sizes for the first training epochs, each with the epoch before which it ends: with
            `[(128, 10), (192, 15)]` ten epochs of 128 pixels, five of 192, and the others of `image_size`.
        preload: keep all samples in shared memory, shrunk to the largest size that is trained; see `PreloadedPersons`.
        cache_dir: a folder to keep them in from the first time each is read; see `CachedPersons`.
        prefetch_factor: batches that each worker reads ahead; None: two. Only with workers.
        pin_memory: batches wait in memory from which a graphics card takes them faster; None: where there is a card.
    """

    def __init__(
        self,
        sources: Mapping[str, Callable[..., PersonSource]],
        shares: Shares | None = None,
        batch_size: Count = 4,
        image_size: Size = 256,
        num_workers: CountOrZero = 2,
        augmentation: Augments | None = None,
        seed: CountOrZero = 0,
        folds: Folds | None = None,
        fold: CountOrZero | None = None,
        early_sizes: EarlySizes | None = None,
        preload: bool = False,
        cache_dir: AnyPath | None = None,
        prefetch_factor: Count | None = None,
        pin_memory: bool | None = None,
    ) -> None:
        super().__init__()
        self.sources, self.seed = dict(sources), seed
        self.shares = None if shares is None else [shares[name] for name in self.sources]
        self.batch_size, self.image_size, self.num_workers = batch_size, image_size, num_workers
        self.prefetch_factor = prefetch_factor
        self.pin_memory = torch.cuda.is_available() if pin_memory is None else pin_memory
        self.augmentation = augmentation or Augmentation()
        self.folds, self.fold = folds, fold
        self.early_sizes, self.preload, self.cache_dir = early_sizes or (), preload, cache_dir
        self.opened: dict[str, PersonDataset] = {}
        self.position = {"epoch": 0, "batches": 0}
        self._uncut: dict[str, PersonSource] = {}

    def dataset(self, split: Split) -> PersonDataset:
        """Open a split, once.

        Raises:
            DataError: one of the sources is missing or broken.
        """
        if split not in self.opened:
            source = MixedPersons({name: self._kept(self._open(name, split)) for name in self.sources})
            trained = split == "train"
            augmentation, early_sizes = (self.augmentation, self.early_sizes) if trained else (Augmentation(), ())
            self.opened[split] = PersonDataset(source, self.image_size, augmentation, self.seed, early_sizes)
        return self.opened[split]

    def _open(self, name: str, split: Split) -> PersonSource:
        if self.folds is None or self.fold is None:
            return self._opened(name, split)
        if name not in self._uncut:
            self._uncut[name] = self._opened(name, "train")
        return FoldOfPersons(self._uncut[name], split, self.folds, self.fold)

    def _opened(self, name: str, split: Split) -> PersonSource:
        source = self.sources[name](split=split)
        if hasattr(source, "enough"):
            source.enough = 2 * self._side  # augmentation may look closer
        return source

    def _kept(self, source: PersonSource) -> PersonSource:
        if self.cache_dir:
            source = CachedPersons(source, self._side, Path(self.cache_dir))
        return PreloadedPersons(source, self._side) if self.preload else source

    @property
    def _side(self) -> int:
        """The largest size that is trained."""
        return max([self.image_size, *(size for size, _ in self.early_sizes)])

    def state_dict(self) -> dict[str, int]:
        """Give where the training is: the epoch, and how many batches of it each process has seen."""
        assert self.trainer is not None  # which asks for it
        loop = self.trainer.fit_loop
        # What they count Lightning's types do not say.
        epochs: Any = loop.epoch_progress.current
        batches: Any = loop.epoch_loop.batch_progress.current
        within = epochs.started > epochs.processed
        return {"epoch": epochs.processed, "batches": batches.processed if within else 0}

    def load_state_dict(self, state_dict: dict[str, int]) -> None:
        """Let the training batches go on from there."""
        self.position = state_dict

    def train_dataloader(self) -> DataLoader[dict[str, Any]]:
        """Give the training batches; the sampler's epoch decides order and augmentation.

        Raises:
            DataError: a source is missing or broken, or an augmentation of one's own gives samples of another size.
        """
        dataset, (rank, processes) = self.dataset("train"), self._place()
        if len(dataset) and not isinstance(self.augmentation, Augmentation):
            _check_size(dataset)
        sampler = EpochSampler(dataset.source.lengths, self.shares, self.seed, self.batch_size, rank, processes)
        # Before the loader is started: its processes fetch the first batches at once.
        sampler.set_epoch(self.position["epoch"])
        sampler.start = self.position["batches"] * sampler.batch_size
        return self._loader(dataset, sampler)

    def val_dataloader(self) -> DataLoader[dict[str, Any]]:
        """Give the validation batches, every photo once and in order; of several processes each takes its turn."""
        dataset, (rank, processes) = self.dataset("val"), self._place()
        require_a_photo_each("val", len(dataset), processes)
        return self._loader(dataset, range(rank, len(dataset), processes))

    def transfer_batch_to_device(
        self, batch: dict[str, Any], device: torch.device, dataloader_idx: int
    ) -> dict[str, Any]:
        """Move a batch, and do there what `augmentation.on_device` has left to the device."""
        parts = dict(batch)
        later = parts.pop("later", None)
        moved: dict[str, Any] = super().transfer_batch_to_device(parts, device, dataloader_idx)
        return moved if later is None else finished(moved, later)

    def _place(self) -> tuple[int, int]:
        """Tell the number of this process and how many there are."""
        return (0, 1) if self.trainer is None else (self.trainer.global_rank, self.trainer.world_size)

    def _loader(self, dataset: PersonDataset, sampler: EpochSampler | range) -> DataLoader[dict[str, Any]]:
        loader = DataLoader(
            dataset,
            batch_size=self.batch_size,
            sampler=sampler,
            num_workers=self.num_workers,
            persistent_workers=self.num_workers > 0,
            prefetch_factor=self.prefetch_factor,
            pin_memory=self.pin_memory,
            worker_init_fn=_begin_worker,
        )
        # At its end Python asks workers to go by SIGTERM, which ours do not hear, and waits for them: after an error,
        # which may still hold the loader, for ever. What is registered last is done first.
        atexit.register(_end_workers, weakref.ref(loader))
        return loader


class EndValidationWorkers(pl.Callback):
    """Ends the processes that load for the validation when it is over: they would keep their memory for nothing.

    Forked ones are there again at once. Where each new process imports everything anew they stay.
    """

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """End them, those of the check before the training too."""
        if multiprocessing.get_start_method() == "fork":
            CombinedLoader(trainer.val_dataloaders).reset()


def _end_workers(reference: "weakref.ref[DataLoader[dict[str, Any]]]") -> None:
    loader = reference()
    if loader is not None:
        CombinedLoader(loader).reset()


def _check_size(dataset: PersonDataset) -> None:
    size, item, name = dataset.size_in(0), dataset[0, 0], type(dataset.augmentation).__name__
    for part, (*_, height, width) in (("photo", item["image"].shape[:2]), ("mask", item["alpha"].shape)):
        if (height, width) != (size, size):
            needed = f"{size} x {size}, its argument size, is needed"
            raise DataError(f"augmentation: {name} gives a {part} of {height} x {width}; {needed}")


def _begin_worker(_: int) -> None:
    cv2.setNumThreads(0)  # one thread each
    # Ctrl-C reaches every process of a terminal, and SLURM's SIGTERM every one of a job; the main one finishes its step
    # first, and needs its workers for it.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
