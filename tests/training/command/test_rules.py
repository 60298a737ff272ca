"""Sources of the wrong type, and folders that cannot be, are told with all other mistakes of a config."""

import os
import re
from pathlib import Path

import pytest
import timm

from recorte.training.command.config import find_problems

CONF = Path(__file__).parents[3] / "conf"


@pytest.fixture(autouse=True)
def _places(config_folders: Path) -> None:
    (config_folders / "kept").mkdir()
    (config_folders / "file").touch()


def problems(*arguments: str, name: str = "train", sweep: bool = False) -> list[str]:
    return find_problems(CONF, name, arguments, sweep)


def test_all_options_of_a_source_at_once() -> None:
    found = problems(
        "data=coco", "data.sources.coco.min_area=x", "data.sources.coco.negatives=101", "data.batch_size=0",
        "data.cache_dir=3", "optimizer.lr=x",
    )  # fmt: skip
    assert sorted(found) == [
        "data.batch_size=0: must be a whole number of at least 1",
        "data.cache_dir=3: must be a path, or null",
        "data.sources.coco.min_area=x: must be a number of at least 0",
        "data.sources.coco.negatives=101: must be a number from 0 to 100",
        "optimizer.lr=x: must be a number above 0",
    ]


@pytest.mark.parametrize(
    ("data", "option", "valid"),
    [
        ("folder", "val_share=many", "a number between 0 and 1"),
        ("folder", "val_share=1", "a number between 0 and 1"),
        ("folder", "photos=null", "a path"),
        ("folder", "masks=2024", "a path"),
        ("cutouts", "backgrounds=[a]", "a path, or null"),
        ("supervisely", "classes=null", "a name, or a list of names"),
        ("supervisely", "classes=[1]", "a name, or a list of names"),
        ("synthetic", "length=0", "a whole number of at least 1"),
        ("synthetic", "size=x", "a multiple of 32, such as 256 or 384"),
    ],
)
def test_an_option_of_the_wrong_type(data: str, option: str, valid: str) -> None:
    shown = option.replace("[a]", "['a']")
    assert problems(f"data={data}", f"data.sources.{data}.{option}") == [
        f"data.sources.{data}.{shown}: must be {valid}"
    ]


@pytest.mark.parametrize(
    "option", ["classes=person_poly", "classes=[a,b]", "+ignored=[]", "+unmarked=some", "val_share=0.5"]
)
def test_options_that_are_valid(option: str) -> None:
    plus, option = ("+", option[1:]) if option[0] == "+" else ("", option)
    assert problems("data=supervisely", f"{plus}data.sources.supervisely.{option}") == []


@pytest.mark.parametrize("value", ["null", "3", "coco"])
def test_no_sources(value: str) -> None:
    (found,) = problems("data=coco", f"data.sources={value}")
    assert found.startswith("data.sources=") and "must be sources by name" in found
    (found,) = problems("data=coco", f"data.sources.coco={value}")
    assert found.startswith("data.sources.coco=") and "_target_" in found


def test_shares_that_are_none() -> None:
    (found,) = problems("data=mixed", "data.shares=0.5")
    assert found == "data.shares=0.5: must be a number above 0 for each source, such as {persons: 1}, or null"


def test_parts_and_weights_of_the_wrong_type() -> None:
    (found,) = problems("verb=download", "data=coco", "parts=[{a:1}]", name="dataset")
    assert found == "parts=[{'a': 1}]: must be a list of annotations, val and train"
    (found,) = problems("data=coco", "loss.weights=3")
    assert found == "loss.weights=3: must be a number for each loss, such as {bce: 1, dice: 1}"


def test_where_a_path_is_needed_null_is_none() -> None:
    assert problems("data=folder", "data.root=null") == ["data.root=null: must be a path"]
    assert problems("data=folder", "run_dir=null") == ["run_dir=null: must be a path"]
    assert problems("data=folder", "model.encoder_weights=null")[0].endswith(
        "must be imagenet, none, or a file of weights"
    )
    assert problems("data=folder", "data.cache_dir=null", "init=null", "resume=null") == []
    assert problems("verb=convert", "data=folder", "target=null", name="dataset") == []


