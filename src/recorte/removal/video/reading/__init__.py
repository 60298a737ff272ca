"""Reading films: files of all kinds, and folders of frames."""

from pathlib import Path
from typing import TYPE_CHECKING, Union

from recorte.removal.video.reading.window import WHOLE, Window

if TYPE_CHECKING:
    from recorte.removal.video.reading.files import VideoFile
    from recorte.removal.video.reading.folders import FrameFolder

Film = Union["VideoFile", "FrameFolder"]


def open_film(path: Path, window: Window = WHOLE) -> Film:
    """Open a film to read, or a folder of its frames.

    Raises:
        RecorteError: it cannot be read, has no pictures, or ends before the window begins.
    """
    from recorte.removal.video.reading.files import VideoFile
    from recorte.removal.video.reading.folders import FrameFolder

    return FrameFolder(path, window) if path.is_dir() else VideoFile(path, window)
