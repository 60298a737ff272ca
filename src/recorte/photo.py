"""Reading photographs: upright, 8-bit RGB, whatever the file holds; with the colour profile and EXIF to keep."""

import io
import os
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from recorte.errors import PhotoError

MAX_PIXELS = 200_000_000
"""Larger photos are refused before they are decoded: a decompression bomb would fill the memory."""

EXTENSIONS = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"})
"""What counts as a photo when a folder is read, in lower case."""

ORIENTATION = 0x0112  # the EXIF tag


@dataclass(frozen=True, slots=True)
class Photo:
    """A decoded photograph.

    Attributes:
        pixels: `uint8 (H, W, 3)`, RGB, upright (the EXIF orientation is applied).
        icc_profile: the colour profile that `pixels` are in; None means sRGB.
        exif: the photo's EXIF block without its orientation, which has been applied; None if it has none.
    """

    pixels: np.ndarray
    icc_profile: bytes | None = None
    exif: bytes | None = None


def read_photo(source: str | os.PathLike[str] | bytes | Image.Image, upright: bool = True) -> Photo:
    """Read a photograph of any kind that Pillow knows.

    Grey, 16-bit, palette and CMYK become 8-bit RGB; transparent pixels are laid over white. RGB values stay as
    they are, with their profile beside them; a profile of another colour space (CMYK, grey) is converted to sRGB.

    Args:
        source: a path, a file's bytes, or an image that Pillow has opened.
        upright: apply the EXIF orientation. False gives the pixels as they are stored.

    Raises:
        PhotoError: missing, unreadable, truncated, no image, or more than `MAX_PIXELS`; the message names the file.
    """
    name = _name(source)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's own limit on pixels warns below ours
            image = source if isinstance(source, Image.Image) else Image.open(_readable(source))
            if image.width * image.height > MAX_PIXELS:
                size = f"{image.width} x {image.height} pixels"
                raise PhotoError(f"{name}: {size} is more than the limit of {MAX_PIXELS:,} pixels; scale it down first")
            return _decode(image, upright)
    except FileNotFoundError:
        raise PhotoError(f"{name}: no such file") from None
    except IsADirectoryError:
        raise PhotoError(f"{name}: this is a folder, not a photo") from None
    except UnidentifiedImageError:
        kinds = "JPEG, PNG, WebP, BMP and TIFF"
        raise PhotoError(f"{name}: not a photo, or of a kind that cannot be read; {kinds} can") from None
    except Image.DecompressionBombError:
        raise PhotoError(f"{name}: more than the limit of {MAX_PIXELS:,} pixels; scale it down first") from None
    except PermissionError:
        raise PhotoError(f"{name}: no permission to read it") from None
    except (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, MemoryError) as error:
        # Pillow's decoders raise all of these on damaged files.
        raise PhotoError(f"{name}: truncated or damaged ({error}); copy it again from where it came") from None


def read_mask(source: str | os.PathLike[str] | bytes) -> np.ndarray:
    """Read a mask or soft alpha: `uint8 (H, W)`, 255 = person.

    Grey, palette, 1-bit, 16-bit and colour masks are read by their brightness; of a picture with transparency the
    transparency is the mask. No EXIF orientation is applied.

    Raises:
        PhotoError: as `read_photo`.
    """
    name = _name(source)
    try:
        with Image.open(_readable(source)) as image:
            if image.width * image.height > MAX_PIXELS:
                raise PhotoError(f"{name}: more than the limit of {MAX_PIXELS:,} pixels")
            if image.has_transparency_data:
                return np.asarray(image.convert("RGBA").getchannel("A"))
            return np.asarray(_eight_bits(image).convert("L"))
    except FileNotFoundError:
        raise PhotoError(f"{name}: no such file") from None
    except (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError) as error:
        raise PhotoError(f"{name}: no mask that can be read ({error})") from None


def list_photos(folder: str | os.PathLike[str]) -> list[Path]:
    """List every photo below a folder, sorted; hidden files and folders are passed over."""
    folder = Path(folder)
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in EXTENSIONS
        and path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )


def _readable(source: str | os.PathLike[str] | bytes) -> Path | io.BytesIO:
    return io.BytesIO(source) if isinstance(source, bytes) else Path(source)


def _name(source: str | os.PathLike[str] | bytes | Image.Image) -> str:
    if isinstance(source, bytes):
        return f"a photo of {len(source):,} bytes"
    if isinstance(source, Image.Image):
        return str(getattr(source, "filename", "")) or "an image"
    return os.fspath(source)


def _decode(image: Image.Image, upright: bool) -> Photo:
    exif = image.getexif()
    profile = image.info.get("icc_profile")
    if upright:
        image = ImageOps.exif_transpose(image)
        exif.pop(ORIENTATION, None)
    native_rgb = image.mode in ("RGB", "RGBA", "P", "PA")
    if profile and not native_rgb:
        image, profile = _to_srgb(image, profile), None
    image = _eight_bits(image)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    pixels = np.asarray(image.convert("RGB"))
    return Photo(np.ascontiguousarray(pixels), profile or None, exif.tobytes() if len(exif) else None)


def _eight_bits(image: Image.Image) -> Image.Image:
    """Pillow clips 16-bit and floating-point grey to 255; scale it instead."""
    if image.mode.startswith("I;16"):
        return Image.fromarray((np.asarray(image) / 257).round().astype(np.uint8))
    if image.mode == "I":  # 16-bit PNG in older Pillow, and 32-bit TIFF
        return Image.fromarray((np.asarray(image).clip(0, 65535) / 257).round().astype(np.uint8))
    if image.mode == "F":
        values = np.asarray(image)
        scale = 255 if values.max(initial=0) <= 1 else 1
        return Image.fromarray((values * scale).clip(0, 255).round().astype(np.uint8))
    return image


def _to_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """Convert CMYK, grey or Lab with a profile to sRGB; a profile that does not fit is left out of it."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB") or image
    except ImageCms.PyCMSError:
        return image
