"""Which kinds of files are opened as photos, and that the parsers of others are not even asked."""

import io
from pathlib import Path

import pytest
from PIL import Image, UnidentifiedImageError

from recorte.photo.heif import open_image


def encoded(kind: str) -> bytes:
    content = io.BytesIO()
    Image.new("L" if kind == "SPIDER" else "RGB", (40, 30), 200).save(content, kind)
    return content.getvalue()


@pytest.mark.parametrize(
    "kind", ["JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "AVIF", "HEIF", "JPEG2000", "PPM", "TGA"]
)
def test_photos_are_opened_whatever_their_suffix(tmp_path: Path, kind: str) -> None:
    if kind == "HEIF":
        pytest.importorskip("pillow_heif").register_heif_opener()
    path = tmp_path / "photo.jpg"
    path.write_bytes(encoded(kind))
    for source in (path, str(path), path.read_bytes()):
        with open_image(source, "photo") as image:
            assert (image.format, image.size) == (kind, (40, 30))


def test_a_photoshop_file_is_opened() -> None:
    header = b"8BPS\0\1" + bytes(6) + b"\0\3" + b"\0\0\0\x1e" + b"\0\0\0\x28" + b"\0\x08" + b"\0\3"
    with open_image(header + bytes(12) + b"\0\0" + bytes(3 * 40 * 30), "photo") as image:
        assert (image.format, image.size, image.convert("RGB").getpixel((0, 0))) == ("PSD", (40, 30), (0, 0, 0))


@pytest.mark.parametrize("kind", ["EPS", "PCX", "SGI", "IM", "ICO", "ICNS", "DDS", "SPIDER"])
def test_of_other_kinds_nothing_is_parsed(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    content = encoded(kind)

    def parse(*_: object) -> None:
        pytest.fail(f"{kind} was parsed")

    monkeypatch.setattr(Image, "OPEN", Image.OPEN | {kind: (parse, Image.OPEN[kind][1])})
    with pytest.raises(UnidentifiedImageError):
        open_image(content, "photo")
