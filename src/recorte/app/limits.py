"""What the service and the page take at most, and how they say no."""

import warnings
from dataclasses import dataclass

from recorte.errors import LargePhotoError, PhotoError, RecorteError, UnknownPhotoError
from recorte.photo import opened


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
    queue: int = 16
    photos: int = 20


class Refusal(RecorteError):
    """A request that is not served.

    Args:
        status: of HTTP.
        message: one sentence for whoever asked.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def check_photo(content: bytes, limits: Limits) -> None:
    """Look at a file's header, before anything is decoded.

    Raises:
        Refusal: no file, no photo, or too large a one.
    """
    if not content:
        raise Refusal(422, "The photo is empty: 0 bytes arrived")
    if len(content) > limits.bytes:
        raise too_many_bytes(limits)
    try:
        with warnings.catch_warnings(action="ignore"), opened(content) as image:
            width, height = image.size
    except LargePhotoError:
        raise Refusal(413, f"The photo has more than the limit of {limits.pixels:,} pixels; scale it down") from None
    except PhotoError as error:
        status, reason = 415 if isinstance(error, UnknownPhotoError) else 422, str(error).partition(": ")[2]
        kind, _, advice = reason.partition("; ")
        if "pip install" in advice:  # which whoever sends photos cannot do
            reason = f"{kind}; send it as JPEG or PNG"
        raise Refusal(status, f"The photo cannot be read: {reason}") from None
    if width * height > limits.pixels:
        raise Refusal(
            413, f"The photo has {width} x {height} pixels, more than the limit of {limits.pixels:,}; scale it down"
        )


def too_many_bytes(limits: Limits) -> Refusal:
    """Say that a file is too large."""
    return Refusal(413, f"The photo has more than the limit of {limits.bytes / 1e6:g} MB; send a smaller file")
