"""What the memory count of a training means for a card, and what to do when it is too much."""

import math
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from omegaconf import DictConfig

from recorte.errors import ConfigError
from recorte.training.machine.inspection import GIB, Card
from recorte.training.machine.memory import Need

CONTEXT = GIB // 2
"""What CUDA takes for itself: 0.3 GB with a few kernels loaded, some 0.4 with more (pytorch#86509, #109888)."""
SLACK = 0.2
"""Share of what is counted for gaps in the segments of CUDA's allocator, and cuDNN's workspaces.

Its rules, played through for the four profiles, gave segments of 8 to 18 % more than was in use. cuDNN takes plans
with smaller workspaces where there is no room.
"""
LEAST_SPARE = 0.1
"""Share of a card's memory that should stay free: for a desktop, and for what is not foreseen."""
OUT_OF_MEMORY = ("out of memory", "can't allocate memory", "STATUS_ALLOC_FAILED")
"""How libraries below PyTorch, and its processor's part, say it."""


def on_card(need: Need) -> int:
    """Bytes of a card's memory that a training takes: what is counted, and what no count of tensors sees."""
    return need.peak + CONTEXT + round(SLACK * need.peak)


def memory_lines(config: DictConfig, need: Need, card: Card | None) -> list[str]:
    """Tell what a training takes, of what, and what to change if that is too much.

    Args:
        config: that was counted.
        need: counted.
        card: where it is to train; None: the processor.
    """
    parts = {"weights": need.weights, "gradients": need.gradients, "optimizer": need.optimizer,
             "averages": need.averages, "batch": need.batch, "activations": need.passing}  # fmt: skip
    added = " + ".join(f"{name} {size / GIB:.2f}" for name, size in parts.items() if size)
    lines = [f"Peak memory, counted on tensors without content, in GiB: {added} = {need.peak / GIB:.2f}"]
    if card is None:
        return [*lines, "Python, PyTorch and the workers come on top, some 0.5 GiB each"]
    whole, spare = on_card(need) / GIB, 1 - on_card(need) / (card.memory * GIB)
    lines.append(
        f"With CUDA's context ({CONTEXT / GIB:.1f}) and {SLACK:.0%} for the allocator's gaps and cuDNN's workspaces: "
        f"{whole:.2f} of the {card.memory:.2f} GiB of the {card.name}: "
        + (f"fits, {spare:.0%} to spare" if spare > 0 else f"does not fit, {-spare:.0%} too much")
    )
    if spare < LEAST_SPARE:
        lines.append(f"Less than {LEAST_SPARE:.0%} to spare: give {smaller_batch(config)}")
    return lines


def smaller_batch(config: DictConfig) -> str:
    """Propose half the batch and twice the accumulation: the same steps with less memory."""
    batch, gathered = config.data.batch_size, config.trainer.accumulate_grad_batches
    if batch == 1:
        return f"a data.image_size below {config.data.image_size}, or a smaller model.encoder"
    half = batch // 2
    if "optimizer" not in config:  # it is only measured
        return f"data.batch_size={half}"
    return f"data.batch_size={half} trainer.accumulate_grad_batches={math.ceil(batch * gathered / half)}"


@contextmanager
def told_when_out_of_memory(config: DictConfig) -> Iterator[None]:
    """Turn a device's running out of memory into a message that says what to change.

    Raises:
        ConfigError: it ran out.
    """
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        text = str(error).splitlines()[0].rpartition("Allocator: ")[2] if str(error) else "no memory left"
        known = isinstance(error, (torch.OutOfMemoryError, MemoryError))
        if not known and not any(words in str(error) for words in OUT_OF_MEMORY):
            raise
        raise ConfigError(
            f"data.batch_size={config.data.batch_size} with data.image_size={config.data.image_size}: out of memory "
            f"({text[:200]}); give {smaller_batch(config)}. dry_run=true tells what a training takes"
        ) from error
