"""How the learning rate changes over a run."""

import math

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR, OneCycleLR

from recorte.kinds import BelowOne, Share


def cosine(optimizer: Optimizer, total_steps: int, warmup: BelowOne = 0.02, floor: Share = 0.01) -> LambdaLR:
    """Rise in a straight line, then fall along half a cosine (Loshchilov and Hutter 2017, arXiv 1608.03983).

    Args:
        optimizer: its rate is the highest that is reached.
        total_steps: optimizer steps of the whole run.
        warmup: share of them in which the rate rises, in [0, 1).
        floor: share of the rate that is left at the end, in [0, 1].
    """
    rising = round(warmup * total_steps)

    def factor(step: int) -> float:
        if step < rising:
            return (step + 1) / (rising + 1)
        progress = min(1.0, (step - rising) / max(1, total_steps - rising))
        return floor + (1 - floor) * (1 + math.cos(math.pi * progress)) / 2

    return LambdaLR(optimizer, factor)


def one_cycle(optimizer: Optimizer, total_steps: int, pct_start: Share = 0.3) -> OneCycleLR:
    """Rise to the optimizer's rates and fall far below (Smith and Topin 2018, arXiv 1708.07120).

    Args:
        optimizer: its groups may differ in their rates.
        total_steps: optimizer steps of the whole run.
        pct_start: share of them in which the rate rises, in (0, 1).
    """
    rates = [group["lr"] for group in optimizer.param_groups]
    return OneCycleLR(optimizer, max_lr=rates, total_steps=total_steps, pct_start=pct_start)
