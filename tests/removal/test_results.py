"""What may be asked of a cut-out beyond transparency: backgrounds, masks, crops, one person of several, formats."""

import io
import pickle
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from recorte import BackgroundRemover
from recorte.errors import PhotoError, RecorteError
from recorte.letterbox import PADDING_COLOUR
from recorte.removal.files.folder import cut_out_each
from recorte.removal.options import Options
from recorte.removal.steps.backgrounds import put_behind, read_background
from tiny_models import write_best_model

RED = (230, 20, 10)
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.fixture
def remover(best_model: Path) -> BackgroundRemover:
    return BackgroundRemover(best_model, threads=1)


@pytest.fixture
def couple() -> np.ndarray:
    """uint8 (60, 80, 3): blue, with a tall person at the left and a short one at the right."""
    pixels = np.full((60, 80, 3), (30, 60, 220), np.uint8)
    pixels[5:55, 8:24] = RED
    pixels[30:55, 60:72] = RED
    return pixels


@pytest.mark.parametrize("colour", ["lime", "#00ff00", (0, 255, 0)])
def test_before_a_colour(remover: BackgroundRemover, red_square: np.ndarray, colour: str | tuple) -> None:
    picture = remover.remove_background(red_square, background=colour)
    assert picture.shape == (60, 80, 3)
    assert np.abs(picture[15:35, 15:25].astype(int) - RED).max() <= 1
    assert (picture[45:, 40:] == (0, 255, 0)).all()
    assert picture[..., 2].max() <= 30  # nowhere a trace of the blue


def test_before_a_picture(remover: BackgroundRemover, red_square: np.ndarray, tmp_path: Path) -> None:
    wide = np.zeros((30, 200, 3), np.uint8)
    wide[:, 100:] = 255
    Image.fromarray(wide).save(tmp_path / "beach.png")
    opaque = np.dstack([wide, np.full(wide.shape[:2], 255, np.uint8)])
    for background in (tmp_path / "beach.png", str(tmp_path / "beach.png"), wide, opaque, Image.fromarray(wide)):
        picture = remover.remove_background(red_square, background=background)
        assert picture[50, :36].max() < 30 and picture[50, 44:].min() > 225  # its middle, scaled to cover
        assert (picture[25, 20] == RED).all()


def test_before_its_own_background_out_of_focus(remover: BackgroundRemover) -> None:
    stripes = np.full((200, 300, 3), 255, np.uint8)
    stripes[:, ::2] = (0, 0, 120)
    stripes[60:140, 100:200] = RED
    picture = remover.remove_background(stripes, background="blur")
    assert (picture[100, 150] == RED).all()
    assert np.ptp(picture[:20].astype(int), axis=(0, 1)).max() < 20
    np.testing.assert_allclose(picture[10, 150], (127, 127, 187), atol=6)  # no red has run into it


def test_a_half_transparent_pixel_is_half_of_each() -> None:
    photo, cutout = np.zeros((1, 3, 3), np.uint8), np.full((1, 3, 4), 200, np.uint8)
    cutout[..., 3] = 0, 128, 255
    found = put_behind(cutout, photo, read_background("black"))
    assert found[0, :, 0].tolist() == [0, round(200 * 128 / 255), 200]


def test_grey_and_transparent_arrays_as_backgrounds(remover: BackgroundRemover, red_square: np.ndarray) -> None:
    grey = np.full((60, 80), 77, np.uint8)
    assert remover.remove_background(red_square, background=grey)[50, 70].tolist() == [77] * 3
    holed = np.zeros((60, 80, 4), np.uint8)
    with pytest.raises(RecorteError, match=r"the background: transparent in places, .* fill it first"):
        remover.remove_background(red_square, background=holed)
    with pytest.raises(RecorteError, match="a background as an array must be uint8, from 0 to 255, not float64"):
        remover.remove_background(red_square, background=grey / 255)


