"""How much memory a training takes, counted on tensors that have a shape and a place but no content."""

import math
import weakref
from dataclasses import dataclass
from typing import Any

import torch
from hydra.utils import instantiate
from omegaconf import DictConfig
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode, unset_fake_temporarily
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.weak import WeakIdKeyDictionary

from recorte.model.module import PersonSegmenter
from recorte.training.build import build_segmenter
from recorte.training.machine.processes import strategy_for

BLOCK = 512
"""Bytes of which CUDA's allocator hands out whole multiples."""


@dataclass(frozen=True)
class Need:
    """What a training takes, in bytes.

    Attributes:
        weights: of the network, its buffers and the frozen encoder of the perceptual term.
        gradients: one for each parameter.
        optimizer: what the optimizer keeps.
        averages: the averaged weights.
        batch: photos, alphas and weights.
        passing: what comes and goes within a step, at the moment when most is there: activations above all.
        checkpoint: what a checkpoint file holds.
    """

    weights: int
    gradients: int
    optimizer: int
    averages: int
    batch: int
    passing: int
    checkpoint: int

    @property
    def peak(self) -> int:
        """The most that is there at one moment."""
        return self.weights + self.gradients + self.optimizer + self.averages + self.batch + self.passing


class LiveBytes(TorchDispatchMode):
    """Counts the bytes of all tensors made within it that are alive, and the most that there were.

    PyTorch's own `MemTracker` refuses modules that are called twice, as the encoder of the perceptual term is.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.now = self.peak = 0
        self._known = WeakIdKeyDictionary()

    def __torch_dispatch__(
        self, function: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        result = function(*args, **(kwargs or {}))
        for tensor in tree_leaves(result):
            if isinstance(tensor, Tensor):
                self._add(tensor.untyped_storage())
        return result

    def _add(self, storage: torch.UntypedStorage) -> None:
        if storage in self._known:
            return
        size = math.ceil(storage.nbytes() / BLOCK) * BLOCK
        self._known[storage] = size
        self.now += size
        self.peak = max(self.peak, self.now)
        weakref.finalize(storage, self._remove, size)

    def _remove(self, size: int) -> None:
        self.now -= size


def count_need(config: DictConfig) -> Need:
    """Count what a training of this config takes on its device.

    The real network, loss and optimizer go through a step after the first, when everything is there: forward in the
    precision of the config, backward, clipping, optimizer. No weights are read and nothing is computed. Validation
    takes less, since it keeps no activations. Operations are those of the processor, whose results have the same
    sizes as those of a card.

    Args:
        config: composed from `conf/train.yaml`, with every value resolved.
    """
    with FakeTensorMode(allow_non_fake_inputs=True), LiveBytes() as live:
        segmenter, optimizer, averages = _at_rest(config)
        batch = segmenter.on_after_batch_transfer(_batch(config), 0)
        live.peak = at_rest = live.now
        _step(segmenter, optimizer, batch, config)
        gradients = _bytes(list(segmenter.network.parameters()))
        states, copies, photos = (_bytes(kept) for kept in (optimizer.state_dict(), averages, batch))
        weights = at_rest - gradients - states - copies - photos
        buckets = gradients if strategy_for(config) != "auto" else 0  # in which DDP exchanges gradients
        checkpoint = _bytes(segmenter.state_dict()) + states + copies
        return Need(weights, gradients + buckets, states, copies, photos, live.peak - at_rest, checkpoint)


def checkpoint_bytes(config: DictConfig) -> int:
    """Count what a checkpoint of a training holds. Argument as for `count_need`."""
    with FakeTensorMode(allow_non_fake_inputs=True):
        segmenter, optimizer, averages = _at_rest(config)
        return _bytes([segmenter.state_dict(), optimizer.state_dict(), averages])


def _at_rest(config: DictConfig) -> tuple[PersonSegmenter, torch.optim.Optimizer, list[Tensor]]:
    """Give what is there between two steps: network and loss with gradients, optimizer with states, averages."""
    segmenter = _segmenter(config)
    for parameter in segmenter.network.parameters():
        parameter.grad = torch.empty_like(parameter)
    optimizer = segmenter.configure_optimizers()["optimizer"]
    optimizer.step()
    averaged = [*segmenter.parameters(), *segmenter.buffers()] if config.callbacks.get("averaging") else []
    return segmenter, optimizer, [torch.empty_like(tensor) for tensor in averaged]


def _segmenter(config: DictConfig) -> PersonSegmenter:
    """Build network, loss and optimizer of tensors that pretend to be there, without reading weights."""
    config = config.copy()
    config.scheduler = None  # it would ask how many steps there will be
    for part in (config.model, *config.loss.get("terms", {}).values()):
        if "encoder_weights" in part:
            part.encoder_weights = "none"
    with unset_fake_temporarily(), torch.device("meta"):
        segmenter = build_segmenter(config, instantiate(config.model, _convert_="all"))
    segmenter.to_empty(device="cpu")
    segmenter.hold_encoder(config.freeze_encoder < 0)
    return segmenter


def _batch(config: DictConfig) -> dict[str, Tensor]:
    photos, size = config.data.batch_size, config.data.image_size
    return {
        "image": torch.empty(photos, 3, size, size),
        "alpha": torch.empty(photos, 1, size, size),
        "weight": torch.empty(photos, 1, size, size),
    }


def _step(
    segmenter: PersonSegmenter,
    optimizer: torch.optim.Optimizer,
    batch: dict[str, Tensor],
    config: DictConfig,
) -> None:
    """Do what Lightning does in a step, in its order: the last step's gradients go only when there is a new loss."""
    dtype = {"bf16-mixed": torch.bfloat16, "16-mixed": torch.float16}.get(config.trainer.precision)
    assert segmenter.loss is not None  # it was built with one
    with torch.autocast("cpu", dtype, enabled=dtype is not None):
        loss = segmenter.loss(segmenter(batch["image"]), batch)["loss"]
    if config.trainer.accumulate_grad_batches == 1:
        optimizer.zero_grad()
    loss.backward()
    if config.trainer.gradient_clip_val:
        nn.utils.clip_grad_norm_(segmenter.parameters(), config.trainer.gradient_clip_val)
    optimizer.step()


def _bytes(state: Any) -> int:
    return sum(leaf.nbytes for leaf in tree_leaves(state) if isinstance(leaf, Tensor))
