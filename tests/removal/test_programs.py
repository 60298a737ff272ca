"""What programs call: the door of one word, several photos, frames; and what they are told."""

import io
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage import data

import recorte
from recorte import BackgroundRemover
from recorte.errors import PhotoError, RecorteError

PERSON = data.astronaut()[:256, 96:352]


def test_remove_gives_the_kind_that_it_was_given(tmp_path: Path) -> None:
    expected = BackgroundRemover().remove_background(PERSON)
    assert isinstance(expected, np.ndarray)
    assert (expected[..., 3] == 255).any()
    path = tmp_path / "photo.png"
    Image.fromarray(PERSON).save(path)
    found = recorte.remove(PERSON)
    assert isinstance(found, np.ndarray)
    assert np.array_equal(found, expected)
    for source in (path, str(path), Image.open(path)):
        image = recorte.remove(source)
        assert isinstance(image, Image.Image)
        assert np.array_equal(np.asarray(image), expected)
    for source in (path.read_bytes(), io.BytesIO(path.read_bytes()), path.open("rb")):
        content = recorte.remove(source)
        assert isinstance(content, bytes)
        assert np.array_equal(np.asarray(Image.open(io.BytesIO(content))), expected)


def test_remove_writes_and_takes_all_options(tmp_path: Path) -> None:
    target = tmp_path / "white.jpg"
    image = recorte.remove(PERSON, target, background="white", size="100x120", quality=80)
    assert isinstance(image, np.ndarray)
    assert image.shape == (120, 100, 3)
    assert Image.open(target).size == (100, 120)
    with pytest.raises(RecorteError, match=r"white\.jpg: exists already"):
        recorte.remove(PERSON, target, background="white")
    assert recorte.remove(PERSON, kind="webp")[8:12] == b"WEBP"


def test_remove_opens_one_model_when_it_is_first_called() -> None:
    code = "import sys, recorte; print('numpy' in sys.modules); import numpy, recorte.removal.network as network; "
    code += "made = []; there = network.Network.__init__; "
    code += "network.Network.__init__ = lambda *given: made.append(1) or there(*given); "
    code += "photo = numpy.zeros((32, 32, 3), 'uint8'); [recorte.remove(photo) for _ in range(3)]; "
    code += "print(len(made), 'torch' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert said.split() == ["False", "1", "False"]


def test_nothing_is_told_of_a_use(tmp_path: Path, best_model: Path) -> None:
    # ONNX Runtime keeps what it is going to tell, and a number for the machine, in the user's cache.
    home = tmp_path / "home"
    home.mkdir()
    places = {"HOME": home, "USERPROFILE": home, "LOCALAPPDATA": home, "XDG_CACHE_HOME": home / "cache"}
    env = {key: value for key, value in os.environ.items() if key != "ORT_DISABLE_TELEMETRY"}
    code = f"import recorte, numpy; recorte.BackgroundRemover({str(best_model)!r}).predict_alpha("
    code += "numpy.zeros((9, 9, 3), 'uint8'))"
    subprocess.run([sys.executable, "-c", code], check=True, env=env | {key: str(path) for key, path in places.items()})
    assert [*home.rglob("*")] == []


@pytest.mark.parametrize("photo", ["photo.jpg", b"content"])
def test_one_photo_is_no_batch(best_model: Path, photo: str | bytes) -> None:
    with pytest.raises(RecorteError, match="takes several photos, such as a list of paths, not one"):
        BackgroundRemover(best_model).cut_out_batch(photo)


def test_a_batch_is_what_one_after_the_other_gives(
    best_model: Path, red_square: np.ndarray, caplog: pytest.LogCaptureFixture
) -> None:
    remover = BackgroundRemover(best_model)
    photos = [np.roll(red_square, shift, axis=1) for shift in range(0, 50, 10)]
    with caplog.at_level(logging.DEBUG, "recorte"):
        found = remover.cut_out_batch(iter(photos), background="white")
    assert len([record for record in caplog.records if "1 results in" in record.getMessage()]) == 5
    for photo, one in zip(photos, found, strict=True):
        assert np.array_equal(one, remover.remove_background(photo, background="white"))
    assert isinstance(remover.cut_out_batch([Image.fromarray(red_square)])[0], Image.Image)
    assert remover.cut_out_batch([]) == []
    with pytest.raises(PhotoError, match=r"nowhere\.jpg: no such file"):
        remover.cut_out_batch([red_square, "nowhere.jpg"])


def test_frames_are_calm_where_they_stand_still(best_model: Path, red_square: np.ndarray) -> None:
    remover = BackgroundRemover(best_model, refine=False)
    one, other = red_square.copy(), red_square.copy()
    one[10:40, 10:30], other[10:40, 10:30] = (150, 25, 15), (146, 25, 15)
    alphas = [255 / (1 + np.exp(-40 * (red / 255 - 20 / 255 - 0.5))) for red in (150, 146)]
    taken: list[int] = []

    def frames() -> Iterator[np.ndarray]:
        for number, frame in enumerate((one, other, red_square[:, ::-1])):
            taken.append(number)
            yield frame

    stream = remover.stream(frames(), mask=True)
    assert taken == []
    first = next(stream)
    assert taken == [0]
    assert first[25, 20] == pytest.approx(alphas[0], abs=2)
    second, turned = stream
    before = 0.6 * np.exp(-((1.2 / 6) ** 2))  # four levels of red are 1.2 of brightness
    assert second[25, 20] == pytest.approx(before * alphas[0] + (1 - before) * alphas[1], abs=3)
    assert turned[25, 60] > 250  # what moved is not held back
    assert turned[25, 20] < 15
    assert next(remover.stream([red_square], background="white")).shape == (60, 80, 3)
    with pytest.raises(RecorteError, match="a mask has no background"):
        remover.stream([], mask=True, background="white")
    with pytest.raises(PhotoError, match="must be an array"):
        next(remover.stream(["frame.png"]))  # type: ignore[list-item]


def test_a_remover_says_what_it_is(best_model: Path) -> None:
    said = "refine=True, colours=True, tta=False, looks=4, providers=None)"
    assert repr(BackgroundRemover()) == f"BackgroundRemover(model=None, threads=None, {said}"
    shown = repr(BackgroundRemover(best_model, 2))
    assert shown == f"BackgroundRemover(model='{best_model}/model.onnx', threads=2, {said}"
