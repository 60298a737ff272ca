import io
import pickle
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from recorte import BackgroundRemover
from recorte.errors import ModelError, PhotoError, RecorteError
from tiny_models import write_best_model

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.fixture
def remover(best_model: Path) -> BackgroundRemover:
    return BackgroundRemover(best_model, threads=1)


def exif_block(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "Camera works"
    exif.get_ifd(0x8769)[0x9003] = "2020:02:29 12:00:00"
    return exif.tobytes()


def test_alpha_has_the_photos_size_and_finds_the_person(remover: BackgroundRemover, red_square: np.ndarray) -> None:
    alpha = remover.predict_alpha(red_square)
    assert alpha.shape == (60, 80)
    assert alpha.dtype == np.float32
    assert alpha[12:38, 12:28].min() > 0.95  # two pixels inside the edge, and beyond it: 1.25 times the network's pixel
    beyond = alpha.copy()
    beyond[8:42, 8:32] = 0
    assert beyond.max() < 0.05


def test_nothing_is_stretched_a_photo_of_nobody_stays_empty(tmp_path: Path) -> None:
    remover = BackgroundRemover(write_best_model(tmp_path))
    grey = np.full((50, 70, 3), 120, np.uint8)
    grey[20:30, 20:30] = (130, 118, 118)  # the reddest there is: sigmoid(40 * (12 / 255 - 0.5)), that is 1e-8
    assert remover.predict_alpha(grey).max() < 1e-6
    assert remover.remove_background(grey).max() == 0


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (500, 1), (64, 64), (333, 517), (17, 1200)])
def test_every_size_comes_back(remover: BackgroundRemover, shape: tuple[int, int]) -> None:
    cutout = remover.remove_background(np.full((*shape, 3), (250, 0, 0), np.uint8))
    assert cutout.shape == (*shape, 4)
    assert (cutout == (250, 0, 0, 255)).all()  # not a trace of the padding, nor of its transparency


def test_the_colours_are_the_photos_own_and_what_was_removed_is_gone(
    remover: BackgroundRemover, red_square: np.ndarray
) -> None:
    cutout = remover.remove_background(red_square)
    opaque, seen = cutout[..., 3] == 255, cutout[..., 3] > 0
    assert opaque.any()
    assert np.array_equal(cutout[opaque][:, :3], red_square[opaque])
    assert cutout[~seen].max() == 0
    soft = cutout[seen & ~opaque]
    assert soft.size
    assert (soft[:, 0] > 180).all()  # red, although some of these pixels are blue in the photo
    assert (soft[:, 2] < 60).all()


def test_the_kind_given_is_the_kind_returned(
    remover: BackgroundRemover, red_square: np.ndarray, tmp_path: Path
) -> None:
    path = tmp_path / "photo.png"
    Image.fromarray(red_square).save(path)
    expected = remover.remove_background(red_square)
    assert isinstance(expected, np.ndarray)
    for source in (path, str(path), Image.open(path)):
        image = remover.remove_background(source)
        assert isinstance(image, Image.Image)
        assert image.mode == "RGBA"
        assert np.array_equal(np.asarray(image), expected)
    content = remover.remove_background(path.read_bytes())
    with Image.open(io.BytesIO(content)) as image:
        assert image.format == "PNG"
        assert np.array_equal(np.asarray(image), expected)


@pytest.mark.parametrize(
    ("name", "kind"), [("c.png", "PNG"), ("c.WebP", "WEBP"), ("c.tif", "TIFF"), ("c.TIFF", "TIFF")]
)
@pytest.mark.parametrize("source_kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_files_are_lossless_and_keep_profile_and_exif(
    remover: BackgroundRemover, red_square: np.ndarray, tmp_path: Path, name: str, kind: str, source_kind: str
) -> None:
    source = tmp_path / "photo"
    options = {"lossless": True} if source_kind == "WEBP" else {}
    Image.fromarray(red_square).save(source, source_kind, exif=exif_block(6), icc_profile=SRGB, **options)
    returned = remover.remove_background(source, tmp_path / name)
    assert returned.size == (60, 80)  # upright
    with Image.open(tmp_path / name) as written:
        assert written.format == kind
        assert np.array_equal(np.asarray(written), np.asarray(returned))
        assert written.info["icc_profile"] == SRGB == returned.info["icc_profile"]
        for exif in (written.getexif(), returned.getexif()):
            assert exif[0x010F] == "Camera works"
            assert 0x0112 not in exif or exif[0x0112] == 1
            assert exif.get_ifd(0x8769)[0x9003] == "2020:02:29 12:00:00"


