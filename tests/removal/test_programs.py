"""What programs call: the door of one word."""

import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage import data

import recorte
from recorte import BackgroundRemover
from recorte.errors import RecorteError

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
