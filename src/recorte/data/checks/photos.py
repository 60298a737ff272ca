"""Whether photos can be read: their headers always, all of them if asked for."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

from PIL import Image, UnidentifiedImageError

from recorte.data.reading.findings import Finding
from recorte.errors import PhotoError
from recorte.photo import MAX_PIXELS, MAX_SIDE, read_photo
from recorte.photo.heif import open_image
from recorte.photo.metadata import DECODER_ERRORS, ORIENTATION

Progress = Callable[[int, int], None]


class Header(NamedTuple):
    """What a photo's header says.

    Attributes:
        problem: why the photo cannot be used; empty if it can.
        width: as stored, pixels.
        height: as stored, pixels.
        turned: the EXIF orientation exchanges the two.
        odd: what is strange about it, though it can be used; may be empty.
    """

    problem: str
    width: int = 0
    height: int = 0
    turned: bool = False
    odd: str = ""

    def fits(self, height: int, width: int) -> bool:
        """Tell whether an annotation of this size is for the photo, upright or as stored."""
        sizes = {(self.height, self.width), (self.width, self.height) if self.turned else (self.height, self.width)}
        return (height, width) in sizes


def read_header(path: Path, root: Path) -> Header:
    """Read a photo's header, and nothing else of it.

    Args:
        path: the photo.
        root: the data set's folder; links out of it are odd, since elsewhere they lead nowhere.
    """
    link = ""
    try:
        if path.is_symlink() and not path.resolve().is_relative_to(root.resolve()):
            link = f"a link to {path.readlink()}, outside of {root}"
        if not path.exists():
            return Header(f"{link}, where there is no such file" if link else "there is no such file")
        if not path.is_file():
            return Header(f"this is {'a folder' if path.is_dir() else 'a pipe or a device'}, not a photo")
        if not path.stat().st_size:
            return Header("empty, 0 bytes")
        with open_image(path, str(path)) as image:
            if image.width * image.height > MAX_PIXELS:
                return Header(f"{image.width} x {image.height} pixels are more than the limit of {MAX_PIXELS:,}")
            if max(image.size) > MAX_SIDE:
                return Header(f"{image.width} x {image.height} pixels are more than {MAX_SIDE:,} on a side")
            try:
                turned = image.getexif().get(ORIENTATION, 1) in (5, 6, 7, 8)
            except DECODER_ERRORS:
                turned = False
            return Header("", image.width, image.height, turned, link)
    except UnidentifiedImageError:
        return Header(f"not a photo: it begins with {_begins_with(path)}")
    except PhotoError as error:
        return Header(str(error).removeprefix(f"{path}: "))
    except Image.DecompressionBombError:
        return Header(f"more than the limit of {MAX_PIXELS:,} pixels")
    except (*DECODER_ERRORS, RuntimeError) as error:  # the last for a circle of links
        return Header(f"cannot be read ({error})")


def _begins_with(path: Path) -> str:
    with path.open("rb") as file:
        return repr(file.read(16))[1:]


def decode_all(paths: Sequence[Path], progress: Progress = lambda *_: None) -> Iterator[Finding]:
    """Decode photos in as many processes as there are cores, and name those that cannot be."""
    with ProcessPoolExecutor() as pool:
        problems = pool.map(_decode, paths, chunksize=16)
        for number, (path, problem) in enumerate(zip(paths, problems, strict=True), start=1):
            progress(number, len(paths))
            if problem:
                yield Finding(str(path), "", problem.removeprefix(f"{path}: "))


def _decode(path: Path) -> str:
    try:
        read_photo(path)
    except PhotoError as error:
        return str(error)
    return ""
