"""People from a folder of photos and a folder of masks."""

import unicodedata
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from recorte.data.reading.findings import Finding
from recorte.data.reading.hashing import mark_of, part_of
from recorte.data.reading.photo_size import fits, read_photo_of_size
from recorte.data.sample import Sample, Split
from recorte.errors import ConfigError, DataError, PhotoError
from recorte.kinds import AnyPath, Folder, Part
from recorte.letterbox import resize
from recorte.listing import EXTENSIONS, list_photos
from recorte.photo import read_mask


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
        photos: name of the folder of photos, or a path of its own, whose photos are split by their names.
        masks: name of the folder of masks: white, or opaque, is the person.
        val_share: share of the photos for "val" where they are split, between 0 and 1. Of two or more photos,
            each split gets at least one.
        weights: name of a folder of pictures named as the masks are: what is black in one has weight 0. A mask
            without one counts everywhere. None: all of them do.
        found: takes the faults of pairing, each for itself, and the pairs that are sound are opened. None: raise them.

    Attributes:
        enough: the longest side of photos, in pixels, that does; see `read_photo`. None: photos as they are.
        mask_folder: the folder that the masks are in.

    Raises:
        DataError: missing or empty folders, a photo, mask or weight without its partner, two of one name.
        ConfigError: `val_share` out of range.
    """

    def __init__(
        self,
        root: Folder,
        split: Split,
        photos: AnyPath = "photos",
        masks: AnyPath = "masks",
        val_share: Part = 0.1,
        weights: AnyPath | None = None,
        found: list[Finding] | None = None,
    ) -> None:
        if not 0 < val_share < 1:
            raise ConfigError(f"folder of masks: val_share={val_share}; a share between 0 and 1 is needed")
        base, shared = _locate(Path(root), split, photos)
        self._photo_folder, self.mask_folder = base / photos, base / masks
        self._weight_folder = None if weights is None else base / weights
        pairs = _pair(self._photo_folder, self.mask_folder, found)
        weighed = {} if self._weight_folder is None else _weights(self._weight_folder, self.mask_folder, pairs, found)
        if shared:
            chosen = part_of(pairs, split, val_share)
            pairs = {key: pair for key, pair in pairs.items() if key in chosen}
            if not pairs and not found:
                raise DataError(f"{self._photo_folder}: its only photo is for training; 'val' needs a second one")
        self.enough: int | None = None
        # Text below the two folders: much less to send to a worker process than paths.
        self._photos, self._masks = [photo for photo, _ in pairs.values()], [mask for _, mask in pairs.values()]
        self._weights = [weighed.get(key) for key in pairs]

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

    def weight(self, index: int) -> Path | None:
        """The file of what counts of the photo; None where all of it does."""
        name = self._weights[index]
        return None if name is None or self._weight_folder is None else self._weight_folder / name

    def mark(self, index: int) -> str:
        """The state of the photo's file, of its mask's and of its weight's."""
        weight = self.weight(index)
        return mark_of(self.path(index), self.mask(index), *([] if weight is None else [weight]))

    def group(self, index: int) -> str:
        """The folder below the folder of photos that the photo is in; the photo's name if it is in none."""
        name = self._photos[index]
        return name.rpartition("/")[0] or name

    def __getitem__(self, index: int) -> Sample:
        """Read a photo, its mask and its weight.

        Raises:
            PhotoError: one of them is missing or damaged, or they differ in aspect ratio.
        """
        name, mask, counts = self._photos[index], self.mask(index), self.weight(index)
        alpha = read_mask(mask)
        height, width = alpha.shape
        photo = read_photo_of_size(self.path(index), height, width, f"its mask {mask}", True, self.enough)
        weight = (
            np.ones(photo.shape[:2], np.uint8) if counts is None else _read_weight(counts, alpha.shape, photo.shape)
        )
        return Sample(photo, resize(alpha, *photo.shape[:2]), weight, name)


def _locate(root: Path, split: Split, photos: AnyPath) -> tuple[Path, bool]:
    """Find the folder that holds photos and masks, and say whether the two splits share it."""
    train, val = root / "train" / photos, root / "val" / photos
    if Path(photos).is_absolute() or not train.is_dir():
        return root, True
    if not val.is_dir() or train.samefile(val):  # which `../photos` would be
        return root / "train", True
    return root / split, False


def _weights(
    folder: Path, mask_folder: Path, pairs: dict[str, tuple[str, str]], found: list[Finding] | None
) -> dict[str, str]:
    """List the weights of pairs by their key, and refuse those that are of no mask."""
    if not folder.is_dir():
        raise DataError(f"{folder}: there is no such folder of weights; give weights=null where all counts")
    weights, twins = _by_key(folder, "weights")
    faults = [
        (folder, "of one name with another weight", twins),
        (folder, f"without a mask in {mask_folder}", [weights[key] for key in weights.keys() - pairs.keys()]),
    ]
    _tell(faults, found, "Each weight needs a photo and a mask of the same name (the suffix may differ).")
    return weights


def _read_weight(path: Path, mask_shape: tuple[int, ...], shape: tuple[int, ...]) -> np.ndarray:
    """Read what counts of a photo of `shape`, (H, W, ...): `uint8 (H, W)`, 1 = counts."""
    weight = read_mask(path)
    if not fits(weight.shape, mask_shape[0], mask_shape[1], True, None):
        sizes = f"{weight.shape[1]} x {weight.shape[0]} pixels, but its mask is {mask_shape[1]} x {mask_shape[0]}"
        raise PhotoError(f"{path}: {sizes} (width x height); they need the same aspect ratio")
    return (cv2.resize(weight, shape[1::-1], interpolation=cv2.INTER_NEAREST) >= 128).astype(np.uint8)


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
    _tell(faults, found, "Each photo needs one mask of the same name (the suffix may differ).")
    return {key: (photos[key], masks[key]) for key in sorted(photos.keys() & masks.keys())}


def _tell(faults: list[tuple[Path, str, list[str]]], found: list[Finding] | None, needed: str) -> None:
    """Add faults, each a folder, what is wrong and the names in it, to `found`, or raise all of them."""
    if found is not None:
        found += [Finding(str(folder / name), "", what) for folder, what, names in faults for name in sorted(names)]
    elif any(names for _, _, names in faults):
        raise DataError(f"{needed} There are:{''.join(_listed(*fault) for fault in faults)}")


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
