"""Training normalisations alone, and going part of the way back."""

from pathlib import Path

import lightning.pytorch as pl
import pytest
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from recorte.errors import ConfigError
from recorte.training.callbacks.norms import NormsAlone


class Line(pl.LightningModule):
    """A kernel and a normalisation, pulled towards 3."""

    def __init__(self) -> None:
        super().__init__()
        self.network = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
        self.validated: list[Tensor] = []

    def training_step(self, batch: Tensor) -> Tensor:
        return ((self.network(batch) - 3) ** 2).mean()

    def validation_step(self, batch: Tensor) -> None:
        self.validated.append(self.network[1].bias.detach().clone())

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), 0.05)


class Save(pl.Callback):
    """Saves the first epoch."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if trainer.current_epoch == 0:
            trainer.save_checkpoint(self.path)


def trained(
    *callbacks: pl.Callback, resumed: Path | None = None, validated: bool = True
) -> tuple[Line, dict[str, Tensor]]:
    """Train three epochs; gives the module, and its weights before."""
    torch.manual_seed(0)
    module, loader = Line(), DataLoader(torch.rand(8, 2), batch_size=4)
    before = {name: value.clone() for name, value in module.state_dict().items()}
    quiet = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False}
    trainer = pl.Trainer(max_epochs=3, accelerator="cpu", callbacks=[*callbacks], enable_model_summary=False, **quiet)
    trainer.fit(module, loader, loader if validated else None, ckpt_path=resumed)
    return module, before


def test_part_of_the_way_back_at_the_end_and_before_it_is_measured() -> None:
    (whole, before), (part, _) = trained(NormsAlone()), trained(NormsAlone(share=0.25))
    assert torch.equal(whole.network[0].weight, before["network.0.weight"])
    for name, start in before.items():
        if name in ("network.1.weight", "network.1.bias"):
            moved = whole.state_dict()[name] - start
            assert moved.abs().min() > 0.01
            assert torch.allclose(part.state_dict()[name] - start, 0.25 * moved, atol=1e-6)
    assert torch.equal(part.validated[-1], part.network[1].bias)
    assert torch.equal(part.validated[3], whole.validated[3])  # the first epochs go all of the way


def test_the_way_back_of_a_run_that_was_interrupted_or_validates_nothing(tmp_path: Path) -> None:
    path = tmp_path / "first.ckpt"
    whole, _ = trained(NormsAlone(share=0.25), Save(path))
    resumed, _ = trained(NormsAlone(share=0.25), resumed=path)
    alone, _ = trained(NormsAlone(share=0.25), validated=False)
    for other in (resumed, alone):
        assert all(torch.equal(one, two) for one, two in zip(whole.parameters(), other.parameters(), strict=True))


@pytest.mark.parametrize("share", [0, -0.5, 1.5, float("nan")])
def test_a_share_that_there_is_not(share: float) -> None:
    with pytest.raises(ConfigError, match=r"callbacks\.norms\.share"):
        NormsAlone(share)
