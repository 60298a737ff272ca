import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from commands import TINY, expect_mistake, run, write_coco, write_portraits
from recorte.data.coco import CocoPersons
from recorte.data.folder import ImageMaskFolder
from supervisely_files import polygon, write_project


def test_quick_tells_what_is_there_and_what_brings_the_rest(tmp_path: Path) -> None:
    write_coco(tmp_path / "COCO", "val", 2)
    answer = run("dataset", tmp_path, "quick", "data=coco", "data.root=COCO")
    assert answer.returncode == 1
    assert "photos, val: COCO/val2017  (2 files)" in answer.stdout
    assert "python scripts/dataset.py download data=coco data.root=COCO 'parts=[train]'" in answer.stdout
    assert "2 missing" in answer.stdout
    write_coco(tmp_path / "COCO", "train", 3)
    answer = run("dataset", tmp_path, "quick", "data=coco", "data.root=COCO")
    assert (answer.returncode, answer.stdout.splitlines()[-1]) == (0, "Everything is there")
    assert [path.name for path in tmp_path.iterdir()] == ["COCO"]


def test_mistakes_at_the_desk(tmp_path: Path) -> None:
    expect_mistake(run("dataset", tmp_path), "the first word must be a verb; valid are quick, verify")
    expect_mistake(run("dataset", tmp_path, "qick"), "qick: there is no such verb")
    expect_mistake(run("dataset", tmp_path, "quick", "data=cocoa", "parts=[test]"), "no such data", "annotations, val")
    expect_mistake(run("dataset", tmp_path, "download", "data=synthetic"), "knows where to get COCO 2017 only")


@pytest.mark.slow
def test_analyze_tells_writes_and_draws(tmp_path: Path) -> None:
    root = tmp_path / "data"
    for split, photos in (("train", 5), ("val", 3)):
        write_coco(root / "persons", split, photos)
        write_portraits(root / "portraits", split, photos)
    (root / "persons/train2017/000.png").write_bytes(b"broken")
    answer = run("dataset", tmp_path, "analyze", "data=mixed", "data.root=data", "run_dir=looked at")
    assert answer.returncode == 0, answer.stderr
    assert "persons, train\n  photos: 5\n" in answer.stdout
    facts = json.loads((tmp_path / "looked at/analysis.json").read_text())
    assert list(facts) == ["persons, train", "persons, val", "portraits, train", "portraits, val"]
    assert facts["persons, train"]["area of a person, pixels"]["mean"] == 100
    assert facts["persons, train"]["photos opened"] == 4
    assert "000.png" in facts["persons, train"]["photos that cannot be opened"][0]
    for name in ("persons-train", "portraits-val"):
        with Image.open(tmp_path / f"looked at/analysis-{name}.png") as page:
            assert page.width > 1000
    expect_mistake(run("dataset", tmp_path, "analyze", "data=coco", "data.root=nowhere"), "there is no folder nowhere")


@pytest.mark.slow
def test_sheets_to_look_at(tmp_path: Path) -> None:
    root = tmp_path / "data"
    for split, photos in (("train", 9), ("val", 3)):
        write_coco(root / "persons", split, photos)
        write_portraits(root / "portraits", split, photos)
    arguments = ["sheet", "data=mixed", "data.root=data", "run_dir=seen", "photos=7"]
    sheets = {"random": ("random", 6, 2), "largest": ("largest", 6, 2), "[002,'4']": ("by-name", 3, 1)}
    for which in sheets:
        answer = run("dataset", tmp_path, *arguments, f"which={which}")
        assert answer.returncode == 0, answer.stderr
    for kind, columns, rows in sheets.values():  # none took another's place
        for name in ("portraits", "persons"):
            with Image.open(tmp_path / f"seen/sheet-{name}-train-{kind}.png") as page:
                assert page.size == (6 + columns * 198, 48 + rows * 216)
    answer = run("dataset", tmp_path, "sheet", "data=mixed", "data.root=data", "which=tallest", "photos=0")
    expect_mistake(answer, "which=tallest: must be random, largest", "photos=0")


@pytest.mark.slow
def test_batches_are_timed_and_drawn(tmp_path: Path) -> None:
    write_coco(tmp_path / "COCO", "train", 9)
    arguments = ["data.image_size=64", "data.batch_size=4", "data.num_workers=0", "hardware=cpu", "run_dir=timed"]
    answer = run("dataset", tmp_path, "batch", "data=coco", "data.root=COCO", *arguments)
    assert answer.returncode == 0, answer.stderr
    assert "image: (4, 64, 64, 3), torch.uint8, from" in answer.stdout
    assert "2 batches with 0 workers: the first after" in answer.stdout
    with Image.open(tmp_path / "timed/augmentation.png") as page:
        assert page.size == (6 + 6 * 198, 48 + 4 * 216)


