"""TIFF results: packed, read alike by Pillow, OpenCV and tifffile, with all that is kept of a photo."""

import io

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms

from recorte.photo import Photo, read_photo
from recorte.removal.files.output import encode

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def exif() -> bytes:
    """EXIF with directories of its own, which Pillow's writer of packed TIFF fails at."""
    block = Image.Exif()
    block[0x010F] = "Camera works"
    block.get_ifd(0x8769).update({0x829A: (1, 100), 0x927C: b"its own notes", 0xA005: {1: "R98", 2: b"0100"}})
    block.get_ifd(0x8825)[1] = "N"
    return block.tobytes()


@pytest.mark.parametrize("shape", [(1, 1), (5, 7), (5, 7, 3), (5, 7, 4), (1, 9000, 3), (9000, 1, 4), (700, 801, 4)])
def test_every_reader_sees_the_same(shape: tuple[int, ...]) -> None:
    picture = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    content = encode(picture, Photo(picture, exif=exif()), ".tif")
    with Image.open(io.BytesIO(content)) as image:
        np.testing.assert_array_equal(np.asarray(image), picture)
    np.testing.assert_array_equal(tifffile.imread(io.BytesIO(content)).reshape(shape), picture)
    plain = io.BytesIO()  # OpenCV multiplies colours by alpha, whoever wrote them
    Image.fromarray(picture).save(plain, "TIFF")
    seen, expected = (cv2.imdecode(np.frombuffer(c, np.uint8), -1) for c in (content, plain.getvalue()))
    np.testing.assert_array_equal(seen, expected)


@pytest.mark.parametrize("shape", [(40, 60, 3), (40, 60, 4)])
def test_what_is_kept(shape: tuple[int, ...]) -> None:
    picture = np.zeros(shape, np.uint8)
    content = encode(picture, Photo(picture, SRGB, exif(), dpi=(300, 72)), ".tiff")
    assert len(content) < picture.size / 2
    with Image.open(io.BytesIO(content)) as image:
        assert image.info["compression"] == "tiff_adobe_deflate"
        assert image.info["icc_profile"] == SRGB
        assert image.info["dpi"] == (300, 72)
        assert image.getexif()[0x010F] == "Camera works"
        assert image.getexif().get_ifd(0x8769)[0x927C] == b"its own notes"
        assert image.getexif().get_ifd(0x8825)[1] == "N"
        assert image.getexif().get_ifd(0xA005) == {1: "R98", 2: b"0100"}
    with tifffile.TiffFile(io.BytesIO(content)) as file:
        tags = file.pages[0].tags
        assert tags["ExifTag"].value["ExposureTime"] == (1, 100)
        assert tags["InterColorProfile"].value == SRGB
        if shape[2] == 4:
            assert [sample.name for sample in tags["ExtraSamples"].value] == ["UNASSALPHA"]
    assert read_photo(content).exif is not None
