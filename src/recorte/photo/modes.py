"""From the many modes of Pillow's pictures to 8-bit colours, and to an alpha beside them."""

import io

import numpy as np
from PIL import Image, ImageCms, ImageOps

PHOTOMETRIC = 262  # the TIFF tag: whether 0 is black or white, say


def positive(image: Image.Image) -> Image.Image:
    """Turn a TIFF over in which 0 is white; Pillow itself does so up to 8 bits, and leaves deeper ones as they are."""
    if getattr(image, "tag_v2", {}).get(PHOTOMETRIC) == 0 and image.mode[0] in "IF":
        return ImageOps.invert(eight_bits(image))
    return image


def parted(image: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """A picture's colours without its transparency, and that: its alpha, or None if it cannot be transparent."""
    if not image.has_transparency_data:
        return image, None
    if image.mode.startswith("I"):  # 16-bit grey of which one value is transparent; Pillow cannot convert it
        opaque = np.asarray(image) != image.info["transparency"]
        return image, Image.fromarray(opaque.astype(np.uint8) * 255)
    image = image.convert("LA" if image.mode in ("1", "L", "LA", "La") else "RGBA")
    return image.convert(image.mode[:-1]), image.getchannel("A")


def eight_bits(image: Image.Image) -> Image.Image:
    """Pillow clips 16-bit and floating-point grey to 255; scale it instead."""
    if image.mode.startswith("I"):  # the numbers of 32-bit TIFF are taken for 16-bit ones
        return Image.fromarray((np.asarray(image).clip(0, 65535) / 257).round().astype(np.uint8))
    if image.mode == "F":
        values = np.nan_to_num(np.asarray(image), posinf=0, neginf=0)
        scale = 255 if values.max(initial=0) <= 1 else 1
        return Image.fromarray((values * scale).clip(0, 255).round().astype(np.uint8))
    return image


def to_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """Convert CMYK, grey or Lab with a profile to sRGB; a profile that does not fit is left out of it."""
    if image.mode != "I;16":  # the only deep grey that the library for profiles knows
        image = eight_bits(image)
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB") or image
    except (ImageCms.PyCMSError, OSError):
        return image
