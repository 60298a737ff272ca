"""Does a card compute what the processor computes? Forward, backward, loss, metrics; in bf16; compiled."""

import contextlib
import copy
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import torch
from hydra.utils import instantiate
from torch import Tensor

from benchmarks.card.rows import Row, within
from benchmarks.card.setting import Setting
from recorte.model.metrics import SegmentationMetrics
from recorte.model.module import PersonSegmenter
from recorte.training.build import build_segmenter

EXACT = {"alpha": 1e-3, "colours": 1e-3, "gradients": 1e-2, "loss": 1e-4}
"""Most that 32 bits may be off from 64, on any device: the rounding of a hundred layers and their order of adding."""
TF32 = {"alpha": 3e-2, "colours": 3e-2, "gradients": 1e-1, "loss": 1e-2}
"""And with the 10 bits of mantissa that cuDNN's convolutions take of 32 by default, from Ampere on."""
BF16 = {"alpha": 1e-1, "colours": 1e-1, "gradients": 3e-1, "loss": 3e-2}
"""And with 7 bits of mantissa."""
STEPS = 20


class Passed(NamedTuple):
    """What a pass forward and backward gives, in 64 bits on the processor; gradients as one long vector."""

    alpha: Tensor
    colours: Tensor
    gradients: Tensor
    terms: dict[str, float]


def check_numbers(setting: Setting) -> Iterator[Row]:
    """Compare forward, backward, loss and metrics in 32 bits with the processor's in 64."""
    segmenter, batch = _start(setting)
    exact = _pass(segmenter, batch, torch.device("cpu"), torch.float64)
    yield from _compared("cpu", "processor, 32 bits", _pass(segmenter, batch, torch.device("cpu")), exact, EXACT)
    if setting.device.type == "cuda":
        usual = torch.backends.cudnn.allow_tf32
        for name, allowed, most in (("card, 32 bits", False, EXACT), ("card, TF32 as by default", True, TF32)):
            torch.backends.cudnn.allow_tf32 = allowed
            yield from _compared("card", name, _pass(segmenter, batch, setting.device), exact, most)
        torch.backends.cudnn.allow_tf32 = usual
    else:
        yield Row("card", "forward, backward, loss", state="left out", how="-", note="no card here")
    yield _metrics(setting, exact.alpha.float(), batch)


def check_bf16(setting: Setting) -> Iterator[Row]:
    """Compare bf16 with 32 bits on the same device: one pass, and a few steps of training."""
    segmenter, batch = _start(setting)
    plain = _pass(segmenter, batch, setting.device)
    yield from _compared("bf16", f"{setting.device.type}, bf16", _pass(segmenter, batch, setting.device, bf16=True),
                         plain, BF16)  # fmt: skip
    losses, seconds = {}, {}
    for name, bf16 in (("32 bits", False), ("bf16", True)):
        losses[name], seconds[name] = _train(setting, segmenter, batch, bf16)
    off = abs(losses["bf16"] / losses["32 bits"] - 1)
    note = f"{losses['32 bits']:.4f} in 32 bits, {losses['bf16']:.4f} in bf16"
    yield within("bf16", f"loss after {_steps(setting)} steps, relative difference", off, 0.1, note)
    times = seconds["32 bits"] / seconds["bf16"]
    yield Row("bf16", "a step, times as fast as 32 bits", f"{times:.2f}", note=_size(batch))


def check_compile(setting: Setting) -> Iterator[Row]:
    """Compare `compile` with none: what comes out, how long it takes to begin, and how fast a step is then."""
    segmenter, batch = _start(setting)
    plain = _pass(segmenter, batch, setting.device)
    _, eager = _train(setting, segmenter, batch, setting.device.type == "cuda")
    backend = "aot_eager" if setting.tiny else "inductor"
    compiled = copy.deepcopy(segmenter)
    assert compiled.loss is not None
    compiled.network.compile(backend=backend)
    compiled.loss.compile(backend=backend)
    began = time.perf_counter()
    found = _pass(compiled, batch, setting.device, copied=False)
    note = "traced only (aot_eager): the study itself is tried" if setting.tiny else ""
    yield Row("compile", "seconds of the first pass", f"{time.perf_counter() - began:.0f}", note=note)
    most = TF32 if setting.device.type == "cuda" else EXACT
    yield from _compared("compile", f"{setting.device.type}, compiled", found, plain, most)
    _, seconds = _train(setting, compiled, batch, setting.device.type == "cuda", copied=False)
    yield Row(
        "compile",
        "a step, times as fast as without",
        f"{eager / seconds:.2f}",
        note=f"{_size(batch)}; {note}" if note else _size(batch),
    )