@pytest.mark.slow
def test_supervisely_to_coco_to_masks_and_nothing_is_lost(tmp_path: Path) -> None:
    square = polygon([[5, 6], [14, 6], [14, 15], [5, 15]])
    neutral = polygon([[20, 20], [30, 20], [30, 25], [20, 25]], title="neutral")
    photos = {f"ds1/{number}.png": [[], [square, neutral], [square]][number % 3] for number in range(9)}
    write_project(tmp_path / "project", photos)
    Image.new("RGB", (3, 3)).save(tmp_path / "project/ds1/img/4.png")  # of another size than its annotation
    arguments = ["data=supervisely", "data.root=project", "data.sources.supervisely.val_share=0.3"]
    answer = run("dataset", tmp_path, "convert", *arguments, "to=coco", "target=coco")
    assert answer.returncode == 1, answer.stderr
    assert "left out: project/ds1/img/4.png" in answer.stdout
    answer = run("dataset", tmp_path, "convert", "data=coco", "data.root=coco", "to=masks", "target=masks")
    assert answer.returncode == 1, answer.stderr
    told = [line for line in answer.stdout.splitlines() if line.startswith("left out: coco/")]
    assert len(told) == 2 and all("5.5 % of it count neither as people nor as background" in line for line in told)
    seen, masks = set(), {}
    for split in ("train", "val"):
        for one in ImageMaskFolder(tmp_path / "masks", split):
            masks[one.name.split("-")[-1]] = one
        for one in CocoPersons(tmp_path / "coco", split):
            name = one.name.split("-")[-1]
            seen.add(name)
            original = Image.open(tmp_path / "project/ds1/img" / name)
            wanted, ignored = np.zeros((30, 40), np.uint8), np.zeros((30, 40), np.uint8)
            if int(name[0]) % 3:
                wanted[6:16, 5:15] = 255
            if int(name[0]) % 3 == 1:
                ignored[20:26, 20:31] = 1
            assert np.array_equal(one.photo, np.asarray(original)) and np.array_equal(one.alpha, wanted)
            assert np.array_equal(one.weight, 1 - ignored)
            if name in masks:
                assert np.array_equal(masks[name].photo, one.photo) and np.array_equal(masks[name].alpha, wanted)
    assert seen == {f"{number}.png" for number in range(9) if number != 4}
    assert masks.keys() == {f"{number}.png" for number in (0, 2, 3, 5, 6, 8)}
    answer = run("dataset", tmp_path, "convert", "data=coco", "data.root=coco", "to=masks", "target=masks")
    expect_mistake(answer, "target=masks: is there already")
    expect_mistake(run("dataset", tmp_path, "convert", "data=coco", "data.root=coco"), "give target=")


@pytest.mark.slow
def test_verify_checks_data_batch_network_and_device(tmp_path: Path) -> None:
    for split, photos in (("train", 5), ("val", 3)):
        write_coco(tmp_path / "COCO", split, photos)
    network = ["model.encoder=test_resnet.r160_in1k", "model.decoder_channels=[16,16,8,8]", "data.image_size=64"]
    arguments = ["data=coco", "data.root=COCO", "hardware=cpu", "data.num_workers=0", "run_dir=checked", *network]
    answer = run("dataset", tmp_path, "verify", *arguments, "full=true")
    report = json.loads((tmp_path / "checked/verify.json").read_text())
    assert [finding["path"] for finding in report] == [f"COCO/val2017/{number:03}.png" for number in range(3)]
    assert answer.returncode == 1  # the same photos to train and to validate
    for number in range(3):
        Image.new("RGB", (32, 24), (number * 50, 90, 20)).save(tmp_path / f"COCO/val2017/{number:03}.png")
    answer = run("dataset", tmp_path, "verify", *arguments, "full=true")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "A batch of (4, 3, 64, 64) went through the network on cpu" in answer.stdout
    assert "Ready to train" in answer.stdout
    answer = run("dataset", tmp_path, "verify", "data=coco", "data.root=nowhere", "run_dir=checked")
    assert answer.returncode == 1 and "nowhere: there is no such folder" in answer.stdout


@pytest.mark.slow
def test_training_checks_its_data_first_if_asked(tmp_path: Path) -> None:
    for split, photos in (("train", 5), ("val", 3)):
        write_coco(tmp_path / "COCO", split, photos)
    answer = run("train", tmp_path, *TINY, "data=coco", "data.root=COCO", "check=true")
    expect_mistake(answer, "check=true: 3 faults in the data", "COCO/val2017/000.png: the same photo as")