def test_the_thumbnail_of_the_whole_photo_is_not_kept(remover: BackgroundRemover) -> None:
    exif = Image.Exif()
    exif[0x010F] = "Camera works"
    content = io.BytesIO()
    Image.new("RGB", (40, 30), "blue").save(content, "JPEG", exif=exif.tobytes() + b"the background in small")
    assert b"background in small" not in remover.remove_background(content.getvalue())


def test_bytes_with_a_target_return_what_was_written(
    remover: BackgroundRemover, red_square: np.ndarray, tmp_path: Path
) -> None:
    content = io.BytesIO()
    Image.fromarray(red_square).save(content, "PNG")
    returned = remover.remove_background(content.getvalue(), tmp_path / "new" / "cut.webp")
    assert returned == (tmp_path / "new" / "cut.webp").read_bytes()


@pytest.mark.parametrize("name", ["cut.jpg", "cut.bmp", "cut", "cut.gif"])
def test_formats_without_transparency_are_refused(
    remover: BackgroundRemover, red_square: np.ndarray, tmp_path: Path, name: str
) -> None:
    with pytest.raises(RecorteError, match=rf"{name}: .*(transparency:|white.*or take) \.png, \.webp, \.tif, \.tiff"):
        remover.remove_background(red_square, tmp_path / name)


def test_a_target_that_exists_is_replaced_only_when_asked(
    remover: BackgroundRemover, red_square: np.ndarray, tmp_path: Path
) -> None:
    target = tmp_path / "cut.png"
    target.write_bytes(b"precious")
    with pytest.raises(RecorteError, match=r"cut\.png: exists already.*--overwrite"):
        remover.remove_background(red_square, target)
    assert target.read_bytes() == b"precious"
    remover.remove_background(red_square, target, overwrite=True)
    assert Image.open(target).size == (80, 60)


def test_the_photo_itself_is_never_replaced(remover: BackgroundRemover, red_square: np.ndarray, tmp_path: Path) -> None:
    photo = tmp_path / "photo.png"
    Image.fromarray(red_square).save(photo)
    before = photo.read_bytes()
    (tmp_path / "link.png").symlink_to(photo)
    (tmp_path / "sub").mkdir()
    for target in (photo, tmp_path / "sub" / ".." / "photo.png", tmp_path / "link.png"):
        with pytest.raises(RecorteError, match="the photo itself, which is never replaced"):
            remover.remove_background(photo, target, overwrite=True)
    assert photo.read_bytes() == before


def test_targets_that_cannot_be(remover: BackgroundRemover, red_square: np.ndarray, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RecorteError, match=r"cut\.png: cannot be written"):
        remover.remove_background(red_square, tmp_path / "file" / "cut.png")
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(RecorteError, match=r"folder\.png: this is a folder"):
        remover.remove_background(red_square, tmp_path / "folder.png", overwrite=True)


def test_a_picture_too_long_for_webp(remover: BackgroundRemover, tmp_path: Path) -> None:
    told = "an array of 17000 x 2 pixels: WEBP cannot hold a picture of 17000 x 2 pixels, .*; use PNG"
    with pytest.raises(PhotoError, match=f"^{told}$"):
        remover.remove_background(np.zeros((2, 17_000, 3), np.uint8), tmp_path / "long.webp")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "array",
    [np.zeros((5, 5, 2), np.uint8), np.zeros((5, 5, 3)), np.zeros((0, 5, 3), np.uint8)],
)
def test_arrays_of_another_kind_are_refused(remover: BackgroundRemover, array: np.ndarray) -> None:
    for call in (remover.remove_background, remover.predict_alpha):
        with pytest.raises(PhotoError, match=r"must be uint8.*, not (uint8|float64)"):
            call(array)


