from pathlib import Path

import numpy as np
import pytest
from omegaconf import DictConfig, OmegaConf
from PIL import Image

from recorte.data.sample import Sample
from recorte.desk import contact_sheet
from recorte.desk.contact_sheet import ORDERS, sheet, tinted
from recorte.errors import ConfigError, DataError
from recorte.training.figures.sheets import Cell


@pytest.mark.parametrize(
    ("which", "first"), [("largest", [2, 0]), ("smallest", [3, 0]), ("crowded", [3, 0]), ("empty", [1, 3])]
)
def test_orders(which: str, first: list[int]) -> None:
    covered, people = np.array([0.3, 0.0, 0.9, 0.1]), np.array([2, 0, 1, 12])
    assert ORDERS[which](covered, people)[:2].tolist() == first


def test_people_are_green_and_what_is_ignored_is_red(tmp_path: Path) -> None:
    photo = np.full((64, 64, 3), 100, np.uint8)
    alpha, weight = np.zeros((64, 64), np.uint8), np.ones((64, 64), np.uint8)
    alpha[:20], weight[40:] = 255, 0
    picture = tinted(Sample(photo, alpha, weight, "a"), 64)
    assert picture[5, 5].tolist() == [80, 160, 95]
    assert picture[30, 5].tolist() == [100, 100, 100]
    assert picture[60, 5].tolist() == [165, 70, 70]


def asked(root: Path, which: object, name: str = "recorte.data.folder.ImageMaskFolder") -> DictConfig:
    source = {"_target_": name, "_partial_": True, "root": str(root)}
    given = {
        "which": which,
        "photos": None,
        "seed": 0,
        "run_dir": str(root / "seen"),
        "data": {"sources": {"a": source}},
    }
    return OmegaConf.create(given)


def write_masks(root: Path, masks: dict[str, np.ndarray]) -> None:
    """Grey photos with these masks, all of them to train, and one of nobody to validate."""
    for split, pairs in (("train", masks), ("val", {"nobody": np.zeros((40, 40), np.uint8)})):
        for kind in ("photos", "masks"):
            (root / split / kind).mkdir(parents=True)
        for name, mask in pairs.items():
            Image.new("RGB", (40, 40), (90, 90, 90)).save(root / split / f"photos/{name}.png")
            Image.fromarray(mask).save(root / split / f"masks/{name}.png")


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int, list[str]]]:
    """What is drawn: title, places of a row, captions."""
    seen: list[tuple[str, int, list[str]]] = []

    def draw(title: str, heads: list[str], rows: list[list[Cell]]) -> Image.Image:
        seen.append((title, len(heads), [cell.caption for row in rows for cell in row]))
        return Image.new("RGB", (9, 9))

    monkeypatch.setattr(contact_sheet, "draw_sheet", draw)
    return seen


def test_photos_are_found_by_name_and_by_number(tmp_path: Path, drawn: list) -> None:
    names = ("000000000589", "12", "ana", "b")
    write_masks(tmp_path, dict.fromkeys(names, np.zeros((40, 40), np.uint8)))
    assert sheet(asked(tmp_path, [589, "012", "ana.png", "nobody"])) == 0
    assert drawn == [
        ("a, train: by name, 3 of 4", 3, ["000000000589.png", "12.png", "ana.png"]),
        ("a, val: by name, 1 of 1", 3, ["nobody.png"]),
    ]


def test_photos_that_are_not_there_are_named(tmp_path: Path, drawn: list) -> None:
    write_masks(tmp_path, {"ana": np.zeros((40, 40), np.uint8)})
    with pytest.raises(DataError, match=r"which: no photo is called 590, anna; names are"):
        sheet(asked(tmp_path, [590, "ana", "anna"]))
    assert [captions for _, _, captions in drawn] == [["ana.png"]]
    with pytest.raises(ConfigError, match="name at least one photo"):
        sheet(asked(tmp_path, []))


def test_crowded_counts_regions_where_nothing_tells_people_apart(tmp_path: Path, drawn: list) -> None:
    one, three, specks = (np.zeros((40, 40), np.uint8) for _ in range(3))
    one[:30] = 255
    three[2:6, 2:6] = three[2:6, 20:24] = three[20:30, 20:30] = 255
    specks[::4, ::4] = 255  # a hundred pixels, each of 0.06 %
    write_masks(tmp_path, {"a": specks, "b": one, "c": three})
    sheet(asked(tmp_path, "crowded"))
    assert drawn[0][2] == ["c.png", "b.png", "a.png"]


def test_a_broken_photo_is_called_by_its_name_and_the_reason_is_told(
    tmp_path: Path, drawn: list, capsys: pytest.CaptureFixture[str]
) -> None:
    write_masks(tmp_path, {"a": np.zeros((40, 40), np.uint8)})
    (tmp_path / "train/photos/a.png").write_bytes(b"broken")
    sheet(asked(tmp_path, "random"))
    assert drawn[0][2] == ["broken: a.png"]
    assert f"broken: {tmp_path}/train/photos/a.png: not a photo" in capsys.readouterr().out


def test_where_nobody_is_there_is_no_smallest(tmp_path: Path, drawn: list, capsys: pytest.CaptureFixture[str]) -> None:
    write_masks(tmp_path, {"a": np.full((40, 40), 255, np.uint8)})
    sheet(asked(tmp_path, "smallest"))
    assert [title for title, _, _ in drawn] == ["a, train: smallest, 1 of 1"]
    assert "a, val: nobody is on its photos" in capsys.readouterr().out


def test_a_sheet_that_cannot_be_written_is_told(tmp_path: Path, drawn: list) -> None:
    write_masks(tmp_path, {"a": np.zeros((40, 40), np.uint8)})
    (tmp_path / "seen").write_bytes(b"a file")
    with pytest.raises(DataError, match=r"sheet-a-train-random\.png: cannot be written .*seen is a file, not a folder"):
        sheet(asked(tmp_path, "random"))
