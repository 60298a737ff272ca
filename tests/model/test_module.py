from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import pytest
import torch
from lightning.pytorch.callbacks import ModelCheckpoint
from torch import Tensor, nn
from torch.utils.data import DataLoader
from torchmetrics import Metric

from recorte.errors import ModelError
from recorte.model.attention_unet import AttentionUNet
from recorte.model.export import load_network
from recorte.model.figures import FIGURES
from recorte.model.losses import BinaryCrossEntropy, CompositeLoss, Dice
from recorte.model.metrics import SegmentationMetrics
from recorte.model.module import PersonSegmenter, parameter_groups

pytestmark = pytest.mark.filterwarnings(
    "ignore:.*LeafSpec",
    "ignore:You defined a `validation_step` but",
    "ignore:You have overridden `on_after_batch_transfer`",
)

SIDE, BATCH = 32, 2
NAMES = {figure.name for figure in FIGURES}


def photos(count: int, seed: int, side: int = SIDE) -> list[dict[str, Any]]:
    """Samples as the data give them; the person is a bright rectangle, and the sources take turns."""
    generator = torch.Generator().manual_seed(seed)
    samples = []
    for number in range(count):
        alpha, weight = torch.zeros(1, side, side), torch.ones(1, side, side)
        alpha[:, 4 : 12 + 3 * number, 6:20] = number != 1  # the second photo shows nobody
        weight[:, :, :2] = 0
        image = 0.5 * torch.rand(3, side, side, generator=generator) + 0.5 * alpha
        samples.append({"image": image, "alpha": alpha, "weight": weight, "source": number % 2})
    return samples


TRAIN, VAL = photos(6, seed=1), photos(5, seed=2)


def tiny(**options: Any) -> PersonSegmenter:
    torch.manual_seed(0)
    network = AttentionUNet("test_efficientnet", "none", decoder_channels=(8, 8, 8, 8))
    loss = CompositeLoss({"bce": BinaryCrossEntropy(), "dice": Dice()}, {"bce": 1.0, "dice": 0.5})
    return PersonSegmenter(network, loss, optimizer=lambda parameters: torch.optim.SGD(parameters, lr=0.01), **options)


def trainer_in(folder: Path, **options: Any) -> pl.Trainer:
    options = {"max_epochs": 1, "logger": False, "enable_checkpointing": False, **options}
    return pl.Trainer(
        accelerator="cpu",
        default_root_dir=folder,
        enable_progress_bar=False,
        enable_model_summary=False,
        **options,
    )


def fit(module: PersonSegmenter, trainer: pl.Trainer) -> dict[str, Tensor]:
    trainer.fit(module, DataLoader(TRAIN, BATCH), DataLoader(VAL, BATCH))
    return trainer.callback_metrics


def measured(module: PersonSegmenter, samples: list[dict[str, Any]]) -> dict[str, float]:
    """The figures of these samples alone, one photo at a time, by the trained network."""
    metrics = SegmentationMetrics()
    network = module.network.eval()
    for sample in samples:
        with torch.inference_mode():
            alpha = torch.sigmoid(network(sample["image"][None]).alpha_logits)
        metrics.update(alpha, sample["alpha"][None], sample["weight"][None])
    return {name: value.item() for name, value in metrics.compute().items()}


def test_a_fit_logs_losses_and_figures_by_name(tmp_path: Path) -> None:
    logged = fit(tiny(), trainer_in(tmp_path))
    losses = {f"{split}/{name}" for split in ("train", "val") for name in ("loss", "loss_bce", "loss_dice")}
    assert set(logged) == losses | {f"val/{name}" for name in NAMES}
    for split in ("train", "val"):
        total = logged[f"{split}/loss_bce"] + 0.5 * logged[f"{split}/loss_dice"]
        assert logged[f"{split}/loss"].item() == pytest.approx(total.item(), rel=1e-5)


def test_the_figures_are_those_of_the_whole_validation_and_of_nothing_else(tmp_path: Path) -> None:
    module = tiny()
    # The trial run over the validation photos before training must leave no trace in the figures.
    logged = fit(module, trainer_in(tmp_path, num_sanity_val_steps=2, max_epochs=2))
    expected = measured(module, VAL)
    assert {name: logged[f"val/{name}"].item() for name in NAMES} == pytest.approx(expected, abs=1e-4, nan_ok=True)
    (right, extra), (missed, hit) = module.confusion_matrix
    assert right + extra + missed + hit == sum(int(sample["weight"].sum()) for sample in VAL)


def test_every_source_is_measured_by_itself(tmp_path: Path) -> None:
    module = tiny(sources=("coco", "drawn"))
    logged = fit(module, trainer_in(tmp_path))
    assert {f"val/{source}/{name}" for source in ("coco", "drawn") for name in NAMES} < set(logged)
    for number, source in enumerate(("coco", "drawn")):
        expected = measured(module, [sample for sample in VAL if sample["source"] == number])
        found = {name: logged[f"val/{source}/{name}"].item() for name in NAMES}
        assert found == pytest.approx(expected, abs=1e-4, nan_ok=True)


