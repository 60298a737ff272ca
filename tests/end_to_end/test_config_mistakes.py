"""What a user is told after a mistake: which it was and the way out, with status 2 and without a traceback."""

from pathlib import Path

import pytest
import torch

from commands import DRAWN, TINY, expect_mistake, files, run, run_side_by_side, write_coco
from recorte.model.attention_unet import AttentionUNet

# Found in the config


@pytest.fixture
def no_torch(tmp_path: Path) -> dict[str, str]:
    """An environment in which importing PyTorch fails loudly."""
    package = tmp_path / "without" / "torch"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text('raise SystemExit("torch was imported")\n')
    return {"PYTHONPATH": str(package.parent)}


def test_the_trap_works(tmp_path: Path, no_torch: dict[str, str]) -> None:
    answer = run("train", tmp_path, *TINY, *DRAWN, **no_torch)
    assert answer.returncode == 1
    assert "torch was imported" in answer.stderr


def test_mistakes_of_training_are_told_before_torch_is_imported(tmp_path: Path, no_torch: dict[str, str]) -> None:
    mistakes = {
        ("data=synthetic", "optimizer.rl=1"): ["1 problem with", "optimizer.rl", "did you mean optimizer.lr"],
        ("data=synthetic", "hardware=rtx9090"): ["no such hardware", "cpu, gtx1060, gtx1080, rtx3080, rtx4090"],
        ("data=synthetic", "data.batch_size=0"): ["data.batch_size=0: must be a whole number of at least 1"],
        ("data=coco", "data.root=nowhere"): ["data.root: there is no folder nowhere", "give data.root="],
        ("data=coco",): ["data.root: there is no folder COCO"],
        ("data=synthetic", "data.root"): ["data.root", "key=value"],
        ("data=synthetic", "-m", "optimizer.lr=1e-4,0"): ["optimizer.lr=0"],
        ("data=synthetic", "experiment=null", "optimizer.lr=0", "seed=x", "data.image_size=99"): [
            "3 problems with", "optimizer.lr=0", "seed=x", "data.image_size=99",
        ],
    }  # fmt: skip
    answers = run_side_by_side("train", tmp_path, list(mistakes), **no_torch)
    for answer, words in zip(answers, mistakes.values(), strict=True):
        expect_mistake(answer, *words)
        assert answer.stdout == ""
    assert not (tmp_path / "outputs").exists()


def test_a_sweep_without_its_switch(tmp_path: Path, no_torch: dict[str, str]) -> None:
    answer = run("train", tmp_path, "data=synthetic", "optimizer.lr=1e-4,3e-4", **no_torch)
    expect_mistake(answer, "optimizer.lr=1e-4,3e-4: several values are a sweep; add -m")


def test_mistakes_of_evaluation_are_told_before_torch_is_imported(tmp_path: Path, no_torch: dict[str, str]) -> None:
    mistakes = {
        ("data=synthetic",): ["model.path: a value is needed", "model=<a run's folder"],
        ("data=synthetic", "model=no where (1)"): ["model=no where (1): no such model"],
        ("data=coco", "model=.", "data.root=nowhere"): ["data.root: there is no folder nowhere"],
        ("data=synthetic", "model=.", "optimizer.lr=1"): ["optimizer.lr: there is no such key"],
    }
    for answer, words in zip(
        run_side_by_side("evaluate", tmp_path, list(mistakes), **no_torch), mistakes.values(), strict=True
    ):
        expect_mistake(answer, *words)


def test_help_needs_no_torch(tmp_path: Path, no_torch: dict[str, str]) -> None:
    for script in ("train", "evaluate"):
        answer = run(script, tmp_path, "--help", **no_torch)
        assert answer.returncode == 0, answer.stderr
        assert f"python scripts/{script}.py" in answer.stdout
    assert files(tmp_path) == ["without/torch/__init__.py"]


# Found in the data and the weights


@pytest.mark.slow
def test_mistakes_in_the_data(tmp_path: Path) -> None:
    for name in ("broken", "nobody"):
        write_coco(tmp_path / name, "train", 4, people=name != "nobody")
        write_coco(tmp_path / name, "val", 2)
    annotations = tmp_path / "broken" / "annotations" / "person_keypoints_train2017.json"
    annotations.write_text(annotations.read_text()[:-100])
    mistakes = {
        "broken": ["person_keypoints_train2017.json"],
        "nobody": ["person_keypoints_train2017.json", "nothing to learn from"],
    }
    commands = [[*TINY, "data=coco", f"data.root={name}"] for name in mistakes]
    for answer, words in zip(run_side_by_side("train", tmp_path, commands), mistakes.values(), strict=True):
        expect_mistake(answer, *words)


@pytest.mark.slow
def test_models_of_another_kind(tmp_path: Path) -> None:
    weights = torch.nn.Linear(2, 2).state_dict()
    torch.save({"state_dict": weights, "epoch": 1}, tmp_path / "other.ckpt")
    (tmp_path / "text (1).ckpt").write_text("no checkpoint")
    settings = [*DRAWN, "hardware=cpu", "data.num_workers=0", "image_size=64"]
    models = ["other.ckpt", "text (1).ckpt"]
    answers = run_side_by_side("evaluate", tmp_path, [[*settings, f"model={model}"] for model in models])
    expect_mistake(answers[0], "other.ckpt: a checkpoint of another network")
    expect_mistake(answers[1], "text (1).ckpt: not a checkpoint that can be read")


@pytest.mark.slow
def test_starting_from_another_network(tmp_path: Path) -> None:
    plain = AttentionUNet("test_resnet.r160_in1k", "none", attention=False, decoder_channels=(16, 16, 8, 8))
    weights = {f"network.{name}": value for name, value in plain.state_dict().items()}
    torch.save({"state_dict": weights, "network": plain.config}, tmp_path / "plain.ckpt")
    answer = run("train", tmp_path, *TINY, *DRAWN, "init=plain.ckpt", "model.attention=true")
    expect_mistake(answer, "init=plain.ckpt", "attention=False", "model.attention=True", "init=null")


@pytest.mark.slow
@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a graphics card")
def test_a_profile_for_a_card_that_is_not_there(tmp_path: Path) -> None:
    expect_mistake(run("train", tmp_path, *DRAWN, "hardware=rtx3080"), "hardware=rtx3080", "hardware=cpu")


@pytest.mark.slow
def test_an_encoder_that_does_not_exist(tmp_path: Path) -> None:
    expect_mistake(run("train", tmp_path, *TINY, *DRAWN, "model.encoder=resnet3"), "model.encoder=resnet3", "resnet34")
