"""What a visitor wants results to look like: files at full size, and the small pictures of the page."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from recorte import BackgroundRemover
from recorte.app.limits import Limits
from recorte.app.page.cutting import Made, make
from recorte.app.page.showing.look import OUTSIDE, WHITE, Look, fitting, packed
from recorte.app.page.visiting.kept import MINUTES, VISITS, Given, Kept

PLAIN = Look()
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.fixture
def remover(best_model: Path) -> BackgroundRemover:
    return BackgroundRemover(best_model, threads=1)


def made_of(remover: BackgroundRemover, pixels: np.ndarray) -> Made:
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, "PNG", icc_profile=SRGB)
    return make(remover, content.getvalue(), Limits())


@pytest.fixture
def made(remover: BackgroundRemover, red_square: np.ndarray) -> Made:
    return made_of(remover, red_square)


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


def test_files_over_backgrounds_and_cropped(remover: BackgroundRemover, made: Made) -> None:
    assert Look().file(remover, made) == made.cutout
    rows, columns = made.box
    assert abs(rows.start - 9) <= 3 >= abs(rows.stop - 41)
    assert abs(columns.start - 9) <= 3 >= abs(columns.stop - 31)
    size = (columns.stop - columns.start, rows.stop - rows.start)
    cropped = opened(Look(crop=True).file(remover, made))
    assert (cropped.mode, cropped.size) == ("RGBA", size) == ("RGBA", Look(crop=True).pixels(made))
    coloured = opened(Look((1, 2, 3)).file(remover, made))
    assert (coloured.mode, coloured.size, coloured.info["icc_profile"]) == ("RGB", (80, 60), SRGB)
    assert coloured.getpixel((70, 50)) == (1, 2, 3)
    assert coloured.getpixel((20, 25)) == (230, 20, 10)


def test_kinds_sizes_and_margins(remover: BackgroundRemover, made: Made) -> None:
    for kind, name in (("png", "PNG"), ("jpg", "JPEG"), ("webp", "WEBP")):
        look = Look(None, size="120x100", margin=0.1, kind=kind)
        with opened(look.file(remover, made)) as image:
            assert (image.format, image.size) == (name, (120, 100)) == (name, look.pixels(made))
            assert image.mode == ("RGB" if kind == "jpg" else "RGBA")
            corner = image.convert("RGBA").getpixel((2, 2))
            assert corner[3] == 0 if kind != "jpg" else min(corner) > 250  # a JPEG is white there
        mask = np.asarray(opened(look.mask(remover, made)))
        rows, columns = np.nonzero(mask > 128)
        assert mask.shape == (100, 120)
        assert abs(rows.min() - 10) <= 3 >= abs(rows.max() - 89)  # a tenth of the shorter side
        assert abs((columns.min() + columns.max()) / 2 - 59.5) <= 3


@pytest.mark.parametrize("look", [
    Look(), Look((1, 2, 3)), Look("blur"), Look(np.full((30, 400, 3), (9, 8, 7), np.uint8)), Look(crop=True),
    Look(WHITE, size="120x100"), Look(WHITE, True, "100x100", 0.1), Look(None, kind="jpg"),
], ids=range(8))  # fmt: skip
def test_what_the_slider_shows_is_the_result_made_small(remover: BackgroundRemover, made: Made, look: Look) -> None:
    before, after = look.shown(remover, made)  # a photo this small stays as it is
    assert before.shape[:2] == after.shape[:2] == look.pixels(made)[::-1]
    file = opened(Look(look.behind, look.crop, look.size, look.margin).file(remover, made))
    assert np.array_equal(after, np.asarray(file))
    if look.size == "120x100":
        assert before[50, 60].tolist() == made.photo_shown[30, 36].tolist()
        assert before[2, 60].tolist() == [*OUTSIDE]


def test_nobody_to_crop_to(remover: BackgroundRemover) -> None:
    nobody = made_of(remover, np.zeros((40, 50, 3), np.uint8))
    look = Look(crop=True, margin=0.1)
    assert opened(look.file(remover, nobody)).size == look.pixels(nobody) == (50, 40)
    assert look.shown(remover, nobody)[0].shape == (40, 50, 3)
    assert not nobody.report.found


def test_a_size_that_cannot_be_is_left_out() -> None:
    for size in ("0x10", "100000x1", "large", "10"):
        look, wrong = fitting(Look(WHITE, size=size, kind="jpg"))
        assert (look, bool(wrong)) == (Look(WHITE, kind="jpg"), True)
    assert fitting(Look(size="x100", margin=0.2)) == (Look(size="x100", margin=0.2), None)


def test_a_zip_keeps_photos_of_one_name_apart(remover: BackgroundRemover, made: Made) -> None:
    def names(*given: str, look: Look = PLAIN) -> list[str]:
        content = packed(remover, [(name, made) for name in given], look)
        with zipfile.ZipFile(io.BytesIO(content)) as file:
            assert file.testzip() is None
            return [name for name in file.namelist() if "cutout" in name]

    assert names("a.jpg", "b.png") == ["a-cutout.png", "b-cutout.png"]
    assert names("a.jpg", "a.png", look=Look(kind="jpg")) == ["a.jpg-cutout.jpg", "a.png-cutout.jpg"]
    assert names("a.jpg", "A.jpg", "2-a.jpg") == ["1-a-cutout.png", "2-A-cutout.png", "3-2-a-cutout.png"]
    assert names("../../etc/passwd", "..\\x\\y.jpg") == ["passwd-cutout.png", "y-cutout.png"]


def test_photos_of_a_visit_are_kept_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    now, kept = [0.0], Kept()
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    kept.of("one")["a"] = Given("a.jpg", b"")
    now[0] = 60 * MINUTES - 1
    assert [*kept.of("one")] == ["a"]
    assert [*kept.of("two")] == []
    now[0] += 60 * MINUTES + 1
    assert [*kept.of("two")] == []
    assert [*kept.of("one")] == []  # which was not seen for longer
    kept.of("first")["a"] = Given("a.jpg", b"")
    for number in range(VISITS):
        kept.of(str(number))
    assert [*kept.of("first")] == []