class Highest(Metric):
    """The highest alpha of photos that count: a metric of somebody's own."""

    def __init__(self) -> None:
        super().__init__()
        self.add_state("highest", torch.zeros(()), dist_reduce_fx="max")

    def update(self, alpha: Tensor, target: Tensor, weight: Tensor) -> None:
        self.highest = torch.maximum(self.highest, (alpha * (weight > 0)).max())

    def compute(self) -> Tensor:
        return self.highest


def test_a_metric_of_ones_own_is_logged_beside_ours(tmp_path: Path) -> None:
    module = tiny(sources=("coco", "drawn"), metrics={"highest": Highest()})
    logged = fit(module, trainer_in(tmp_path))
    assert {f"val/{figure.name}" for figure in FIGURES} < set(logged)
    network, highest = module.network.eval(), []
    for sample in VAL:
        with torch.inference_mode():
            alpha = torch.sigmoid(network(sample["image"][None]).alpha_logits)
        highest.append(float((alpha * sample["weight"]).max()))
    for name, values in (("", highest), ("coco/", highest[::2]), ("drawn/", highest[1::2])):
        assert logged[f"val/{name}highest"].item() == pytest.approx(max(values), abs=1e-5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"encoder_lr": 1e-4}, "encoder_lr=0.0001: Conv2d has no part named `encoder`"),
        ({"freeze_encoder": 2}, r"freeze_encoder=2: Conv2d has no freeze_encoder\(frozen\); give freeze_encoder=0"),
    ],
)
def test_what_is_asked_of_an_encoder_that_is_not_there(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        PersonSegmenter(nn.Conv2d(3, 4, 1), **options)


def test_the_loss_of_the_validation_is_the_mean_over_photos(tmp_path: Path) -> None:
    module = tiny()
    logged = fit(module, trainer_in(tmp_path))
    losses = []
    for sample in VAL:  # batches of 2, 2 and 1
        batch = {name: value[None] for name, value in sample.items() if name != "source"}
        with torch.inference_mode():
            losses.append(module.loss(module.network.eval()(batch["image"]), batch)["loss"].item())
    assert logged["val/loss"].item() == pytest.approx(sum(losses) / len(losses), abs=1e-4)


def test_training_changes_every_weight(tmp_path: Path) -> None:
    module = tiny()
    before = {name: value.clone() for name, value in module.network.named_parameters()}
    # Larger photos than elsewhere: batch norm makes 1 and -1 of any two values, with no slope.
    trainer_in(tmp_path).fit(module, DataLoader(photos(6, seed=1, side=96), BATCH))
    untrained = {"project_foreground.weight", "project_foreground.bias"}  # no term of this loss looks at colours
    same = {name for name, value in module.network.named_parameters() if torch.equal(value, before[name])}
    assert same == untrained


def test_the_checkpoint_holds_plain_data_and_the_network(tmp_path: Path) -> None:
    module = tiny(sources=("coco", "drawn"), scheduler=constant)
    saving = ModelCheckpoint(tmp_path, "best", monitor="val/photo_iou", mode="max")
    fit(module, trainer_in(tmp_path, enable_checkpointing=True, callbacks=[saving]))
    checkpoint = torch.load(tmp_path / "best.ckpt", weights_only=True)
    assert checkpoint["network"] == module.network.config
    assert {name.split(".")[0] for name in checkpoint["state_dict"]} == {"network"}  # no losses, no metrics
    network, _ = load_network(tmp_path / "best.ckpt")
    image = VAL[0]["image"][None]
    with torch.inference_mode():
        for one, other in zip(network(image), module.network.eval()(image), strict=True):
            torch.testing.assert_close(one, other)


def test_the_checkpoint_holds_the_size_of_the_data(tmp_path: Path) -> None:
    class Data(pl.LightningDataModule):
        image_size = SIDE

        def train_dataloader(self) -> DataLoader:
            return DataLoader(TRAIN, BATCH)

    trainer = trainer_in(tmp_path)
    trainer.fit(tiny(), datamodule=Data())
    trainer.save_checkpoint(tmp_path / "last.ckpt")
    page = load_network(tmp_path / "last.ckpt")[1]
    assert (page["image_size"], page["averaged"]) == (SIDE, False)


def constant(optimizer: torch.optim.Optimizer, total_steps: int) -> torch.optim.lr_scheduler.LRScheduler:
    return torch.optim.lr_scheduler.ConstantLR(optimizer, factor=1.0)


@pytest.mark.parametrize(("accumulate", "steps"), [(1, 3 * 2), (2, 2 * 2)])
def test_the_schedule_counts_optimizer_steps(tmp_path: Path, accumulate: int, steps: int) -> None:
    seen = []

    def falling(optimizer: torch.optim.Optimizer, total_steps: int) -> torch.optim.lr_scheduler.LRScheduler:
        seen.append(total_steps)
        return torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, total_iters=total_steps)

    trainer = trainer_in(tmp_path, max_epochs=2, accumulate_grad_batches=accumulate)
    fit(tiny(scheduler=falling), trainer)
    assert seen == [steps]
    assert trainer.global_step == steps
    assert trainer.optimizers[0].param_groups[0]["lr"] == pytest.approx(0, abs=1e-9)


