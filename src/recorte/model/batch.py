"""What a batch is where the network is: the loader's processes hand on bytes, a quarter of the work of floats."""

from collections.abc import Mapping
from typing import Any

import torch


def as_floats(batch: Mapping[str, Any]) -> dict[str, Any]:
    """Turn a loader's batch, or an item of its data set, into what the network and the losses take.

    Args:
        batch: `image uint8 (..., S, S, 3)`, `alpha uint8 (..., 1, S, S)`, `weight uint8 (..., 1, S, S)` of 0 and 1, and
            anything else; on any device. A batch that is of floats already stays as it is.

    Returns:
        `image float32 (..., 3, S, S)` in [0, 1], its memory still by pixels (channels last), `alpha float32` in [0, 1]
        and `weight float32`, on the same device; and all else.
    """
    if batch["image"].dtype != torch.uint8:
        return dict(batch)
    image = batch["image"].movedim(-1, -3).float().div_(255)
    return {**batch, "image": image, "alpha": batch["alpha"].float().div_(255), "weight": batch["weight"].float()}
