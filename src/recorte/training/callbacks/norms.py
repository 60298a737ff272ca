"""Training that leaves a network what it knows."""

import lightning.pytorch as pl
import torch
from torch import Tensor, nn

from recorte.errors import ConfigError


class NormsAlone(pl.Callback):
    """Lets batch normalisations alone learn, their scales and shifts, by the means and variances that they have.

    They are a hundredth of the weights. Some photos teach these as much of a new kind as they teach all weights, of
    which old kinds depend on each (TinyTL, Cai et al. 2020, arXiv:2007.11622, of biases; Frankle et al. 2021,
    arXiv:2003.00152, of how much scales and shifts can do).

    At the end they go part of the way back to where they were, before they are measured and kept: that loses less of
    what is new than it saves of what is old (WiSE-FT, Wortsman et al. 2022, arXiv:2109.01903).

    Args:
        share: of the way that they went, which they keep, in (0, 1].

    Raises:
        ConfigError: there is no such share.
    """

    def __init__(self, share: float = 1.0) -> None:
        if not 0 < share <= 1:
            raise ConfigError(f"callbacks.norms.share={share}: give more than 0, and at most 1")
        self._share = share
        self._start: list[Tensor] = []

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Leave everything else as it is.

        Raises:
            ConfigError: the network has none.
        """
        if not _norms(pl_module):
            raise ConfigError("callbacks.norms: the network has no batch normalisations to learn; leave it out")
        for parameter in pl_module.parameters():
            parameter.requires_grad_(False)
        for parameter in _learning(pl_module):
            parameter.requires_grad_(True)
        self._start = self._start or [parameter.detach().clone() for parameter in _learning(pl_module)]

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: object, batch_idx: int
    ) -> None:
        """Keep to the means and variances: those of a few photos are not those of the next."""
        for norm in _norms(pl_module):
            norm.eval()

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: object, batch: object, batch_idx: int
    ) -> None:
        """Go part of the way back, once all has been learned."""
        if self._start and trainer.global_step >= trainer.estimated_stepping_batches:
            with torch.no_grad():
                for parameter, start in zip(_learning(pl_module), self._start, strict=True):
                    parameter.copy_(start.to(parameter.device).lerp(parameter, self._share))
            self._start = []

    def state_dict(self) -> dict[str, list[Tensor]]:
        """Give where the way began, for a run that goes on."""
        return {"start": self._start}

    def load_state_dict(self, state_dict: dict[str, list[Tensor]]) -> None:
        """Take over where the way began."""
        self._start = state_dict["start"]


def _learning(module: nn.Module) -> list[nn.Parameter]:
    return [parameter for norm in _norms(module) for parameter in norm.parameters()]


def _norms(module: nn.Module) -> list[nn.Module]:
    return [one for one in module.modules() if isinstance(one, nn.modules.batchnorm._BatchNorm)]  # timm's, too
