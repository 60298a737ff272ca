"""Photos that are transparent in places, grey ones, and the forms in which programs hand photos over."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cli_process import recorte
from recorte import BackgroundRemover
from recorte.errors import PhotoError
from recorte.photo import read_photo

RED = (230, 20, 10)


@pytest.fixture
def remover(best_model: Path) -> BackgroundRemover:
    return BackgroundRemover(best_model, threads=1)


@pytest.fixture
def holed(red_square: np.ndarray) -> np.ndarray:
    """uint8 (60, 80, 4): the red person, erased in a part, half there in another; red is hidden at the right, too."""
    photo = np.dstack([red_square, np.full(red_square.shape[:2], 255, np.uint8)])
    photo[20:26, 14:20] = (*RED, 0)
    photo[30:36, 14:20] = (*RED, 204)
    photo[5:55, 60:75] = (*RED, 0)  # would be a person, and the largest
    return photo


def stored(image: np.ndarray, kind: str = "PNG", **options: object) -> bytes:
    content = io.BytesIO()
    Image.fromarray(image).save(content, kind, **options)
    return content.getvalue()


def test_what_is_transparent_stays_so_in_whatever_form_it_comes(
    remover: BackgroundRemover, holed: np.ndarray, best_model: Path, tmp_path: Path
) -> None:
    path = tmp_path / "photo.png"
    path.write_bytes(stored(holed))
    done = recorte("photo.png", "-m", best_model, "-o", "cut.png", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    with path.open("rb") as file, Image.open(path) as image:
        results = [
            remover.remove_background(holed),
            np.asarray(remover.remove_background(path)),
            np.asarray(remover.remove_background(image)),
            *(
                np.asarray(Image.open(io.BytesIO(remover.remove_background(source))))
                for source in (path.read_bytes(), io.BytesIO(path.read_bytes()), file)
            ),
            np.asarray(Image.open(tmp_path / "cut.png")),
            np.asarray(Image.open(io.BytesIO(remover.remove_background(stored(holed, "WEBP", lossless=True))))),
            np.asarray(Image.open(io.BytesIO(remover.remove_background(stored(holed, "TIFF"))))),
        ]
    for result in results:
        assert (result[..., 3] <= holed[..., 3]).all()
        assert (result[holed[..., 3] == 0] == 0).all()
        assert (result[15, 16] == (*RED, 255)).all()
    half = results[0][32, 17].astype(int)
    assert half[3] == 204 and np.abs(half[:3] - RED).max() <= 2  # its own colour, not mixed with white


@pytest.mark.parametrize("showing", [{"mask": True}, {"people": "largest"}, {"crop": True}])
def test_hidden_people_are_in_no_other_result(
    remover: BackgroundRemover, holed: np.ndarray, showing: dict[str, object]
) -> None:
    picture = remover.remove_background(holed, **showing)
    alpha = picture if picture.ndim == 2 else picture[..., 3]
    assert alpha.max() == 255
    if showing == {"crop": True}:
        assert picture.shape[1] < 45
    else:
        assert (alpha <= holed[..., 3]).all()


def test_behind_what_is_transparent_is_the_background(remover: BackgroundRemover, holed: np.ndarray) -> None:
    picture = remover.remove_background(holed, background=(0, 0, 200))
    assert (picture[23, 17] == (0, 0, 200)).all()
    assert np.abs(picture[32, 17].astype(int) - (184, 16, 48)).max() <= 2  # 0.8 of red, 0.2 of blue


def test_a_cut_out_that_is_cut_out_again_stays_as_it_is(remover: BackgroundRemover, red_square: np.ndarray) -> None:
    first = remover.remove_background(red_square)
    again = remover.remove_background(first)
    assert (again[..., 3] <= first[..., 3]).all()
    assert np.abs(again.astype(int) - first)[first[..., 3] == 255].max() <= 1


@pytest.mark.parametrize(
    ("image", "alpha"),
    [
        (Image.new("RGBA", (4, 3), (9, 9, 9, 77)), 77),
        (Image.new("LA", (4, 3), (9, 77)), 77),
        (Image.new("RGBa", (4, 3), (9, 9, 9, 77)), 77),
        (Image.new("RGBA", (4, 3), (9, 9, 9, 255)), None),
        (Image.new("RGB", (4, 3)), None),
    ],
)
def test_the_own_alpha_of_each_mode(image: Image.Image, alpha: int | None) -> None:
    own = read_photo(image).alpha
    assert own is None if alpha is None else (own == alpha).all() and own.shape == (3, 4)


def test_it_is_turned_upright_with_the_photo() -> None:
    pixels = np.full((2, 3, 4), 255, np.uint8)
    pixels[0, 0, 3] = 0
    exif = Image.Exif()
    exif[0x0112] = 6  # a quarter to the right
    assert read_photo(stored(pixels, exif=exif)).alpha.tolist() == [[255, 0], [255, 255], [255, 255]]


def test_grey_arrays_are_as_grey_files(remover: BackgroundRemover, red_square: np.ndarray) -> None:
    grey = np.ascontiguousarray(red_square[..., 0])
    expected = remover.remove_background(np.dstack([grey] * 3))
    assert (remover.remove_background(grey) == expected).all()
    assert (remover.remove_background(grey[..., None]) == expected).all()


@pytest.mark.parametrize(
    ("change", "door"),
    [
        (lambda photo: photo / np.float32(255), r"\(photo \* 255\)\.round\(\)\.astype\('uint8'\)"),
        (lambda photo: photo.astype(np.uint16) * 257, r"\(photo / 257\)"),
        (lambda photo: photo > 100, r"photo\.astype\('uint8'\) \* 255"),
        (lambda photo: photo.transpose(2, 0, 1), r"photo\.transpose\(1, 2, 0\)"),
        (lambda photo: photo[None], "one photo after the other"),
        (lambda photo: photo[..., :2], r"\(height, width, 4\), RGBA"),
        (lambda photo: photo[0, 0], r"\(height, width, 3\), RGB"),
        (lambda photo: io.StringIO("x"), r"opened for text.*open\(path, 'rb'\)"),
        (lambda photo: photo.tolist(), "an open file, a Pillow image or a NumPy array, not list"),
    ],
)
def test_what_is_not_plain_is_told_what_to_do(
    remover: BackgroundRemover, red_square: np.ndarray, change: Callable[[np.ndarray], object], door: str
) -> None:
    with pytest.raises(PhotoError, match=door):
        remover.remove_background(change(red_square))


def test_a_closed_file_is_told_of(remover: BackgroundRemover) -> None:
    file = io.BytesIO(b"x")
    file.close()
    with pytest.raises(PhotoError, match="closed"):
        remover.remove_background(file)
