"""Training that leaves a network what it knows."""

import lightning.pytorch as pl
from torch import nn

from recorte.errors import ConfigError


class NormsAlone(pl.Callback):
    """Lets batch normalisations alone learn, their scales and shifts, by the means and variances that they have.

    They are a hundredth of the weights. Some photos teach these as much of a new kind as they teach all weights, of
    which old kinds depend on each (TinyTL, Cai et al. 2020, arXiv:2007.11622, of biases; Frankle et al. 2021,
    arXiv:2003.00152, of how much scales and shifts can do).
    """

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Leave everything else as it is.

        Raises:
            ConfigError: the network has none.
        """
        if not _norms(pl_module):
            raise ConfigError("callbacks.norms: the network has no batch normalisations to learn; leave it out")
        for parameter in pl_module.parameters():
            parameter.requires_grad_(False)
        for norm in _norms(pl_module):
            for parameter in norm.parameters():
                parameter.requires_grad_(True)

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: object, batch_idx: int
    ) -> None:
        """Keep to the means and variances: those of a few photos are not those of the next."""
        for norm in _norms(pl_module):
            norm.eval()


def _norms(module: nn.Module) -> list[nn.Module]:
    return [one for one in module.modules() if isinstance(one, nn.modules.batchnorm._BatchNorm)]  # timm's, too
