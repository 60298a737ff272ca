"""`scripts/studies/card.py` where there is no card: what it checks on the processor, and what it says it cannot."""

import json
import shutil
from pathlib import Path

import pytest

from commands import expect_mistake, run, write_coco, write_portraits
from recorte.data.coco import CocoPersons
from recorte.data.folder import ImageMaskFolder

pytestmark = pytest.mark.skipif(shutil.which("nvidia-smi") is not None, reason="a card is here")


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Photos as the study takes them."""
    root = tmp_path_factory.mktemp("photos")
    for split, count in (("train", 6), ("val", 2)):
        write_coco(root / "persons", split, count)
        write_portraits(root / "portraits", split, count)
    return root


@pytest.mark.slow
def test_a_part_that_fails_is_a_row_and_the_others_go_on(tmp_path: Path, photos: Path) -> None:
    (photos / "persons/annotations/person_keypoints_train2017.json").rename(photos / "annotations.json")
    parts = "numbers,bf16,cpu,rtx4090,recipe"
    answer = run("studies/card", tmp_path, "--tiny", "--parts", parts, "--data", str(photos), "--out", "card")
    (photos / "annotations.json").rename(photos / "persons/annotations/person_keypoints_train2017.json")
    assert answer.returncode == 1, answer.stderr
    found = json.loads((tmp_path / "card/card.json").read_text())
    rows = {(row["check"], row["what"]): row for row in found["rows"]}
    assert found["card"].startswith("none")
    numbers = [row for row in found["rows"] if row["check"] in ("cpu", "bf16") and row["expected"]]
    assert len(numbers) == 18
    assert {row["state"] for row in numbers} == {"ok"}
    assert rows["rtx4090", "with CUDA's own and gaps, GiB"]["how"] == "computed"
    assert rows["rtx4090", "memory and photos/s"]["state"] == "left out"
    assert rows["recipe", "training"]["state"] == "left out"
    failed = rows["cpu", "what is missing of it"]
    assert failed["state"] == "failed"
    assert "person_keypoints_train2017.json" in failed["note"]
    assert "no card here: not measured" in (tmp_path / "card/card.txt").read_text()


def test_a_copy_to_take_along_holds_the_same_people(tmp_path: Path, photos: Path) -> None:
    answer = run("studies/card", tmp_path, "--data", str(photos), "--pack", "pack")
    assert answer.returncode == 0, answer.stderr
    assert "4 photos to validate, 12 of 12 to train" in answer.stdout
    for split in ("train", "val"):
        sources = [CocoPersons(root / "persons", split) for root in (photos, tmp_path / "pack")]
        assert len(sources[0]) == len(sources[1])
        for index in range(len(sources[0])):
            assert (sources[0][index].alpha == sources[1][index].alpha).all()
        sources = [ImageMaskFolder(root / "portraits", split) for root in (photos, tmp_path / "pack")]
        assert [source.name(0) for source in sources] == ["0.png", "0.webp"]
        assert abs(sources[0][0].alpha.astype(int) - sources[1][0].alpha).max() <= 1
    again = run("studies/card", tmp_path, "--data", str(photos), "--pack", "pack")
    expect_mistake(again, "--pack pack: it is there already")


def test_what_is_asked_for_wrongly_is_said(tmp_path: Path) -> None:
    expect_mistake(run("studies/card", tmp_path, "--parts", "numbers,speed"), "there is no speed")
    expect_mistake(run("studies/card", tmp_path, "--data", str(tmp_path)), "persons and portraits is not in it")


@pytest.mark.long
def test_the_recipe_trains_and_is_measured_beside_the_shipped_weights(tmp_path: Path, photos: Path) -> None:
    answer = run("studies/card", tmp_path, "--tiny", "--parts", "recipe", "--data", str(photos), "--minutes", "8",
                 "--out", "card")  # fmt: skip
    assert answer.returncode == 0, answer.stdout + answer.stderr
    rows = {row["what"]: row for row in json.loads((tmp_path / "card/card.json").read_text())["rows"]}
    assert (tmp_path / "card/recipe/best_model/model.onnx").is_file()
    assert rows["photo_iou"]["expected"].startswith("shipped 0.")
    assert "without unlabelled, selfies, voc_people" in rows["photos/s"]["note"]
