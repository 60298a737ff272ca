from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hydra import compose, initialize_config_dir
from hydra.utils import get_object
from omegaconf import DictConfig, OmegaConf

from recorte.training.command.config import find_problems, without_empty_choices

CONF = Path(__file__).parents[3] / "conf"
GROUPS = {
    folder.name: sorted(path.stem for path in folder.glob("[!_]*.yaml"))
    for folder in sorted(CONF.iterdir())
    if folder.is_dir()
}


@pytest.fixture(autouse=True)
def _places(config_folders: Path) -> None:
    for folder in ("nowhere else", "run"):
        (config_folders / folder).mkdir()


def problems(*arguments: str, name: str = "train") -> list[str]:
    return find_problems(CONF, name, without_empty_choices(CONF, name, arguments))


def composed(*arguments: str, name: str = "train") -> DictConfig:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return compose(name, ["run_dir=.", *arguments])


def targets(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if "_target_" in node:
            yield node["_target_"]
        for value in node.values():
            yield from targets(value)
    elif isinstance(node, list):
        for value in node:
            yield from targets(value)


# Every config


@pytest.mark.parametrize("group", GROUPS)
def test_every_option_passes(group: str) -> None:
    assert problems(f"{group}={','.join(GROUPS[group])}") == []


@pytest.mark.parametrize("group", ["data", "trainer", "hardware"])
def test_every_option_of_evaluation_passes(group: str) -> None:
    assert problems("model.path=run", f"{group}={','.join(GROUPS[group])}", name="evaluate") == []


@pytest.mark.parametrize("experiment", GROUPS["experiment"])
def test_experiments_without_any_files(experiment: str, tmp_path: Path) -> None:
    (tmp_path / "COCO").rmdir()
    assert problems(f"experiment={experiment}", "data=synthetic", "hardware=rtx3080") == []


@pytest.mark.parametrize("path", sorted(CONF.rglob("*.yaml")), ids=lambda path: path.relative_to(CONF).as_posix())
def test_every_target_exists(path: Path) -> None:
    for name in targets(OmegaConf.to_container(OmegaConf.load(path))):
        assert callable(get_object(name))


def test_a_composed_config_has_what_a_run_builds() -> None:
    config = OmegaConf.to_container(composed("callbacks=early_stopping"), resolve=True)
    found = list(targets(config))
    assert len(found) > 15
    assert all(callable(get_object(name)) for name in found)


def test_the_defaults() -> None:
    config = composed()
    assert "coco" in config.data.sources
    assert config.optimizer._target_ == "torch.optim.AdamW"
    assert (config.optimizer.lr, config.optimizer.weight_decay) == (1e-4, 1e-6)
    assert config.trainer.max_epochs == 100
    assert config.loss.weights == {"bce": 1.0, "dice": 1.0, "perceptual": 0.5, "edge": 0.3}
    assert config.model.encoder == "resnet34.a1_in1k"
    assert config.model.attention is True


PROFILES = {
    "rtx4090": (32, 512, 12, "bf16-mixed", "channels_last", "gpu"),
    "rtx3080": (24, 384, 8, "bf16-mixed", "channels_last", "gpu"),
    "gtx1080": (16, 384, 6, "32-true", "contiguous_format", "gpu"),
    "gtx1060": (8, 256, 4, "32-true", "contiguous_format", "gpu"),
    "cpu": (4, 256, 2, None, "channels_last", "cpu"),  # its precision is the processor's
}


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("data", ["coco", "synthetic"])
def test_hardware_profiles(profile: str, data: str) -> None:
    config = composed(f"hardware={profile}", f"data={data}")
    batch_size, image_size, workers, precision, memory_format, accelerator = PROFILES[profile]
    assert (config.data.batch_size, config.data.image_size) == (batch_size, image_size)
    assert config.data.num_workers == workers
    assert config.trainer.precision == precision or (
        profile == "cpu" and config.trainer.precision in ("32-true", "bf16-mixed")
    )
    assert config.memory_format == memory_format
    assert config.trainer.accelerator == accelerator
    assert config.hardware_profile == profile


@pytest.mark.parametrize(
    ("monitor", "mode"),
    [
        ("val/photo_iou", "max"),
        ("val/mae", "min"),
        ("val/loss", "min"),
        ("val/persons/smear", "min"),
        ("val/x", "max"),
    ],
)
def test_the_direction_of_a_figure_is_that_of_the_list(monitor: str, mode: str) -> None:
    arguments = [f"callbacks.checkpoint.monitor={monitor}", "callbacks=early_stopping", "search=optuna"]
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("train", ["run_dir=.", *arguments], return_hydra_config=True)
    assert (config.callbacks.checkpoint.mode, config.callbacks.early_stopping.mode) == (mode, mode)
    assert config.hydra.sweeper.direction == f"{mode}imize"


def test_the_command_line_wins_then_the_experiment_then_the_hardware() -> None:
    assert composed("hardware=rtx3080", "experiment=low_memory").data.batch_size == 4
    assert composed("experiment=max_quality").data.image_size == 512
    config = composed(
        "data.batch_size=7", "trainer.max_epochs=3", "hardware=rtx3080", "experiment=max_quality", "debug=fast",
        "trainer.precision=16-mixed", "augmentation=none",
    )  # fmt: skip
    assert (config.data.batch_size, config.trainer.max_epochs, config.trainer.precision) == (7, 3, "16-mixed")
    assert config.augmentation.flip == 0
    assert composed("experiment=demo", "hardware=gtx1060", "data=coco").hardware_profile == "gtx1060"


# Mistakes

MISTAKES = {
    "optimizer.rl=1": ["optimizer.rl", "did you mean", "optimizer.lr"],
    "trainer.max_epoch=3": ["trainer.max_epoch:", "trainer.max_epochs"],
    "data.batchsize=3": ["data.batchsize", "data.batch_size"],
    "trainer.limit_train_batches=4": ["the config leaves it to Trainer", "give +trainer.limit_train_batches=4"],
    "trainer.limit_val_batch=4": ["no such key; did you mean", "+trainer.limit_val_batches"],
    "+trainer.fast_dev_runs=true": ["trainer.fast_dev_runs: Trainer takes no such argument", "fast_dev_run?"],
    "+trainer.min_epochs=x": ["trainer.min_epochs=x: must be a whole number, or null"],
    "callbacks.last.minutes=4": ["callbacks.last.minutes: there is no such key", "callbacks.last.every_minutes"],
    "+data.prefetch=4": ["data.prefetch: there is no such key; did you mean", "data.prefetch_factor"],
    "data.pin_memory=3": ["data.pin_memory=3", "true or false, or null"],
    "+loss.terms.dice.smooth=x": ["loss.terms.dice.smooth=x: must be a number"],
    "modle=unet": ["modle", "model"],
    "hardware=rtx9090": ["rtx9090", "no such hardware", "auto, cpu, gtx1060, gtx1080, rtx3080, rtx4090"],
    "experiment=fast": ["no such experiment", "quick"],
    "data=imagenet": ["no such data", "coco, cutouts, folder, lessons, mixed, rounds/fifth"],
    "data.batch_size=0": ["data.batch_size=0", "at least 1"],
    "data.batch_size=2.5": ["data.batch_size=2.5", "whole number"],
    "data.batch_size=null": ["data.batch_size=null"],
    "data.image_size=100": ["data.image_size=100", "multiple of 32"],
    "data.early_sizes=[64,3]": ["data.early_sizes=[64, 3]", "pairs"],
    "data.early_sizes=[[100,3]]": ["data.early_sizes=[[100, 3]]", "multiple of 32"],
    "data.early_sizes=[[64,3],[96,2]]": ["data.early_sizes=[[64, 3], [96, 2]]", "in order"],
    "data.num_workers=-1": ["data.num_workers=-1", "at least 0"],
    "optimizer.lr=-1": ["optimizer.lr=-1", "above 0"],
    "optimizer.lr=0": ["optimizer.lr=0", "above 0"],
    "optimizer.lr=fast": ["optimizer.lr=fast", "number"],
    "optimizer.lr=nan": ["optimizer.lr=nan", "number"],
    "optimizer.lr=inf": ["optimizer.lr=inf", "number"],
    "optimizer.weight_decay=-1e-3": ["optimizer.weight_decay=-0.001"],
    "trainer.precision=8": ["trainer.precision=8", "32-true, bf16-mixed, 16-mixed"],
    "trainer.max_epochs=0": ["trainer.max_epochs=0"],
    "trainer.accumulate_grad_batches=0": ["trainer.accumulate_grad_batches=0"],
    "model.dropout=1": ["model.dropout=1", "less than 1"],
    "model.attention=perhaps": ["model.attention=perhaps", "true or false"],
    "model.decoder_channels=[1,2]": ["model.decoder_channels", "four"],
    "model.encoder_weights=nowhere.pth": ["model.encoder_weights=nowhere.pth", "imagenet, none"],
    "augmentation.scale=[1.2,0.8]": ["augmentation.scale", "least"],
    "augmentation.flip=2": ["augmentation.flip=2", "from 0 to 1"],
    "loss.weights={bce:0,dice:0,perceptual:0,edge:0}": ["loss.weights", "all are 0"],
    "loss.weights.dice=-1": ["loss.weights.dice=-1"],
    "data.root=nowhere": ["data.root", "no folder nowhere"],
    "init=nowhere": ["init=nowhere", "no such model"],
    "seed=-1": ["seed=-1"],
    "+data.shares={coco:1,other:1}": ["data.shares", "coco", "other"],
    "optimizer.lr": ["optimizer.lr", "key=value"],
    "data.root=my(photos": ["data.root=my(photos", "quote"],
    "optimizer.lr=1e-4,-2": ["optimizer.lr=-2"],
    "hardware=cpu,rtx9090": ["rtx9090", "no such hardware"],
    "run_dir=here": ["run_dir=here", "hydra.sweep.dir"],
    "optimizer.weight_decay=interval(0,1)": ["optimizer.weight_decay=interval(0,1)", "add search=optuna"],
}


def in_batches(arguments: Iterable[str]) -> list[list[str]]:
    """Shared out so that no two of a batch concern one key: composing a config takes a quarter of a second."""

    def key(argument: str) -> str:
        return argument.strip("+~").partition("=")[0] + "."

    batches: list[list[str]] = []
    for argument in arguments:
        mine = key(argument)
        apart = (
            batch
            for batch in batches
            if not any(mine.startswith(key(other)) or key(other).startswith(mine) for other in batch)
        )
        batch = next(apart, None)
        if batch is None:
            batches.append(batch := [])
        batch.append(argument)
    return batches


@pytest.mark.parametrize("arguments", in_batches(MISTAKES))
def test_mistakes_are_told(arguments: list[str]) -> None:
    found = problems(*arguments)
    assert len(found) == len(arguments), found
    assert not any("\n" in problem for problem in found)
    for argument in arguments:
        words = MISTAKES[argument]
        assert sum(all(word in problem for word in words) for problem in found) == 1, (argument, found)


def test_all_mistakes_are_told_at_once() -> None:
    found = problems(
        "optimizer.rl=1", "hardware=rtx9090", "data.batch_size=0", "data.image_size=100", "optimizer.lr=-1",
        "data.root=nowhere", "model.dropout=1", "seed", "trainer.precision=8", "optimizer.lr=-1",
    )  # fmt: skip
    assert len(found) == 9
    for name in (
        "optimizer.rl:", "hardware=rtx9090", "data.batch_size=0", "data.image_size=100", "optimizer.lr=-1",
        "data.root:", "model.dropout=1", "seed:", "trainer.precision=8",
    ):  # fmt: skip
        assert sum(problem.startswith(name) for problem in found) == 1, name


def test_reading_ahead_needs_workers() -> None:
    (found,) = problems("data.prefetch_factor=4", "data.num_workers=0")
    assert found.startswith("data.prefetch_factor=4 with data.num_workers=0: only workers read ahead; give")
    assert problems("data.prefetch_factor=4", "data.num_workers=1", "data.pin_memory=true") == []


def test_what_the_data_share_is_no_choice() -> None:
    (found,) = problems("data=_base")
    assert found.startswith("data=_base: there is no such data; valid are coco, cutouts")


def test_mistakes_of_mixed_data() -> None:
    assert problems("data=mixed", "data.shares.persons=0")[0].startswith("data.shares.persons=0: must be")
    missing = problems("data=mixed", "data.root=nowhere")
    assert len(missing) == 2
    assert all("data.root" in problem for problem in missing)
    assert "the sources are ['persons', 'portraits']" in problems("data=mixed", "~data.shares.persons")[0]


def test_mistakes_of_evaluation() -> None:
    assert "model=<a run's folder" in problems(name="evaluate")[0]
    assert "no such model" in problems("model.path=nowhere", name="evaluate")[0]
    assert "image_size=100" in problems("model.path=run", "image_size=100", name="evaluate")[0]
    assert "optimizer.lr: there is no such key" in problems("model.path=run", "optimizer.lr=1", name="evaluate")[0]


VALID = [
    "optimizer.lr=1e-4,3e-4",
    "loss=composite,focal_dice",
    "optimizer.lr=choice(1e-4,3e-4)",
    "trainer.max_epochs=range(1,4)",
    "data=coco,synthetic",
    "+trainer.limit_train_batches=3",
    "+data.prefetch_factor=4",
    "+optimizer.amsgrad=true",
    "++trainer.max_epochs=3",
    "~callbacks.pictures",
    "~trainer.gradient_clip_val",
    "trainer.gradient_clip_val=null",
    "data.root='nowhere else'",
    'data.root="nowhere else"',
    "data.root=nowhere else",
    "hydra.run.dir=elsewhere",
    "hydra/job_logging=none",
    "data.sources.coco.min_area=100",
    "loss.weights.perceptual=0",
    "augmentation.scale=[0.5,2]",
    "seed=0",
    "init=run",
]


@pytest.mark.parametrize("arguments", in_batches(VALID))
def test_valid_command_lines(arguments: list[str]) -> None:
    assert problems(*arguments) == []


def test_null_where_something_is_needed() -> None:
    assert problems("experiment=null", "debug=null", "~experiment") == []
    assert [problem.partition(":")[0] for problem in problems("data=null", "logger=null", "~scheduler")] == [
        "data=null", "logger=null", "~scheduler",
    ]  # fmt: skip
