"""What somebody with photos runs: the command `recorte`, always as a process of its own."""

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from cli_process import expect_mistake, files, recorte
from tiny_models import write_best_model, write_network

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.fixture
def photo(tmp_path: Path, red_square: np.ndarray) -> Path:
    path = tmp_path / "photo.png"
    Image.fromarray(red_square).save(path, icc_profile=SRGB)
    return path


@pytest.fixture
def holiday(tmp_path: Path, red_square: np.ndarray) -> Path:
    folder = tmp_path / "holiday"
    (folder / "beach" / "Ångström [1]").mkdir(parents=True)
    for name in ("a.jpg", "a.png", "b.webp", "beach/a.jpg", "beach/Ångström [1]/c d.JPG"):
        Image.fromarray(red_square).save(folder / name)
    return folder


CUT_HOLIDAY = ["a.jpg.png", "a.png.png", "b.png", "beach/a.png", "beach/Ångström [1]/c d.png"]


# What goes well


def test_one_photo(photo: Path, best_model: Path, red_square: np.ndarray) -> None:
    target = photo.with_name("person.png")
    answer = recorte(photo, "-o", target, "-m", best_model)
    assert (answer.returncode, answer.stderr) == (0, "")
    assert answer.stdout == f"Wrote {target}\n"
    with Image.open(target) as image:
        assert (image.mode, image.size) == ("RGBA", (80, 60))
        assert image.info["icc_profile"] == SRGB
        cutout = np.asarray(image)
    assert np.array_equal(cutout[15:35, 15:25, :3], red_square[15:35, 15:25])
    assert cutout[15:35, 15:25, 3].min() == 255
    assert cutout[:, 40:].max() == 0


def test_without_output_it_goes_beside_the_photo(photo: Path, best_model: Path) -> None:
    answer = recorte("photo.png", "--model", best_model, cwd=photo.parent)
    assert (answer.returncode, answer.stdout) == (0, "Wrote photo-cutout.png\n")
    assert files(photo.parent) == ["photo-cutout.png", "photo.png"]


@pytest.mark.parametrize(("output", "written"), [("new/", "new/photo.png"), ("there", "there/photo.png")])
def test_one_photo_into_a_folder(photo: Path, best_model: Path, output: str, written: str) -> None:
    (photo.parent / "there").mkdir()
    assert recorte(photo, "-o", output, "-m", best_model, cwd=photo.parent).returncode == 0
    assert (photo.parent / written).is_file()


def test_eight_orientations_give_eight_equal_cutouts(tmp_path: Path, best_model: Path, red_square: np.ndarray) -> None:
    stored = {
        1: red_square, 2: red_square[:, ::-1], 3: red_square[::-1, ::-1], 4: red_square[::-1],
        5: red_square.swapaxes(0, 1), 6: np.rot90(red_square), 7: np.rot90(red_square, 2).swapaxes(0, 1),
        8: np.rot90(red_square, -1),
    }  # fmt: skip
    for orientation, pixels in stored.items():
        exif = Image.Exif()
        exif[0x0112] = orientation
        Image.fromarray(np.ascontiguousarray(pixels)).save(tmp_path / f"{orientation}.png", exif=exif)
    answer = recorte(*sorted(tmp_path.iterdir()), "-o", tmp_path / "cut", "-m", best_model)
    assert (answer.returncode, answer.stdout) == (0, "8 written\n")
    first = np.asarray(Image.open(tmp_path / "cut" / "1.png"))
    assert first.shape == (60, 80, 4)
    for orientation in stored:
        assert np.array_equal(np.asarray(Image.open(tmp_path / "cut" / f"{orientation}.png")), first)


def test_a_tree_of_folders_and_running_it_again(holiday: Path, best_model: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut"
    answer = recorte(holiday, "-o", cut, "-m", best_model)
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "5 written\n", "")
    assert files(cut) == sorted(CUT_HOLIDAY)

    (cut / "b.png").unlink()
    answer = recorte(holiday, "-o", cut, "-m", best_model)
    assert answer.stdout == "1 written, 4 skipped (there already; --overwrite makes them again)\n"
    answer = recorte(holiday, "-o", cut, "-m", best_model, "--overwrite")
    assert answer.stdout == "5 written\n"
    assert files(cut) == sorted(CUT_HOLIDAY)