def test_folders_below_a_file(tmp_path: Path) -> None:
    found = problems(
        "verb=convert", "data=folder", "target=file/a", "run_dir=file", "data.cache_dir=file/a/b", name="dataset"
    )
    assert found == [
        f"{key}: {tmp_path}/file is no folder; give another place"
        for key in ("run_dir=file", "target=file/a", "data.cache_dir=file/a/b")
    ]


def test_folders_that_are_not_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, _: Path(path) not in (tmp_path, tmp_path / "kept"))
    (found,) = problems("data=folder", "run_dir=runs/1")
    assert found.startswith(f"run_dir=runs/1: {tmp_path} is not yours to write to")
    assert problems("data=folder", "data.cache_dir=kept") == []  # others may have filled it


@pytest.mark.parametrize(
    ("given", "found"),
    [
        (
            ["callbacks.checkpoint.monitor=val/iouu"],
            "callbacks.checkpoint.monitor=val/iouu: nothing of this name is measured; did you mean val/iou or "
            "val/photo_iou or val/people_iou?",
        ),
        (
            ["callbacks.checkpoint.monitor=val/loss_focal"],
            "callbacks.checkpoint.monitor=val/loss_focal: nothing of this name is measured; did you mean "
            "val/loss_bce or val/loss_dice or val/loss_perceptual?",
        ),
        (
            ["callbacks.checkpoint.monitor=val/persons/iou"],
            "callbacks.checkpoint.monitor=val/persons/iou: nothing of this name is measured; did you mean "
            "val/people_iou or val/photo_iou or val/iou?",
        ),
        (
            ["callbacks.checkpoint.monitor=val/outline_bias"],
            "callbacks.checkpoint.monitor=val/outline_bias: its best value is that nearest to 0, and Lightning knows "
            "only the highest and the lowest; give another figure, such as val/photo_iou",
        ),
    ],
)
def test_a_monitor_that_nothing_logs(given: list[str], found: str) -> None:
    assert problems("data=synthetic", *given) == [found]


@pytest.mark.parametrize(
    "given",
    [
        ["callbacks.checkpoint.monitor=val/loss_dice"],
        ["data=mixed", "data.root=.", "callbacks.checkpoint.monitor=val/persons/iou"],
        ["callbacks.checkpoint.monitor=val/mine", "+metrics.mine._target_=torchmetrics.MeanMetric"],
        ["callbacks.checkpoint.monitor=val/own", "+callbacks.own._target_=collections.OrderedDict"],
    ],
)
def test_a_monitor_that_something_logs(given: list[str]) -> None:
    assert not [problem for problem in problems("data=synthetic", *given) if "monitor" in problem]


@pytest.mark.parametrize("encoder", ["resnet35", "resnet35.a1_in1k"])
def test_an_encoder_that_timm_has_not(encoder: str) -> None:
    (problem,) = problems("data=synthetic", f"model.encoder={encoder}")
    assert problem.startswith(f"model.encoder={encoder}: no such encoder in timm; close to it: ")
    assert "resnet34" in problem


@pytest.mark.parametrize(
    "given",
    [
        ["model.encoder=resnet50.a1_in1k"],
        ["model.encoder=tf_efficientnet_b0_ap"],  # timm's former name of another
        ["model.encoder=mine", "+callbacks.own._target_=collections.OrderedDict"],  # which may register it
    ],
)
def test_an_encoder_that_may_be_there(given: list[str]) -> None:
    assert problems("data=synthetic", *given) == []


def test_every_encoder_of_timm_is_known() -> None:
    folder = Path(timm.__file__).parent / "models"
    words = {word for path in folder.glob("*.py") for word in re.findall(r"\w+", path.read_text(encoding="utf-8"))}
    assert not {name.partition(".")[0] for name in timm.list_models()} - words
