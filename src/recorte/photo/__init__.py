"""Reading photographs, whatever wrote them."""

from recorte.photo.reading import (
    MAX_PIXELS,
    MAX_SIDE,
    Photo,
    PhotoSource,
    name_of,
    opened,
    photo_of_array,
    pixels_of_plain_jpeg,
    read_mask,
    read_photo,
)

__all__ = [
    "MAX_PIXELS",
    "MAX_SIDE",
    "Photo",
    "PhotoSource",
    "name_of",
    "opened",
    "photo_of_array",
    "pixels_of_plain_jpeg",
    "read_mask",
    "read_photo",
]
