"""What the service and the page take at most, and how they say no."""

import re
from dataclasses import dataclass

from recorte.errors import LargePhotoError, PhotoError, RecorteError, UnknownPhotoError
from recorte.photo import MAX_SIDE, opened

SCANS = 100
"""That a JPEG may have at most. Each passes over all the pixels and may take 10 bytes, so that 25 MB of them would keep
a worker busy for more than an hour. Programs write 10 to 20; libtiff draws the same line for a JPEG inside of TIFF."""

MARKER = re.compile(rb"\xff([\xc0-\xcf\xd9-\xfe])")
"""Of a JPEG's segments, which have a length. What else begins with FF stands alone, or among a scan's bits."""

SCAN, END = b"\xda", b"\xd9"


@dataclass(frozen=True, slots=True)
class Limits:
    """What is taken at most.

    Attributes:
        bytes: of a photo's file.
        pixels: of a photo; 50 million take about a gigabyte of memory while they are worked on.
        seconds: that a request may take, waiting and the arrival of its photo included.
        queue: requests whose photo has arrived, that wait while all workers are busy.
        photos: that one visitor of the page gives at once.
    """

    bytes: int = 25_000_000
    pixels: int = 50_000_000
    seconds: float = 60.0
    queue: int = 64
    photos: int = 20


class Refusal(RecorteError):
    """A request that is not served.

    Args:
        status: of HTTP.
        message: one sentence for whoever asked.
        code: one word for programs, where the status does not say enough.
    """

    def __init__(self, status: int, message: str, code: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.code = code


def check_photo(content: bytes, limits: Limits, what: str = "photo") -> tuple[int, int]:
    """Look at a file's header, before anything is decoded; a strange one may take seconds.

    Args:
        content: the file.
        limits: what is taken at most.
        what: it is, in a refusal.

    Returns:
        Width and height in pixels, as they are stored.

    Raises:
        Refusal: no file, no photo, too large a one, or one that would take too long.
    """
    if not content:
        raise Refusal(422, f"The {what} is empty: 0 bytes arrived")
    if len(content) > limits.bytes:
        raise too_many_bytes(limits, f"The {what} has")
    try:
        with opened(content) as image:
            (width, height), jpeg = image.size, image.format in ("JPEG", "MPO")
    except LargePhotoError:
        most = f"{limits.pixels:,} pixels, or of {MAX_SIDE:,} on a side"
        message = f"The {what} has more than the limit of {most}; scale it down"
        raise Refusal(413, message, "resolution_too_high") from None
    except PhotoError as error:
        status, reason = 415 if isinstance(error, UnknownPhotoError) else 422, str(error).partition(": ")[2]
        kind, _, advice = reason.partition("; ")
        if "pip install" in advice:  # which whoever sends photos cannot do
            reason = f"{kind}; send it as JPEG or PNG"
        raise Refusal(status, f"The {what} cannot be read: {reason}") from None
    if width * height > limits.pixels:
        size = f"{width} x {height} pixels, more than the limit of {limits.pixels:,}"
        raise Refusal(413, f"The {what} has {size}; scale it down", "resolution_too_high")
    if jpeg and _too_many_scans(content):
        reason = f"more than {SCANS} scans, which no usual program writes"
        raise Refusal(422, f"The {what} has {reason}; save it again as JPEG or PNG")
    return width, height


def _too_many_scans(content: bytes) -> bool:
    # Counting alone is not enough: a video behind the photo, or what its header holds, may look like many scans.
    if content.count(b"\xff" + SCAN) <= SCANS:
        return False
    at = scans = 0
    while scans <= SCANS and (marker := MARKER.search(content, at)) and marker[1] != END:
        at = marker.end() + int.from_bytes(content[marker.end() : marker.end() + 2])
        scans += marker[1] == SCAN
    return scans > SCANS


def too_many_bytes(limits: Limits, what: str) -> Refusal:
    """Say that a file is too large; `what` is the subject and its verb."""
    return Refusal(413, f"{what} more than the limit of {limits.bytes / 1e6:g} MB; send a smaller file")
