"""Measure speed as ratios: the same work, in turns, in one run; medians.

`python scripts/studies/benchmark.py training`
"""

import statistics
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from benchmarks.dataset import dataset
from benchmarks.pipeline import pipeline
from benchmarks.removal import removal

if TYPE_CHECKING:
    from omegaconf import DictConfig
    from torch import Tensor, nn

WITHOUT = "recorte eager without "

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False)
app.command()(dataset)
app.command()(pipeline)
app.command()(removal)


@app.callback()
def main() -> None:
    """Measure speed as ratios: the same work, in turns, in one run."""


@app.command()
def training(
    batch: Annotated[int, typer.Option(min=1, help="photos in a batch")] = 4,
    size: Annotated[int, typer.Option(min=32, help="pixels, a multiple of 32")] = 256,
    rounds: Annotated[int, typer.Option(min=1, help="how often each takes its turn")] = 12,
    precision: Annotated[str, typer.Option(help="32-true or bf16-mixed; auto: what the cpu profile takes")] = "auto",
    compiled: Annotated[bool, typer.Option(help="also with torch.compile, which takes minutes to begin")] = True,
    encoder: Annotated[str, typer.Option(help="timm's name of it, for both")] = "resnet34",
) -> None:
    """Full training steps on the CPU: our network against segmentation-models-pytorch's U-Net with scSE attention.

    Both have the same encoder and heads for alpha and foreground; loss, optimizer, batch, size, precision and
    memory format are the same. What a term of the loss costs is the difference to our step without it.
    """
    from recorte.training.machine.hardware import cpu_precision

    precision = cpu_precision() if precision == "auto" else precision
    steps = _training_steps(batch, size, precision, compiled, encoder)
    seconds = _in_turns(steps, rounds)
    print(f"Training step, {batch} photos of {size} x {size}, {precision}, {rounds} turns each; photos a second:")
    for name, values in seconds.items():
        low, middle, high = (batch / pick(values) for pick in (max, statistics.median, min))
        print(f"  {name:30} median {middle:6.2f}   ({low:.2f} to {high:.2f})")
    for way in ("eager", "compiled") if compiled else ("eager",):
        ratio = _median_ratio(seconds[f"smp {way}"], seconds[f"recorte {way}"])
        print(f"Ratio {way}, median of the turns: {ratio:.2f} times as fast")
    print("What each term of the loss costs, of a whole step (eager):")
    for name in [name for name in seconds if name.startswith(WITHOUT)]:
        share = 1 - _median_ratio(seconds[name], seconds["recorte eager"])
        print(f"  {name.removeprefix(WITHOUT):30} {share:6.1%}")


def _median_ratio(one: list[float], other: list[float]) -> float:
    return statistics.median(a / b for a, b in zip(one, other, strict=True))


def _training_steps(
    batch: int, size: int, precision: str, compiled: bool, encoder: str
) -> dict[str, Callable[[], None]]:
    """Give full training steps by name, each with a network, a loss and an optimizer of its own."""
    import torch
    from hydra import compose, initialize_config_dir

    from recorte.model.attention_unet import AttentionUNet
    from recorte.training.machine.hardware import CONF

    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("train", ["model.encoder_weights=none", "data=synthetic", "run_dir=."])
    config.trainer.precision = precision
    torch.manual_seed(0)
    data = {
        "image": torch.rand(batch, 3, size, size).contiguous(memory_format=torch.channels_last),
        "alpha": torch.nn.functional.interpolate((torch.rand(batch, 1, 8, 8) > 0.5).float(), size=(size, size)),
        "weight": torch.ones(batch, 1, size, size),
    }
    networks = {"recorte": lambda: AttentionUNet(encoder, "none"), "smp": lambda: _baseline(encoder)}
    steps = {
        f"{name} {way}": _step_of(build(), data, config, compiled=way == "compiled")
        for way in (("eager", "compiled") if compiled else ("eager",))
        for name, build in networks.items()
    }
    return steps | {
        WITHOUT + term: _step_of(networks["recorte"](), data, config, without=term) for term in config.loss.weights
    }


def _baseline(encoder: str) -> "nn.Module":
    """Build the other U-Net, with our two heads."""
    import segmentation_models_pytorch as smp
    from torch import Tensor, nn

    from recorte.model.attention_unet import Prediction

    name = encoder if encoder in smp.encoders.get_encoder_names() else f"tu-{encoder}"  # its own, or timm's

    class Baseline(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = smp.Unet(name, encoder_weights=None, decoder_attention_type="scse", classes=4)

        def forward(self, image: Tensor) -> Prediction:
            output = self.network(image)
            return Prediction(output[:, :1], (image + output[:, 1:]).clamp(0, 1))

    return Baseline()


def _step_of(
    network: "nn.Module",
    data: "dict[str, Tensor]",
    config: "DictConfig",
    compiled: bool = False,
    without: str | None = None,
) -> Callable[[], None]:
    """Give a step of a network on always the same photos; `without` names a term of the loss to leave out."""
    import torch
    from hydra.utils import instantiate

    from recorte.model.module import parameter_groups

    network = network.to(memory_format=torch.channels_last).train()
    loss = instantiate(config.loss, weights={without: 0.0} if without else {})
    optimizer = instantiate(config.optimizer)(parameter_groups(network))
    if compiled:
        network.compile()
        loss.compile()

    def step() -> None:
        optimizer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=config.trainer.precision == "bf16-mixed"):
            total = loss(network(data["image"]), data)["loss"]
        total.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()

    return step


def _in_turns(tasks: dict[str, Callable[[], None]], rounds: int) -> dict[str, list[float]]:
    """Time each task once a round, after one warm-up each; seconds by name."""
    for task in tasks.values():
        task()
    seconds: dict[str, list[float]] = {name: [] for name in tasks}
    for _ in range(rounds):
        for name, task in tasks.items():
            started = time.perf_counter()
            task()
            seconds[name].append(time.perf_counter() - started)
    return seconds


if __name__ == "__main__":
    app()