def test_backgrounds_that_are_none(remover: BackgroundRemover, red_square: np.ndarray, tmp_path: Path) -> None:
    for background in (
        "nocolour",
        "rgb(300,0,0)",
        (1, 2),
        (1, 2, 300),
        np.zeros((2, 2)),
        np.zeros((2, 2, 2), np.uint8),
    ):
        with pytest.raises(RecorteError, match="background"):
            remover.remove_background(red_square, background=background)
    (tmp_path / "page.png").write_text("<html>")
    with pytest.raises(PhotoError, match=r"page\.png: not a photo"):
        remover.remove_background(red_square, background=tmp_path / "page.png")
    with pytest.raises(RecorteError, match="a mask has no background"):
        remover.remove_background(red_square, background="white", mask=True)


def test_the_mask_is_the_alpha(remover: BackgroundRemover, red_square: np.ndarray, tmp_path: Path) -> None:
    mask = remover.remove_background(red_square, tmp_path / "mask.png", mask=True)
    np.testing.assert_array_equal(mask, remover.remove_background(red_square)[..., 3])
    with Image.open(tmp_path / "mask.png") as written:
        assert written.mode == "L"
        np.testing.assert_array_equal(np.asarray(written), mask)


def test_cropped_to_the_person(remover: BackgroundRemover, red_square: np.ndarray) -> None:
    whole, cropped = remover.remove_background(red_square), remover.remove_background(red_square, crop=True)
    rows, columns = (np.flatnonzero((whole[..., 3] >= 8).any(axis=axis)) for axis in (1, 0))
    margin = 1  # three per cent of thirty pixels
    place = np.s_[rows[0] - margin : rows[-1] + 1 + margin, columns[0] - margin : columns[-1] + 1 + margin]
    np.testing.assert_array_equal(cropped, whole[place])
    assert abs(cropped.shape[0] - 34) <= 2 and abs(cropped.shape[1] - 24) <= 2
    with pytest.raises(PhotoError, match="an array of 80 x 60 pixels: nobody was found"):
        remover.remove_background(np.full((60, 80, 3), 90, np.uint8), crop=True)


