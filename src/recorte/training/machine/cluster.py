"""The place of this process among others: what the environment and the launcher say. Imports no torch."""

import os
import time
from collections.abc import Iterator
from typing import Any

from omegaconf import DictConfig, ListConfig

INTERACTIVE = ("bash", "interactive")
"""Names of SLURM jobs in which Lightning starts the processes by itself, as on any machine."""


def rank() -> int:
    """Tell the number of this process among all of its run, from 0, as Lightning or a cluster has numbered them."""
    found = (os.environ.get(name) for name in ("RANK", "LOCAL_RANK", "SLURM_PROCID"))
    return int(next((number for number in found if number is not None), 0))


def processes_here() -> int | None:
    """Tell how many processes a cluster, or torchrun, has started on this machine; None where nobody has."""
    for name in ("LOCAL_WORLD_SIZE", "SLURM_NTASKS_PER_NODE"):
        if name in os.environ and (name == "LOCAL_WORLD_SIZE" or os.environ.get("SLURM_JOB_NAME") not in INTERACTIVE):
            return int(os.environ[name])
    return None


def run_name() -> str:
    """Name a new run: `<date>/<time>`, but for several processes of a SLURM job what all of them agree on.

    Each of them starts by itself, and a second may pass between them.
    """
    if _tasks() > 1:
        return f"slurm/{os.environ['SLURM_JOB_ID']}.{os.environ.get('SLURM_STEP_ID', 0)}"
    return time.strftime("%Y-%m-%d/%H-%M-%S")


def slurm_problems(config: DictConfig) -> Iterator[str]:
    """Find out whether SLURM has started as many processes as the config wants; else they would wait for ever."""
    tasks, nodes = _tasks(), os.environ.get("SLURM_NNODES", "1")
    if tasks == 1 or "RANK" in os.environ:  # torchrun goes before SLURM
        return
    devices, given = config.trainer.devices, f"srun has started {tasks} processes on {nodes} nodes"
    if "SLURM_NTASKS_PER_NODE" not in os.environ:
        yield f"{given}: give #SBATCH --ntasks-per-node=<trainer.devices> in place of --ntasks"
    elif (str(_count(devices)), str(config.trainer.num_nodes)) != (os.environ["SLURM_NTASKS_PER_NODE"], nodes):
        per_node = os.environ["SLURM_NTASKS_PER_NODE"]
        yield f"{given}: give trainer.devices={per_node} trainer.num_nodes={nodes}, one process a device"


def sweep_problems(config: DictConfig, launcher: DictConfig) -> Iterator[str]:
    """Find out whether the jobs of a sweep would each need several processes that its launcher does not start.

    Args:
        config: of a job.
        launcher: Hydra's.
    """
    trainer = config.trainer
    if trainer.strategy == "auto" and _count(trainer.devices) == 1 and trainer.num_nodes == 1:
        return
    alone = {"devices": 1, "num_nodes": 1, "strategy": "auto"}
    given = " ".join(f"trainer.{key}={trainer[key]}" for key in alone if trainer[key] != alone[key])
    devices = _count(trainer.devices) if isinstance(_count(trainer.devices), int) else "<trainer.devices as a number>"
    wanted = f"hydra.launcher.tasks_per_node={devices} hydra.launcher.nodes={trainer.num_nodes}"
    if not str(launcher.get("_target_")).endswith("SlurmLauncher"):
        yield (
            f"{given} in a sweep: Lightning starts the further processes of a job by the same command, so that each "
            "would run the whole sweep. Give each job one device (hydra/launcher=joblib runs several jobs at once), or "
            f"hydra/launcher=submitit_slurm {wanted}, or run the jobs one by one, without -m"
        )
    elif (launcher.tasks_per_node, launcher.nodes) != (_count(trainer.devices), trainer.num_nodes):
        yield f"{given} in a sweep on SLURM: needs as many processes; give {wanted}"


def _tasks() -> int:
    interactive = os.environ.get("SLURM_JOB_NAME") in INTERACTIVE
    return 1 if interactive else int(os.environ.get("SLURM_NTASKS", 1))


def _count(devices: Any) -> Any:
    """Tell how many devices are given where that is known; `auto` and -1 stay as they are."""
    return len(devices) if isinstance(devices, ListConfig) else devices
