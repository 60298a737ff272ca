"""People from a folder of cut-outs: pictures whose background is transparent."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from recorte.data.reading.hashing import mark_of, part_of, unit_hash
from recorte.data.sample import Sample, Split
from recorte.errors import ConfigError, DataError, PhotoError
from recorte.kinds import Folder, Part
from recorte.letterbox import PADDING_COLOUR, covering
from recorte.listing import EXTENSIONS, list_photos
from recorte.photo import opened, read_photo
from recorte.photo.metadata import DECODER_ERRORS, ORIENTATION, TRANSPOSITIONS


class CutoutFolder:
    """Cut-outs (RGBA, straight colours) laid over photos of nobody, or over grey; a `PersonSource`.

    The alpha is exact, as soft as the cut-out's. Which photo a cut-out lies before depends on its name alone; the photo
    is scaled and cropped to cover it. Folders in the folder are groups, which cross validation keeps together.

    Args:
        root: the folder of cut-outs.
        split: "train" or "val".
        backgrounds: a folder of photos without people; None lays every cut-out over grey.
        val_share: share of the cut-outs for "val", between 0 and 1. Each split gets at least one of two or more.

    Raises:
        DataError: no cut-outs or no backgrounds.
        ConfigError: `val_share` out of range.
    """

    def __init__(
        self,
        root: Folder,
        split: Split,
        backgrounds: Folder | None = None,
        val_share: Part = 0.1,
    ) -> None:
        if not 0 < val_share < 1:
            raise ConfigError(f"cut-outs: val_share={val_share}; a share between 0 and 1 is needed")
        self._root = Path(root)
        names = [path.relative_to(self._root).as_posix() for path in _pictures(self._root)]
        self._names = sorted(part_of(names, split, val_share))
        if not self._names:
            raise DataError(f"{self._root}: its only cut-out is for training; 'val' needs a second one")
        self._backgrounds = [] if backgrounds is None else [str(path) for path in _pictures(Path(backgrounds))]

    @property
    def negatives(self) -> Sequence[int]:
        """Empty: a cut-out shows somebody."""
        return ()

    def __len__(self) -> int:
        return len(self._names)

    def name(self, index: int) -> str:
        """The cut-out's path below the folder."""
        return self._names[index]

    def path(self, index: int) -> None:
        """None: no file shows what a sample shows."""

    def file(self, index: int) -> Path:
        """The cut-out's file."""
        return self._root / self._names[index]

    def mark(self, index: int) -> str:
        """The state of the cut-out's file and of its background's."""
        background = self._background_of(self._names[index])
        return mark_of(self.file(index), *([Path(background)] if background else []))

    def group(self, index: int) -> str:
        """The folder below the folder of cut-outs that it is in; its name if it is in none."""
        name = self._names[index]
        return name.rpartition("/")[0] or name

    def __getitem__(self, index: int) -> Sample:
        """Read a cut-out and lay it over its background.

        Raises:
            PhotoError: one of the two cannot be read, or no pixel of the cut-out is transparent.
        """
        name = self._names[index]
        with opened(self.file(index)) as image:
            cutout = np.asarray(_upright(image).convert("RGBA"))
        colours, alpha = cutout[..., :3], np.ascontiguousarray(cutout[..., 3])
        if alpha.min() == 255:
            raise PhotoError(
                f"{self.file(index)}: nothing in it is transparent, so it is no cut-out; "
                "make its background transparent, or remove it"
            )
        share = alpha[..., None].astype(np.float32) / 255
        photo = (share * colours + (1 - share) * self._background(name, *alpha.shape)).round().astype(np.uint8)
        return Sample(photo, alpha, np.ones_like(alpha), name)

    def _background(self, name: str, height: int, width: int) -> np.ndarray:
        chosen = self._background_of(name)
        if not chosen:
            return np.array(PADDING_COLOUR, np.float32)
        photo = read_photo(chosen).pixels
        return covering(photo, height, width, 0.5, 0.5)

    def _background_of(self, name: str) -> str:
        """Give the path of the photo that a cut-out lies before; empty where there are none."""
        places = len(self._backgrounds)
        return self._backgrounds[int(unit_hash(f"background of {name}") * places)] if places else ""


def _upright(image: Image.Image) -> Image.Image:
    """Turn a picture by its EXIF orientation, as `read_photo` does."""
    image.load()  # before EXIF is read: a PNG may hold it behind the pixels
    try:
        orientation = image.getexif().get(ORIENTATION)
    except DECODER_ERRORS:  # damaged EXIF is no reason to refuse the picture
        return image
    return image.transpose(TRANSPOSITIONS[orientation]) if orientation in TRANSPOSITIONS else image


def _pictures(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise DataError(f"{folder}: there is no such folder")
    found = list_photos(folder)
    if not found:
        raise DataError(f"{folder}: no pictures are in it; {', '.join(sorted(EXTENSIONS))} can be read")
    return found
