"""The further pages of a TIFF, of which a result shows none."""

import contextlib

from PIL import Image

from recorte.errors import PhotoError
from recorte.photo import PhotoSource, opened
from recorte.photo.heif import NEW_SUBFILE_TYPE

NO_PAGE = 0b101
"""Of its bits: a smaller copy of another picture, and a mask of one."""

MOST = 1_000
"""Pages that are counted."""


def further_pages(source: PhotoSource) -> list[str]:
    """Name the pages of a TIFF behind the first in a list of one, "pages 2 to 5"; without any it is empty.

    Not those of an image that somebody has opened already, who may have chosen one. Where a file is damaged it ends.
    """
    if isinstance(source, Image.Image):
        return []
    count = 1
    with contextlib.suppress(PhotoError), opened(source) as image:
        if image.format == "TIFF":
            for number in range(1, MOST):
                image.seek(number)  # behind the last one fails
                count += not getattr(image, "tag_v2", {}).get(NEW_SUBFILE_TYPE, 0) & NO_PAGE
    if count < 3:
        return ["page 2"] if count == 2 else []
    return [f"pages 2 to {count:,}{' and more' if count == MOST else ''}"]
