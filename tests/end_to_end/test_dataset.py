from pathlib import Path

from commands import expect_mistake, run, write_coco


def test_quick_tells_what_is_there_and_what_brings_the_rest(tmp_path: Path) -> None:
    write_coco(tmp_path / "COCO", "train", 3)
    answer = run("dataset", tmp_path, "quick", "data=coco", "data.root=COCO")
    assert answer.returncode == 1
    assert "photos, train: COCO/train2017  (3 files)" in answer.stdout
    assert "python scripts/dataset.py download data=coco data.root=COCO 'parts=[val]'" in answer.stdout
    assert "2 missing" in answer.stdout
    write_coco(tmp_path / "COCO", "val", 2)
    answer = run("dataset", tmp_path, "quick", "data=coco", "data.root=COCO")
    assert (answer.returncode, answer.stdout.splitlines()[-1]) == (0, "Everything is there")
    assert [path.name for path in tmp_path.iterdir()] == ["COCO"]


def test_mistakes_at_the_desk(tmp_path: Path) -> None:
    expect_mistake(run("dataset", tmp_path), "the first word must be a verb; valid are quick, download")
    expect_mistake(run("dataset", tmp_path, "qick"), "qick: there is no such verb")
    expect_mistake(run("dataset", tmp_path, "quick", "data=cocoa", "parts=[test]"), "no such data", "annotations, val")
    expect_mistake(run("dataset", tmp_path, "download", "data=synthetic"), "knows where to get COCO 2017 only")