def test_nobody_stands_in_the_letterboxs_padding(
    remover: BackgroundRemover, couple: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, people = remover.remove_background(couple), remover.remove_background(couple, people="each")
    answer = remover.network.alpha
    monkeypatch.setattr(
        remover.network, "alpha", lambda canvas: np.where((canvas == PADDING_COLOUR).all(2), 1, answer(canvas))
    )
    np.testing.assert_array_equal(remover.remove_background(couple), whole)
    np.testing.assert_array_equal(remover.remove_background(couple, people="largest"), people[0])
    np.testing.assert_array_equal(remover.remove_background(couple, people="each"), people)
    with pytest.raises(PhotoError, match="nobody was found"):
        remover.remove_background(np.full((60, 80, 3), 90, np.uint8), people="each")


@pytest.mark.parametrize("crop", [False, True])
def test_a_speck_that_refinement_wipes_out_is_no_person(
    remover: BackgroundRemover, couple: np.ndarray, monkeypatch: pytest.MonkeyPatch, crop: bool
) -> None:
    people = remover.remove_background(couple, people="each", crop=crop)
    answer = remover.network.alpha

    def with_specks(canvas: np.ndarray) -> np.ndarray:
        alpha = answer(canvas).copy()
        alpha[8, 40] = alpha[20, 40] = 0.51  # row 8 is the photo's first below the padding
        return alpha

    monkeypatch.setattr(remover.network, "alpha", with_specks)
    found = remover.remove_background(couple, people="each", crop=crop)
    assert [one[..., 3].max() for one in found] == [255, 255]
    assert [one.shape for one in found] == [one.shape for one in people]


def test_the_largest_person_alone_and_each_of_them(remover: BackgroundRemover, couple: np.ndarray) -> None:
    both = remover.remove_background(couple)
    largest = remover.remove_background(couple, people="largest")
    assert both[40, 66, 3] == largest[40, 16, 3] == 255
    assert largest[:, 45:].max() == 0
    with pytest.raises(RecorteError, match="tallest"):
        remover.remove_background(couple, people="tallest")
    tall, short = remover.remove_background(couple, people="each", crop=True)
    assert 48 <= tall.shape[0] <= 56 and 14 <= tall.shape[1] <= 22
    assert 23 <= short.shape[0] <= 31 and 10 <= short.shape[1] <= 18
    with pytest.raises(PhotoError, match="nobody was found"):
        remover.remove_background(np.full((60, 80, 3), 90, np.uint8), people="each")
    content = io.BytesIO()
    Image.fromarray(couple).save(content, "PNG")
    assert [
        Image.open(io.BytesIO(one)).mode for one in remover.remove_background(content.getvalue(), people="each")
    ] == ["RGBA", "RGBA"]


@pytest.mark.parametrize("refine", [False, True])
def test_a_ghost_is_nobody_to_a_network_that_is_sure(best_model: Path, refine: bool) -> None:
    sure, unsure = (BackgroundRemover(best_model, threads=1, refine=refine).pipeline for _ in range(2))
    sure.network.sure = 0.9
    photo = np.full((60, 80, 3), 90, np.uint8)
    for alpha in (0.45, 0.55):
        canvas = np.full((64, 64), alpha, np.float32)
        assert unsure.enlarge(canvas, photo).max() == pytest.approx(alpha, abs=0.01)
        for eight_bits in (False, True):
            assert bool(sure.enlarge(canvas, photo, eight_bits).any()) == (alpha > 0.5)


def test_none_of_several_results_replaces_a_file(
    remover: BackgroundRemover, couple: np.ndarray, tmp_path: Path
) -> None:
    (tmp_path / "cut-2.png").write_text("precious")
    Image.fromarray(couple).save(tmp_path / "new-2.png")
    cut = partial(remover.remove_background, people="each")
    for source, target in ((couple, "cut.png"), (tmp_path / "new-2.png", "new.png")):
        with pytest.raises(RecorteError, match=r"-2\.png: (exists already|this is the photo itself)"):
            cut(source, tmp_path / target)
    with pytest.raises(RecorteError, match="this is the photo itself"):
        cut(tmp_path / "new-2.png", tmp_path / "new.png", overwrite=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cut-2.png", "new-2.png"]
    assert (tmp_path / "cut-2.png").read_text() == "precious"
    cut(couple, tmp_path / "cut.png", overwrite=True)
    results = {name: (tmp_path / name).read_bytes() for name in ("cut-1.png", "cut-2.png")}
    (tmp_path / "cut-1.png").unlink()  # as a run leaves it that is killed between the two
    cut(couple, tmp_path / "cut.png")
    assert results == {name: (tmp_path / name).read_bytes() for name in results}


def test_several_results_replace_no_other_photo_of_a_folder(
    best_model: Path, couple: np.ndarray, tmp_path: Path
) -> None:
    photos = [tmp_path / "a.png", tmp_path / "a-2.png"]
    for photo in photos:
        Image.fromarray(couple).save(photo)
    before = photos[1].read_bytes()
    remover = BackgroundRemover(best_model, threads=1)

    def cut(photo: Path, result: Path) -> None:
        remover.remove_background(photo, result, people="each", overwrite=True)

    plan = {photos[0]: tmp_path / "a.png", photos[1]: tmp_path / "b.png"}
    outcomes = list(cut_out_each(cut, plan, overwrite=True, options=Options(people="each")))
    assert [outcome.status for outcome in outcomes] == ["failed", "written"]
    assert f"would replace {photos[1]}, one of the photos" in outcomes[0].error
    assert photos[1].read_bytes() == before


@pytest.mark.parametrize(
    ("name", "target"),
    [("a-2.png", "a.png"), ("a-1-10.png", "a-1.png"), ("a.png", None), ("-1.png", None), ("a-0.png", None),
     ("a-1.tar.png", None), ("a-x1.png", None)],
)  # fmt: skip
def test_the_target_of_numbered_results(name: str, target: str | None) -> None:
    folder = Path("cut")
    assert Options(people="each").target_of(folder / name) == (folder / target if target else None)
    assert Options().target_of(folder / name) == folder / name


def test_jpeg_over_a_colour_keeps_profile_and_exif(
    remover: BackgroundRemover, red_square: np.ndarray, tmp_path: Path
) -> None:
    exif = Image.Exif()
    exif[0x010F] = "Camera works"
    Image.fromarray(red_square).save(tmp_path / "photo.png", exif=exif, icc_profile=SRGB)
    remover.remove_background(tmp_path / "photo.png", tmp_path / "out.JPG", background="white")
    with Image.open(tmp_path / "out.JPG") as written:
        assert (written.format, written.mode, written.size) == ("JPEG", "RGB", (80, 60))
        assert written.getexif()[0x010F] == "Camera works"
        assert written.info["icc_profile"] == SRGB
        assert np.abs(np.asarray(written)[25, 20].astype(int) - RED).max() < 8


def test_steps_hang_together(best_model: Path, red_square: np.ndarray) -> None:
    remover = BackgroundRemover(best_model, looks=1)
    steps = remover.steps(red_square)
    assert steps.letterboxed.shape == (64, 64, 3)
    assert steps.raw_alpha.shape == (64, 64)
    assert steps.raw_alpha[:8].max() < 0.01 < 0.99 < steps.raw_alpha[20, 15]  # the padding, and the person
    np.testing.assert_array_equal(steps.alpha, remover.predict_alpha(red_square))
    np.testing.assert_array_equal(steps.cutout, remover.cut_out(red_square))
    np.testing.assert_array_equal(steps.cutout, remover.remove_background(red_square))
    seen = steps.cutout[..., 3] > 0
    np.testing.assert_array_equal(steps.cutout[seen][:, :3], steps.foreground[seen])


def test_the_mirror_image_is_averaged_in(best_model: Path) -> None:
    photo = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    raw = BackgroundRemover(best_model).steps(photo).raw_alpha
    mirrored = BackgroundRemover(best_model).steps(np.ascontiguousarray(photo[:, ::-1])).raw_alpha[:, ::-1]
    both = BackgroundRemover(best_model, tta=True).steps(photo).raw_alpha
    np.testing.assert_allclose(both, (raw + mirrored) / 2, atol=1e-6)


def test_a_copy_in_another_process_has_the_same_options(best_model: Path) -> None:
    copy = pickle.loads(pickle.dumps(BackgroundRemover(best_model, refine=False, colours=False, tta=True, looks=2)))
    switches = copy.pipeline.refine, copy.pipeline.colours, copy.pipeline.tta, copy.pipeline.looks
    assert switches == (False, False, True, 2)


def test_a_region_must_be_as_sure_as_its_model_asks_for(tmp_path: Path) -> None:
    pale = np.full((64, 64, 3), (100, 100, 100), np.uint8)
    pale[20:40, 20:40] = (230, 90, 90)  # sigmoid(40 * (140 / 255 - 0.5)), that is 0.88
    # Of a network that says how sure it is, what is away from outlines is decided.
    for sure, most in ((0, 0.88), (0.8, 1), (0.95, 0)):
        remover = BackgroundRemover(write_best_model(tmp_path / f"{sure}", sure=sure), refine=False)
        assert remover.predict_alpha(pale).max() == pytest.approx(most, abs=0.01)


def test_who_is_small_is_looked_at_again(best_model: Path) -> None:
    photo = np.full((640, 640, 3), (30, 60, 220), np.uint8)
    photo[200:280, 300:340] = RED
    photo[216:264, 312:328] = (30, 60, 220)  # a gap: one and a half of the network's pixels wide
    once, again = (BackgroundRemover(best_model, looks=looks, refine=False).predict_alpha(photo) for looks in (1, 4))
    truth = (photo == RED).all(axis=2)
    assert np.abs(again - truth).mean() < 0.7 * np.abs(once - truth).mean()
    assert (again[:150] == 0).all() and (again[:, 400:] == 0).all()
    steps = BackgroundRemover(best_model).steps(photo)
    assert steps.raw_alpha.shape == (128, 128)  # twice the network's 64
    assert steps.letterboxed.shape == (64, 64, 3)  # the first look


@pytest.mark.parametrize("looks", [0, 5, 2.5, "two"])
def test_looks_are_one_to_four(best_model: Path, looks: object) -> None:
    with pytest.raises(RecorteError, match="looks must be a whole number from 1 to 4"):
        BackgroundRemover(best_model, looks=looks)  # type: ignore[arg-type]


def test_a_network_for_single_photos_is_asked_for_one_at_a_time(tmp_path: Path, couple: np.ndarray) -> None:
    alone = BackgroundRemover(write_best_model(tmp_path / "alone", batch=1))
    together = BackgroundRemover(write_best_model(tmp_path / "together"))
    photo = np.kron(couple, np.ones((4, 4, 1), np.uint8))
    assert np.array_equal(alone.predict_alpha(photo), together.predict_alpha(photo))