def test_only_the_networks_weights_are_trained() -> None:
    module = tiny()
    optimizer = module.configure_optimizers()["optimizer"]
    trained = {id(parameter) for group in optimizer.param_groups for parameter in group["params"]}
    assert trained == {id(parameter) for parameter in module.network.parameters()}


def test_a_fused_optimizer_sees_clipped_gradients_in_16_bits_too(tmp_path: Path) -> None:
    norms = []

    class Looking(pl.Callback):
        def on_before_zero_grad(self, trainer: pl.Trainer, module: pl.LightningModule, optimizer: object) -> None:
            gradients = [p.grad.flatten() for p in module.network.parameters() if p.grad is not None]
            norms.extend([torch.cat(gradients).norm().item()] if gradients else [])

    module = tiny()
    module.optimizer = lambda groups: torch.optim.AdamW(groups, lr=1e-4, fused=True)
    options = {"precision": "bf16-mixed", "gradient_clip_val": 0.01, "max_epochs": 2, "callbacks": [Looking()]}
    fit(module, trainer_in(tmp_path, **options))
    assert len(norms) > 2
    assert norms == pytest.approx([0.01] * len(norms), rel=1e-3)


def test_norms_and_biases_do_not_decay_and_the_encoder_has_its_own_rate() -> None:
    network = tiny().network
    optimizer = torch.optim.AdamW(parameter_groups(network, encoder_lr=1e-5), lr=1e-3, weight_decay=0.1)
    settings = {id(p): (g["lr"], g["weight_decay"]) for g in optimizer.param_groups for p in g["params"]}
    assert len(settings) == sum(len(group["params"]) for group in optimizer.param_groups)  # each once
    for module_name, module in network.named_modules():
        rate = 1e-5 if module_name.startswith("encoder") else 1e-3
        for name, parameter in module.named_parameters(recurse=False):
            decays = isinstance(module, nn.Conv2d) and name == "weight"
            assert settings[id(parameter)] == (rate, 0.1 if decays else 0.0), f"{module_name}.{name}"


def test_without_a_rate_of_its_own_the_encoder_has_that_of_the_rest() -> None:
    optimizer = torch.optim.AdamW(parameter_groups(tiny().network), lr=1e-3)
    assert {group["lr"] for group in optimizer.param_groups} == {1e-3}


@pytest.mark.parametrize(("freeze", "epochs", "changed"), [(1, 1, False), (1, 2, True), (-1, 2, False), (0, 1, True)])
def test_a_frozen_encoder_stays_as_it_is(tmp_path: Path, freeze: int, epochs: int, changed: bool) -> None:
    module = tiny(freeze_encoder=freeze)
    before = {name: value.clone() for name, value in module.network.state_dict().items()}
    fit(module, trainer_in(tmp_path, max_epochs=epochs))
    after = module.network.state_dict()
    same = {name for name, value in after.items() if torch.equal(value, before[name])}
    encoder = {name for name in before if name.startswith("encoder.")}
    assert (encoder <= same) is not changed  # weights and the statistics of batch norm alike
    assert not same & {"decoder.0.narrow.0.weight", "refine.1.running_mean"}


@pytest.mark.parametrize("memory_format", ["channels_last", "contiguous_format"])
def test_the_memory_format_is_that_of_weights_and_photos(tmp_path: Path, memory_format: str) -> None:
    wanted = getattr(torch, memory_format)
    module = tiny(memory_format=memory_format)
    seen = []
    module.network.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    fit(module, trainer_in(tmp_path))
    assert len(seen) > 0
    assert all(image.is_contiguous(memory_format=wanted) for image in seen)
    weights = [value for value in module.network.parameters() if value.ndim == 4]
    assert all(value.is_contiguous(memory_format=wanted) for value in weights)


def test_without_a_loss_it_is_only_measured(tmp_path: Path) -> None:
    module = PersonSegmenter(tiny().network)
    trainer = trainer_in(tmp_path)
    (logged,) = trainer.validate(module, DataLoader(VAL, BATCH), verbose=False)
    assert set(logged) == {f"val/{name}" for name in NAMES}
    assert logged == pytest.approx({f"val/{n}": v for n, v in measured(module, VAL).items()}, abs=1e-4, nan_ok=True)


def test_16_bits_change_little(tmp_path: Path) -> None:
    exact = fit(tiny(), trainer_in(tmp_path))
    mixed = fit(tiny(), trainer_in(tmp_path, precision="bf16-mixed"))
    for name in ("train/loss", "val/loss", "val/mae"):
        assert mixed[name].item() == pytest.approx(exact[name].item(), rel=0.05)
