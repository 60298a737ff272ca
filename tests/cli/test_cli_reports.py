"""How reports come about: beside each other, and without a second look at the photo."""

import json
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cli_process import wishes
from recorte import BackgroundRemover
from recorte.cli.photos.run import run
from recorte.removal import quality
from recorte.removal.network import Network


@pytest.fixture
def photo(tmp_path: Path, red_square: np.ndarray) -> Path:
    Image.fromarray(red_square).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


def test_photos_are_judged_beside_each_other(
    photo: Path, best_model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each of two photos is judged only once the other is being judged too."""
    Image.open(photo).transpose(Image.Transpose.ROTATE_90).save(photo.with_name("other.png"))
    report, both = quality.report, threading.Barrier(2, timeout=60)

    def wait_and_report(*arguments: object) -> quality.QualityReport:
        both.wait()
        return report(*arguments)

    monkeypatch.setattr(quality, "report", wait_and_report)
    assert (
        run([photo.parent], wishes(best_model, output=str(photo.parent / "cut"), jobs=2, report=True, as_json=True))
        == 0
    )
    monkeypatch.undo()
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [Path(line["photo"]).name for line in told] == ["other.png", "photo.png"]
    remover = BackgroundRemover(best_model)
    for line in told:
        pixels = np.asarray(Image.open(line["photo"]))
        assert line["report"] == json.loads(json.dumps(quality.judge(pixels, remover.steps(pixels)).as_dict()))


@pytest.mark.parametrize("making", [{}, {"tta": True}, {"refine": False}])
@pytest.mark.parametrize("showing", [{}, {"crop": True}, {"people": "each"}])
def test_a_report_asks_the_network_nothing_again(
    photo: Path,
    best_model: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    making: dict[str, bool],
    showing: dict[str, object],
) -> None:
    pixels = np.asarray(Image.open(photo))
    expected = quality.judge(pixels, BackgroundRemover(best_model, **making).steps(pixels)).as_dict()
    alphas, asked_for = Network.alphas, []

    def count(self: Network, seen: np.ndarray) -> np.ndarray:
        asked_for.append(len(seen))
        return alphas(self, seen)

    monkeypatch.setattr(Network, "alphas", count)
    asked = wishes(best_model, making=making, report=True, as_json=True)
    asked.showing.update(showing)
    assert run([photo], asked) == 0
    assert asked_for == [1] * len(asked_for)  # the photo, and closer the one person in it
    assert len(asked_for) == 2 * (2 if making.get("tta") else 1)
    assert json.loads(capsys.readouterr().out)["report"] == json.loads(json.dumps(expected))


def test_a_report_that_cannot_be_made_is_no_failure_of_the_photo(
    photo: Path, best_model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(quality, "report", fail)
    assert run([photo], wishes(best_model, report=True)) == 0
    out, err = capsys.readouterr()
    assert out == f"Wrote {photo.with_name('photo-cutout.png')}\n"
    assert f"{photo}: cut out, but no report could be made (MemoryError)" in err
