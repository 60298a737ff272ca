"""What is refused of Lightning's before anything is read, and that what is let through works."""

import json
from pathlib import Path

import lightning.pytorch as pl
import pytest
import torch
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf
from torch.utils.data import DataLoader

from commands import DRAWN, TINY
from recorte.errors import ConfigError, ModelError
from recorte.model.module import PersonSegmenter
from recorte.training.build import build_callbacks
from recorte.training.command.config import find_problems
from recorte.training.fit import fit
from recorte.training.machine.hardware import CONF, register_resolvers
from recorte.training.runs.loggers import build_loggers
from recorte.training.runs.resume import check_can_go_on

STOCK = "lightning.pytorch.callbacks"
FOR_EVER = ["trainer.max_epochs=-1", "scheduler=constant", "+trainer.max_time=00:00:00:02"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["trainer.precision=bf16-true"], "a step of 1e-4 changes none above 1/32"),
        (["trainer.precision=16-true"], "give 16-mixed"),
        (["trainer.strategy=fsdp"], "give ddp"),
        (["+trainer.enable_checkpointing=false"], "give callbacks.checkpoint=null callbacks.last=null"),
        (["+trainer.barebones=true"], "give debug=profile"),
        (["+trainer.gradient_clip_algorithm=other"], "must be one of norm, value, or null"),
        ([f"+callbacks.lr._target_={STOCK}.LearningRateFinder"], "LearningRateFinder would change nothing"),
        ([f"+callbacks.bf._target_={STOCK}.BackboneFinetuning"], "freeze_encoder=<epochs>"),
        ([f"+callbacks.bar._target_={STOCK}.RichProgressBar"], "needs trainer.enable_progress_bar=true"),
        (
            [
                f"+callbacks.gas._target_={STOCK}.GradientAccumulationScheduler",
                "+callbacks.gas.scheduling={0:2}",
                "trainer.accumulate_grad_batches=2",
            ],
            "and so does trainer.accumulate_grad_batches=2; give 1 there",
        ),
        (["callbacks.checkpoint.monitor=val/mae", "callbacks.checkpoint.mode=max"], "give mode=min"),
        (
            [f"+callbacks.early._target_={STOCK}.EarlyStopping", "+callbacks.early.monitor=val/photo_iou"],
            "callbacks.early.mode=min: the highest value of val/photo_iou is the best; give mode=max",
        ),
        (["callbacks.checkpoint.monitor=train/loss"], "is no figure of the validation; did you mean val/loss"),
        (
            [
                "scheduler._target_=torch.optim.lr_scheduler.ReduceLROnPlateau",
                "~scheduler.warmup",
                "~scheduler.floor",
                "+trainer.limit_val_batches=0",
            ],
            "ReduceLROnPlateau waits for val/loss",
        ),
        (["trainer.max_epochs=-1", "scheduler=constant"], "nothing would end this training"),
        (["trainer.max_epochs=-1", "+trainer.max_time=00:00:00:02"], "give scheduler=constant"),
        (["trainer.max_epochs=0"], "must be a whole number of at least 1, or -1"),
    ],
)
def test_what_does_not_work_is_told_with_its_reason(arguments: list[str], words: str) -> None:
    register_resolvers()
    (problem,) = find_problems(CONF, "train", [*DRAWN, "hardware=cpu", *arguments], sweep=False)
    assert words in problem


def test_what_is_no_callback_and_no_logger() -> None:
    other = {"_target_": "fractions.Fraction"}
    with pytest.raises(
        ConfigError, match=r"callbacks\.mine: Fraction is no callback; it must subclass lightning\.pytorch\.C"
    ):
        build_callbacks(OmegaConf.create({"callbacks": {"none": None, "mine": other}}))
    with pytest.raises(
        ConfigError, match=r"logger\.mine: Fraction is no logger; it must subclass lightning\.pytorch\.loggers"
    ):
        build_loggers(OmegaConf.create({"logger": {"mine": other}}), 0)


def test_bfloat16_has_the_bits_that_the_refusal_says() -> None:
    weight = torch.tensor([0.04, 0.03], dtype=torch.bfloat16)
    assert (weight - 1e-4 == weight).tolist() == [True, False]


