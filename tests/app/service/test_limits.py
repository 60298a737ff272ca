"""Photos that would cost more than they look: what is counted in them before they are decoded, and where."""

import io

import numpy as np
import pytest
from PIL import Image

from recorte.app.limits import Limits, Refusal, check_photo

EMPTY_SCAN = b"\xff\xda\x00\x08\x01\x01\x00\x01\x3f\x00"
"""Of a progressive JPEG: the rest of its first component's frequencies, and not a bit of them."""

END = b"\xff\xd9"


@pytest.fixture
def jpeg(red_square: np.ndarray) -> bytes:
    """A progressive photo, which has 10 scans as libjpeg writes it, without its end."""
    return encoded(red_square, progressive=True).removesuffix(END)


def encoded(pixels: np.ndarray, **options: object) -> bytes:
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, "JPEG", **options)
    return content.getvalue()


def comment(content: bytes) -> bytes:
    return b"\xff\xfe" + (len(content) + 2).to_bytes(2) + content


def expect_too_many_scans(content: bytes) -> None:
    with pytest.raises(Refusal, match=r"more than 100 scans.* save it again") as raised:
        check_photo(content, Limits())
    assert raised.value.status == 422


def test_a_jpeg_of_too_many_scans_is_refused(jpeg: bytes) -> None:
    check_photo(jpeg + EMPTY_SCAN * 90 + END, Limits())
    expect_too_many_scans(jpeg + EMPTY_SCAN * 91 + END)
    expect_too_many_scans(jpeg + EMPTY_SCAN * 20_000)  # which needs no end to cost time


def test_scans_cannot_be_hidden(jpeg: bytes) -> None:
    expect_too_many_scans(jpeg + (comment(END) + EMPTY_SCAN) * 91 + END)
    expect_too_many_scans(jpeg + (b"\xff" * 5 + EMPTY_SCAN) * 91 + END)  # any marker may begin so
    expect_too_many_scans(jpeg + (b"\xff\xd0\xff\x01" + EMPTY_SCAN) * 91 + END)  # markers that have no length
    restarts, unknown = b"\xff\xdd\x00\x04\x00\x01", b"\xff\x02"  # decoders pass over the one where the other may be
    expect_too_many_scans(jpeg + restarts + EMPTY_SCAN + unknown + b"\x7f\xff" + EMPTY_SCAN * 100 + END)


def test_what_only_looks_like_scans_is_not_counted(jpeg: bytes, red_square: np.ndarray) -> None:
    video = EMPTY_SCAN * 1000  # of a photo that moves, behind it
    check_photo(jpeg + END + video, Limits())
    check_photo(jpeg[:2] + comment(EMPTY_SCAN * 1000) + jpeg[2:] + END, Limits())
    check_photo(encoded(red_square, restart_marker_blocks=1) + video, Limits())
    png = io.BytesIO()
    Image.fromarray(red_square).save(png, "PNG")
    check_photo(png.getvalue() + video, Limits())


def test_a_line_of_pixels_is_too_large() -> None:
    content = io.BytesIO()
    Image.new("L", (100_001, 1)).save(content, "PNG")
    with pytest.raises(Refusal, match="more than the limit of 50,000,000 pixels, or of 100,000 on a side") as raised:
        check_photo(content.getvalue(), Limits())
    assert raised.value.status == 413
