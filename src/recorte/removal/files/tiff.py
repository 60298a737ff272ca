"""TIFF, packed without loss; Pillow's own writer of packed ones fails where EXIF holds directories of its own."""

import io
import zlib
from itertools import accumulate
from typing import Any

import numpy as np
from PIL import Image, TiffImagePlugin, TiffTags

from recorte.photo import Photo

STRIP = 1 << 20
"""Bytes of pixels that are packed together, at least a row."""

LEVEL = 1
"""Of zlib: the highest takes five times as long for a fifth less."""


def encode_tiff(picture: np.ndarray, photo: Photo) -> bytes:
    """Encode `uint8 (H, W, 4)`, straight RGBA, `(H, W, 3)`, RGB, or `(H, W)`, grey, with what is kept of a photo.

    By TIFF 6.0: each row as differences from pixel to pixel (section 14), in strips packed by zlib (Adobe's
    technical notes of 2002).
    """
    height, width = picture.shape[:2]
    colours = picture.size // (height * width)
    rows = max(1, STRIP // (width * colours))
    strips = [_packed(picture[top : top + rows]) for top in range(0, height, rows)]
    directory = _directory(photo)
    for tag, value in {
        TiffImagePlugin.IMAGEWIDTH: width,
        TiffImagePlugin.IMAGELENGTH: height,
        TiffImagePlugin.BITSPERSAMPLE: (8,) * colours,
        TiffImagePlugin.SAMPLESPERPIXEL: colours,
        TiffImagePlugin.PLANAR_CONFIGURATION: 1,  # the colours of a pixel side by side
        TiffImagePlugin.PHOTOMETRIC_INTERPRETATION: 1 if colours == 1 else 2,  # 0 is black; RGB
        TiffImagePlugin.COMPRESSION: 8,  # zlib
        TiffImagePlugin.PREDICTOR: 2,
        TiffImagePlugin.ROWSPERSTRIP: rows,
        TiffImagePlugin.STRIPBYTECOUNTS: tuple(map(len, strips)),
        TiffImagePlugin.STRIPOFFSETS: tuple(accumulate(map(len, strips[:-1]), initial=0)),
        **({TiffImagePlugin.EXTRASAMPLES: 2} if colours == 4 else {}),  # straight alpha
    }.items():
        directory[tag] = value
    for tag in (TiffImagePlugin.STRIPBYTECOUNTS, TiffImagePlugin.STRIPOFFSETS):
        directory.tagtype[tag] = TiffTags.LONG
    content = io.BytesIO()
    directory.save(content)  # which moves the strips' offsets behind itself
    for strip in strips:
        content.write(strip)
    return content.getvalue()


def _packed(rows: np.ndarray) -> bytes:
    differences = rows.copy()
    differences[:, 1:] -= rows[:, :-1]  # modulo 256
    return zlib.compress(differences.data, LEVEL)


def _directory(photo: Photo) -> TiffImagePlugin.ImageFileDirectory_v2:
    """Begin a directory with the EXIF, colour profile and pixels an inch of a photo."""
    directory = TiffImagePlugin.ImageFileDirectory_v2()
    exif = Image.Exif()
    exif.load(photo.exif or b"")
    for tag in exif:
        directory[tag] = _group(exif, tag) if tag in TiffTags.TAGS_V2_GROUPS else exif[tag]
    if photo.icc_profile:
        directory[TiffImagePlugin.ICCPROFILE] = photo.icc_profile
    if photo.dpi:
        directory[TiffImagePlugin.RESOLUTION_UNIT] = 2  # inches
        directory[TiffImagePlugin.X_RESOLUTION], directory[TiffImagePlugin.Y_RESOLUTION] = photo.dpi
    return directory


def _group(exif: Image.Exif, tag: int) -> dict[int, Any]:
    """Give a directory in the EXIF with those that it holds itself, of which Pillow gives the place in the photo."""
    return {key: _group(exif, key) if key in TiffTags.TAGS_V2_GROUPS else value
            for key, value in exif.get_ifd(tag).items()}  # fmt: skip
