"""How the learning rate changes over a run."""

import math

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR


def cosine(optimizer: Optimizer, total_steps: int, warmup: float = 0.02, floor: float = 0.01) -> LambdaLR:
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
