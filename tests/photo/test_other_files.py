"""What people really type: other files than photos, a result without -o, addresses; each is told what to do."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, TiffImagePlugin

from cli_process import expect_mistake, files, recorte
from recorte.errors import RecorteError, UnknownPhotoError
from recorte.listing import no_photos
from recorte.photo import read_photo
from recorte.removal.video.writing.target import check_names

RAW = "a camera's raw file; develop it to JPEG or TIFF first"


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
@pytest.mark.parametrize(("content", "told"), [
    (b"", "not a photo but an empty file"),
    (b"%PDF-1.7 ...", "not a photo but a PDF; save its page as PNG first"),
    (b"PK\x03\x04...", "not a photo but an archive; unpack it first"),
    (b"<!doctype html><html>", "not a photo but text of the web (HTML or SVG); save the picture itself"),
    (b"<svg xmlns=''/>", "not a photo but text of the web (HTML or SVG)"),
    (b"II*\0\x10\0\0\0CR\x02\0", RAW),
    (b"FUJIFILMCCD-RAW 0201", RAW),
    (b"\0\0\0\x18ftypcrx \0\0\0\x01", RAW),
    (b"hello", "not a photo, or of a kind that cannot be read; JPEG, PNG"),
])  # fmt: skip
def test_other_files(tmp_path: Path, content: bytes, told: str) -> None:
    (tmp_path / "photo.jpg").write_bytes(content)
    for source in (tmp_path / "photo.jpg", content):
        with pytest.raises(UnknownPhotoError) as caught:
            read_photo(source)
        assert told in str(caught.value)


def test_a_raw_file_is_not_its_small_copy(tmp_path: Path) -> None:
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[254], tags[330] = 1, 8  # a smaller copy of what another directory holds
    Image.fromarray(np.zeros((12, 16, 3), np.uint8)).save(tmp_path / "photo.nef", "TIFF", tiffinfo=tags)
    with pytest.raises(UnknownPhotoError, match=RAW):
        read_photo(tmp_path / "photo.nef")


def test_a_folder_of_others(tmp_path: Path) -> None:
    for name in ("a.cr2", "b.CR2", "c.txt"):
        (tmp_path / name).write_text("")
    told = f"{tmp_path}: no photos in it (.jpg, .png, .webp, .tif, .heic, .bmp and others), but 2 .cr2, 1 .txt"
    assert str(no_photos(tmp_path)) == told


def test_words_that_are_no_files(tmp_path: Path) -> None:
    Image.fromarray(np.zeros((12, 16, 3), np.uint8)).save(tmp_path / "me.jpg")
    for words, told in (
        (("me.jpg", "out.png"), "out.png: no such file or folder; if it is the result's name: -o out.png"),
        (("out.png", "me.jpg"), "out.png: no such file or folder\n"),
        (("file:///photos/me.jpg",), "an address; give the path alone: /photos/me.jpg"),
    ):
        expect_mistake(recorte(*words, cwd=tmp_path), told)
    assert files(tmp_path) == ["me.jpg"]


def test_addresses_of_videos(tmp_path: Path) -> None:
    for source in ("https://example.org/a.mp4", "data:video/mp4;base64," + "A" * 9000):
        with pytest.raises(RecorteError) as caught:
            check_names(Path(source), tmp_path / "x.mov", transparent=True)
        assert len(str(caught.value)) < 500
    with pytest.raises(RecorteError, match="an address, not a file; nothing is fetched from elsewhere"):
        check_names(Path("https://example.org/a.mp4"), tmp_path / "x.mov", transparent=True)