def test_what_is_no_photo_at_all_is_refused_by_its_type(remover: BackgroundRemover, tmp_path: Path) -> None:
    for given in (None, 5, [tmp_path / "a.png"], [[[0, 0, 0]]], np.uint8(3)):
        with pytest.raises(PhotoError, match=f"must be a path, .* or a NumPy array, not {type(given).__name__}"):
            remover.remove_background(given)
    for given in (Image.new("RGB", (4, 3)), "a.png", [[[0, 0, 0]]], None):
        for call in (remover.predict_alpha, remover.cut_out, remover.steps):
            with pytest.raises(PhotoError, match=rf"must be an array, .*, not {type(given).__name__}; remove_"):
                call(given)


def test_bytes_of_every_type_are_a_file(remover: BackgroundRemover, red_square: np.ndarray, tmp_path: Path) -> None:
    content = io.BytesIO()
    Image.fromarray(red_square).save(content, "PNG")
    expected = remover.remove_background(content.getvalue())
    for given in (bytearray(content.getvalue()), content.getbuffer()):
        assert remover.remove_background(given) == expected
        remover.remove_background(given, tmp_path / "cut.png", overwrite=True)
        assert (tmp_path / "cut.png").read_bytes() == expected


def test_arguments_of_another_type(remover: BackgroundRemover, red_square: np.ndarray, tmp_path: Path) -> None:
    for options, words in (
        ({"target": io.BytesIO()}, "target must be a path, not BytesIO; kind='png' gives"),
        ({"target": 5}, "target must be a path, not int"),
        ({"target": "a\0b.png"}, r"target 'a\\x00b.png': no file's name can hold a zero character"),
        ({"kind": 5}, "kind is 5; it must be one of png"),
        ({"background": 5}, "a background must be a colour, .*, not int"),
        ({"background": io.BytesIO()}, "a background must be a colour, .*, not BytesIO"),
    ):
        with pytest.raises(RecorteError, match=words):
            remover.remove_background(red_square, **options)
    for target in ("cut.png", "old.png"):
        (tmp_path / "old.png").touch()
        with pytest.raises(PhotoError, match=r"a\x00b\.png"):
            remover.remove_background("a\0b.png", tmp_path / target, overwrite=True)
    with pytest.raises(ModelError, match="a model must be given by its path, not as int"):
        BackgroundRemover(5)


def test_a_photo_that_cannot_be_read_leaves_no_file(remover: BackgroundRemover, tmp_path: Path) -> None:
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff and no more")
    with pytest.raises(PhotoError, match=r"broken\.jpg"):
        remover.remove_background(tmp_path / "broken.jpg", tmp_path / "cut.png")
    assert [path.name for path in tmp_path.iterdir()] == ["broken.jpg"]


def test_a_pickled_copy_works_elsewhere(
    best_model: Path, red_square: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(best_model.parent)
    remover = BackgroundRemover("best_model", threads=2)
    monkeypatch.chdir(tmp_path)
    content = pickle.dumps(remover)
    assert len(content) < 1000
    copy = pickle.loads(content)
    assert np.array_equal(copy.predict_alpha(red_square), remover.predict_alpha(red_square))


def test_a_pickled_copy_without_its_model_says_so(red_square: np.ndarray, tmp_path: Path) -> None:
    content = pickle.dumps(BackgroundRemover(write_best_model(tmp_path / "best_model")))
    (tmp_path / "best_model" / "model.onnx").unlink()
    with pytest.raises(ModelError, match="no such model"):
        pickle.loads(content)


def test_threads_share_one_remover(remover: BackgroundRemover) -> None:
    random = np.random.default_rng(0)
    photos = [random.integers(0, 256, (40 + n, 90 - n, 3), dtype=np.uint8) for n in range(24)]
    expected = [remover.remove_background(photo) for photo in photos]
    with ThreadPoolExecutor(4) as pool:
        for cutout, single in zip(pool.map(remover.remove_background, photos), expected, strict=True):
            assert np.array_equal(cutout, single)


def test_an_array_that_is_a_line_is_refused(remover: BackgroundRemover) -> None:
    with pytest.raises(PhotoError, match="an array of 100001 x 1 pixels is more than the limit of 100,000 on a side"):
        remover.remove_background(np.zeros((1, 100_001, 3), np.uint8))