def _start(setting: Setting) -> tuple[PersonSegmenter, dict[str, Tensor]]:
    config = setting.config("hardware=cpu", "data=synthetic")
    torch.manual_seed(0)
    network = instantiate(config.model, _convert_="all")
    with torch.no_grad():
        for parameter in network.parameters():  # what begins as zeros would compare nothing
            parameter.add_(0.02 * torch.randn_like(parameter))
    config.scheduler = None  # it would ask how many steps there will be
    return build_segmenter(config, network), setting.batch(config)


def _pass(
    segmenter: PersonSegmenter,
    batch: dict[str, Tensor],
    device: torch.device,
    dtype: torch.dtype = torch.float32,
    bf16: bool = False,
    copied: bool = True,
) -> Passed:
    """Go forward and backward once, as training does; what is given stays as it is where it is copied."""
    moved = (copy.deepcopy(segmenter) if copied else segmenter).to(device, dtype).train()
    data = moved.on_after_batch_transfer({name: part.to(device, dtype) for name, part in batch.items()}, 0)
    assert moved.loss is not None
    moved.zero_grad()
    with torch.autocast(device.type, torch.bfloat16) if bf16 else contextlib.nullcontext():
        prediction = moved(data["image"])
        terms = moved.loss(prediction, data)
    terms["loss"].backward()
    gradients = [parameter.grad.flatten() for parameter in moved.network.parameters() if parameter.grad is not None]
    alpha, colours = torch.sigmoid(prediction.alpha_logits.double()), prediction.foreground.double()
    return Passed(
        alpha.detach().cpu(), colours.detach().cpu(), torch.cat(gradients).double().cpu(),
        {name: float(value.detach()) for name, value in terms.items()},
    )  # fmt: skip


def _compared(check: str, name: str, one: Passed, other: Passed, most: dict[str, float]) -> Iterator[Row]:
    for part in ("alpha", "colours"):
        difference = (getattr(one, part) - getattr(other, part)).abs()
        note = f"mean {difference.mean():.1e}"
        yield within(check, f"{name}: {part}, largest difference", float(difference.max()), most[part], note)
    off = float((one.gradients - other.gradients).norm() / other.gradients.norm())
    yield within(check, f"{name}: gradients, difference as a share of their length", off, most["gradients"])
    for term, value in other.terms.items():
        off = abs(one.terms[term] - value) / max(abs(value), 1e-6)
        yield within(check, f"{name}: {term}, relative difference", off, most["loss"], f"{value:.5f}")


def _metrics(setting: Setting, alpha: Tensor, batch: dict[str, Tensor]) -> Row:
    """Measure the same alphas on both devices."""
    figures = []
    for device in (torch.device("cpu"), setting.device):
        metrics = SegmentationMetrics().to(device)
        metrics.update(alpha.to(device), batch["alpha"].to(device), batch["weight"].to(device))
        figures.append({name: float(value) for name, value in metrics.compute().items()})
    known = [name for name, value in figures[0].items() if value == value]
    off = max(abs(figures[0][name] - figures[1][name]) for name in known)
    note = "" if setting.device.type == "cuda" else "no card here: the processor twice"
    return within(setting.device.type, f"{len(known)} figures of the same alphas, largest difference", off, 1e-6, note)


def _train(
    setting: Setting, segmenter: PersonSegmenter, batch: dict[str, Tensor], bf16: bool, copied: bool = True
) -> tuple[float, float]:
    """Train some steps on one batch, as a training does but for its schedule; the last loss and a step's seconds."""
    device = setting.device
    moved = (copy.deepcopy(segmenter) if copied else segmenter).to(device).train()
    data = moved.on_after_batch_transfer({name: part.to(device) for name, part in batch.items()}, 0)
    optimizer: Any = moved.configure_optimizers()["optimizer"]
    seconds, loss = [], torch.zeros(())
    for _ in range(_steps(setting)):
        began = _now(device)
        optimizer.zero_grad()
        with torch.autocast(device.type, torch.bfloat16, enabled=bf16):
            loss = moved.loss(moved(data["image"]), data)["loss"]  # type: ignore[misc]
        loss.backward()
        optimizer.step()
        seconds.append(_now(device) - began)
    return float(loss.detach()), statistics.median(seconds[len(seconds) // 4 :])


def _steps(setting: Setting) -> int:
    return 2 if setting.tiny else STEPS


def _now(device: torch.device) -> float:
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter()


def _size(batch: dict[str, Tensor]) -> str:
    photos, _, size, _ = batch["image"].shape
    return f"{photos} photos of {size} pixels"


CHECKS: dict[str, Callable[[Setting], Iterator[Row]]] = {
    "numbers": check_numbers, "bf16": check_bf16, "compile": check_compile,
}  # fmt: skip
