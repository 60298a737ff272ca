"""From a trained network to the folder that people use: ONNX, safetensors, and a page of facts."""

import copy
import json
import logging
import os
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor, nn

from recorte.errors import ModelError
from recorte.files import whole_file, write_whole
from recorte.model.attention_unet import AttentionUNet
from recorte.own_code import trusted_class

FORMAT = 1
"""Version of the folder's form; raised when an older reader could no longer read it."""
NOTE = "recorte"
"""Where an .onnx file itself notes what using it needs; as in `recorte.removal.network`, which works without torch."""
TOLERANCE = 1e-3
"""Greatest difference between PyTorch and ONNX Runtime, in alpha and in colours, that is let pass."""


class _Exported(nn.Module):
    """The network as ONNX carries it: alpha instead of logits."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        prediction = self.network(image)
        return torch.sigmoid(prediction.alpha_logits), prediction.foreground


def export_model(network: nn.Module, folder: Path, image_size: int, facts: Mapping[str, Any]) -> float:
    """Write `model.onnx`, `model.safetensors` and `model.json` into a folder.

    The ONNX graph takes `image (N, 3, H, W)` in [0, 1], with any N and any multiples of 32 for H and W, and gives
    `alpha (N, 1, H, W)` and `foreground (N, 3, H, W)`, both in [0, 1].

    Args:
        network: on the CPU or elsewhere; a copy of its weights is what is exported.
        folder: made if missing; an earlier model of the same run is replaced.
        image_size: the size it was trained at, pixels.
        facts: plain data for `model.json` (metrics, origin, and `sure`, which goes into `model.onnx` too), and of a
            network that is not ours `network`: from what it is built again.

    Returns:
        The greatest difference between PyTorch and ONNX Runtime over batches of several sizes.

    Raises:
        ModelError: the two disagree by more than `TOLERANCE`.
    """
    twin = copy.deepcopy(network).cpu().to(memory_format=torch.contiguous_format)
    model = _Exported(twin).eval()
    with whole_file(folder / "model.onnx") as path:
        difference = _write_onnx(model, path, image_size)
        if not difference <= TOLERANCE:
            raise ModelError(f"{folder}: PyTorch and ONNX Runtime disagree by {difference:.2g} (at most {TOLERANCE})")
        note_in_onnx(path, image_size, **{name: facts[name] for name in ("sure",) if name in facts})
    write_whole(
        folder / "model.safetensors", save({name: value.contiguous() for name, value in twin.state_dict().items()})
    )
    page = {
        "format": FORMAT,
        "image_size": image_size,
        "normalisation": {"inside": True, **_normalisation(twin)},
        "network": getattr(twin, "config", {}),
        "onnx_difference": difference,
        **facts,
    }
    write_whole(folder / "model.json", json.dumps(page, indent=2) + "\n")
    return difference


def _normalisation(network: nn.Module) -> dict[str, list[float]]:
    return {name: buffer.flatten().tolist() for name, buffer in network.named_buffers() if name in ("mean", "std")}


def note_in_onnx(path: Path, image_size: int, **more: float) -> None:
    """Note in an .onnx file itself what using it needs to know, for those who copy it without its `model.json`.

    What the exporter noted of each node goes: its call stack, which tells strangers where one's folders are.
    """
    model = onnx.load(path)
    for part in (model.graph, *model.graph.node, *model.graph.value_info, *model.graph.initializer):
        part.ClearField("metadata_props")
    onnx.helper.set_model_props(model, {NOTE: json.dumps({"format": FORMAT, "image_size": image_size, **more})})
    onnx.save(model, path)


def load_network(path: str | os.PathLike[str], averaged: bool = True) -> tuple[nn.Module, dict[str, Any]]:
    """Build a trained network again.

    Args:
        path: a run's folder, a `best_model/` folder, or a Lightning `.ckpt` of ours.
        averaged: of a `.ckpt` with averaged weights take those, else the ones that are being trained.

    Returns:
        The network, in evaluation mode on the CPU, and its page of facts (for a `.ckpt`: `network`, from what it is
        built, `image_size` where known, and whether there are averaged weights).

    Raises:
        ModelError: nothing there, damaged, a checkpoint of another network, or one whose code is not to be run.
    """
    path = Path(path)
    if (path / "best_model").is_dir():
        path = path / "best_model"
    if path.is_dir():
        config, state, page = _read_folder(path)
    elif path.is_file():
        config, state, page = _network_of(path, averaged)
    else:
        raise ModelError(f"{path}: no such model; give a run's folder, its best_model/ folder, or a .ckpt file")
    try:
        network = _built(config)
        network.load_state_dict(state)
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from None
    except (TypeError, ValueError, RuntimeError) as error:
        what = " ".join(str(error).split())[:300]
        raise ModelError(f"{path}: a model of another network than Recorte's: {what}") from None
    return network.eval(), page


def _built(config: Mapping[str, Any]) -> nn.Module:
    """Build a network of plain data, which may come from a stranger."""
    if not isinstance(config, Mapping):
        raise TypeError(f"a network is described by {config!r}")
    if not is_plain(config):
        raise ModelError("a network is described by plain data, and there is more in this description")
    arguments = dict(config)
    name = arguments.pop("_target_", None)
    network_class = AttentionUNet if name is None else trusted_class(str(name))
    if not issubclass(network_class, nn.Module):
        raise ModelError(f"{name} is no network")
    if network_class is AttentionUNet:
        arguments["encoder_weights"] = "none"
    return network_class(**arguments)


def is_plain(config: Mapping[str, Any]) -> bool:
    """Tell whether Hydra would find nothing to run or to look up in what describes a network, but for its class."""

    def holds(node: Any) -> bool:
        if isinstance(node, Mapping):
            return "_target_" not in node and all(map(holds, node.values()))
        return all(map(holds, node)) if isinstance(node, list) else "${" not in str(node)

    return all(map(holds, config.values()))


def _read_folder(folder: Path) -> tuple[dict[str, Any], dict[str, Tensor], dict[str, Any]]:
    for name in ("model.json", "model.safetensors"):
        if not (folder / name).is_file():
            raise ModelError(f"{folder}: no model of Recorte: {name} is missing")
    try:
        page = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        if page["format"] > FORMAT:
            raise ModelError(f"{folder}: made by a newer Recorte (format {page['format']}); update this one to read it")
        return page["network"], load_file(folder / "model.safetensors"), page
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
        raise ModelError(f"{folder}: a damaged model: {error!r}") from None


def read_checkpoint(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read a checkpoint as plain data, tensors on the CPU.

    Raises:
        ModelError: not there, damaged, or more in it than plain data.
    """
    try:
        checkpoint: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        if not isinstance(checkpoint["state_dict"], dict):
            raise TypeError("state_dict")
        return checkpoint
    except FileNotFoundError:
        raise ModelError(f"{path}: there is no such checkpoint; give a run's folder, or a .ckpt of it") from None
    except Exception as error:  # of many kinds; torch's own texts advise to read the file unsafely
        what = f"damaged, or more in it than plain data ({type(error).__name__})"
        raise ModelError(f"{path}: not a checkpoint that can be read: {what}; another one of the run may do") from None


