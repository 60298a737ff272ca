"""Train the small network that follows a touch to the edges of what was touched.

`python scripts/follow.py --data data -o thing.onnx` lets a simulated user touch what is wrong in photos of the train
splits: what the bundled network got wrong, and single people who are missing or too many among several.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from recorte.cli.script import run

if TYPE_CHECKING:
    import numpy as np
    import torch
    from torch import nn

LEAST, ENOUGH = 0.4, 0.9
"""IoU of cut-outs that are worth touching."""

TOUCHES = 5
"""Touches of one photo to learn from, at most."""

SMALLEST = 12
"""Cells of a region that is worth a touch."""

BATCH, RATE = 16, 5e-3


@dataclass(slots=True)
class Lessons:
    """What the network learns from, a list entry for each touch.

    Attributes:
        seen: `float16`, what `features` gives.
        thing: `bool (SIDE, SIDE)`, the region that was touched.
        weight: `bool (SIDE, SIDE)`, what counts.
    """

    seen: "list[np.ndarray]" = field(default_factory=list)
    thing: "list[np.ndarray]" = field(default_factory=list)
    weight: "list[np.ndarray]" = field(default_factory=list)


def main(
    data: Annotated[Path, typer.Option(help="folder with persons/ and portraits/")],
    output: Annotated[Path, typer.Option("--output", "-o", help="the .onnx file to write")],
    photos: Annotated[int, typer.Option(min=1, help="photos that the bundled network is tried on")] = 900,
    samples: Annotated[int, typer.Option(min=1, help="touches that are learned from, repeats included")] = 9600,
    seed: Annotated[int, typer.Option(help="of everything that is drawn by lot")] = 0,
) -> None:
    """Make lessons, learn from them, write the network."""
    import numpy as np

    random, lessons = np.random.default_rng(seed), Lessons()
    for photo, alpha, truth, weight in mistakes(data, photos, random):
        walk(lessons, photo, alpha, truth, weight, TOUCHES, random)
    own = len(lessons.seen)
    for photo, alpha, truth, weight in one_among_several(data, random):
        walk(lessons, photo, alpha, truth, weight, 1, random)
    print(f"{own} touches of what the network got wrong, {len(lessons.seen) - own} of one among several")
    learn(lessons, own, samples, output, seed)


Task = "tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]"


def mistakes(data: Path, most: int, random: "np.random.Generator") -> "Iterator[Task]":
    """Give photo, alpha, truth and weight of photos of which the bundled network finds a good part, but not all."""
    from recorte import BackgroundRemover
    from recorte.data.coco import CocoPersons
    from recorte.data.folder import ImageMaskFolder
    from recorte.removal.correct.simulated import iou_of

    sources = [CocoPersons(data / "persons", "train"), ImageMaskFolder(data / "portraits", "train")]
    remover = BackgroundRemover()
    places = [(source, index) for source in sources for index in range(len(source))]
    for number in random.permutation(len(places))[:most]:
        source, index = places[number]
        sample = source[index]
        truth, weight = sample.alpha > 127, sample.weight > 0
        if not (truth & weight).any():
            continue
        alpha = remover.predict_alpha(sample.photo)
        if LEAST <= iou_of(alpha, truth, weight) < ENOUGH:
            yield sample.photo, alpha, truth, weight


def one_among_several(data: Path, random: "np.random.Generator") -> "Iterator[Task]":
    """Give photos of several people in which one of them is missing, and then too many."""
    import cv2
    import numpy as np
    from pycocotools.coco import COCO

    from recorte.photo import read_photo

    coco = COCO(str(data / "persons/annotations/person_keypoints_train2017.json"))
    for number in random.permutation(sorted(coco.imgs)).tolist():
        fact, people = coco.imgs[number], coco.loadAnns(coco.getAnnIds(imgIds=[number]))
        area = fact["width"] * fact["height"]
        large = [person["id"] for person in people if not person["iscrowd"] and person["area"] > 0.01 * area]
        if len(large) < 2:
            continue
        photo = read_photo(data / "persons/train2017" / fact["file_name"]).pixels
        masks = {person["id"]: coco.annToMask(person) > 0 for person in people if not person["iscrowd"]}
        crowds = [coco.annToMask(person) > 0 for person in people if person["iscrowd"]]
        everybody = np.logical_or.reduce([*masks.values()])
        weight = ~np.logical_or.reduce(crowds) | everybody if crowds else np.ones_like(everybody)
        chosen = large[random.integers(len(large))]
        others = np.logical_or.reduce([mask for person, mask in masks.items() if person != chosen])
        for found, truth in ((everybody, others), (others, everybody)):
            yield photo, cv2.GaussianBlur(found.astype(np.float32), (0, 0), 1.5), truth, weight


def walk(
    lessons: Lessons,
    photo: "np.ndarray",
    alpha: "np.ndarray",
    truth: "np.ndarray",
    weight: "np.ndarray",
    most: int,
    random: "np.random.Generator",
) -> None:
    """Touch one photo up to `most` times; each touch is a lesson, and is then fulfilled, sometimes a little wrongly."""
    import cv2
    import numpy as np

    from recorte.letterbox import resize
    from recorte.removal.correct.features import SIDE, features
    from recorte.removal.correct.simulated import largest_wrong

    scale = min(1.0, SIDE / max(alpha.shape))
    shape = max(1, round(alpha.shape[0] * scale)), max(1, round(alpha.shape[1] * scale))
    photo, alpha = resize(photo, *shape), resize(alpha, *shape)
    truth, weight = (resize(plane.astype(np.float32), *shape) > 0.5 for plane in (truth, weight))
    marks = {True: np.zeros(shape, bool), False: np.zeros(shape, bool)}
    for _ in range(most):
        wrong = largest_wrong(alpha, truth, weight)
        if wrong is None or wrong.region.sum() < SMALLEST:
            break
        keep, (column, row) = wrong.touch.keep, map(int, wrong.touch.points[0])
        if random.random() < 0.4:  # people do not touch the very middle
            depth = cv2.distanceTransform(wrong.region.astype(np.uint8), cv2.DIST_L2, 3)
            places = np.argwhere(depth >= 0.5 * depth.max())
            row, column = places[random.integers(len(places))]
        own = np.zeros(shape, bool)
        own[row, column] = True
        # What else is wrong may belong to the thing or not: it does not count.
        else_wrong = ((alpha >= 0.5) != truth) & ~wrong.region
        for kept, plane in ((lessons.thing, wrong.region), (lessons.weight, weight & ~else_wrong)):
            canvas = np.zeros((SIDE, SIDE), bool)
            canvas[: shape[0], : shape[1]] = plane
            kept.append(canvas)
        lessons.seen.append(features(photo, alpha, own, marks[not keep], keep).astype(np.float16))
        marks[keep][row, column] = True
        done = wrong.region.astype(np.uint8)
        if random.random() < 0.5:
            done = (cv2.erode if random.random() < 0.5 else cv2.dilate)(done, np.ones((3, 3), np.uint8))
        alpha = np.where(done > 0, np.float32(keep), alpha)


def network() -> "nn.Module":
    """Build the network: a small U-Net on half the cells, and a look at each cell's own features."""
    import torch
    from torch import nn

    from recorte.removal.correct.features import CHANNELS

    def block(width: int, out: int, stride: int = 1) -> nn.Sequential:
        layers = (nn.Conv2d(width, out, 3, stride, 1, bias=False), nn.BatchNorm2d(out), nn.ReLU())
        return nn.Sequential(*layers)

    def twice(features: torch.Tensor) -> torch.Tensor:
        return nn.functional.interpolate(features, scale_factor=2.0, mode="bilinear", align_corners=False)

    class Follower(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            widths = (12, 24, 32, 48)
            pairs = [*pairwise(widths)]
            self.stem = block(CHANNELS, widths[0])
            self.down = nn.ModuleList(nn.Sequential(block(a, b, 2), block(b, b)) for a, b in pairs)
            self.lateral = nn.ModuleList(nn.Conv2d(b, a, 1) for a, b in reversed(pairs))
            self.up = nn.ModuleList(block(a, a) for a, _ in reversed(pairs))
            self.last = nn.Sequential(nn.Conv2d(widths[0] + CHANNELS, 16, 1), nn.ReLU(), nn.Conv2d(16, 1, 1))

        def forward(self, seen: torch.Tensor) -> torch.Tensor:
            found, skips = self.stem(nn.functional.avg_pool2d(seen, 2)), []
            for down in self.down:
                skips.append(found)
                found = down(found)
            for lateral, up in zip(self.lateral, self.up, strict=True):
                found = up(twice(lateral(found)) + skips.pop())
            return self.last(torch.cat([twice(found), seen], dim=1))

    return Follower()


def learn(lessons: Lessons, own: int, samples: int, output: Path, seed: int) -> None:
    """Train on lessons, of which the first `own` are the network's own mistakes, and export the result."""
    import numpy as np
    import torch
    from torch import nn

    torch.manual_seed(seed)
    random, model, steps = np.random.default_rng(seed), network(), samples // BATCH
    optimizer = torch.optim.AdamW(model.parameters(), RATE, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, steps, pct_start=0.15)
    seen, thing, weight = (np.stack(part) for part in (lessons.seen, lessons.thing, lessons.weight))
    for step in range(steps):
        rest = len(seen) > own
        chosen = random.integers(0, own, BATCH * 5 // 8 if rest else BATCH)
        if rest:
            chosen = np.append(chosen, random.integers(own, len(seen), BATCH - len(chosen)))
        batch, truth, counts = (torch.from_numpy(part[chosen]).float() for part in (seen, thing, weight))
        if random.random() < 0.5:
            batch, truth, counts = batch.flip(-1), truth.flip(-1), counts.flip(-1)
        batch[:, 0] += 0.1 * torch.randn(BATCH, 1, 1)
        batch[:, 1:3] += 0.05 * torch.randn(BATCH, 2, 1, 1)
        batch[:, :3] *= 1 + 0.15 * torch.randn(BATCH, 3, 1, 1)
        loss = loss_of(model(batch)[:, 0], truth, counts * (batch[:, 3] < 0.55))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        if step % 50 == 49:
            print(f"step {step + 1} of {steps}: loss {loss.item():.3f}", flush=True)
    example = torch.zeros(1, *seen.shape[1:])
    torch.onnx.export(nn.Sequential(model.eval(), nn.Sigmoid()), (example,), output, input_names=["touch"],
                      output_names=["thing"], dynamo=False, opset_version=18)  # fmt: skip


def loss_of(logits: "torch.Tensor", truth: "torch.Tensor", counts: "torch.Tensor") -> "torch.Tensor":
    """Dice and cross entropy, each photo by the size of its thing, over what can be part of it."""
    import torch
    from torch.nn.functional import binary_cross_entropy_with_logits

    found, truth = torch.sigmoid(logits) * counts, truth * counts
    both = (found * truth).sum((1, 2))
    dice = 1 - (2 * both + 20) / (found.sum((1, 2)) + truth.sum((1, 2)) + 20)
    entropy = (binary_cross_entropy_with_logits(logits, truth, reduction="none") * counts).sum((1, 2))
    return (dice + entropy / (2 * truth.sum((1, 2)) + 400)).mean()


if __name__ == "__main__":
    run(main)
