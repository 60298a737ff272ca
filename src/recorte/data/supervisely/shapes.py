"""Supervisely's polygons and bitmaps as masks."""

import base64
import binascii
import zlib

import cv2
import msgspec
import numpy as np

LARGEST = 2**16
"""Pixels that a coordinate may be away from the photo's corner; beyond, drawing could not count them."""


class Points(msgspec.Struct):
    """A polygon's corners `[x, y]` in pixels, and those of its holes."""

    exterior: list[tuple[float, float]]
    interior: list[list[tuple[float, float]]] = []


class Bitmap(msgspec.Struct):
    """A mask as base64 of a zlib-compressed PNG, and where its upper left corner lies: `[x, y]`."""

    data: str
    origin: tuple[int, int]


class Shape(msgspec.Struct, rename="camel"):
    """What is marked in a photo."""

    class_title: str
    id: int | str | None = None
    geometry_type: str | None = None
    points: Points | None = None
    bitmap: Bitmap | None = None


def draw_shape(mask: np.ndarray, shape: Shape) -> None:
    """Draw a shape into a mask `uint8 (H, W)`, as 1; what is 1 already stays so, in holes too.

    Raises:
        ValueError: of another kind than polygon and bitmap, or damaged.
    """
    if shape.bitmap is not None and shape.geometry_type in (None, "bitmap"):
        _draw_bitmap(mask, shape.bitmap)
    elif shape.points is not None and shape.geometry_type in (None, "polygon"):
        _draw_polygon(mask, shape.points)
    else:
        raise ValueError(f"a {shape.geometry_type or 'shape of no kind'}; a polygon or a bitmap is needed")


def _draw_polygon(mask: np.ndarray, points: Points) -> None:
    for corners in (points.exterior, *points.interior):
        if len(corners) < 3:
            raise ValueError(f"a polygon of {len(corners)} corners; it needs three")
    rings = [np.rint(ring) for ring in (points.exterior, *points.interior)]
    for ring in rings:
        if not np.abs(ring).max() <= LARGEST:
            raise ValueError(
                f"a corner at {ring[np.abs(ring).max(axis=1).argmax()].tolist()}, far outside of any photo"
            )
    # Drawn by itself, so that its holes leave alone who stands behind them.
    own = np.zeros_like(mask)
    for ring, value in zip(rings, (1, *[0] * len(points.interior)), strict=True):
        cv2.fillPoly(own, [ring.astype(np.int32)], value)
    np.maximum(mask, own, out=mask)


def _draw_bitmap(mask: np.ndarray, bitmap: Bitmap) -> None:
    pixels = _decode(bitmap.data, most=mask.size)
    (left, top), (height, width) = bitmap.origin, pixels.shape
    if left < 0 or top < 0 or top + height > mask.shape[0] or left + width > mask.shape[1]:
        place = f"{width} x {height} pixels at {left}, {top}"
        raise ValueError(f"a bitmap of {place}, which reaches beyond the photo's {mask.shape[1]} x {mask.shape[0]}")
    window = mask[top : top + height, left : left + width]
    np.maximum(window, pixels, out=window)


def _decode(data: str, most: int) -> np.ndarray:
    """Decode the pixels of a bitmap: `uint8 (h, w)` of 0 and 1.

    Args:
        data: base64 of a compressed PNG.
        most: pixels that it may have.
    """
    try:
        unpacker = zlib.decompressobj()
        # A PNG of a mask is never larger than its pixels at four bytes, and some for its headers.
        content = unpacker.decompress(base64.b64decode(data, validate=True), 4 * most + 65_536)
    except (binascii.Error, ValueError, zlib.error) as error:
        raise ValueError(f"a bitmap that cannot be unpacked ({error})") from None
    if not unpacker.eof:
        raise ValueError("a bitmap that is cut off, or unpacks to far more than the photo has pixels")
    if content[:8] != b"\x89PNG\r\n\x1a\n" or len(content) < 24:
        raise ValueError("a bitmap that is no PNG")
    width, height = int.from_bytes(content[16:20]), int.from_bytes(content[20:24])
    if width * height > most:  # told from its header, before memory is taken for it
        raise ValueError(f"a bitmap of {width} x {height} pixels, more than the photo has")
    pixels = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None:
        raise ValueError("a bitmap whose PNG is damaged")
    if pixels.ndim == 3:
        pixels = pixels[..., 3] if pixels.shape[2] == 4 else pixels.max(axis=2)
    return (pixels > 0).astype(np.uint8)