def test_results_inside_the_folder_are_not_cut_out_again(holiday: Path, best_model: Path) -> None:
    for _ in range(2):
        assert recorte("holiday", "-o", "holiday/cut", "-m", best_model, cwd=holiday.parent).returncode == 0
    assert files(holiday / "cut") == sorted(CUT_HOLIDAY)


def test_several_photos(holiday: Path, best_model: Path, tmp_path: Path) -> None:
    photos = [holiday / "a.jpg", holiday / "b.webp", holiday / "a.jpg"]
    answer = recorte(*photos, "-o", tmp_path / "cut", "-m", best_model)
    assert (answer.returncode, answer.stdout) == (0, "2 written\n")
    assert files(tmp_path / "cut") == ["a.png", "b.png"]
    assert recorte(*photos, holiday / "a.png", "-m", best_model).returncode == 0
    assert [path.name for path in sorted(holiday.glob("*-cutout*"))] == [
        "a.jpg-cutout.png", "a.png-cutout.png", "b-cutout.png",
    ]  # fmt: skip


def test_names_that_are_no_text_or_look_like_options(best_model: Path, tmp_path: Path, photo: Path) -> None:
    odd = tmp_path / "caf\udce9.png"  # Latin-1 on a disk that expects UTF-8
    try:
        odd.write_bytes(photo.read_bytes())
    except (OSError, UnicodeError):
        pytest.skip("this file system takes valid text only")
    assert recorte(odd, "-m", best_model).returncode == 0
    assert (tmp_path / "caf\udce9-cutout.png").is_file()
    photo.rename(tmp_path / "-o.png")
    assert recorte("-m", best_model, "--", "-o.png", cwd=tmp_path).returncode == 0


def test_overwriting_one_cutout(photo: Path, best_model: Path) -> None:
    target = photo.with_name("cut.webp")
    target.write_bytes(b"precious")
    answer = recorte(photo, "-o", target, "-m", best_model)
    expect_mistake(answer, "cut.webp: exists already", "--overwrite")
    assert target.read_bytes() == b"precious"
    assert recorte(photo, "-o", target, "-m", best_model, "--overwrite").returncode == 0
    assert Image.open(target).format == "WEBP"


# Photos that fail


