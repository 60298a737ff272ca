"""Photos that an annotation file does not name as they are named, and those whose sizes it does not say."""

import os
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path, PurePath

from recorte.errors import PhotoError
from recorte.photo import opened
from recorte.photo.metadata import ORIENTATION


def find_photos(folder: Path, names: Sequence[str]) -> dict[str, str]:
    """Find photos that are not where their names say.

    Backslashes may stand for slashes, a name may have folders before it which are not there, and capital letters and
    accents may be written otherwise. What two names could mean, or what one could mean by two photos, is not guessed.

    Args:
        folder: the photo folder.
        names: of all photos, as the annotations have them.

    Returns:
        By name, the path below the folder of each photo that is found so.
    """
    files = [Path(base, file).relative_to(folder).as_posix() for base, _, found in os.walk(folder) for file in found]
    there, alike = set(files), defaultdict(list)
    for file in files:
        alike[_plain(file)].append(file)
    taken = {PurePath(name).as_posix() for name in names} & there
    claims = defaultdict(set)
    for name in names:
        if PurePath(name).as_posix() not in there and (file := _nearest(name, there, alike)):
            claims[file].add(name)
    return {next(iter(of)): file for file, of in claims.items() if len(of) == 1 and file not in taken}


def _nearest(name: str, there: set[str], alike: dict[str, list[str]]) -> str:
    """Give the file that a name means, with as much of its path as there is; nothing where that is not certain."""
    parts = PurePath(name.replace("\\", "/")).parts
    for start in range(len(parts)):
        path = "/".join(parts[start:])
        found = [path] if path in there else alike.get(_plain(path), [])
        if found:
            return found[0] if len(found) == 1 else ""
    return ""


def _plain(path: str) -> str:
    return unicodedata.normalize("NFC", path).casefold()


def size_or_nothing(path: Path) -> tuple[int, int]:
    """Give a photo's height and width, upright, from its header; zeros where it cannot be read."""
    try:
        with opened(path) as image:
            # A TIFF's are given upright by Pillow itself.
            turned = image.format != "TIFF" and image.getexif().get(ORIENTATION, 1) in (5, 6, 7, 8)
            return (image.width, image.height) if turned else (image.height, image.width)
    except PhotoError:
        return 0, 0
