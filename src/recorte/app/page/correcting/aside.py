"""Putting aside what was corrected: photo and mask in one folder, which `data=folder` trains on."""

import unicodedata
from enum import Enum
from itertools import count
from pathlib import Path
from threading import Lock

from recorte.errors import RecorteError
from recorte.files import remove_left_over
from recorte.listing import list_photos
from recorte.removal.files.output import write

LONGEST = 200
"""Of a name, in bytes: a file system takes 255, and a number may follow."""

LOCK = Lock()
"""Two visitors with photos of one name must not look for a free name at the same time."""


class Put(Enum):
    """What became of a photo that was to be put aside; the values are keys of `recorte.messages`."""

    NEW = "put_new"
    THERE = "put_there"
    OTHER_MASK = "put_other"
    REPLACED = "put_replaced"


def put_aside(folder: Path, name: str, photo: bytes, mask: bytes, replace: bool = False) -> tuple[Put, str]:
    """Write a photo into `folder/photos` and its mask into `folder/masks`, under one name; nothing is overwritten.

    Another photo of this name gets a number behind it. The same photo is there once.

    Args:
        folder: made if it is not there.
        name: of the photo's file, without folders.
        photo: its content.
        mask: the content of the mask's file, PNG.
        replace: give the same photo this mask, if it is there with another one.

    Returns:
        What became of it, and the name of the photo.

    Raises:
        RecorteError: it cannot be written; neither photo nor mask is there then.
    """
    try:
        with LOCK:
            return _put(folder / "photos", folder / "masks", Path(name), photo, mask, replace)
    except OSError as error:
        raise RecorteError(f"{error.filename or folder}: {error.strerror or error}") from None


def _put(photos: Path, masks: Path, name: Path, photo: bytes, mask: bytes, replace: bool) -> tuple[Put, str]:
    for place in (photos, masks):
        place.mkdir(parents=True, exist_ok=True)
        remove_left_over(place)
    there, taken = ({_key(path.stem): path for path in place.iterdir()} for place in (photos, masks))
    short = _short(name.stem)
    for number in count(1):
        stem = f"{short}-{number}" if number > 1 else short
        old, old_mask = there.get(_key(stem)), taken.get(_key(stem))
        alike = old_mask is not None and old_mask.read_bytes() == mask
        if old is None and (old_mask is None or alike):  # a mask alone is what a process that was killed left
            _write_both(photos / f"{stem}{name.suffix}", photo, old_mask or masks / f"{stem}.png", mask)
            return Put.NEW, f"{stem}{name.suffix}"
        if old is not None and old.read_bytes() == photo:
            if alike or (old_mask is not None and not replace):
                return Put.THERE if alike else Put.OTHER_MASK, old.name
            write(old_mask or masks / f"{old.stem}.png", mask)
            return Put.NEW if old_mask is None else Put.REPLACED, old.name
    raise AssertionError("numbers do not end")


def put_so_far(folder: Path) -> int:
    """Count the photos that were put aside into a folder; 0 where there is none."""
    photos = folder / "photos"
    return sum(1 for _ in list_photos(photos)) if photos.is_dir() else 0


def _write_both(photo_path: Path, photo: bytes, mask_path: Path, mask: bytes) -> None:
    write(mask_path, mask)
    try:
        write(photo_path, photo)
    except BaseException:
        mask_path.unlink(missing_ok=True)
        raise


def _key(stem: str) -> str:
    """What two names share that are one to some file system, or to `data=folder`."""
    return unicodedata.normalize("NFC", stem).casefold()


def _short(stem: str) -> str:
    return stem.encode()[:LONGEST].decode(errors="ignore").strip(" .") or "photo"
