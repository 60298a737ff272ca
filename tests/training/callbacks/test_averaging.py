import copy

import lightning.pytorch as pl
import pytest
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from recorte.training.callbacks.averaging import AveragedWeights

DATA = [torch.tensor([float(number)]) for number in range(6)]


class Counting(pl.LightningModule):
    """A weight that grows by 1 with every step, and a statistic that grows by 2."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))
        self.register_buffer("statistic", torch.zeros(1))
        self.register_buffer("batches", torch.zeros(1, dtype=torch.long))
        self.validated: list[float] = []

    def training_step(self, batch: Tensor, batch_idx: int) -> Tensor:
        self.statistic += 2
        self.batches += 1
        return -self.weight.sum()

    def validation_step(self, batch: Tensor, batch_idx: int) -> None:
        self.validated.append(self.weight.item())

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=1.0)


@pytest.fixture
def fitted(tmp_path: object) -> tuple[Counting, dict]:
    torch.manual_seed(0)
    module = Counting()
    trainer = pl.Trainer(
        accelerator="cpu", max_epochs=1, callbacks=[AveragedWeights(decay=0.4)], logger=False,
        enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False,
        num_sanity_val_steps=0, default_root_dir=str(tmp_path),
    )  # fmt: skip
    saved = {}
    trainer.callbacks[0].on_train_epoch_end = lambda trainer, _: saved.update(
        copy.deepcopy(trainer._checkpoint_connector.dump_checkpoint())
    )
    trainer.fit(module, DataLoader(DATA), DataLoader(DATA[:1]))
    return module, saved


def by_hand(values: list[float]) -> float:
    """The first value, then decays of 2/11, 3/12, 4/13, 5/14 and, since 6/15 is the greatest allowed, 2/5."""
    average = values[0]
    for value, decay in zip(values[1:], (2 / 11, 3 / 12, 4 / 13, 5 / 14, 2 / 5), strict=True):
        average = decay * average + (1 - decay) * value
    return average


def test_the_average_by_hand_is_what_is_validated_and_saved(fitted: tuple[Counting, dict]) -> None:
    module, saved = fitted
    expected = by_hand([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    assert module.validated == [pytest.approx(expected, rel=1e-6)]
    assert saved["state_dict"]["weight"].item() == pytest.approx(expected, rel=1e-6)
    assert saved["state_dict"]["statistic"].item() == pytest.approx(2 * expected, rel=1e-6)
    assert saved["state_dict"]["batches"].item() == 6  # a count is no average


def test_the_weights_that_are_trained_are_saved_beside(fitted: tuple[Counting, dict]) -> None:
    _, saved = fitted
    assert saved["current_model_state"]["weight"].item() == 6
    assert saved["current_model_state"]["statistic"].item() == 12
