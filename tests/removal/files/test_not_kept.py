"""What of a photo a result cannot hold is told: in Python, by `--json`, by `--report`; further pages to everybody."""

import io
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms

from cli_process import files, recorte
from recorte import BackgroundRemover
from recorte.photo import read_photo

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def saved(pixels: np.ndarray, kind: str, mode: str | None = None, **options: object) -> bytes:
    content = io.BytesIO()
    image = Image.fromarray(pixels)
    (image.convert(mode) if mode else image).save(content, kind, **options)
    return content.getvalue()


def deep(pixels: np.ndarray, suffix: str) -> bytes:
    return cv2.imencode(suffix, pixels[..., ::-1].astype(np.uint16) * 257)[1].tobytes()


@pytest.fixture
def pages(tmp_path: Path, red_square: np.ndarray) -> Path:
    """A TIFF of three pages, the second of which has a smaller copy behind it."""
    first = Image.fromarray(red_square)
    others = [first.rotate(180), first.reduce(4), first.transpose(Image.Transpose.FLIP_LEFT_RIGHT)]
    for other, kind in zip(others, (0, 1, 0), strict=True):
        other.encoderinfo = {"tiffinfo": {254: kind}}
    first.save(tmp_path / "pages.tif", save_all=True, append_images=others)
    return tmp_path / "pages.tif"


@pytest.mark.parametrize("suffix", [".png", ".tif", ".ppm"])
def test_sixteen_bits(red_square: np.ndarray, suffix: str) -> None:
    photo = read_photo(deep(red_square, suffix))
    np.testing.assert_array_equal(photo.pixels, red_square)
    assert photo.not_read == ("16 bits per channel",)
    assert read_photo(saved(red_square, "PNG")).not_read == ()


def test_floating_point_and_sixteen_bit_grey(red_square: np.ndarray) -> None:
    grey = red_square[..., 0]
    assert read_photo(saved(grey.astype(np.float32) / 255, "TIFF")).not_read == ("32 bits per channel",)
    assert read_photo(saved(grey.astype(np.uint16) * 257, "PNG")).not_read == ("16 bits per channel",)


def test_blocks_that_are_not_taken_over(red_square: np.ndarray) -> None:
    photo = saved(red_square, "JPEG", exif=b"Exif\0\0damaged", icc_profile=b"damaged" * 40, xmp=b"<xmp/>")
    assert read_photo(photo).not_read == ("EXIF", "colour profile", "XMP")
    assert read_photo(saved(red_square, "JPEG", mode="CMYK")).not_read == ("CMYK",)
    assert read_photo(saved(red_square, "JPEG", exif=Image.Exif(), icc_profile=SRGB)).not_read == ()


def test_what_the_target_has_no_place_for(best_model: Path, red_square: np.ndarray, tmp_path: Path) -> None:
    remover = BackgroundRemover(best_model, threads=1)
    exif = Image.Exif()
    exif[0x927C] = bytes(66_000)
    (tmp_path / "photo.png").write_bytes(saved(red_square, "PNG", dpi=(300, 300), exif=exif))
    for target, background, lost in (
        ("cut.png", None, None),
        ("cut.tif", None, None),
        ("cut.webp", None, ["pixels an inch"]),
        ("cut.jpg", "white", ["EXIF"]),
    ):
        image = remover.remove_background(tmp_path / "photo.png", tmp_path / target, background=background)
        assert image.info.get("not_kept") == lost, target


def test_of_pages_it_is_warned(best_model: Path, pages: Path) -> None:
    remover = BackgroundRemover(best_model, threads=1)
    with pytest.warns(UserWarning, match=r"pages\.tif: cut out without pages 2 to 3$") as warned:
        image = remover.remove_background(pages)
    assert warned[0].filename == __file__
    assert image.info["not_kept"] == ["pages 2 to 3"]
    np.testing.assert_array_equal(np.asarray(image)[..., 3] > 128, np.asarray(Image.open(pages))[..., 0] > 128)
    with Image.open(pages) as chosen:  # by whoever opened it
        chosen.seek(1)
        assert "not_kept" not in remover.remove_background(chosen).info
    report = remover.batch_process(pages.parent, pages.parent / "cut")
    assert report.not_kept == {pages: ("pages 2 to 3",)}


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_a_file_that_is_damaged_behind_its_first_page(best_model: Path, pages: Path) -> None:
    content = pages.read_bytes()
    with Image.open(pages) as image:
        image.seek(1)
        second = image._frame_pos[1]
    cut = BackgroundRemover(best_model, threads=1).remove_background(content[: second + 20])
    assert Image.open(io.BytesIO(cut)).size == (80, 60)


def test_the_command_tells(best_model: Path, pages: Path, red_square: np.ndarray) -> None:
    place = pages.parent
    (place / "deep.png").write_bytes(deep(red_square, ".png"))
    note = "Note: only the first page was cut out of pages.tif (not pages 2 to 3)\n"
    one = recorte("pages.tif", "--report", "-m", best_model, cwd=place)
    assert (one.returncode, one.stderr) == (0, note), one.stderr
    assert one.stdout.endswith("\n  Not kept: pages 2 to 3.\n")
    piped = recorte("-", "--json", "-o", "piped.png", "-m", best_model, cwd=place, stdin=pages.open("rb"))
    assert json.loads(piped.stdout)["not_kept"] == ["pages 2 to 3"]
    assert piped.stderr == note.replace("pages.tif", "standard input")
    (place / "in").mkdir()
    for name in ("pages.tif", "deep.png"):
        (place / name).rename(place / "in" / name)
    many = recorte("in", "-o", "cut", "--json", "-m", best_model, cwd=place)
    assert many.returncode == 0, many.stderr
    told = {line["photo"]: line["not_kept"] for line in map(json.loads, many.stdout.splitlines())}
    assert told == {"in/deep.png": ["16 bits per channel"], "in/pages.tif": ["pages 2 to 3"]}
    assert many.stderr == note.replace("pages.tif", "in/pages.tif") + "2 written\n"
    assert files(place / "cut") == ["deep.png", "pages.png"]
