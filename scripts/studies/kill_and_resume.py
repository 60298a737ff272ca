"""Is a killed run the same, to the last bit, once it has gone on?

`python scripts/studies/kill_and_resume.py --times 30`.

Trains a tiny network on drawn figures, once without interruption. Then again and again: starts the same run, ends it by
SIGKILL at a random moment, reads every checkpoint that is there, goes on with `resume=auto`, and compares weights,
optimizer, schedule, averaged weights, metrics.csv, metrics.json and TensorBoard's curves and pictures.
"""

import argparse
import csv
import json
import logging
import multiprocessing
import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

SETTINGS = [
    "hardware=cpu", "trainer.precision=32-true", "data=synthetic", "data.sources.synthetic.length=16",
    "data.image_size=64", "data.batch_size=2", "model.encoder=test_resnet.r160_in1k", "model.encoder_weights=none",
    "model.decoder_channels=[8,8,8,8]", "model.dropout=0.3", "trainer.max_epochs=2",
    "trainer.accumulate_grad_batches=2", "trainer.log_every_n_steps=1", "callbacks.last.every_steps=1",
    "callbacks.pictures.photos=1",
]  # fmt: skip
OF_ITS_TIME = ("seconds", "throughput/")
"""What no two runs have in common."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=30, help="how often (default: 30)")
    parser.add_argument("--seed", type=int, default=0, help="of the moments (default: 0)")
    options = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"  # on tensors as small as these a second thread only waits
    PROCESSES.set_forkserver_preload(["recorte.training.fit", "torch.utils.tensorboard"])
    moments = random.Random(options.seed)
    loadable = equal = 0
    with tempfile.TemporaryDirectory() as scratch:
        whole, seconds = train_whole(Path(scratch) / "whole")
        print(f"The uninterrupted run took {seconds:.1f} s from its config to its end", flush=True)
        for turn in range(1, options.times + 1):
            place = Path(scratch) / str(turn)
            # Data are read by a process of their own in every second run; that must make no difference.
            run_dir, when = kill(place, turn % 2, moments, seconds)
            # Not what was being written: that has another name until it is whole.
            checkpoints = {path.name: is_loadable(path) for path in sorted(run_dir.glob("checkpoints/[!.]*"))}
            found = go_on(place, turn % 2) or differences(whole, run_dir)
            loadable, equal = loadable + all(checkpoints.values()), equal + (not found)
            shown = ", ".join(f"{name} {'ok' if ok else 'BROKEN'}" for name, ok in checkpoints.items()) or "none yet"
            print(f"{turn:3}  killed {when}; checkpoints: {shown}; {'; '.join(found[:5]) or 'equal'}", flush=True)
            shutil.rmtree(place)
    print(f"{loadable} of {options.times} loadable, {equal} of {options.times} equal")
    sys.exit(0 if loadable == equal == options.times else 1)


# Each run is a process of its own, forked from one that has imported everything: the imports take longer than a run.
PROCESSES = multiprocessing.get_context("forkserver")


def train_whole(place: Path) -> tuple[Path, float]:
    """Train without interruption; gives the run's folder and the seconds from its config to its end."""
    process = start(place, 0)
    run_dir = wait_for_config(place, process)
    started = time.monotonic()
    process.join()
    if process.exitcode:
        sys.exit((place / "output.txt").read_text())
    return run_dir, time.monotonic() - started


def kill(place: Path, workers: int, moments: random.Random, seconds: float) -> tuple[Path, str]:
    """Start a run and kill it at a random moment; gives its folder, and where it was."""
    while True:
        process = start(place, workers)
        run_dir = wait_for_config(place, process)
        after = moments.uniform(0, seconds)
        process.join(after)
        if process.is_alive():
            process.kill()
            process.join()
            return run_dir, f"after {after:5.1f} s, {progress(run_dir)}"
        shutil.rmtree(place)  # it was faster than the first one, and had ended


def go_on(place: Path, workers: int) -> list[str]:
    """Go on with the only run of a place; gives what went wrong."""
    process = start(place, workers, "resume=auto")
    process.join()
    if process.exitcode:
        return [f"status {process.exitcode}: {(place / 'output.txt').read_text()[-2000:]}"]
    runs = list(place.glob("outputs/*/*"))
    return [] if len(runs) == 1 else [f"{len(runs)} folders instead of one"]


def start(place: Path, workers: int, *arguments: str) -> ForkServerProcess:
    """Start a run whose folder will be below `place`, with all that it prints in `output.txt`."""
    place.mkdir(exist_ok=True)
    process = PROCESSES.Process(target=train, args=(place, [*SETTINGS, f"data.num_workers={workers}", *arguments]))
    process.start()
    return process


