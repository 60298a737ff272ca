"""Colours converted from one colour space to another, so that what is put together looks as it did apart."""

import io

import numpy as np
from PIL import Image, ImageCms

from recorte.photo import Photo


def in_srgb(photo: Photo) -> np.ndarray:
    """Give a photo's pixels in sRGB: `uint8 (H, W, 3)`; colours that sRGB does not have become its nearest."""
    return _converted(photo.pixels, photo.icc_profile, None)


def from_srgb(pixels: np.ndarray, profile: bytes | None) -> np.ndarray:
    """Give `uint8 (H, W, 3)` of sRGB in the space of a profile; None is sRGB."""
    return _converted(pixels, None, profile)


def _converted(pixels: np.ndarray, source: bytes | None, target: bytes | None) -> np.ndarray:
    if source == target:
        return pixels
    try:
        image = ImageCms.profileToProfile(Image.fromarray(pixels), _opened(source), _opened(target))
    except (ImageCms.PyCMSError, OSError):  # a damaged profile, which programs pass over
        return pixels
    return np.asarray(image)


def _opened(profile: bytes | None) -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB") if profile is None else io.BytesIO(profile))
