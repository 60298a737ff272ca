"""Train the network that follows a touch to the edges of what was touched.

`python scripts/follow.py --data data -o thing.onnx` lets a simulated user touch what is wrong in photos of the train
splits: what the bundled network got wrong, and single people who are missing or too many among several. It goes on from
the bundled weights, as RITM goes on from those of semantic segmentation (Sofiiuk et al. 2021, arXiv 2102.06583).
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from recorte.cli.script import run

if TYPE_CHECKING:
    import torch

    from teachers.lessons import Lessons
    from teachers.network import Follower

BATCH, RATE, ENCODER_RATE = 8, 1e-3, 4e-4
WARM, AVERAGED = 0.06, 0.996


def main(
    data: Annotated[Path, typer.Option(help="folder with persons/, portraits/ and more/voc_people/")],
    output: Annotated[Path, typer.Option("--output", "-o", help="the .onnx file to write")],
    touches: Annotated[
        int, typer.Option(min=1, help="different touches to learn from; a megabyte of memory for each")
    ] = 9000,
    samples: Annotated[int, typer.Option(min=1, help="touches that are learned from, repeats included")] = 12_000,
    seed: Annotated[int, typer.Option(help="of everything that is drawn by lot")] = 0,
) -> None:
    """Make lessons, learn from them, write the network."""
    import torch

    from recorte.model.export import load_network
    from recorte.removal.network import BUNDLED_WEIGHTS
    from teachers.lessons import make_lessons
    from teachers.network import Follower

    torch.manual_seed(seed)
    lessons = make_lessons(data, touches, seed)
    network, _ = load_network(BUNDLED_WEIGHTS)
    write(learn(Follower(network), lessons, samples, seed), output)


def learn(model: "Follower", lessons: "Lessons", samples: int, seed: int) -> "Follower":
    """Train on lessons; give the averaged network."""
    import math

    import numpy as np
    import torch
    from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

    from teachers.network import loss_of

    random, steps, order = np.random.default_rng(seed), samples // BATCH, []
    named = [*model.named_parameters()]
    # The first convolution learns as fast as what is new: its channels for the touch begin at nothing.
    known = {name for name, _ in named if name.startswith("network.encoder.") and "conv_stem" not in name}
    encoder = [one for name, one in named if name in known]
    others = [one for name, one in named if name not in known]
    groups = [{"params": encoder, "lr": ENCODER_RATE}, {"params": others, "lr": RATE}]
    optimizer = torch.optim.AdamW(groups, weight_decay=0.02)

    def pace(step: int) -> float:
        return min(1, (step + 1) / (WARM * steps)) * (0.51 + 0.5 * math.cos(math.pi * step / steps))

    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, pace)
    averaged = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(AVERAGED), use_buffers=True)
    for step in range(steps):
        if len(order) < BATCH:
            order = random.permutation(len(lessons.seen)).tolist()
        photo, touch, thing, counts = drawn(lessons, [order.pop() for _ in range(BATCH)])
        with torch.autocast("cpu", torch.bfloat16):
            logits = model(photo, touch)
        loss = loss_of(logits[:, 0].float(), thing, counts * (touch[:, 3] < 0.55))
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        averaged.update_parameters(model)
        if step % 50 == 49:
            print(f"step {step + 1} of {steps}: loss {loss.item():.3f}", flush=True)
    return averaged.module


def drawn(lessons: "Lessons", numbers: list[int]) -> "list[torch.Tensor]":
    """Give a batch: photos, touches, things and what counts, mirrored and in other colours by lot."""
    import numpy as np
    import torch

    kinds = (lessons.photo, lessons.seen, lessons.thing, lessons.weight)
    photo, touch, thing, counts = (torch.from_numpy(np.stack([kind[one] for one in numbers])).float() for kind in kinds)
    count = len(numbers)
    photo = photo.permute(0, 3, 1, 2) / 255
    photo = photo * (1 + 0.2 * torch.randn(count, 3, 1, 1)) + 0.1 * torch.randn(count, 1, 1, 1)
    touch[:, 0] += 0.1 * torch.randn(count, 1, 1)
    touch[:, 1:3] += 0.05 * torch.randn(count, 2, 1, 1)
    touch[:, :3] *= 1 + 0.15 * torch.randn(count, 3, 1, 1)
    batch = [photo.clamp(0, 1).contiguous(memory_format=torch.channels_last), touch, thing, counts]
    return [one.flip(-1) for one in batch] if torch.rand(()) < 0.5 else batch


def write(model: "Follower", output: Path) -> None:
    """Export with weights of 8 bits."""
    import torch
    from torch import nn

    from recorte.model.eight_bits import store_in_eight_bits
    from recorte.removal.correct.features import CHANNELS, FINER, SIDE

    class Thing(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model.eval()

        def forward(self, photo: torch.Tensor, touch: torch.Tensor) -> torch.Tensor:
            return torch.sigmoid(self.model(photo, touch))

    example = torch.zeros(1, 3, FINER * SIDE, FINER * SIDE), torch.zeros(1, CHANNELS, SIDE, SIDE)
    torch.onnx.export(Thing(), example, output, input_names=["photo", "touch"], output_names=["thing"],
                      dynamo=False, opset_version=18)  # fmt: skip
    store_in_eight_bits(output, output, few=9)  # depthwise ones too: a megabyte, for what an IoU does not show


if __name__ == "__main__":
    run(main)