def _network_of(path: Path, averaged: bool) -> tuple[dict[str, Any], dict[str, Tensor], dict[str, Any]]:
    checkpoint = read_checkpoint(path)
    if "network" not in checkpoint:
        raise ModelError(f"{path}: a checkpoint of another network than Recorte's")
    has_averages = "current_model_state" in checkpoint
    state = checkpoint["current_model_state" if has_averages and not averaged else "state_dict"]
    prefix = "network."
    weights = {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}
    facts = {"image_size": checkpoint.get("image_size"), "averaged": has_averages}
    return checkpoint["network"], weights, {"network": checkpoint["network"], **facts}


def _write_onnx(model: nn.Module, path: Path, image_size: int) -> float:
    """Write the graph, and give the greatest difference between it and PyTorch.

    Following every side as an unknown takes the exporter ten times as long as tracing one size. Where no operation
    depends on the size, as in our network, a graph of one size is that of all; others are followed.
    """
    _trace(model, path)
    model_of_one_size = onnx.load(path)
    _open_sides(model_of_one_size)
    onnx.save(model_of_one_size, path)
    try:
        difference = _greatest_difference(model, path, image_size)
    except Exception:  # ONNX Runtime has many, with no class of their own above them
        difference = float("inf")
    if difference <= TOLERANCE:
        return difference
    multiple = {2: 32 * torch.export.Dim("height", min=1), 3: 32 * torch.export.Dim("width", min=1)}
    _trace(model, path, {"image": {0: torch.export.Dim("batch"), **multiple}})
    return _greatest_difference(model, path, image_size)


def _trace(model: nn.Module, path: Path, shapes: dict[str, Any] | None = None) -> None:
    # Two photos of different sides: whatever the exporter sees as 1, or as equal, it may take for a constant.
    example = torch.rand(2, 3, 96, 64)
    logging.getLogger("onnxscript").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecations inside of the exporter that nobody here can mend
        torch.onnx.export(
            model,
            (example,),
            path,
            input_names=["image"],
            output_names=["alpha", "foreground"],
            dynamic_shapes=shapes,
            dynamo=True,
            external_data=False,
            verbose=False,
        )


def _open_sides(model: onnx.ModelProto) -> None:
    """Let a graph of one size take photos of any."""
    for value in (*model.graph.input, *model.graph.output):
        for place, name in ((0, "batch"), (2, "height"), (3, "width")):
            value.type.tensor_type.shape.dim[place].dim_param = name
    del model.graph.value_info[:]  # sizes in between


def _greatest_difference(model: nn.Module, path: Path, image_size: int) -> float:
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    generator = torch.Generator().manual_seed(0)
    greatest = 0.0
    for shape in ((1, 3, image_size, image_size), (3, 3, 64, 160), (1, 3, 32, 32)):
        image = torch.rand(shape, generator=generator)
        with torch.inference_mode():
            expected = model(image)
        for one, other in zip(session.run(["alpha", "foreground"], {"image": image.numpy()}), expected, strict=True):
            greatest = max(greatest, float(np.abs(one - other.numpy()).max()))
    return greatest
