"""Sweeps by the real door and the real Hydra, of jobs that train nothing: their figure is a function of their config.

Run as `python sweep_jobs.py -m ...` like scripts/train.py. A job of seed 7 fails for as long as there is a file
`broken`, of seed 8 with a user's mistake, and one of seed 9 kills its process.
"""

import json
import os
import signal
from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from recorte.errors import DataError
from recorte.training.command.door import run
from recorte.training.sweeps.sweep import overrides_of_this_run


def train(config: DictConfig) -> float:
    run_dir = Path(config.run_dir)
    with (run_dir / "tries").open("a") as file:
        file.write(f"{config.resume}\n")
    if config.seed == 8:
        raise DataError("data: the photos are gone")
    OmegaConf.set_struct(config, False)
    config.overrides = overrides_of_this_run()
    OmegaConf.save(config, run_dir / "config.yaml", resolve=True)
    if config.seed == 7 and Path("broken").exists():
        raise RuntimeError("nothing works\nat all")
    if config.seed == 9 and Path("broken").exists():
        os.kill(os.getpid(), signal.SIGKILL)
    value = config.optimizer.lr * 100 + (config.data.fold or 0) / 100
    metrics = {"mae": 1 - value, "photo_iou": value, "people_iou": None}
    (run_dir / "metrics.csv").write_text(f"epoch,val/photo_iou,seconds\n1,{value},90.5\n2,{value},10\n")
    (run_dir / "metrics.json").write_text(json.dumps({"monitor": "val/photo_iou", "metrics": metrics}))
    return value


if __name__ == "__main__":
    run("train", train)
