"""Weights for the encoder before training starts: from ImageNet, from a file, or none."""

from pathlib import Path

import timm
import torch
from safetensors.torch import load_file
from torch import nn

from recorte.errors import ModelError
from recorte.model.lite_weights import lite_weights


def load_encoder_weights(
    encoder: nn.Module, name: str, weights: str, config_key: str = "model.encoder_weights"
) -> None:
    """Fill a timm feature encoder, in place.

    Args:
        encoder: made by `timm.create_model(name, features_only=True)`.
        name: its timm name.
        weights: `imagenet` (those of `tf_efficientnet_lite0` and `tf_efficientnet_lite2` come with installed packages,
            others are downloaded), `none`, or a path of a state dict of the whole timm model.
        config_key: what messages call them.

    Raises:
        ModelError: weights that cannot be downloaded, read or do not fit; the message says what to do.
    """
    if weights == "none":
        return
    state = _download(name, config_key) if weights == "imagenet" else _read(Path(weights), config_key)
    wanted = encoder.state_dict()
    # features_only joins the names of nested stages with underscores, and leaves out the classifier.
    flat = {str(key).replace(".", "_"): value for key, value in state.items()}
    missing = [key for key in wanted if key.replace(".", "_") not in flat]
    if missing:
        what = f"{len(missing)} of {len(wanted)} tensors are missing, the first is {missing[0]}"
        raise ModelError(f"{config_key}={weights}: not the weights of {name}: {what}")
    try:
        encoder.load_state_dict({key: flat[key.replace(".", "_")] for key in wanted})
    except RuntimeError as error:
        what = " ".join(str(error).split())[:300]
        raise ModelError(f"{config_key}={weights}: not the weights of {name}: {what}") from None


def _download(name: str, config_key: str) -> dict[str, torch.Tensor]:
    installed = lite_weights(name)
    if installed is not None:
        return installed
    try:
        return timm.create_model(name, pretrained=True).state_dict()
    except Exception as error:  # the hub's clients raise errors of many unrelated kinds
        raise ModelError(
            f"{config_key}=imagenet: the weights of {name} could not be downloaded "
            f"({type(error).__name__}: {str(error).splitlines()[0][:200] if str(error) else 'no details'}). "
            f"Give {config_key}=none to start from random weights, or the path of a file that you have"
        ) from None


def _read(path: Path, config_key: str) -> dict[str, torch.Tensor]:
    if not path.is_file():
        raise ModelError(f"{config_key}={path}: no such file; valid are imagenet, none, or a file of weights")
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # of many kinds; torch's own texts advise to read the file unsafely
        raise ModelError(
            f"{config_key}={path}: damaged, or not a file of plain tensors ({type(error).__name__}); "
            "give a .safetensors file, or one that torch.save wrote of a state dict"
        ) from None
    state = state.get("state_dict", state) if isinstance(state, dict) else state
    return state if isinstance(state, dict) else {}