def test_a_training_can_be_stopped_by_its_own_loss() -> None:
    register_resolvers()
    early = [f"+callbacks.early._target_={STOCK}.EarlyStopping", "+callbacks.early.monitor=train/loss"]
    assert find_problems(CONF, "train", [*DRAWN, "hardware=cpu", *early], sweep=False) == []


def test_a_time_ends_a_training_without_a_number_of_epochs() -> None:
    register_resolvers()
    assert find_problems(CONF, "train", [*DRAWN, "hardware=cpu", *FOR_EVER], sweep=False) == []


def train(folder: Path, *arguments: str) -> dict[str, object]:
    register_resolvers()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("train", [*TINY, *DRAWN, f"run_dir={folder}", *arguments])
    fit(config)
    return json.loads((folder / "metrics.json").read_text())


@pytest.mark.slow
def test_stock_callbacks_in_runs_without_export_that_are_made_longer_and_used(tmp_path: Path) -> None:
    averaging = [f"+callbacks.swa._target_={STOCK}.StochasticWeightAveraging", "+callbacks.swa.swa_lrs=1e-3"]
    gathering = [
        f"+callbacks.gas._target_={STOCK}.GradientAccumulationScheduler",
        "+callbacks.gas.scheduling={0:2,1:1}",
    ]
    watching = [f"+callbacks.dev._target_={STOCK}.DeviceStatsMonitor", "+callbacks.dev.cpu_stats=true"]
    timing = [f"+callbacks.timer._target_={STOCK}.Timer", "+callbacks.timer.duration={hours:1}"]
    cycle = [
        "scheduler._target_=torch.optim.lr_scheduler.OneCycleLR",
        "~scheduler.warmup",
        "~scheduler.floor",
        "+scheduler.max_lr=1e-3",
    ]
    result = train(tmp_path / "one", *averaging, *watching, *timing, *cycle, "trainer.max_epochs=2", "export=false")
    assert result["epochs"] == 3  # stochastic averaging ends in an epoch of its own
    assert not (tmp_path / "one/best_model").exists()

    longer = tmp_path / "two"
    settings = [*gathering, "scheduler=constant", "export=false"]
    assert train(longer, *settings)["epochs"] == 1
    more = [*settings, f"resume={longer}", "trainer.max_epochs=2"]
    assert train(longer, *more)["epochs"] == 2
    rows = (longer / "metrics.csv").read_text().splitlines()
    assert len(rows) == 3
    with initialize_config_dir(str(CONF), version_base="1.3"):
        wanted = compose("train", [*TINY, *DRAWN, f"run_dir={longer}", *more])
    with pytest.raises(ConfigError, match="this run is finished"):
        check_can_go_on(longer, wanted)
    train(longer, *more, "export=true")  # nothing is trained again
    assert (longer / "metrics.csv").read_text().splitlines() == rows
    assert (longer / "best_model/model.onnx").exists()

    assert train(tmp_path / "three", *FOR_EVER, "export=false", "logger=none")["epochs"] >= 1
    assert not list((tmp_path / "three").glob("events.*"))
    with pytest.raises(ConfigError, match=r"trainer\.val_check_interval=9: an epoch has fewer batches"):
        train(tmp_path / "four", "+trainer.val_check_interval=9")
    with pytest.raises(ModelError, match=r"scheduler: .* missing 1 required positional argument: 'max_lr'"):
        train(tmp_path / "five", *(setting for setting in cycle if "max_lr" not in setting))

    segmenter = PersonSegmenter.load_from_checkpoint(longer / "checkpoints/best.ckpt")
    batch = {"image": torch.rand(2, 3, 64, 96), "alpha": torch.ones(2, 1, 64, 96), "weight": torch.ones(2, 1, 64, 96)}
    loader = DataLoader([{name: value[0] for name, value in batch.items()}] * 4, batch_size=2)
    trainer = pl.Trainer(accelerator="cpu", logger=False, enable_progress_bar=False, enable_model_summary=False)
    (measured,) = trainer.test(segmenter, loader, verbose=False)
    alphas = trainer.predict(segmenter, loader)
    assert [tuple(alpha.shape) for alpha in alphas] == [(2, 1, 64, 96)] * 2
    assert measured["test/mae"] == pytest.approx(float((1 - torch.cat(alphas)).mean()), abs=1e-5)
