"""Pictures for a shop: all of one size, people equally large, presets; and what is told at once where it cannot be."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cli_process import expect_mistake, files, recorte, recorte_at_home
from recorte.errors import RecorteError
from recorte.removal.options import Options

BLUE, RED = (30, 60, 220), (230, 20, 10)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Three photos of different shapes, with people of different sizes."""
    (tmp_path / "in").mkdir()
    for name, (width, height), (left, top, right, bottom) in (
        ("small.jpg", (160, 120), (20, 20, 40, 80)),
        ("tall.png", (120, 400), (20, 120, 100, 360)),
        ("wide.webp", (600, 200), (400, 60, 480, 180)),
    ):
        pixels = np.full((height, width, 3), BLUE, np.uint8)
        pixels[top:bottom, left:right] = RED
        Image.fromarray(pixels).save(tmp_path / "in" / name, lossless=True)
    return tmp_path


def box_of(path: Path) -> tuple[int, ...]:
    """Where the person is in a picture over white: left, top, right, bottom."""
    with Image.open(path) as image:
        red = np.asarray(image.convert("RGB"), int)
    seen = (red[..., 0] - red[..., 1] > 100) & (red[..., 2] < 120)
    rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def test_all_of_one_size_with_people_equally_large(place: Path, best_model: Path) -> None:
    options = ("--size", "200x300", "--margin", "10%", "-b", "white", "--format", "jpg", "-m", best_model)
    assert recorte("in", "-o", "cut/", *options, cwd=place).stdout == "3 written\n"
    assert files(place / "cut") == ["small.jpg", "tall.jpg", "wide.jpg"]
    for name in files(place / "cut"):
        with Image.open(place / "cut" / name) as image:
            assert (image.format, image.size) == ("JPEG", (200, 300))
        left, top, right, bottom = box_of(place / "cut" / name)
        # All are taller than 160 : 260, so their height is what fits: 300 less twice a tenth of 200.
        assert bottom - top == pytest.approx(252, abs=16)
        assert (left + right) / 2 == pytest.approx(100, abs=4)
        assert (top + bottom) / 2 == pytest.approx(150, abs=4)


def test_a_preset_of_ones_own_and_what_counts_more(place: Path, best_model: Path) -> None:
    preset = "size: x120\nmargin: 5%\nbackground: white\nformat: jpg\nquality: 70\n"
    (place / "shop.yaml").write_text(preset)
    model = ("-m", best_model)
    assert recorte("in/small.jpg", "--preset", "shop.yaml", *model, cwd=place).stdout == "Wrote in/small-cutout.jpg\n"
    with Image.open(place / "in/small-cutout.jpg") as image:
        assert (image.format, image.height) == ("JPEG", 120)
    home = place / "home" / "presets"
    home.mkdir(parents=True)
    (home / "ours.yaml").write_text(preset)
    arguments = (place / "in/tall.png", "--preset", "ours", "--size", "40x40", "-o", place / "x.png", *model)
    assert recorte_at_home(place / "home", *arguments).stdout == f"Wrote {place / 'x.png'}\n"
    with Image.open(place / "x.png") as image:
        assert (image.format, image.size, image.mode) == ("PNG", (40, 40), "RGB")
    assert "ours" in recorte_at_home(place / "home", "info").stdout


def test_results_of_earlier_commands_are_no_photos(place: Path, best_model: Path) -> None:
    model = ("-m", best_model)
    assert recorte("in/*", *model, cwd=place).stdout == "3 written\n"
    assert recorte("in/small.jpg", "--mask", *model, cwd=place).returncode == 0
    assert files(place / "in") == [
        "small-cutout.png", "small-mask.png", "small.jpg", "tall-cutout.png", "tall.png", "wide-cutout.png",
        "wide.webp",
    ]  # fmt: skip
    Image.new("RGB", (9, 9)).save(place / "in" / "my-mask.png")  # nobody's, so a photo
    told = "4 written, 4 left out, made by earlier commands (-cutout, -mask)\n"
    assert recorte("in", "-o", "cut", *model, cwd=place).stdout == told
    assert files(place / "cut") == ["my-mask.png", "small.png", "tall.png", "wide.png"]
    every = sorted(path for path in (place / "in").iterdir())  # as a shell has them
    assert recorte(*every, "-o", "third", *model, cwd=place).stdout == told
    expect_mistake(recorte("in/*-cutout.png", "-o", "no", *model, cwd=place), "earlier commands made what fits this")
    assert recorte("in/small-cutout.png", "-o", "one.png", *model, cwd=place).returncode == 0


def test_mistakes(place: Path, best_model: Path) -> None:
    (place / "typo.yaml").write_text("sise: 100x100\nmarign: 8%\n")
    (place / "wide.yaml").write_text("size: 100x100\nmargin: 60%\n")
    (place / "hash.yaml").write_text("background: #ffcc00\n")
    before = files(place)
    for words, *told in (
        ("--margin 60% --size 100x100", "margin 60%: must be a share", "from 0% to 45%"),
        ("--quality 80", "PNG loses nothing"),
        ("--format jpg --format png", "--format is given as jpg and png; name one of them"),
        ("--preset typo.yaml", "unknown key sise (did you mean size?), marign (did you mean margin?); there are size,"),
    ):
        expect_mistake(recorte("in", "-o", "cut", *words.split(), "-m", best_model, cwd=place), *told)
    assert files(place) == before
    for showing, told in (
        ({"size": "0x0"}, "a side must have 1 to 20,000 pixels, not 0"),
        ({"size": "100000x100000"}, "not 100,000"),
        ({"align": "bottom"}, "give a size: 1000x1000"),
        ({"align": "top", "size": "5x5"}, "align is 'top'"),
        ({"quality": 101}, "quality is 101"),
        ({"shadow": "maybe"}, "shadow is 'maybe'"),
        ({"shadow": True, "mask": True}, "a mask has no shadow"),
        ({"threshold": 1}, "threshold is 1"),
        ({"grow": 0.5}, "grow is 0.5"),
        ({"preset": "amazn"}, "did you mean amazon?"),
        ({"preset": 5}, "a preset must be a name"),
        ({"preset": "none.yaml"}, "preset none.yaml: no such file"),
        ({"preset": place / "wide.yaml"}, "wide.yaml: margin 60%"),
        ({"preset": place / "hash.yaml"}, "background has no value (colours need quotes: '#ffcc00')"),
    ):
        with pytest.raises(RecorteError) as raised:
            Options.read(showing)
        assert told in str(raised.value)
