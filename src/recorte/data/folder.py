"""People from a folder of photos and a folder of masks."""

import os
import unicodedata
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from recorte.data.reading.findings import Finding
from recorte.data.reading.hashing import mark_of, part_of
from recorte.data.reading.photo_size import read_photo_of_size
from recorte.data.sample import Sample, Split
from recorte.errors import ConfigError, DataError
from recorte.letterbox import resize
from recorte.photo import EXTENSIONS, list_photos, read_mask


class ImageMaskFolder:
    """Photos with a mask or soft alpha each, paired by their names without suffix; a `PersonSource`.

    `root/train/photos` with `root/train/masks`, and the same below `root/val`; or `root/photos` with `root/masks`
    (and `root/train` without `root/val`), which are split by a hash of the photo's name. Folders may have folders
    in them: `photos/a/b.jpg` belongs to `masks/a/b.png`, and cross validation keeps the photos of such a folder (an
    album, the frames of a video) together. A mask of another size but the same aspect ratio is
    resized to the photo.

    Args:
        root: the data set's folder.
        split: "train" or "val".
        photos: name of the folder of photos.
        masks: name of the folder of masks: white, or opaque, is the person.
        val_share: share of the photos for "val" where they are split, between 0 and 1. Of two or more photos,
            each split gets at least one.
        found: takes the faults of pairing, each for itself, and the pairs that are sound are opened. None: raise them.

    Attributes:
        enough: the longest side of photos, in pixels, that does; see `read_photo`. None: photos as they are.
        mask_folder: the folder that the masks are in.

    Raises:
        DataError: missing or empty folders, a photo without a mask, a mask without a photo, two of one name.
        ConfigError: `val_share` out of range.
    """

    def __init__(
        self,
        root: str | os.PathLike[str],
        split: Split,
        photos: str = "photos",
        masks: str = "masks",
        val_share: float = 0.1,
        found: list[Finding] | None = None,
    ) -> None:
        if not 0 < val_share < 1:
            raise ConfigError(f"folder of masks: val_share={val_share}; a share between 0 and 1 is needed")
        base, shared = _locate(Path(root), split, photos)
        self._photo_folder, self.mask_folder = base / photos, base / masks
        pairs = _pair(self._photo_folder, self.mask_folder, found)
        if shared:
            chosen = part_of(pairs, split, val_share)
            pairs = {key: pair for key, pair in pairs.items() if key in chosen}
            if not pairs and not found:
                raise DataError(f"{self._photo_folder}: its only photo is for training; 'val' needs a second one")
        self.enough: int | None = None
        # Text below the two folders: much less to send to a worker process than paths.
        self._photos, self._masks = [photo for photo, _ in pairs.values()], [mask for _, mask in pairs.values()]

    @property
    def negatives(self) -> Sequence[int]:
        """Empty: who is on a photo is not known without reading its mask."""
        return ()

    def __len__(self) -> int:
        return len(self._photos)

    def name(self, index: int) -> str:
        """The photo's path below the folder of photos."""
        return self._photos[index]

    def path(self, index: int) -> Path:
        """The photo's file."""
        return self._photo_folder / self._photos[index]

    def mask(self, index: int) -> Path:
        """The file of the photo's mask."""
        return self.mask_folder / self._masks[index]

    def mark(self, index: int) -> str:
        """The state of the photo's file and of its mask's."""
        return mark_of(self.path(index), self.mask(index))

    def group(self, index: int) -> str:
        """The folder below the folder of photos that the photo is in; the photo's name if it is in none."""
        name = self._photos[index]
        return name.rpartition("/")[0] or name

    def __getitem__(self, index: int) -> Sample:
        """Read a photo and its mask.

        Raises:
            PhotoError: one of the two is missing or damaged, or they differ in aspect ratio.
        """
        name, mask = self._photos[index], self.mask(index)
        alpha = read_mask(mask)
        photo = read_photo_of_size(self.path(index), *alpha.shape, f"its mask {mask}", True, self.enough)
        alpha = resize(alpha, *photo.shape[:2])
        return Sample(photo, alpha, np.ones_like(alpha), name)


def _locate(root: Path, split: Split, photos: str) -> tuple[Path, bool]:
    """Find the folder that holds photos and masks, and say whether the two splits share it."""
    if not (root / "train" / photos).is_dir():
        return root, True
    if not (root / "val" / photos).is_dir():
        return root / "train", True
    return root / split, False


def _pair(photo_folder: Path, mask_folder: Path, found: list[Finding] | None) -> dict[str, tuple[str, str]]:
    """Pair the files of two folders: key to photo and mask, both below their folders, sorted by key."""
    photos, photo_twins = _by_key(photo_folder, "photos")
    masks, mask_twins = _by_key(mask_folder, "masks")
    faults = [
        (photo_folder, "of one name with another photo", photo_twins),
        (mask_folder, "of one name with another mask", mask_twins),
        (photo_folder, f"without a mask in {mask_folder}", [photos[key] for key in photos.keys() - masks.keys()]),
        (mask_folder, f"without a photo in {photo_folder}", [masks[key] for key in masks.keys() - photos.keys()]),
    ]
    if found is not None:
        found += [Finding(str(folder / name), "", what) for folder, what, names in faults for name in sorted(names)]
    elif any(names for _, _, names in faults):
        listed = "".join(_listed(*fault) for fault in faults)
        raise DataError(f"Each photo needs one mask of the same name (the suffix may differ). There are:{listed}")
    return {key: (photos[key], masks[key]) for key in sorted(photos.keys() & masks.keys())}


def _by_key(folder: Path, kind: str) -> tuple[dict[str, str], list[str]]:
    """List a folder's pictures by their path without suffix, and those whose key is taken already."""
    if not folder.is_dir():
        layout = "photos/ and masks/, or train/photos/, train/masks/, val/photos/ and val/masks/"
        raise DataError(f"{folder}: there is no such folder. A data set of photos and masks has {layout} in it")
    files: dict[str, str] = {}
    twins = []
    for path in list_photos(folder):
        relative = path.relative_to(folder)
        # One system writes an accent as a letter of its own, another does not.
        key = unicodedata.normalize("NFC", relative.with_suffix("").as_posix())
        if key in files:
            twins.append(relative.as_posix())
        files.setdefault(key, relative.as_posix())
    if not files:
        raise DataError(f"{folder}: no {kind} are in it; {', '.join(sorted(EXTENSIONS))} can be read")
    return files, twins


def _listed(folder: Path, what: str, names: list[str]) -> str:
    if not names:
        return ""
    more = ", ..." if len(names) > 10 else ""
    return f"\n  {len(names):,} in {folder} {what}: {', '.join(sorted(names)[:10])}{more}"
