"""What this machine has, told before a run starts, and whether the run can work on it."""

import logging
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from omegaconf import DictConfig

from recorte.errors import ConfigError
from recorte.files import free_space
from recorte.training.machine.cluster import rank
from recorte.training.machine.hardware import ask_driver, cpu_precision

log = logging.getLogger(__name__)

GIB = 2**30
BUILDS = "https://download.pytorch.org/whl"
OLD_CARDS = f"pip install torch==2.14.1 torchvision==0.29.1 --index-url {BUILDS}/cu126"
"""The last builds for Maxwell, Pascal and Volta, and for old drivers: CUDA 12.6, up to PyTorch 2.14."""
NEW_CARDS = f"pip install torch torchvision --index-url {BUILDS}/cu130"


@dataclass(frozen=True)
class Card:
    """A graphics card.

    Attributes:
        name: as its driver tells it.
        memory: GiB that programs can have.
        capability: CUDA compute capability, such as 8.6; from 8.0 (Ampere) on it computes in bf16.
    """

    name: str
    memory: float
    capability: float


@dataclass(frozen=True)
class Machine:
    """What a training has to work with.

    Attributes:
        card: the one that PyTorch would use; None if it sees none.
        driver: version of the graphics driver; None without one.
        torch: version of PyTorch and its build.
        cuda: version of CUDA that this build is made for; None for a CPU build.
        kernels: for which cards the build has code, as in `torch.cuda.get_arch_list()`.
        cores: processor cores that this process may use.
        memory: GiB; None where it cannot be known.
        free_disk: GiB.
    """

    card: Card | None
    driver: str | None
    torch: str
    cuda: str | None
    kernels: Sequence[str]
    cores: int
    memory: float | None
    free_disk: float


def look(run_dir: Path, device: int = 0) -> Machine:
    """Look at this machine.

    Args:
        run_dir: where the run will write; it need not exist.
        device: number of the card.
    """
    card = None
    if torch.cuda.is_available():
        facts = torch.cuda.get_device_properties(device)
        card = Card(facts.name, facts.total_memory / GIB, facts.major + facts.minor / 10)
    return Machine(
        card=card,
        driver=next(iter(ask_driver("driver_version") or ()), None),
        torch=str(torch.__version__),
        cuda=torch.version.cuda,
        kernels=torch.cuda.get_arch_list(),
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        memory=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / GIB if hasattr(os, "sysconf") else None,
        free_disk=free_space(run_dir) / GIB,
    )


def has_kernels(capability: float, kernels: Sequence[str]) -> bool:
    """Tell whether a build has code that a card can run.

    Machine code (`sm_86`) runs on cards of the same major number from its minor number on, `sm_90a` on that very card
    only, `sm_100f` on its family; portable code (`compute_90`) is compiled by the driver for any later card.

    Args:
        capability: of the card, such as 8.6.
        kernels: as `torch.cuda.get_arch_list()` gives them.
    """
    card = round(capability * 10)
    for kernel in kernels:
        kind, _, number = kernel.partition("_")
        made_for = int(number.rstrip("af"))
        same_major = card // 10 == made_for // 10
        later = card >= made_for and (kind == "compute" or same_major)
        if card == made_for if number.endswith("a") else later and (same_major or not number.endswith("f")):
            return True
    return False


def wants_card(config: DictConfig, machine: Machine) -> bool:
    """Tell whether a config trains on a graphics card."""
    accelerator = config.trainer.accelerator
    return accelerator in ("gpu", "cuda") or (accelerator == "auto" and machine.card is not None)


def problems(config: DictConfig, machine: Machine, checkpoint: int | None = None) -> list[str]:
    """Find everything for which a run cannot work on a machine.

    Args:
        config: composed, with `trainer` and `hardware_profile`.
        machine: which.
        checkpoint: bytes of a checkpoint; None where none are written.
    """
    return [*_card_problems(config, machine), *_disk_problems(config, machine, checkpoint)]


def _card_problems(config: DictConfig, machine: Machine) -> Iterator[str]:
    card = machine.card
    if not wants_card(config, machine):
        return
    if card is None:
        yield _why_no_card(config, machine)
        return
    if not has_kernels(card.capability, machine.kernels):
        line = OLD_CARDS if card.capability < 7.5 else NEW_CARDS
        yield (
            f"PyTorch {machine.torch} has no code for this {card.name} (capability {card.capability:.1f}), only for "
            f"{', '.join(machine.kernels)}; install a build that has it: {line}"
        )
    if config.trainer.precision == "bf16-mixed" and card.capability < 8.0:
        yield (
            f"trainer.precision=bf16-mixed: this {card.name} (capability {card.capability:.1f}) does not compute in "
            f"bf16, cards from 8.0 on do; give trainer.precision={'16-mixed' if card.capability >= 7 else '32-true'}"
        )