def train(place: Path, arguments: Sequence[str]) -> None:
    """Train as scripts/train.py does, without the export at the end, which takes longer than all before it."""
    multiprocessing.set_start_method("fork", force=True)  # of its own helpers, as where it is started by a shell
    os.chdir(place)
    output = os.open("output.txt", os.O_CREAT | os.O_TRUNC | os.O_WRONLY)
    os.dup2(output, 1)
    os.dup2(output, 2)
    sys.path.insert(0, str(Path(__file__).parents[1]))
    from recorte.training import finish
    from train import run, train

    finish.export_model = lambda *_: 0.0
    sys.argv = ["train.py", *arguments]
    run("train", train)


def wait_for_config(place: Path, process: ForkServerProcess) -> Path:
    """Wait until a run has written its config; gives its folder."""
    while process.is_alive():
        for path in place.glob("outputs/*/*/config.yaml"):
            return path.parent
        time.sleep(0.01)
    sys.exit((place / "output.txt").read_text())


def progress(run_dir: Path) -> str:
    """Tell how far a run has come, as its last checkpoint and its files say."""
    import torch

    last = run_dir / "checkpoints" / "last.ckpt"
    if (run_dir / "metrics.json").exists():
        return "at the end"
    if not last.exists():
        return "before the first checkpoint"
    step = torch.load(last, map_location="cpu", weights_only=True)["global_step"]
    left = len(list(run_dir.rglob(".recorte-*")))
    return f"step {step}" + (f", while writing {left} file{'s' if left > 1 else ''}" if left else "")


def is_loadable(path: Path) -> bool:
    """Tell whether a checkpoint can be read as plain data."""
    import torch

    try:
        torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        print(f"{path}: {error}", file=sys.stderr)
        return False
    return True


def differences(one: Path, other: Path) -> list[str]:
    """Name everything in which two runs differ: checkpoints, tables, and what TensorBoard shows."""
    absent, found = object(), []
    for name in ("checkpoints/best.ckpt", "checkpoints/last.ckpt", "metrics.csv", "metrics.json", "TensorBoard"):
        left, right = content(one, name), content(other, name)
        unequal = [key for key in {**left, **right} if not same(left.get(key, absent), right.get(key, absent))]
        found += [f"{name} differs in {key}" for key in unequal]
        if not left:
            found.append(f"{name} is not there")
    return found


def content(run_dir: Path, name: str) -> dict[str, Any]:
    """Read a file of a run, as values by name; without those that differ in any two runs."""
    import torch

    path = run_dir / name
    if name == "TensorBoard":
        values = curves(run_dir)
    elif not path.exists():
        return {}
    elif path.suffix == ".ckpt":
        values = dict(flat(torch.load(path, map_location="cpu", weights_only=True)))
    elif path.suffix == ".csv":
        values = dict(flat(list(csv.DictReader(path.read_text().splitlines()))))
    else:
        values = dict(flat(json.loads(path.read_text())))
    at_home = (str(run_dir), str(run_dir.resolve()))
    return {
        key: value
        for key, value in values.items()
        if not any(part in key for part in OF_ITS_TIME)
        and not any(home in key or (isinstance(value, str) and home in value) for home in at_home)
    }


def curves(run_dir: Path) -> dict[str, Any]:
    """Read what TensorBoard shows of a run: every value and picture with its step."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    logging.getLogger("tensorboard").setLevel(logging.ERROR)  # it tells of each purge
    events = EventAccumulator(str(run_dir), size_guidance={"scalars": 0, "images": 0}).Reload()
    scalars = {tag: [(event.step, event.value) for event in events.Scalars(tag)] for tag in events.Tags()["scalars"]}
    images = {
        tag: [(event.step, event.encoded_image_string) for event in events.Images(tag)]
        for tag in events.Tags()["images"]
    }
    return scalars | images


def flat(node: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """Give every value of nested dictionaries and lists with its place."""
    if isinstance(node, dict):
        for name, value in node.items():
            yield from flat(value, f"{key}/{name}")
    elif isinstance(node, (list, tuple)):
        for number, value in enumerate(node):
            yield from flat(value, f"{key}/{number}")
    else:
        yield key, node


def same(one: Any, other: Any) -> bool:
    """Tell whether two values are equal to the last bit."""
    import torch

    if isinstance(one, torch.Tensor) and isinstance(other, torch.Tensor):
        return one.dtype == other.dtype and torch.equal(one, other)
    return type(one) is type(other) and (one == other or (one != one and other != other))


if __name__ == "__main__":
    main()
