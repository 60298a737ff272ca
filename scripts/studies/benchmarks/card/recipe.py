"""The recipe of the shipped weights, as far as the minutes reach: trained on a card, and measured as it is used."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.card.profiles import train_some
from benchmarks.card.rows import Row
from benchmarks.card.setting import Setting
from recorte.files import free_space
from recorte.training.build import model_of_init, with_network_of_init

SCRIPTS = Path(__file__).parents[3]
BATCH = 64
RECIPE_BATCH, RECIPE_LR, RECIPE_ENCODER_LR = 16, 8e-4, 4e-4
"""Of conf/experiment/rounds/seventh.yaml. A larger batch takes rates by the square root, as Adam's steps want."""
EPOCH = 5440
"""Photos of one of its epochs."""
AFTERWARDS = 150
"""Seconds that the best weights take to be measured twice, exported, and measured as in use."""
VALIDATIONS = 12
"""How often the training is measured on its way, at most: that is the processor's work."""
TOLD = ("photo_iou", "persons/photo_iou", "persons/people_iou", "persons/boundary_iou", "persons/nobody_marked",
        "portraits/photo_iou")  # fmt: skip
ROOMY = 6e9
"""Bytes of shared memory that keep all photos of the recipe at its size."""


def train_recipe(setting: Setting) -> Iterator[Row]:
    """Train on from the shipped weights in the minutes that are left, and measure both as they are used."""
    if setting.data is None or setting.deadline is None:
        yield Row("recipe", "training", state="left out", how="-", note="it needs --data and --minutes")
        return
    afterwards = 40 if setting.tiny else AFTERWARDS
    if setting.deadline - time.time() < 1.4 * afterwards:
        yield Row("recipe", "training", state="left out", how="-", note="too few minutes are left")
        return
    overrides, left_out = _overrides(setting, setting.data)
    config = setting.config(*overrides)
    start = model_of_init(config)
    config = with_network_of_init(config, start)
    rate = train_some(setting, config, start)[0]["throughput/photos_per_second"]
    yield Row("recipe", "photos/s", f"{rate:.0f}", note=f"batches of {config.data.batch_size}; {left_out}")
    seconds = setting.deadline - time.time() - afterwards
    epochs = max(1, round(0.85 * seconds * rate / EPOCH))
    length = [f"trainer.max_epochs={epochs}", f"+trainer.max_time=00:00:{int(seconds) // 60:02}:{int(seconds) % 60:02}",
              f"trainer.limit_train_batches={2 if setting.tiny else EPOCH // config.data.batch_size}",
              f"+trainer.check_val_every_n_epoch={-(-epochs // VALIDATIONS)}"]  # fmt: skip
    run_dir = setting.out / "recipe"
    began = time.time()
    _script("train", setting, *overrides, *length, f"hydra.run.dir={run_dir}", f"run_dir={run_dir}")
    took = f"{epochs} epochs of {EPOCH:,} photos, or what max_time left of them"
    yield Row("recipe", "minutes of training and export", f"{(time.time() - began) / 60:.1f}", note=took)
    yield Row("recipe", "weights", note=str(run_dir / "best_model"))
    yield from _measured(setting, setting.data, run_dir)


def _overrides(setting: Setting, data: Path) -> tuple[list[str], str]:
    """Give what makes the recipe fit this machine and these data, and say what of its data is not there."""
    batch = 2 if setting.tiny else BATCH
    larger = (batch / RECIPE_BATCH) ** 0.5
    workers = 0 if setting.tiny else max(1, min(12, len(os.sched_getaffinity(0)) - 1))
    tops = ("unlabelled", "taught/unlabelled", "taught/weights")
    folders = {"persons": ["persons"], "portraits": ["portraits"],
               "unlabelled": [f"{top}/scenes" for top in tops], "selfies": [f"{top}/selfies" for top in tops],
    }  # fmt: skip
    more = ("voc_people", "coco_scenes", "coco_small_people", "nobody_animals")
    folders |= {name: [f"more/{name}"] for name in more}
    missing = [name for name, needed in folders.items() if not all((data / one).is_dir() for one in needed)]
    left_out = f"without {', '.join(missing)}, which --data has not" if missing else "all its sources"
    small = ["data.image_size=64"] if setting.tiny else []
    on_device = setting.device.type == "cuda"
    return [
        "experiment=rounds/seventh", "data.early_sizes=null", f"data.root={data}",
        f"data.teacher={data / 'taught'}", f"data.batch_size={batch}",
        f"augmentation.on_device={str(on_device).lower()}",
        f"data.num_workers={workers}", f"data.preload={str(free_space(Path('/dev/shm')) > ROOMY).lower()}",
        f"optimizer.lr={RECIPE_LR * larger:.2g}", f"encoder_lr={RECIPE_ENCODER_LR * larger:.2g}", *small,
        *(f"~data.{group}.{name}" for name in missing for group in ("sources", "shares")),
    ], left_out  # fmt: skip


def _measured(setting: Setting, data: Path, run_dir: Path) -> Iterator[Row]:
    """Measure the trained weights and the shipped ones, side by side, as `evaluate.py full_size=true` does."""
    models = {"trained": str(run_dir), "shipped": "bundled"}
    folders = {name: setting.out / f"measured_{name}" for name in models}
    commands = {
        name: _command("evaluate", f"model={model}", "full_size=true", "data=mixed", f"data.root={data}",
                       f"hydra.run.dir={folders[name]}") for name, model in models.items()
    }  # fmt: skip
    processes = {name: subprocess.Popen(one, stdout=sys.stderr, cwd=setting.out) for name, one in commands.items()}
    found = {}
    for name, process in processes.items():
        if process.wait():
            raise RuntimeError(f"evaluate.py of the {name} weights ended with status {process.returncode}")
        found[name] = json.loads((folders[name] / "metrics.json").read_text())["metrics"]
    for figure in TOLD:
        trained, shipped = (found[name].get(figure) for name in models)
        note = "as in use, photos of their own size"
        yield Row("recipe", figure, _text(trained), f"shipped {_text(shipped)}", note=note)


def _text(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def _script(name: str, setting: Setting, *arguments: str) -> None:
    subprocess.run(_command(name, *arguments), stdout=sys.stderr, cwd=setting.out, check=True)


def _command(name: str, *arguments: str) -> list[str]:
    return [sys.executable, str(SCRIPTS / f"{name}.py"), *arguments]