def test_photos_that_fail_are_named_and_the_rest_goes_on(holiday: Path, best_model: Path, tmp_path: Path) -> None:
    whole = (holiday / "a.jpg").read_bytes()
    (holiday / "beach" / "short.jpg").write_bytes(whole[: len(whole) // 2])
    (holiday / "page.png").write_text("<html>")
    (holiday / "zero.jpg").touch()
    (holiday / "moved.jpg").symlink_to("elsewhere.jpg")
    (holiday / "round.jpg").symlink_to("round.jpg")
    (holiday / f"{'l' * 251}.jpg").write_bytes(whole)  # with .webp its name has a byte too many
    answer = recorte(holiday, "-o", tmp_path / "cut", "-m", best_model, "--format", "webp")
    assert answer.returncode == 1
    assert answer.stdout == "5 written, 6 failed\n"
    complaints = answer.stderr.splitlines()
    wrong = ("short.jpg", f"{'l' * 251}.jpg", "moved.jpg", "page.png", "round.jpg", "zero.jpg")
    for name, complaint in zip(wrong, complaints, strict=True):
        assert complaint.startswith("Error: ")
        assert complaint.count(name) == 1 or "(File name too long)" in complaint
    assert files(tmp_path / "cut") == sorted(f"{name.removesuffix('.png')}.webp" for name in CUT_HOLIDAY)


def test_one_broken_photo(tmp_path: Path, best_model: Path) -> None:
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 and no more")
    answer = recorte(tmp_path / "broken.jpg", "-m", best_model)
    assert (answer.returncode, answer.stdout) == (1, "")
    assert "broken.jpg" in answer.stderr
    assert "Traceback" not in answer.stderr
    assert files(tmp_path) == ["broken.jpg"]


# The user's mistakes


def test_mistakes_with_photos(photo: Path, holiday: Path, best_model: Path) -> None:
    folder = photo.parent
    (folder / "empty").mkdir()
    before = files(folder)
    model = ("-m", best_model)
    expect_mistake(recorte(photo, "no.jpg", "none.jpg", *model), "no.jpg, none.jpg: no such file or folder")
    expect_mistake(recorte(holiday, *model), "needs a folder for the results", "-o cut/")
    expect_mistake(recorte(holiday, photo, *model), "needs a folder for the results")
    expect_mistake(recorte(folder / "empty", "-o", folder / "cut", *model), "empty: no photos in it")
    for words in ([""], [photo, "--crop", ""], ["--no-refine", ""], ["--", ""]):
        expect_mistake(recorte("-o", folder / "cut", *model, *words), "a name is empty")
    expect_mistake(recorte(holiday / "a.jpg", holiday / "beach" / "a.jpg", "-o", folder / "cut", *model), "one name")
    assert files(folder) == before
    assert not (folder / "cut").exists()


def test_mistakes_with_the_output(photo: Path, holiday: Path, best_model: Path) -> None:
    folder = photo.parent
    before = photo.read_bytes()
    model = ("-m", best_model)
    itself = "the photo itself, which is never replaced"
    expect_mistake(recorte(photo, "-o", photo, *model, "--overwrite"), itself)
    expect_mistake(recorte(photo, "-o", folder, *model, "--overwrite"), itself)
    assert photo.read_bytes() == before
    expect_mistake(recorte(holiday, "-o", holiday, *model, "--overwrite"), "the folder of the photos itself")
    expect_mistake(
        recorte(photo, "-o", folder / "cut.jpg", *model), "cut.jpg", "cannot be transparent", ".png, .webp, .tif"
    )
    expect_mistake(recorte(holiday, "-o", folder / "cut.png", *model), "need a folder for the cut-outs")
    expect_mistake(recorte(photo, "-o", photo / "cut.png", *model), "is a file, not a folder")
    expect_mistake(recorte(holiday, "-o", photo / "cut", *model), "photo.png is no folder")
    expect_mistake(recorte(holiday, "-o", photo, *model), "need a folder for the cut-outs")
    for photos in ([photo], [holiday], [photo, holiday]):
        expect_mistake(recorte(*photos, "-o", "", *model, cwd=folder), '-o "" names nothing')
    expect_mistake(recorte("bulk", holiday, "-o", ""), '-o "" names nothing')
    assert sorted(path.name for path in folder.iterdir()) == ["holiday", "photo.png"]


def test_mistakes_with_the_model(photo: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.onnx").write_bytes(b"no network")
    write_network(tmp_path / "other.onnx", names=("x", "y", "z"))
    write_best_model(tmp_path / "newer", format=2)
    write_network(tmp_path / "logits.onnx", final="Identity")
    for model, complaint in {
        "nowhere": "nowhere: no such model",
        "broken.onnx": "broken.onnx: not an ONNX model",
        "other.onnx": "other.onnx: another kind of network",
        "newer": "format 2 is of a newer Recorte",
        "logits.onnx": "not in [0, 1]",
    }.items():
        expect_mistake(recorte(photo, "-m", model, cwd=tmp_path), complaint)
    assert not (tmp_path / "photo-cutout.png").exists()


def test_mistakes_with_options(photo: Path) -> None:
    expect_mistake(recorte(photo, "--colour", "red"), "No such option", "--colour")
    expect_mistake(recorte(photo, "-o"), "requires an argument")
    assert recorte().returncode == 2


# The door itself


def test_help_and_version() -> None:
    answer = recorte("--help")
    assert (answer.returncode, answer.stderr) == (0, "")
    for word in ("recorte photo.jpg -o person.png", "--output", "--model", "--overwrite", "--version"):
        assert word in answer.stdout
    answer = recorte("--version")
    assert (answer.returncode, answer.stdout) == (0, f"recorte {version('recorte')}\n")


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["no-such.jpg"]])
def test_quick_answers_import_nothing_heavy(arguments: list[str]) -> None:
    command = [sys.executable, "-X", "importtime", "-m", "recorte", *arguments]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    imported = {line.split("|")[-1].strip().split(".")[0] for line in answer.stderr.splitlines() if "|" in line}
    assert "typer" in imported
    assert not imported & {"torch", "lightning", "hydra", "cv2", "onnxruntime", "numpy", "PIL"}


def test_cutting_out_imports_no_pytorch(photo: Path, best_model: Path) -> None:
    command = [sys.executable, "-X", "importtime", "-m", "recorte", photo, "-m", best_model]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    imported = {line.split("|")[-1].strip().split(".")[0] for line in answer.stderr.splitlines() if "|" in line}
    assert "onnxruntime" in imported
    assert not imported & {"torch", "lightning", "hydra", "timm", "albumentations", "onnx"}