def _why_no_card(config: DictConfig, machine: Machine) -> str:
    what = f"hardware={config.hardware_profile}: PyTorch {machine.torch} sees no graphics card on this machine"
    if machine.driver is None:
        return f"{what}; hardware=cpu works without one, and hardware=auto takes what fits"
    if machine.cuda is None:
        return f"{what}, since it is a build for processors only; install one for cards: {NEW_CARDS}"
    return (
        f"{what}: driver {machine.driver} may be too old for CUDA {machine.cuda}, for which it is built (or "
        f"CUDA_VISIBLE_DEVICES hides the card); update the driver, or install a build for older ones: {OLD_CARDS}"
    )


def _disk_problems(config: DictConfig, machine: Machine, checkpoint: int | None) -> Iterator[str]:
    if checkpoint is not None and machine.free_disk * GIB < checkpoint:
        yield (
            f"{config.run_dir}: {machine.free_disk:.2f} GiB are free on its disk, but one checkpoint needs "
            f"{checkpoint / GIB:.2f} GiB; make room, or give hydra.run.dir=<a folder on another disk>"
        )


def warnings(config: DictConfig, machine: Machine, checkpoint: int | None = None) -> list[str]:
    """Find what a run can live with, but somebody should know. Arguments as for `problems`."""
    found = []
    if config.data.num_workers > machine.cores:
        found.append(
            f"data.num_workers={config.data.num_workers}: there are {machine.cores} cores, for which the workers will "
            f"wait; data.num_workers={max(1, machine.cores - 1)} is as fast"
        )
    if checkpoint is not None and machine.free_disk * GIB < disk_need(checkpoint):
        found.append(
            f"{config.run_dir}: {machine.free_disk:.2f} GiB are free on its disk, and the run needs up to "
            f"{disk_need(checkpoint) / GIB:.2f} GiB"
        )
    slow = config.trainer.precision == "bf16-mixed" and cpu_precision() != "bf16-mixed"
    if slow and not wants_card(config, machine) and config.trainer.accelerator != "mps":
        found.append(
            "trainer.precision=bf16-mixed: this processor does not compute in bf16 and will be many times slower; "
            "give trainer.precision=32-true"
        )
    return found


def disk_need(checkpoint: int) -> int:
    """Bytes that a run needs at most: best, last, the one being written, and the exported model, twice the weights."""
    return 4 * checkpoint


def description(config: DictConfig, machine: Machine, checkpoint: int | None = None) -> list[str]:
    """Tell in a few lines what a run has to work with. Arguments as for `problems`."""
    card = machine.card
    if wants_card(config, machine) and card is not None:
        device = f"{card.name}, {card.memory:.1f} GiB, compute capability {card.capability:.1f}"
        if has_kernels(card.capability, machine.kernels):
            device += f"; this PyTorch has code for it; bf16: {'yes' if card.capability >= 8 else 'no'}"
    else:
        device = "Apple's graphics (MPS)" if config.trainer.accelerator == "mps" else "the processor"
    memory = "" if machine.memory is None else f", {machine.memory:.1f} GiB of memory"
    disk = "" if checkpoint is None else f" (checkpoints and model need up to {disk_need(checkpoint) / GIB:.2f})"
    return [
        f"Hardware profile {config.hardware_profile}, {config.trainer.precision}, on {device}",
        f"PyTorch {machine.torch}, CUDA {machine.cuda or 'none'}, graphics driver {machine.driver or 'none'}",
        f"{machine.cores} cores for {config.data.num_workers} workers{memory}, "
        f"{machine.free_disk:.1f} GiB of disk free{disk}",
    ]


def check_machine(config: DictConfig, checkpoint: int | None = None) -> None:
    """Log what a run has to work with, before any data is read.

    Args:
        config: composed, with every value resolved.
        checkpoint: bytes of a checkpoint; None where none are written.

    Raises:
        ConfigError: the run cannot work here; it lists every reason.
    """
    machine = look(Path(config.run_dir), first_device(config))
    if rank() == 0:
        for line in description(config, machine, checkpoint):
            log.info("%s", line)
        for line in warnings(config, machine, checkpoint):
            log.warning("%s", line)
    if found := problems(config, machine, checkpoint):
        raise ConfigError("\n".join(found))


def first_device(config: DictConfig) -> int:
    """Give the number of the first card that a config names; 0 where it only says how many."""
    devices = config.trainer.devices
    return 0 if isinstance(devices, (int, str)) else devices[0]
